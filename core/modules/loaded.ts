// SPDX-License-Identifier: MIT
import type { Host } from '../hosts/host';
import { KERNEL_LOG } from '../kernel-log/reader';
import { ExitCode, Failure, type Action, type LoadSession } from '../model';
import type { HeldLock } from '../platform/lock';
import type { ProcessResult } from '../platform/process';
import { EXIT_OTHER_NODE, MAKE_NODE, MARK, PROC_DEVICES, REMOVE, WRITE } from './host-scripts';
import type { CharacterDevice, LoadedModule } from './types';
import type { SessionRecording } from './recording';

export interface LoadedParts {
  readonly host: Host;
  readonly recording: SessionRecording;
  readonly lock: HeldLock;
  /** The module's name as the kernel knows it. */
  readonly kernelName: string;
  readonly devices: readonly CharacterDevice[];
  /** Nodes to remove once their device is gone. */
  readonly nodes: readonly string[];
  readonly signal?: AbortSignal;
}

const NODE_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;
const MAX_TEXT_BYTES = 4_095;
const REMOVE_LIMIT_MS = 60_000;
const MAX_ACTION_OUTPUT = 64 * 1024;

/** Where the nodes of a module that was left loaded may be: under its own name, and where its session wrote to. */
export function likelyNodes(session: LoadSession, kernelName: string): string[] {
  return [...new Set([`/dev/${kernelName}`, ...session.actions.flatMap(({ deviceWrite }) => (deviceWrite ? [deviceWrite.device] : []))])];
}

function nodeFailure(code: string, what: string, why: string, next: string, detail = ''): Failure {
  return new Failure({ code, what, why, next, detail, ...(code.startsWith('bad-') ? { exitCode: ExitCode.usage } : {}) });
}

/** A module that is in the kernel, and the session that follows it. One thing is done at a time. */
export class InsertedModule implements LoadedModule {
  readonly sessionId: string;
  readonly ended: Promise<LoadSession>;
  private readonly nodes: string[];
  private turn: Promise<unknown> = Promise.resolve();
  private unloading: Promise<LoadSession> | null = null;

  constructor(private readonly parts: LoadedParts) {
    this.sessionId = parts.recording.session().id;
    this.ended = parts.recording.ended;
    this.nodes = [...parts.nodes];
    void parts.recording.lost.then((failure) => parts.recording.hostLost(failure));
    void this.ended.then(() => parts.lock.release());
  }

  session(): LoadSession {
    return this.parts.recording.session();
  }

  devices(): readonly CharacterDevice[] {
    return this.parts.devices;
  }

  createNode(device: CharacterDevice, name = this.defaultNodeName(device)): Promise<string> {
    if (!NODE_NAME.test(name)) {
      return Promise.reject(nodeFailure('bad-node-name', 'The device node was not made.', `${JSON.stringify(name.slice(0, 64))} is no name for one.`, 'Use letters, digits, dots, dashes and underscores.'));
    }
    return this.inTurn(async () => {
      const { recording, host } = this.parts;
      const node = `/dev/${name}`;
      const { major } = device;
      const result = await recording.guard(host.script(MAKE_NODE, [node, String(major), major.toString(16)], this.asRoot()));
      this.checkCancelled(result);
      if (result.exitCode === EXIT_OTHER_NODE) {
        throw nodeFailure('node-failed', 'The device node was not made.', `${node} exists and is not character device ${major}:0.`, 'Choose another name for the node.');
      }
      if (result.exitCode !== 0) {
        throw nodeFailure('node-failed', 'The device node was not made.', 'mknod refused on the host.', 'Look at the log for what it said.', result.stderr);
      }
      if (result.stdout.trim() !== 'there') this.nodes.push(node);
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

  exercise(argv: readonly string[], stdin = ''): Promise<Action> {
    return this.inTurn(async () => {
      const { recording, host } = this.parts;
      const { begin, end } = this.actionMarkers();
      await recording.guard(host.script(MARK, [KERNEL_LOG, begin, recording.traceFile], { asRoot: true }));
      const at = new Date().toISOString();
      const result = await recording.guard(host.run(argv, { ...this.withSignal(), stdin }));
      await recording.guard(host.script(MARK, [KERNEL_LOG, end, recording.traceFile], { asRoot: true }));
      return this.finishAction(toAction([...argv], stdin, result, at, null), end, result);
    });
  }

  unload(): Promise<LoadSession> {
    this.unloading ??= this.inTurn(() => this.remove()).catch((error: unknown) => {
      this.unloading = null;
      throw error;
    });
    return this.unloading;
  }

  detach(): Promise<LoadSession> {
    return this.inTurn(() => this.finish('loaded', 'It was left in the kernel.'));
  }

  private async remove(): Promise<LoadSession> {
    const { recording, host, kernelName } = this.parts;
    if (recording.isOver()) return recording.ended;
    const [begin, end] = [recording.marker('rmmod begin'), recording.marker('rmmod end')];
    try {
      const result = await recording.guard(host.script(REMOVE, [KERNEL_LOG, recording.traceFile, begin, end, kernelName, PROC_DEVICES, ...this.nodes], { asRoot: true, timeoutMs: REMOVE_LIMIT_MS }));
      await recording.guard(recording.arrived(end));
      if (result.exitCode !== 0 && recording.oops === null) throw unloadRefused(kernelName, host.name, result);
    } catch (error) {
      if (recording.isOver()) return recording.ended;
      throw error;
    }
    if (recording.oops !== null) return this.finish('oops', recording.oops);
    return this.parts.signal?.aborted ? this.finish('cancelled', 'It was cancelled, and the module was unloaded.') : this.finish('unloaded', 'rmmod removed it.');
  }

  /** @throws Failure why the session could not be saved */
  private async finish(state: 'loaded' | 'unloaded' | 'oops' | 'cancelled', reason: string): Promise<LoadSession> {
    const session = await this.parts.recording.end({ state, reason });
    if (this.parts.recording.saveFailure) throw this.parts.recording.saveFailure;
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
  private defaultNodeName(device: CharacterDevice): string {
    return this.parts.devices.length <= 1 ? this.parts.kernelName : device.name.replaceAll(/[^A-Za-z0-9._-]/g, '').slice(0, 64);
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

export function unloadRefused(name: string, host: string, result: ProcessResult): Failure {
  const said = result.stderr.trim().split('\n').at(-1) ?? '';
  return new Failure({
    code: 'unload-refused',
    what: `${name} is still loaded on ${host}.`,
    why: result.timedOut ? 'rmmod did not come back in time.' : `rmmod refused: ${said || `exit code ${result.exitCode ?? 'none'}`}.`,
    next: 'Close what uses the module, then unload it again.',
    detail: result.stderr,
  });
}

