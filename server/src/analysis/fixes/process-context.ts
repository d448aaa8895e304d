// SPDX-License-Identifier: MIT
import { findEntries } from '../flow/entries';
import type { Program } from '../flow/program';
import type { FunctionDefinition, Expression } from '../syntax/ast';
import { expressionsOf, expressionsIn } from './statements';

/** Handlers that run in the task that made the syscall, with its memory (`release` may run when that is gone). */
const RUNS_IN_CALLER = /^(?:proc_)?(?:open|read|write|lseek|ioctl|llseek|unlocked_ioctl|compat_ioctl)$/;
const HANDLER_STRUCTS = new Set(['file_operations', 'proc_ops']);

/** Whether the kernel calls a function only on behalf of a process: not as a thread, timer, work item or anything unknown. */
export function runsInProcess(entry: FunctionDefinition, program: Program): boolean {
  const role = findEntries(program).find(({ definition }) => definition === entry)?.role ?? 'uncalled';
  if (role !== 'callback') return role !== 'uncalled';
  const names: Expression[] = [];
  const handlers = new Set<Expression>();
  for (const unit of program.units) {
    const isEntry = (part: Expression): boolean => part.kind === 'identifier' && program.findFunction(part.name, unit)?.definition === entry;
    for (const { body } of unit.syntax.functions) names.push(...expressionsOf(body).filter(isEntry));
    for (const { type, initializer } of unit.syntax.globals) {
      if (!initializer) continue;
      names.push(...expressionsIn(initializer).filter(isEntry));
      const struct = program.resolve(type);
      if (initializer.kind !== 'initializer' || struct.kind !== 'struct' || !HANDLER_STRUCTS.has(struct.tag)) continue;
      for (const { designators, value } of initializer.items) if (typeof designators[0] === 'string' && RUNS_IN_CALLER.test(designators[0])) handlers.add(value);
    }
  }
  return names.every((name) => handlers.has(name));
}
