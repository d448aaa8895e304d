// SPDX-License-Identifier: MIT
import { Failure } from '../model/failure';
import { startMachine, type Machine, type StartOptions } from './machine';
import type { MachineConfig } from './qemu';
import { SavedState } from './saved-state';

/** Going on from a saved state takes under a second; a machine so busy that this is not enough boots no quicker. */
const RESTORE_TIMEOUT_MS = 30_000;

export interface BringUpOptions extends Omit<StartOptions, 'from'> {
  /** Folder of the saved states; null: none is used and none made. */
  readonly statesDir: string | null;
  readonly kernelRelease: string;
  /** Private folder for what lies around meanwhile. */
  readonly scratch: string;
  readonly log: (line: string) => void;
}

/**
 * Brings a guest up: from its saved state when there is one, else it boots and is saved first. What is wrong with a state is
 * never an error: it goes, and the guest boots as if states were unknown.
 * @throws Failure as {@link startMachine}
 */
export async function bringUp(config: MachineConfig, options: BringUpOptions, signal: AbortSignal): Promise<Machine> {
  const state = options.statesDir === null ? null : new SavedState(options.statesDir, config);
  if (state !== null && !state.isRefused) {
    const machine = (await restore(state, config, options, signal)) ?? (await saveAndRestore(state, config, options, signal));
    if (machine !== null) return machine;
  }
  return await startMachine(config, { ...options, from: null }, signal);
}

async function restore(state: SavedState, config: MachineConfig, options: BringUpOptions, signal: AbortSignal): Promise<Machine | null> {
  if (!state.exists) return null;
  try {
    return await begin(state, config, options, signal);
  } catch (error) {
    options.log(`The saved state goes: ${reasonOf(error)}`);
    state.remove();
    return null;
  }
}

async function saveAndRestore(state: SavedState, config: MachineConfig, options: BringUpOptions, signal: AbortSignal): Promise<Machine | null> {
  try {
    await state.make(options.kernelRelease, options.scratch, signal);
  } catch (error) {
    options.log(`No state was saved: ${reasonOf(error)}`);
    if (error instanceof Failure && error.code === 'guest-boot-timeout') throw error;
    return null;
  }
  try {
    return await begin(state, config, options, signal);
  } catch (error) {
    const reason = reasonOf(error);
    options.log(`States like this are not used: ${reason}`);
    state.refuse(reason);
    return null;
  }
}

function begin(state: SavedState, config: MachineConfig, options: BringUpOptions, signal: AbortSignal): Promise<Machine> {
  return startMachine({ ...config, bootTimeoutMs: Math.min(config.bootTimeoutMs, RESTORE_TIMEOUT_MS) }, { ...options, from: state }, signal);
}

/** @throws the error when it says nothing of a saved state */
function reasonOf(error: unknown): string {
  if (error instanceof Failure && ['cancelled', 'guest-port-taken'].includes(error.code)) throw error;
  return error instanceof Error ? error.message : String(error);
}
