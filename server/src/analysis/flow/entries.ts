// SPDX-License-Identifier: MIT
import type { AbiSyscall } from '../../../../core/abi';
import type { FunctionDefinition } from '../syntax/ast';
import { handlersIn, storedRole, type BufferRole } from './handlers';
import type { Mentions } from './mentions';
import type { Program } from './program';
import type { FunctionPlace, Unit } from './unit';

/** Who runs a function that the kernel calls. */
export type EntryRole = 'init' | 'exit' | 'write' | 'read' | 'callback' | 'uncalled';

export interface EntryPoint extends FunctionPlace {
  readonly role: EntryRole;
  /** The parameter whose address space is known by the structure that names the function. */
  readonly buffer?: BufferRole;
  /** It is given to what makes it run in a thread of the kernel's own. */
  readonly inKernelThread?: boolean;
  /** The syscall whose entry in the table init sets to it. */
  readonly hooked?: AbiSyscall | undefined;
}

/** Functions and macros that make one of their arguments run in a kernel thread. */
const RUNS_IN_KERNEL_THREAD = /^(?:kthread_(?:run|create)\w*|kernel_thread|INIT_(?:DELAYED_|DEFERRABLE_)?WORK\w*|__(?:DELAYED_)?WORK_INITIALIZER|kthread_init_work)$/;

const INIT_CALLS = /^(?:module_init|(?:core|postcore|arch|subsys|fs|rootfs|device|late)_initcall(?:_sync)?)$/;
const FILE_STRUCTS = new Set(['file_operations', 'proc_ops']);
const ORDER: readonly EntryRole[] = ['init', 'write', 'read', 'callback', 'exit', 'uncalled'];

/** Finds the functions that the kernel calls, in the order in which they run; `uncalled` are those nobody names. */
export function findEntries(program: Program): EntryPoint[] {
  const roles = new Map<FunctionPlace['definition'], EntryPoint>();
  const add = (place: FunctionPlace | undefined, role: EntryRole, buffer?: BufferRole): void => {
    if (!place) return;
    const known = roles.get(place.definition);
    const isFirst = !known || ORDER.indexOf(role) < ORDER.indexOf(known.role);
    const agreed = buffer && known?.buffer && known.buffer.space !== buffer.space ? undefined : (known?.buffer ?? buffer);
    roles.set(place.definition, { ...place, role: isFirst ? role : known.role, ...(agreed ? { buffer: agreed } : {}) });
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

function scanUnit(program: Program, unit: Unit, add: (place: FunctionPlace | undefined, role: EntryRole, buffer?: BufferRole) => void, called: Definitions, threads: Definitions): void {
  const follow = ({ uses }: Mentions, within: FunctionDefinition | null): void => {
    for (const use of uses) {
      const place = program.findFunction(use.name, unit);
      if (!place) continue;
      if (use.kind === 'called') called.add(place.definition);
      if (use.kind === 'named') add(place, 'callback');
      if (use.kind === 'given' && RUNS_IN_KERNEL_THREAD.test(use.to)) threads.add(place.definition);
      if (use.kind === 'stored' && within) {
        const buffer = storedRole(program, unit, within, use.object, use.field);
        if (buffer) add(place, roleOf(buffer), buffer);
      }
    }
  };
  for (const definition of unit.syntax.functions) follow(unit.mentions(definition), definition);
  for (const global of unit.syntax.globals) {
    if (!global.initializer) continue;
    for (const { place, buffer } of handlersIn(program, unit, global)) add(place, roleOf(buffer), buffer);
    follow(unit.mentions(global.initializer), null);
  }
}

/** Only handlers of files run for a process that reads or writes a descriptor. */
function roleOf({ struct, from }: BufferRole): EntryRole {
  return FILE_STRUCTS.has(struct) && (from === 'read' || from === 'write') ? from : 'callback';
}
