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
  return new Failure({
    code: 'insmod-refused',
    what: `${inputs.host} refused ${inputs.module}.`,
    why: kernel === null ? `${insmod}.` : `The kernel said: ${kernel} (${insmod}).`,
    next: 'Correct what it names, then load again.',
    detail: [...inputs.records.map(({ text }) => text), inputs.result.stderr].join('\n'),
  });
}
