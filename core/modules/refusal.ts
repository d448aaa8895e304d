// SPDX-License-Identifier: MIT
import { Failure, type KernelRecord } from '../model';
import type { ProcessResult } from '../platform/process';

export interface RefusalInputs {
  readonly module: string;
  readonly kernelName: string;
  readonly host: string;
  readonly result: Pick<ProcessResult, 'stderr' | 'exitCode'>;
  /** What the kernel logged while insmod ran. */
  readonly records: readonly KernelRecord[];
}

const KERNEL_FACILITY = 0;
/** Said of every module that was not built with the kernel. */
const ROUTINE = /: (?:loading out-of-tree module taints kernel|module verification failed: signature and\/or required key missing)/;

/** What to do about the kernel's and insmod's words (kernel/module, security/lockdown), the first that fits. */
const NEXT: readonly (readonly [words: RegExp, next: string])[] = [
  [/^Lockdown: |Operation not permitted.*unsigned module loading/i, 'Sign the module with a key that is enrolled there (mokutil --import), or turn Secure Boot off on that host.'],
  [/Loading of (?:unsigned module|module with (?:unsupported crypto|unavailable key|bad signature)) is rejected|Key was rejected by service|Required key not available|Key has (?:expired|been revoked)/i, 'The kernel does not trust its signature: sign it with a key that is enrolled there (mokutil --import), then restart that host.'],
  [/disagrees about version of symbol|version magic|Invalid module format|Exec format error/i, 'Build it against the headers of the kernel that runs on that host.'],
  [/Unknown symbol/i, 'Load the module that exports it first, or use what the kernel exports.'],
  [/ invalid for parameter /i, 'Correct the value of that parameter.'],
  [/File exists/i, 'Something of that name is there already: unload or reload it.'],
  [/Operation not permitted|Permission denied/i, 'Unless its own init returned that, look at kernel.modules_disabled and at the lockdown state of that host.'],
  [/Cannot allocate memory|Out of memory/i, 'Free memory on that host, or make the module smaller.'],
];

/** The line that says why: the last one that is a warning or worse or names the module, else the last one. */
function kernelReason(records: readonly KernelRecord[], kernelName: string): string | null {
  const said = records.filter(({ facility, text }) => facility === KERNEL_FACILITY && !ROUTINE.test(text));
  const telling = said.filter(({ level, text }) => level <= 4 || text.includes(kernelName));
  return (telling.at(-1) ?? said.at(-1))?.text ?? null;
}

/** insmod's own words, without our temporary path. */
function insmodReason({ result }: RefusalInputs): string {
  const said = result.stderr.trim().split('\n').at(-1) ?? '';
  return said === '' ? `insmod ended with ${result.exitCode ?? 'a signal'}` : said.replaceAll(/[^\s'"]*\/(?=[^\s'"/]+\.ko\b)/g, '');
}

/** Why a module was not inserted: the kernel's own reason, then insmod's. */
export function refusal(inputs: RefusalInputs): Failure {
  const kernel = kernelReason(inputs.records, inputs.kernelName);
  const insmod = insmodReason(inputs);
  const words = [kernel ?? '', insmod].join('\n');
  return new Failure({
    code: 'insmod-refused',
    what: `${inputs.host} refused ${inputs.module}.`,
    why: kernel === null ? `${insmod}.` : `The kernel said: ${kernel} (${insmod}).`,
    next: NEXT.find(([pattern]) => pattern.test(words))?.[1] ?? 'Correct what it names, then load again.',
    detail: [...inputs.records.map(({ text }) => text), inputs.result.stderr].join('\n'),
  });
}
