// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { LineSplitter } from '../platform/process';
import { WAKE_REQUEST } from './init';
import { printfEscapes, wakeInput } from './wake';

/** Our side of the port that a guest's init listens on. Nobody but the process that started QEMU can reach it. */
export class Agent {
  private readonly waiting = new Map<string, () => void>();

  constructor(private readonly port: Duplex) {
    const lines = new LineSplitter((line) => {
      if (line === WAKE_REQUEST) port.write(`${printfEscapes(wakeInput(Date.now(), randomBytes(32)))}\n`);
      this.waiting.get(line)?.();
    });
    port.on('data', (chunk: Buffer) => lines.push(chunk));
    port.on('error', () => undefined); // QEMU has ended: that is told elsewhere
  }

  /** Hands the guest what is its own; it takes it when it comes to that, now or later. */
  introduce(files: readonly Uint8Array[]): void {
    this.port.write(files.map((bytes) => `${printfEscapes(bytes)}\n`).join(''));
  }

  /** Resolves when the guest has run a program since the call; never when it does not, or is gone. */
  answer(): Promise<void> {
    const word = randomBytes(6).toString('hex');
    return new Promise((resolve) => {
      this.waiting.set(word, () => {
        this.waiting.delete(word);
        resolve();
      });
      this.port.write(`${word}\n`);
    });
  }
}
