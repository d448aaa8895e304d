// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { GraphTracer } from '../calls/graph-tracer';
import type { TracedCall } from '../calls/graph-trace';
import { borrowValues, functionNames, kernelPath } from '../calls/kernel-path';
import type { Host } from '../hosts/host';
import { Failure, type Call, type KernelPath, type LoadSession } from '../model';
import type { Dirs } from '../platform/dirs';
import { silentProgress, type Progress } from '../platform/progress';
import { SessionStore } from '../sessions/store';
import type { ModuleDescription } from './discover';
import { startLoad } from './load';
import { readSources } from './sources';
import type { LoadedModule } from './types';

export interface ExplainRequest {
  readonly session: LoadSession;
  readonly call: Call;
  readonly module: ModuleDescription;
  /** The modules of the workspace, for one that needs another. */
  readonly workspace?: () => Promise<readonly ModuleDescription[]>;
  /** Opens a guest that nobody used before, with this kernel (`uname -r`). */
  readonly openFreshGuest: (kernel: string) => Promise<Host>;
  readonly dirs: Dirs;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

function refused(why: string, next: string): Failure {
  return new Failure({ code: 'no-kernel-path', what: "The kernel's path was not recorded.", why, next });
}

/**
 * Finds the kernel's own way to a call's result: loads the same source again, in fresh guests (never on the host of the
 * session), and does there what was done. The first load tells which functions ran; where the call failed, a second one tells
 * what each returned.
 * @throws Failure `no-kernel-path`, and what opening a guest and loading throw
 */
export async function explainCall(request: ExplainRequest): Promise<KernelPath> {
  const { session, call, module, signal } = request;
  if (call.evidence !== 'probe' || call.result === null) throw refused('The call was not recorded by kernel probes, or has not returned.', 'Load the module on the guest, then ask again.');
  const snapshot = await readSources(module, signal);
  const loaded = new Map(session.module.sources.map(({ path: file, sha256 }) => [file, sha256]));
  if (snapshot.hashes.length !== loaded.size || snapshot.hashes.some(({ path: file, sha256 }) => loaded.get(file) !== sha256)) {
    throw refused('The source has changed since that load.', 'Load the module again, then ask for the new call.');
  }
  const place = placeOf(session, call);
  const first = pick(await repeat(request, []), place);
  if (call.errno !== null) borrowValues(first.root, pick(await repeat(request, functionNames(first)), place).root);
  return kernelPath(first, { kernel: session.host.kernel, result: first.result });
}

/** Which one it was among the calls of that syscall from the same place, in the order of their returns. */
function placeOf(session: LoadSession, call: Call): number {
  const end = ({ usec, durationUsec }: Call): number => usec + (durationUsec ?? 0);
  const like = session.calls.filter(({ syscall, caller, status }) => status === 'returned' && syscall === call.syscall && caller === call.caller);
  return like.sort((one, other) => end(one) - end(other)).findIndex(({ id }) => id === call.id);
}

function pick(calls: readonly TracedCall[], index: number): TracedCall {
  const found = calls[index];
  if (!found) throw refused('The call was not made again in the fresh guest.', 'Load the module again, then ask for the new call.');
  return found;
}

/** One load in a guest of its own, from insmod to rmmod, under the tracer. */
async function repeat(request: ExplainRequest, functions: readonly string[]): Promise<readonly TracedCall[]> {
  const { session, call, module, dirs, signal } = request;
  const progress = request.progress ?? silentProgress;
  const host = await request.openFreshGuest(session.host.kernel);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-path-'));
  try {
    const moduleName = module.name.replaceAll('-', '_');
    const tracer = await GraphTracer.start({ host, arch: session.host.arch, kernel: session.host.kernel, moduleName, syscall: call.syscall, caller: call.caller ?? '', functions, ...(signal ? { signal } : {}) });
    try {
      const loaded = await startLoad({ module, host, parameters: session.parameters, predict: null, record: false, ...(request.workspace ? { workspace: request.workspace } : {}) }, { store: new SessionStore(scratch), dirs, progress, ...(signal ? { signal } : {}) });
      await actAgain(loaded, session);
      await loaded.unload();
    } catch (error) {
      await tracer.abandon();
      throw error;
    }
    progress.step("Reading the kernel's path");
    return await tracer.finish();
  } finally {
    await host.dispose();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

async function actAgain(loaded: LoadedModule, session: LoadSession): Promise<void> {
  const nodes = new Set<string>();
  for (const { deviceWrite, argv, stdin, program } of session.actions) {
    if (program !== undefined) {
      await loaded.exerciseProgram(program, argv.slice(1), stdin);
      continue;
    }
    if (!deviceWrite) {
      await loaded.exercise(argv, stdin);
      continue;
    }
    const name = path.posix.basename(deviceWrite.device);
    const devices = loaded.devices();
    const device = devices.find((candidate) => candidate.name === name) ?? devices[0];
    if (device && !nodes.has(name)) nodes.add(path.posix.basename(await loaded.createNode(device, name)));
    await loaded.writeToDevice(deviceWrite.device, deviceWrite.text.replace(/\n$/, ''));
  }
}
