// SPDX-License-Identifier: MIT
import type { AnalysisTarget } from '../model';
import type { Host } from './host';

/** `do_syscall_64` is there on every x86-64 kernel: without it the symbols cannot be read, and say nothing. */
const SCRIPT = `set -eu
grep -q ' do_syscall_64$' /proc/kallsyms || { echo unknown; exit 0; }
if grep -q ' x64_sys_call$' /proc/kallsyms; then echo switch; else echo table; fi
`;

/** How the host's kernel finds a syscall's function, by its own symbols; undefined where they do not say. @throws Failure when the host is lost */
export async function readDispatch(host: Pick<Host, 'script'>, signal?: AbortSignal): Promise<AnalysisTarget['dispatch']> {
  const { stdout } = await host.script(SCRIPT, [], signal ? { signal } : {});
  const word = stdout.trim();
  return word === 'switch' || word === 'table' ? word : undefined;
}
