// SPDX-License-Identifier: MIT
import type { Host } from '../hosts/host';
import { Failure } from '../model';
import type { ProcessResult } from '../platform/process';
import { findLoaded } from './proc-modules';

/** How to be rid of a module that no program can remove any more. */
export function startAnew(host: Pick<Host, 'kind'>): string {
  return host.kind === 'guest' ? 'Reset the guest.' : 'Only a restart of that host ends it.';
}

/** Why rmmod did not remove a module. */
export function unloadRefused(kernelName: string, host: Pick<Host, 'name' | 'kind'>, result: ProcessResult, procModules: string): Failure {
  const said = result.stderr.trim().split('\n').at(-1) ?? '';
  const there = findLoaded(procModules, kernelName);
  const refused = `rmmod refused: ${said || `exit code ${result.exitCode ?? 'none'}`}`;
  const answer = (why: string, next: string): Failure =>
    new Failure({ code: 'unload-refused', what: `${kernelName} is still loaded on ${host.name}.`, why, next, detail: result.stderr });
  if (result.timedOut) return answer("rmmod did not come back in time: the module's exit hangs.", startAnew(host));
  if (there && there.state !== 'Live') return answer(`Its ${there.state === 'Loading' ? 'init' : 'exit'} has not come back (state ${there.state}).`, startAnew(host));
  if (there && there.users.length > 0) return answer(`${there.users.join(', ')} ${there.users.length === 1 ? 'uses' : 'use'} it.`, `Unload ${there.users.join(', ')} first.`);
  if (there && there.count > 0) return answer(`It is in use (${there.count}): a process has its device open, or the like.`, 'Close what uses the module, then unload it again.');
  return answer(`${refused}.`, there ? startAnew(host) : 'Look at the kernel log.');
}
