// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import { Failure } from '../model/failure';
import { Agent } from './agent';
import type { Identity } from './agent-program';
import { pickPort } from '../platform/loopback';
import { QemuProcess, type MachineEnd } from './process';
import { STATE_FD, type Beginning, type MachineConfig } from './qemu';
import { restoreMachine } from './qmp';
import type { SavedState } from './saved-state';

export interface Machine {
  /** Of QEMU. */
  readonly pid: number;
  /** Loopback port that leads to the guest's SSH. */
  readonly port: number;
  readonly agent: Agent;
  readonly ended: Promise<MachineEnd>;
  /** Ends QEMU at once; `ended` tells when it is gone. */
  kill(): void;
}

export interface StartOptions {
  /** Where it begins; null: it boots. */
  readonly from: SavedState | null;
  readonly consoleLog: string;
  readonly identity: Identity;
}

export interface MachineEffects {
  /** A loopback port that is free now. */
  pickPort(): Promise<number>;
}

const PORT_ATTEMPTS = 5;

/**
 * Starts QEMU and resolves when the guest's init says that SSH answers. QEMU dies with this process, however that ends.
 * @throws Failure `guest-boot-timeout`, `guest-boot-failed`, `guest-port-taken`, `cancelled`; Error when there is no such saved state
 */
export async function startMachine(config: MachineConfig, options: StartOptions, signal: AbortSignal, effects: MachineEffects = { pickPort }): Promise<Machine> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await start(config, options, await effects.pickPort(), signal);
    if (outcome !== 'port-taken') return outcome;
    if (attempt === PORT_ATTEMPTS) {
      throw new Failure({
        code: 'guest-port-taken',
        what: 'The guest was not started.',
        why: `Each of ${PORT_ATTEMPTS} loopback ports was taken by another program before QEMU could use it.`,
        next: 'Try again, and look for a program that opens very many ports.',
      });
    }
  }
}

async function start(config: MachineConfig, options: StartOptions, port: number, signal: AbortSignal): Promise<Machine | 'port-taken'> {
  if (signal.aborted) throw Failure.cancelled('The guest was not started.');
  const { from, consoleLog, identity } = options;
  const beginning: Beginning = from === null ? { kind: 'plain' } : { kind: 'saved', memoryFile: from.memoryFile, kernelHead: from.kernelHead };
  const state = from === null ? {} : { state: fs.readFileSync(from.stateFile) };
  const qemu = new QemuProcess(config, { beginning, port, consoleLog, ...state });
  const agent = new Agent(qemu.agent, identity);
  try {
    if (from !== null) {
      await qemu.before(restoreMachine(qemu.qmp, STATE_FD), config.bootTimeoutMs, signal);
      agent.introduce();
    }
    await qemu.until('ready', config.bootTimeoutMs, signal);
  } catch (error) {
    qemu.kill();
    await qemu.ended;
    if (qemu.portWasTaken) return 'port-taken';
    throw error;
  }
  const { pid, ended } = qemu;
  return { pid, port, agent, ended, kill: () => qemu.kill() };
}
