// SPDX-License-Identifier: MIT
import type { RecordedCall } from '../flow/recorder';
import { spaceOf } from '../flow/values';
import { visitsThatCount } from '../rules/user-arguments';
import { argumentOf, sameCall } from './findings';
import { Edits, editable } from './edits';
import { requireExports } from './exported';
import type { Fixer } from './fix';
import { REPLACEMENTS } from './kernel-functions';
import { Operands } from './operands';
import { dropSetFs } from './set-fs';

const AT_FDCWD = -100n;

/** Calls what the kernel exports for its own memory, in place of the syscall. */
export const inKernelApi: Fixer = ({ finding, program, calls }) => {
  const call = argumentOf(finding, calls)?.call;
  const replacement = REPLACEMENTS[call?.syscall?.name ?? ''];
  if (!call || !replacement || call.abi.arch !== program.abi.arch) return null;
  if (!sameCall(call, calls).every(takesKernelMemoryOnly)) return null;
  requireExports(program, replacement.exports);
  const { place, expression } = call.code;
  const edits = new Edits();
  const operands = new Operands(program, call, calls);
  const list = replacement.parameters.map(([type, from]) => (typeof from === 'string' ? from : operands.cast(from, type)));
  const name = edits.helper(place, replacement.name, replacement.code);
  edits.include(editable(place.unit, expression).file, ...replacement.includes);
  operands.replaceCall(edits, `${name}(${list.join(', ')})`);
  if (finding.rule === 'set-fs-buffer') dropSetFs(edits, place, [expression]);
  return { id: 'in-kernel-api', title: `Use ${replacement.api}()`, isPreferred: true, note: replacement.note, edits };
};

/** Whether every user pointer of a call is an address of the kernel or NULL, on every path; for openat, whether it starts in the working directory. */
function takesKernelMemoryOnly(call: RecordedCall): boolean {
  const { syscall } = call;
  return visitsThatCount(call).every(({ arguments: list }) => {
    const first = list[0]?.value;
    if (syscall?.name === 'openat' && !(first?.kind === 'integer' && BigInt.asIntN(32, first.value) === AT_FDCWD)) return false;
    return (syscall?.arguments ?? []).every((argument, index) => !argument.user || ['kernel', 'null'].includes(spaceOf(list[index]?.value ?? { kind: 'unknown' })));
  });
}
