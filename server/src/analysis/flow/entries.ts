// SPDX-License-Identifier: MIT
import type { AbiSyscall } from '../../../../core/abi';
import type { Declarator } from '../syntax/ast';
import type { Mentions } from './mentions';
import type { Program } from './program';
import type { FunctionPlace, Unit } from './unit';

/** Who runs a function that the kernel calls. */
export type EntryRole = 'init' | 'exit' | 'write' | 'read' | 'callback' | 'uncalled';

export interface EntryPoint extends FunctionPlace {
  readonly role: EntryRole;
  /** It is given to what makes it run in a thread of the kernel's own. */
  readonly inKernelThread?: boolean;
  /** The syscall whose entry in the table init sets to it. */
  readonly hooked?: AbiSyscall | undefined;
}

/** Functions and macros that make one of their arguments run in a kernel thread. */
const RUNS_IN_KERNEL_THREAD = /^(?:kthread_(?:run|create)\w*|kernel_thread|INIT_(?:DELAYED_|DEFERRABLE_)?WORK\w*|__(?:DELAYED_)?WORK_INITIALIZER|kthread_init_work)$/;

const INIT_CALLS = /^(?:module_init|(?:core|postcore|arch|subsys|fs|rootfs|device|late)_initcall(?:_sync)?)$/;
/** Structures whose `write` and `read` take the buffer of a user. */
const FILE_STRUCTS = new Set(['file_operations', 'proc_ops']);
const FILE_FIELDS: Readonly<Record<string, EntryRole>> = { write: 'write', proc_write: 'write', read: 'read', proc_read: 'read' };
const FILE_STRUCT_NAME = /fops|file_op|proc_ops/i;
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

function scanUnit(program: Program, unit: Unit, add: (place: FunctionPlace | undefined, role: EntryRole) => void, called: Definitions, threads: Definitions): void {
  const follow = ({ uses }: Mentions): void => {
    for (const use of uses) {
      const place = program.findFunction(use.name, unit);
      if (!place) continue;
      if (use.kind === 'called') called.add(place.definition);
      if (use.kind === 'named') add(place, 'callback');
      if (use.kind === 'given' && RUNS_IN_KERNEL_THREAD.test(use.to)) threads.add(place.definition);
      if (use.kind === 'stored') {
        const role = FILE_FIELDS[use.field];
        if (role && FILE_STRUCT_NAME.test(use.object)) add(place, role);
      }
    }
  };
  for (const definition of unit.syntax.functions) follow(unit.mentions(definition));
  for (const global of unit.syntax.globals) {
    if (!global.initializer) continue;
    for (const { place, role } of fileHandlers(program, unit, global)) add(place, role);
    follow(unit.mentions(global.initializer));
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
