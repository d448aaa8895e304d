// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { LineSplitter } from '../platform/process';
import { introduction, INTRODUCTION_REQUEST, type Identity } from './agent-program';

/** Our side of the port of a guest's agent. Nobody but the process that started QEMU can reach it. */
export class Agent {
  private readonly waiting = new Map<string, () => void>();

  constructor(
    private readonly port: Duplex,
    private readonly identity: Identity,
  ) {
    const lines = new LineSplitter((line) => {
      if (line === INTRODUCTION_REQUEST) this.introduce();
      this.waiting.get(line)?.();
    });
    port.on('data', (chunk: Buffer) => lines.push(chunk));
    port.on('error', () => undefined); // QEMU has ended: that is told elsewhere
  }

  /** Gives the guest what is its own, without being asked. */
  introduce(): void {
    this.port.write(introduction(Date.now(), randomBytes(32), this.identity));
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
