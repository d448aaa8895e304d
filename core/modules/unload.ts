// SPDX-License-Identifier: MIT
import type { Host } from '../hosts/host';
import { Failure, type LoadSession, type SessionEnd } from '../model';
import type { HeldLock } from '../platform/lock';
import { kernelNameOf } from './examine';
import { refuseForbiddenHost } from './forbid';
import { inTurn, lockModule } from './host-lock';
import { CLEAN_UP, PROC_MODULES, SHOW } from './host-scripts';
import type { LoadDeps, LoadedModule } from './types';
import { InsertedModule, UNLOAD_LIMIT_MS } from './loaded';
import { SessionRecording } from './recording';
import { resumeRecording } from './resume';
import { findLoaded } from './proc-modules';
import { unloadRefused } from './unload-refused';

const STILL_LOADED: SessionEnd = { state: 'loaded', reason: 'It is still in the kernel.' };

export interface UnloadTarget {
  readonly name: string;
  readonly host: Host;
}

/**
 * Unloads a module. The newest session that left it loaded on this host is continued and ended; without one
 * it is a plain rmmod and the answer is null.
 * @throws Failure `local-forbidden`, `not-loaded`, `unload-refused`, `host-busy`, `host-lost`, `cancelled`
 */
export async function unloadModule(target: UnloadTarget, deps: LoadDeps): Promise<LoadSession | null> {
  const { name, host } = target;
  refuseForbiddenHost(host);
  const purpose = `unloading ${name}`;
  const lock = await lockModule(host.id, name, purpose, deps);
  try {
    return await inTurn(host.id, purpose, deps, () => unloadWithLock(target, deps));
  } finally {
    lock.release();
  }
}

/** As {@link unloadModule}, by who holds the locks of host and module; that nothing is loaded is no failure, and nobody is told of the events. */
export async function unloadIfLoaded(target: UnloadTarget, deps: LoadDeps): Promise<void> {
  await unloadWithLock(target, { ...deps, onEvent: () => undefined }).catch((error: unknown) => {
    const failure = Failure.from(error);
    if (failure.code !== 'not-loaded') throw failure;
  });
}

async function unloadWithLock({ name, host }: UnloadTarget, deps: LoadDeps): Promise<LoadSession | null> {
  const signal = deps.signal ? { signal: deps.signal } : {};
  const kernelName = kernelNameOf({ name });
  const facts = await host.facts(deps.signal);
  const left = await findLeft(name, host, deps);
  if (left && left.host.bootId !== facts.bootId) {
    await new SessionRecording({ host, writer: deps.store.reopen(left.id), onEvent: (event) => deps.onEvent?.(event) }).end({ state: 'hostLost', reason: 'The host was started anew.' });
  }
  const modules = await host.script(SHOW, [PROC_MODULES], signal);
  if (modules.cancelled) throw Failure.cancelled('Nothing was unloaded.');
  const isLoaded = findLoaded(modules.stdout, kernelName) !== null;
  if (left?.host.bootId === facts.bootId) {
    deps.progress?.step(`Unloading ${name} from ${host.name}`);
    return continueSession(left, { kernelName, host, isLoaded }, deps);
  }
  if (!isLoaded) throw notLoaded(`${name} was not unloaded.`, { name, host }, 'Nothing needs to be done.');
  deps.progress?.step(`Unloading ${name} from ${host.name}`);
  const result = await host.script(CLEAN_UP, ['', PROC_MODULES, '', kernelName], { ...signal, asRoot: true, timeoutMs: deps.unloadLimitMs ?? UNLOAD_LIMIT_MS });
  if (result.cancelled) throw Failure.cancelled('rmmod was not waited for.');
  if (result.exitCode !== 0) throw unloadRefused(kernelName, host, result, (await host.script(SHOW, [PROC_MODULES], signal)).stdout);
  return null;
}

/** The newest session that left the module in the host's kernel, also where its process ended without a word: asked by who holds the module's lock. */
async function findLeft(name: string, host: Host, deps: LoadDeps): Promise<LoadSession | null> {
  for (const { id, module, host: hostName, end } of await deps.store.list()) {
    if (module !== name || hostName !== host.name || (end !== null && end.state !== 'loaded')) continue;
    const session = await deps.store.read(id);
    if (end !== null || session.devices !== undefined) return session; // its devices are told once it is inserted
  }
  return null;
}

async function continueSession(left: LoadSession, target: { kernelName: string; host: Host; isLoaded: boolean }, deps: LoadDeps): Promise<LoadSession> {
  const { recording, inserted } = reopen(left, target, { describe: () => undefined, release: () => undefined }, deps);
  recording.tellUnrecorded();
  return (target.isLoaded ? inserted.unload() : inserted.endWithoutModule()).catch(async (error: unknown) => {
    if (!recording.isOver()) await recording.end(STILL_LOADED);
    throw error;
  });
}

/** Follows the session of a module that was left loaded from where it was left. */
function reopen(left: LoadSession, { kernelName, host }: { kernelName: string; host: Host }, lock: HeldLock, deps: LoadDeps): { recording: SessionRecording; inserted: InsertedModule } {
  const recording = new SessionRecording({ host, writer: deps.store.reopen(left.id), onEvent: (event) => deps.onEvent?.(event) });
  const last = left.records.at(-1);
  recording.follow(last ? { sinceSeq: last.seq } : { sinceMarker: recording.marker('insmod end') });
  const inserted = new InsertedModule({ host, recording, lock, kernelName, ...(deps.signal ? { signal: deps.signal } : {}) });
  return { recording, inserted };
}

/**
 * Takes over a module that an earlier session left loaded on this host: its session is continued, its calls are recorded again, and it
 * can be acted on.
 * @throws Failure `local-forbidden`, `not-loaded`, `host-busy`, `host-lost`, `cancelled`
 */
export async function takeOver(target: UnloadTarget, deps: LoadDeps): Promise<LoadedModule> {
  const { name, host } = target;
  refuseForbiddenHost(host);
  const kernelName = kernelNameOf({ name });
  const lock = await lockModule(host.id, name, `keeping ${name} loaded`, deps);
  try {
    const [facts, left, modules] = await Promise.all([host.facts(deps.signal), findLeft(name, host, deps), host.script(SHOW, [PROC_MODULES], deps.signal ? { signal: deps.signal } : {})]);
    if (modules.cancelled) throw Failure.cancelled('Nothing was done.');
    if (left?.host.bootId !== facts.bootId || findLoaded(modules.stdout, kernelName) === null) throw notLoaded(`Nothing was done with ${name}.`, target, 'Load it first.');
    const { recording, inserted } = reopen(left, { kernelName, host }, lock, deps);
    await resumeRecording(recording, { host, kernelName, cacheDir: deps.dirs.cache, ...(deps.signal ? { signal: deps.signal } : {}) }).catch(async (error: unknown) => {
      if (!recording.isOver()) await recording.end(STILL_LOADED);
      throw error;
    });
    return inserted;
  } catch (error) {
    lock.release();
    throw error;
  }
}

function notLoaded(what: string, { host }: UnloadTarget, next: string): Failure {
  return new Failure({ code: 'not-loaded', what, why: `It is not loaded on ${host.name}.`, next });
}
