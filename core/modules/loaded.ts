// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { Host } from '../hosts/host';
import { KERNEL_LOG } from '../kernel-log/reader';
import { ExitCode, Failure, type Action, type CharacterDevice, type LoadSession } from '../model';
import type { HeldLock } from '../platform/lock';
import type { ProcessResult } from '../platform/process';
import { DISCARD, EXIT_OTHER_NODE, MAKE_NODE, MARK, PROC_DEVICES, PROC_MISC, PROC_MODULES, READ, REMOVE, SHOW, STAGE, WRITE } from './host-scripts';
import { stageFolder } from './stage';
import { findLoaded } from './proc-modules';
import { unloadRefused } from './unload-refused';
import type { ExerciseOptions, LoadedModule } from './types';
import type { SessionRecording } from './recording';

export interface LoadedParts {
  readonly host: Host;
  readonly recording: SessionRecording;
  readonly lock: HeldLock;
  /** The module's name as the kernel knows it. */
  readonly kernelName: string;
  readonly signal?: AbortSignal;
  /** How long rmmod may take; default {@link UNLOAD_LIMIT_MS}. */
  readonly unloadLimitMs?: number;
}

const NODE_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;
const MAX_TEXT_BYTES = 4_095;
export const UNLOAD_LIMIT_MS = 60_000;
const MAX_ACTION_OUTPUT = 64 * 1024;
const MAX_READ_BYTES = MAX_ACTION_OUTPUT;
const READ_LIMIT_MS = 5_000;

/** Where the nodes of a module may be: those that its session made, under its own name, and where its session wrote to. */
function likelyNodes(session: LoadSession, kernelName: string): string[] {
  return [...new Set([...(session.nodes ?? []), `/dev/${kernelName}`, ...session.actions.flatMap(({ deviceWrite }) => (deviceWrite ? [deviceWrite.device] : []))])];
}

function nodeFailure(code: string, what: string, why: string, next: string, detail = ''): Failure {
  return new Failure({ code, what, why, next, detail, ...(code.startsWith('bad-') ? { exitCode: ExitCode.usage } : {}) });
}

/** A module that is in the kernel, and the session that follows it. One thing is done at a time. */
export class InsertedModule implements LoadedModule {
  readonly sessionId: string;
  readonly ended: Promise<LoadSession>;
  private lockIsLent = false;
  private turn: Promise<unknown> = Promise.resolve();
  private unloading: Promise<LoadSession> | null = null;

  constructor(private readonly parts: LoadedParts) {
    this.sessionId = parts.recording.session().id;
    this.ended = parts.recording.ended;
    void parts.recording.lost.then((failure) => parts.recording.hostLost(failure));
    void parts.recording.removedByWatchdog.then(() => this.inTurn(() => this.afterWatchdog())).catch(() => undefined); // the host may be lost by now: that ends the session as well
    void this.ended.then(() => this.lockIsLent || parts.lock.release());
  }

  /** Hands the lock of the host to a load that takes this one's place. */
  lendLock(): HeldLock {
    this.lockIsLent = true;
    return this.parts.lock;
  }

  /** The load came to nothing: the lock is this one's again, and is given back when it has ended. */
  takeLockBack(): void {
    this.lockIsLent = false;
    if (this.parts.recording.isOver()) this.parts.lock.release();
  }

  session(): LoadSession {
    return this.parts.recording.session();
  }

  devices(): readonly CharacterDevice[] {
    return this.session().devices ?? [];
  }

  createNode(device: Pick<CharacterDevice, 'name' | 'major' | 'minor'>, name = this.defaultNodeName(device), mode = 0o666): Promise<string> {
    if (!NODE_NAME.test(name)) {
      return Promise.reject(nodeFailure('bad-node-name', 'The device node was not made.', `${JSON.stringify(name.slice(0, 64))} is no name for one.`, 'Use letters, digits, dots, dashes and underscores.'));
    }
    if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) {
      return Promise.reject(nodeFailure('bad-node-mode', 'The device node was not made.', 'A mode has nine bits, e.g. 0o666.', 'Correct the mode.'));
    }
    return this.inTurn(async () => {
      const { recording, host } = this.parts;
      const node = `/dev/${name}`;
      const { major, minor } = device;
      const result = await recording.guard(host.script(MAKE_NODE, [node, String(major), String(minor), `${major.toString(16)} ${minor.toString(16)}`, mode.toString(8)], this.asRoot()));
      this.checkCancelled(result);
      if (result.exitCode === EXIT_OTHER_NODE) {
        throw nodeFailure('node-failed', 'The device node was not made.', `${node} exists and is not character device ${major}:${minor}.`, 'Choose another name for the node.');
      }
      if (result.exitCode !== 0) {
        throw nodeFailure('node-failed', 'The device node was not made.', 'mknod refused on the host.', 'Look at the log for what it said.', result.stderr);
      }
      if (result.stdout.trim() !== 'there') recording.emit({ type: 'node', node });
      recording.emit({ type: 'devices', devices: this.devices().map((other) => (other.major === major && other.minor === minor ? { ...other, node } : other)) });
      return node;
    });
  }

  writeToDevice(node: string, text: string): Promise<Action> {
    const written = `${text}\n`;
    const bytes = Buffer.byteLength(written);
    if (/[\0\n]/.test(text) || bytes > MAX_TEXT_BYTES) {
      return Promise.reject(nodeFailure('bad-device-text', 'Nothing was written to the device.', `A text is one line of at most ${MAX_TEXT_BYTES - 1} bytes, so that it is handed over in one write.`, 'Shorten the text.'));
    }
    return this.inTurn(async () => {
      const { recording, host } = this.parts;
      const { begin, end } = this.actionMarkers();
      const at = new Date().toISOString();
      const result = await recording.guard(host.script(WRITE, [KERNEL_LOG, recording.traceFile, begin, end, node, text], this.asRoot()));
      return this.finishAction(toAction(['echo', text, '>', node], '', result, at, { device: node, bytes, text: written }), end, result);
    });
  }

  readFromDevice(node: string, { maxBytes = 4_096, timeoutMs = READ_LIMIT_MS }: { readonly maxBytes?: number; readonly timeoutMs?: number } = {}): Promise<Action> {
    if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > MAX_READ_BYTES) {
      return Promise.reject(nodeFailure('bad-read-size', 'Nothing was read from the device.', `One read takes 1 to ${MAX_READ_BYTES} bytes.`, 'Correct the number of bytes.'));
    }
    return this.inTurn(async () => {
      const { recording, host } = this.parts;
      const { begin, end } = this.actionMarkers();
      const at = new Date().toISOString();
      const result = await recording.guard(host.script(READ, [KERNEL_LOG, recording.traceFile, begin, end, node, String(maxBytes)], { ...this.asRoot(), timeoutMs }));
      if (result.timedOut) await recording.guard(host.script(MARK, [KERNEL_LOG, end, recording.traceFile], { asRoot: true }));
      return this.finishAction(toAction(['dd', `if=${node}`, `bs=${maxBytes}`, 'count=1'], '', result, at, null), end, result);
    });
  }

  exercise(argv: readonly string[], stdin = '', options: ExerciseOptions = {}): Promise<Action> {
    return this.inTurn(() => this.runAction(argv, stdin, options));
  }

  exerciseProgram(localPath: string, args: readonly string[], stdin = '', options: ExerciseOptions = {}): Promise<Action> {
    return this.inTurn(async () => {
      const { recording, host, signal } = this.parts;
      const folder = stageFolder();
      const program = `${folder}/${path.basename(localPath)}`;
      await recording.guard(host.script(STAGE, [folder, '/dev/null'], this.withSignal()));
      try {
        await recording.guard(host.put(localPath, program, signal));
        await recording.guard(host.run(['chmod', '700', program]));
        return await this.runAction([program, ...args], stdin, options, localPath);
      } finally {
        if (!recording.isOver()) await host.script(DISCARD, [folder]).catch(() => undefined); // a lost host has told so already
      }
    });
  }

  unload(): Promise<LoadSession> {
    this.unloading ??= this.inTurn(() => this.remove()).catch((error: unknown) => {
      this.unloading = null;
      throw error;
    });
    return this.unloading;
  }

  /** As {@link unload}, but does not wait until what recorded it is gone from the host as well. @throws Failure as that does */
  async giveWay(): Promise<void> {
    const unloading = this.unload();
    unloading.catch(() => undefined); // told by the race, or below
    await Promise.race([unloading, this.ended]);
    if (this.parts.recording.saveFailure) throw this.parts.recording.saveFailure;
  }

  detach(): Promise<LoadSession> {
    return this.inTurn(() => this.finish('loaded', 'It was left in the kernel.'));
  }

  /** Ends the session of a module that somebody else has unloaded meanwhile, and removes what it brought along. */
  endWithoutModule(): Promise<LoadSession> {
    return this.inTurn(() => this.afterWatchdog());
  }

  private async afterWatchdog(): Promise<LoadSession> {
    const kept = await this.runRemoval('');
    if (this.parts.recording.isOver()) return this.parts.recording.ended;
    const { watchdog } = this.session();
    const why = watchdog?.outcome === 'removed' ? `The watchdog removed it after ${watchdog.seconds} s.` : 'Somebody else removed it.';
    return this.finish('unloaded', `${why}${keptText(kept)}`);
  }

  private async remove(): Promise<LoadSession> {
    const { recording } = this.parts;
    const kept = await this.runRemoval(this.parts.kernelName);
    if (recording.isOver()) return recording.ended;
    if (recording.oops !== null) return this.finish('oops', recording.oops);
    if (this.parts.signal?.aborted === true) return this.finish('cancelled', `It was cancelled, and the module was unloaded.${keptText(kept)}`);
    return this.finish('unloaded', `rmmod removed it.${keptText(kept)}`);
  }

  /** Removes the module, unless that is '', then what was loaded for it and its nodes; gives what could not be removed as well. */
  private async runRemoval(kernelName: string): Promise<string[]> {
    const { recording, host } = this.parts;
    if (recording.isOver()) return [];
    const [begin, end] = [recording.marker('rmmod begin'), recording.marker('rmmod end')];
    const { id, dependencies = [] } = this.session();
    const also = dependencies.map(({ name }) => name).reverse();
    try {
      const args = [KERNEL_LOG, recording.traceFile, begin, end, kernelName, id, PROC_DEVICES, PROC_MISC, String(also.length), ...also, ...likelyNodes(this.session(), this.parts.kernelName)];
      const result = await recording.guard(host.script(REMOVE, args, { asRoot: true, timeoutMs: this.parts.unloadLimitMs ?? UNLOAD_LIMIT_MS }));
      if (!result.timedOut) await recording.guard(recording.arrived(end));
      if (result.exitCode === 0 || recording.oops !== null) return result.stdout.split('\n').filter((name) => name !== '');
      const modules = await recording.guard(host.script(SHOW, [PROC_MODULES]));
      if (result.timedOut && kernelName !== '' && !findLoaded(modules.stdout, kernelName)) return await this.runRemoval(''); // it went when rmmod was ended
      throw unloadRefused(kernelName, host, result, modules.stdout);
    } catch (error) {
      if (recording.isOver()) return [];
      throw error;
    }
  }

  private async runAction(argv: readonly string[], stdin: string, { asRoot = false }: ExerciseOptions, program?: string): Promise<Action> {
    const { recording, host } = this.parts;
    const { begin, end } = this.actionMarkers();
    await recording.guard(host.script(MARK, [KERNEL_LOG, begin, recording.traceFile], { asRoot: true }));
    const at = new Date().toISOString();
    const result = await recording.guard(host.run(argv, { ...this.withSignal(), stdin, asRoot }));
    await recording.guard(host.script(MARK, [KERNEL_LOG, end, recording.traceFile], { asRoot: true }));
    return this.finishAction({ ...toAction([...argv], stdin, result, at, null), ...(program === undefined ? {} : { program }), ...(asRoot ? { asRoot } : {}) }, end, result);
  }

  /** @throws Failure why the session could not be saved */
  private async finish(state: 'loaded' | 'unloaded' | 'oops' | 'cancelled', reason: string): Promise<LoadSession> {
    const { recording } = this.parts;
    const session = await recording.end({ state, reason });
    await recording.released;
    if (recording.saveFailure) throw recording.saveFailure;
    return session;
  }

  private async finishAction(action: Action, end: string, result: ProcessResult): Promise<Action> {
    const { recording } = this.parts;
    if (!result.cancelled) await recording.guard(recording.arrived(end));
    recording.emit({ type: 'action', action });
    this.checkCancelled(result);
    return action;
  }

  private actionMarkers(): { begin: string; end: string } {
    const index = this.session().actions.length;
    return { begin: this.parts.recording.marker(`action ${index} begin`), end: this.parts.recording.marker(`action ${index} end`) };
  }

  /** The module's own name when it made one device, else the device's. */
  private defaultNodeName(device: Pick<CharacterDevice, 'name' | 'minor'>): string {
    return device.minor === 0 && this.devices().length <= 1 ? this.parts.kernelName : device.name.replaceAll(/[^A-Za-z0-9._-]/g, '').slice(0, 64);
  }

  private checkCancelled(result: ProcessResult): void {
    if (result.cancelled) throw Failure.cancelled('The action was stopped.');
  }

  private withSignal(): { maxOutputBytes: number; signal?: AbortSignal } {
    return { maxOutputBytes: MAX_ACTION_OUTPUT, ...(this.parts.signal ? { signal: this.parts.signal } : {}) };
  }

  private asRoot(): ReturnType<InsertedModule['withSignal']> & { asRoot: true } {
    return { ...this.withSignal(), asRoot: true };
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }
}

function toAction(argv: string[], stdin: string, result: ProcessResult, at: string, deviceWrite: Action['deviceWrite']): Action {
  const { stdout, stderr, exitCode } = result;
  return { argv, stdin, stdout, stderr, exitCode, at, deviceWrite };
}

function keptText(kept: readonly string[]): string {
  return kept.length === 0 ? '' : ` Still loaded, because something else uses it: ${kept.join(', ')}.`;
}
