// SPDX-License-Identifier: MIT
import type { Declarator, Expression } from '../syntax/ast';
import { walkExpression, walkStatement } from '../syntax/walk';
import type { Program } from './program';
import type { FunctionPlace, Unit } from './unit';

/** Who runs a function that the kernel calls. */
export type EntryRole = 'init' | 'exit' | 'write' | 'read' | 'callback' | 'uncalled';

export interface EntryPoint extends FunctionPlace {
  readonly role: EntryRole;
  /** It is given to what makes it run in a thread of the kernel's own. */
  readonly inKernelThread?: boolean;
}

/** Functions and macros that make one of their arguments run in a kernel thread. */
const RUNS_IN_KERNEL_THREAD = /^(?:kthread_(?:run|create)\w*|kernel_thread|INIT_(?:DELAYED_|DEFERRABLE_)?WORK\w*|__(?:DELAYED_)?WORK_INITIALIZER|kthread_init_work)$/;

const INIT_CALLS = /^(?:module_init|(?:core|postcore|arch|subsys|fs|rootfs|device|late)_initcall(?:_sync)?)$/;
/** Structures whose `write` and `read` take the buffer of a user. */
const FILE_STRUCTS = new Set(['file_operations', 'proc_ops']);
const FILE_FIELDS: Readonly<Record<string, EntryRole>> = { write: 'write', proc_write: 'write', read: 'read', proc_read: 'read' };
const ORDER: readonly EntryRole[] = ['init', 'write', 'read', 'callback', 'exit', 'uncalled'];

/** Finds the functions that the kernel calls, in the order in which they run; `uncalled` are those nobody names. */
export function findEntries(program: Program): EntryPoint[] {
  const roles = new Map<FunctionPlace['definition'], EntryPoint>();
  const add = (place: FunctionPlace | undefined, role: EntryRole): void => {
    if (!place) return;
    const known = roles.get(place.definition);
    if (!known || ORDER.indexOf(role) < ORDER.indexOf(known.role)) roles.set(place.definition, { ...place, role });
  };
  const called = new Set<FunctionPlace['definition']>();
  const threads = new Set<FunctionPlace['definition']>();
  for (const unit of program.units) {
    for (const call of unit.syntax.fileScopeCalls) {
      const [first] = call.arguments;
      if (first?.kind !== 'identifier') continue;
      if (INIT_CALLS.test(call.name)) add(program.findFunction(first.name, unit), 'init');
      else if (call.name === 'module_exit') add(program.findFunction(first.name, unit), 'exit');
      else if (/^module_.*driver$/.test(call.name)) continue;
    }
    add(program.findFunction('init_module', unit), 'init');
    add(program.findFunction('cleanup_module', unit), 'exit');
    scanUnit(program, unit, add, called, threads);
  }
  const referenced = [...roles.values()];
  const uncalled = program.units.flatMap((unit) =>
    unit.syntax.functions.filter((definition) => !roles.has(definition) && !called.has(definition)).map((definition): EntryPoint => ({ definition, unit, role: 'uncalled' })),
  );
  return [...referenced, ...uncalled].map((entry) => ({ ...entry, inKernelThread: threads.has(entry.definition) })).sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role));
}

type Definitions = Set<FunctionPlace['definition']>;

function noteThreads(program: Program, unit: Unit, callee: string, list: readonly Expression[], threads: Definitions): void {
  if (!RUNS_IN_KERNEL_THREAD.test(callee)) return;
  for (const argument of list) {
    const place = argument.kind === 'identifier' ? program.findFunction(argument.name, unit) : undefined;
    if (place) threads.add(place.definition);
  }
}

function scanUnit(program: Program, unit: Unit, add: (place: FunctionPlace | undefined, role: EntryRole) => void, called: Definitions, threads: Definitions): void {
  const direct = new Set<Expression>();
  const visit = (expression: Expression): void => {
    if (expression.kind === 'call' && expression.callee.kind === 'identifier') {
      noteThreads(program, unit, expression.callee.name, expression.arguments, threads);
      direct.add(expression.callee);
      const place = program.findFunction(expression.callee.name, unit);
      if (place) called.add(place.definition);
    } else if (expression.kind === 'assign' && expression.left.kind === 'member' && expression.right.kind === 'identifier') {
      const role = FILE_FIELDS[expression.left.field];
      if (role && isFileStructName(expression.left.object)) add(program.findFunction(expression.right.name, unit), role);
    } else if (expression.kind === 'identifier' && !direct.has(expression)) {
      add(program.findFunction(expression.name, unit), 'callback');
    }
  };
  for (const definition of unit.syntax.functions) walkStatement(definition.body, visit);
  for (const global of unit.syntax.globals) {
    if (!global.initializer) continue;
    for (const { place, role } of fileHandlers(program, unit, global)) add(place, role);
    walkExpression(global.initializer, visit);
  }
}

/** A function that a `struct file_operations` or `struct proc_ops` of the module names as its read or write. */
export interface FileHandler {
  readonly place: FunctionPlace;
  readonly role: EntryRole;
  readonly struct: string;
}

/** The handlers that a variable's initializer names. */
export function* fileHandlers(program: Program, unit: Unit, variable: Declarator): Generator<FileHandler> {
  const type = program.resolve(variable.type);
  if (type.kind !== 'struct' || !FILE_STRUCTS.has(type.tag) || variable.initializer?.kind !== 'initializer') return;
  for (const { designators, value } of variable.initializer.items) {
    const [field] = designators;
    const role = typeof field === 'string' ? FILE_FIELDS[field] : undefined;
    const place = value.kind === 'identifier' ? program.findFunction(value.name, unit) : undefined;
    if (role && place) yield { place, role, struct: type.tag };
  }
}

function isFileStructName(object: Expression): boolean {
  return object.kind === 'identifier' && /fops|file_op|proc_ops/i.test(object.name);
}
