// SPDX-License-Identifier: MIT
import path from 'node:path';
import * as z from 'zod';
import type { Host, HostFacts } from '../hosts/host';
import { Failure } from '../model';
import { readJsonFile, writeJsonFile } from '../platform/json-file';
import type { LoadDeps } from './types';

const Agreed = z.object({ hosts: z.array(z.object({ id: z.string().max(500), at: z.string().max(40) })).max(1_000) });
const MAX_HOSTS = 1_000;

function agreedFile(stateDir: string): string {
  return path.join(stateDir, 'agreed-hosts.json');
}

function agreedHosts(stateDir: string): z.infer<typeof Agreed>['hosts'] {
  return readJsonFile(agreedFile(stateDir), Agreed)?.hosts ?? [];
}

/**
 * Before the first load on a host that is no guest, asks whether it may be; a yes is remembered for that host.
 * @throws Failure `host-not-confirmed`, `cancelled`
 */
export async function confirmFirstLoad(module: string, host: Pick<Host, 'id' | 'name' | 'kind'>, facts: HostFacts, deps: Pick<LoadDeps, 'dirs' | 'confirmFirstLoad'>): Promise<void> {
  if (host.kind === 'guest') return;
  const { state } = deps.dirs;
  if (agreedHosts(state).some(({ id }) => id === host.id)) return;
  if (!deps.confirmFirstLoad) {
    throw new Failure({
      code: 'host-not-confirmed',
      what: `${module} was not loaded on ${host.name}.`,
      why: `It is no disposable guest, and nobody has said yet that modules may be loaded into its kernel (${facts.kernel}).`,
      next: 'Load once with --yes, or from a terminal, where you are asked.',
    });
  }
  if (!(await deps.confirmFirstLoad({ module, host: host.name, kernel: facts.kernel }))) throw Failure.cancelled(`${module} was not loaded on ${host.name}.`);
  try {
    const others = agreedHosts(state).filter(({ id }) => id !== host.id); // read again: more may have been agreed to while this was asked
    writeJsonFile(agreedFile(state), { hosts: [...others, { id: host.id, at: new Date().toISOString() }].slice(-MAX_HOSTS) });
  } catch {
    return; // it is asked again next time
  }
}
