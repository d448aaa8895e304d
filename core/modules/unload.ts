// SPDX-License-Identifier: MIT
import type { Host } from '../hosts/host';
import { Failure, type LoadSession } from '../model';
import { refuseForbiddenHost } from './forbid';
import { lockHost } from './host-lock';
import { CLEAN_UP, PROC_MODULES, SHOW } from './host-scripts';
import type { LoadDeps } from './types';
import { InsertedModule, likelyNodes, unloadRefused } from './loaded';
import { SessionRecording } from './recording';

/**
 * Unloads a module. The newest session that left it loaded on this host is continued and ended; without one
 * it is a plain rmmod and the answer is null.
 * @throws Failure `local-forbidden`, `not-loaded`, `unload-refused`, `host-busy`, `host-lost`, `cancelled`
 */
export async function unloadModule(target: { readonly name: string; readonly host: Host }, deps: LoadDeps): Promise<LoadSession | null> {
  const { name, host } = target;
  refuseForbiddenHost(host);
  const lock = await lockHost(host.id, `unloading ${name}`, deps);
  try {
    const kernelName = name.replaceAll('-', '_');
    const facts = await host.facts(deps.signal);
    const left = await findLoaded(name, host, deps);
    if (left && left.host.bootId !== facts.bootId) {
      await new SessionRecording({ host, writer: deps.store.reopen(left.id), onEvent: (event) => deps.onEvent?.(event) }).end({ state: 'hostLost', reason: 'The host was started anew.' });
    }
    const modules = await host.script(SHOW, [PROC_MODULES], deps.signal ? { signal: deps.signal } : {});
    if (modules.cancelled) throw Failure.cancelled('Nothing was unloaded.');
    if (!modules.stdout.split('\n').some((line) => line.startsWith(`${kernelName} `))) throw notLoaded(name, host);
    deps.progress?.step(`Unloading ${name} from ${host.name}`);
    if (left?.host.bootId === facts.bootId) return await continueSession(left, kernelName, host, deps, () => lock.release());
    const result = await host.script(CLEAN_UP, ['', kernelName, PROC_MODULES], { asRoot: true, ...(deps.signal ? { signal: deps.signal } : {}) });
    if (result.exitCode !== 0) throw unloadRefused(name, host.name, result);
    return null;
  } finally {
    lock.release();
  }
}

async function findLoaded(name: string, host: Host, deps: LoadDeps): Promise<LoadSession | null> {
  for (const summary of await deps.store.list()) {
    if (summary.module !== name || summary.host !== host.name || summary.end?.state !== 'loaded') continue;
    return deps.store.read(summary.id);
  }
  return null;
}

async function continueSession(left: LoadSession, kernelName: string, host: Host, deps: LoadDeps, release: () => void): Promise<LoadSession> {
  const recording = new SessionRecording({ host, writer: deps.store.reopen(left.id), onEvent: (event) => deps.onEvent?.(event) });
  const last = left.records.at(-1);
  recording.follow(last ? { sinceSeq: last.seq } : { sinceMarker: recording.marker('insmod end') });
  const inserted = new InsertedModule({ host, recording, lock: { release }, kernelName, devices: [], nodes: likelyNodes(left, kernelName), ...(deps.signal ? { signal: deps.signal } : {}) });
  return inserted.unload().catch(async (error: unknown) => {
    if (!recording.isOver()) await recording.end({ state: 'loaded', reason: 'It is still in the kernel.' });
    throw error;
  });
}

function notLoaded(name: string, host: Host): Failure {
  return new Failure({
    code: 'not-loaded',
    what: `${name} was not unloaded.`,
    why: `It is not loaded on ${host.name}.`,
    next: 'Nothing needs to be done.',
  });
}
