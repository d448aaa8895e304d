// SPDX-License-Identifier: MIT
import type { CallExpression, Expression } from '../syntax/ast';
import { walkExpression } from '../syntax/walk';
import { isAllocator } from './allocators';
import { offsetPath } from './arithmetic';
import type { Frame, Outcome } from './frame';
import { findsByName, lookUp, onEachSymbol, registerProbe, soughtSymbol, symbolNamed } from './lookups';
import type { Argument, Machine, Place } from './machine';
import type { MemoryObject, Target } from './objects';
import { findReport } from './reports';
import { storesIn } from './registers';
import type { State } from './state';
import { isRegisters } from './types';
import { copyToUser, registersOfProcess, userResult, wholeOf } from './user-memory';
import { integer, SCALAR, spaceOf, truthOf, UNKNOWN, ZERO, type Value } from './values';

const EITHER: Value = { kind: 'scalar', low: 0n, high: 1n, nonzero: false };

/** Functions that change nothing which the analysis follows. */
const READS_ONLY = new Set(
  `printk _printk no_printk dev_info dev_err dev_warn dev_notice dev_crit dev_alert dev_emerg dev_dbg strlen strnlen strcmp strncmp strcasecmp strncasecmp
   memcmp sysfs_streq kfree kvfree vfree kfree_sensitive free_page free_pages msleep mdelay udelay ssleep usleep_range schedule cond_resched spin_lock spin_unlock mutex_lock
   mutex_unlock rcu_read_lock rcu_read_unlock dump_stack BUG_ON ERR_PTR put_user
   unregister_chrdev_region unregister_chrdev cdev_del device_destroy class_destroy misc_deregister remove_proc_entry proc_remove unregister_kprobe module_put try_module_get
   kallsyms_lookup_name container_of MAJOR MINOR MKDEV ftrace_set_filter_ip register_ftrace_function unregister_ftrace_function`.split(/\s+/),
);
/** Functions that fill what their first argument points to. */
const FILLS_FIRST = /^(?:snprintf|scnprintf|sprintf|vsnprintf|vsprintf|strcpy|strncpy|strscpy|strlcpy|strcat|strncat|strlcat|get_random_bytes|hex_dump_to_buffer)$/;
/** Functions that give a part of the argument with this index, or NULL. */
const POINTS_INTO: ReadonlyMap<string, number> = new Map([
  ...'strchr strrchr strnchr strchrnul strstr strnstr strpbrk skip_spaces strim strstrip memchr kbasename'.split(' ').map((name): [string, number] => [name, 0]),
  ...'d_path d_absolute_path dentry_path dentry_path_raw file_path'.split(' ').map((name): [string, number] => [name, 1]),
]);
/** Functions that only print, compare or release what they are given. */
const KEEPS_NULL = /^(?:_?printk\w*|no_printk|dev_\w+|IS_ERR\w*|PTR_ERR\w*|BUG_ON|WARN\w*|k?v?z?free\w*|\w*unlikely|\w*likely)$/;
const ZEROES = /zalloc|zeroed|calloc/;

/** Calls a function that is not the module's: what is known of it, and otherwise nothing. */
export function callExternal(machine: Machine, name: string | null, expression: CallExpression, list: readonly Argument[], state: State, frame: Frame): Outcome[] {
  const report = findReport(name, list, frame.unit.siteOf(expression));
  for (const found of report) machine.recorder.report(found.result, found.report, state.aside);
  const symbol = soughtSymbol(list, machine.program);
  if (name === 'kallsyms_on_each_symbol') return onEachSymbol(machine, list, expression, state, frame);
  if (findsByName(name)) return lookUp(machine, soughtByName(machine, list), expression, state, frame);
  if (symbol && (name === null || !READS_ONLY.has(name))) return [{ state, value: symbol }];
  if (name === 'register_kprobe' || name === 'register_kretprobe') return registerProbe(machine, list[0]?.value, expression, state, frame);
  if (endsPath(name, list, state)) return [];
  if (name === null) {
    state.loseDescriptors();
    clobberArguments(machine, list, state);
    return [{ state, value: UNKNOWN }];
  }
  const special = specialCall(machine, name, expression, list, state, frame);
  if (special) return [{ state, value: special }];
  if (isAllocator(name)) return [{ state, value: allocate(name, expression, state, frame) }];
  if (FILLS_FIRST.test(name)) {
    clobberArguments(machine, list.slice(0, 1), state, false);
    return [{ state, value: /^str\w*(?:cpy|cat)$/.test(name) && list[0] ? list[0].value : SCALAR }];
  }
  const within = POINTS_INTO.get(name);
  if (within !== undefined) {
    if (within === 1) clobberArguments(machine, list.slice(1, 2), state, false);
    return [{ state, value: partOf(list[within]?.value ?? UNKNOWN) }];
  }
  if (/close_fd|fd_install|get_unused_fd|anon_inode_getfd|ksys_|do_sys_|sys_close|put_unused_fd|close_range|unshare_files/.test(name)) state.loseDescriptors();
  if (!READS_ONLY.has(name)) clobberArguments(machine, list, state);
  return [{ state, value: userResult(name, `${frame.id}@${expression.start}`, frame.unit.siteOf(expression)) ?? resultOf(name) }];
}

function soughtByName(machine: Machine, [first]: readonly Argument[]): Value {
  return first?.value.kind === 'string' && first.value.text !== null ? symbolNamed(first.value.text, machine.program) : UNKNOWN;
}

/** The kernel stops here, or a function that is not seen may stop it: what a lookup that found nothing goes on with is not known. */
function endsPath(name: string | null, list: readonly Argument[], state: State): boolean {
  if (name === 'BUG' || name === 'panic') return true;
  if (name === 'BUG_ON') {
    const truth = truthOf(list[0]?.value ?? UNKNOWN);
    return truth === 'true' || (state.aside && truth === 'assumedTrue');
  }
  return (name === null || !KEEPS_NULL.test(name)) && list.some(({ value }) => value.missing !== undefined);
}

function specialCall(machine: Machine, name: string, expression: CallExpression, list: readonly Argument[], state: State, frame: Frame): Value | null {
  const [first, second, third] = list;
  switch (name) {
    case 'memset':
      for (const target of targetsOf(first?.value)) {
        state.memory.reset(target.object, UNKNOWN);
        machine.globals.clobbered(target.object, state.aside);
      }
      if (first?.value.kind === 'pointer' && first.value.targets.length === 1) {
        const [target] = first.value.targets;
        const filler: Value = second?.value.kind === 'integer' && second.value.value === 0n ? ZERO : UNKNOWN;
        if (target) state.memory.store({ object: target.object, path: target.path.replace(/\[0\]$/, '') }, { kind: 'aggregate', cells: new Map(), rest: filler }, null);
      }
      return first?.value ?? UNKNOWN;
    case 'copy_to_kernel_nofault':
    case 'probe_kernel_write':
    case 'memcpy':
    case 'memmove':
    case '__memcpy':
      if (first?.value.kind === 'slot' && second?.value.kind === 'pointer') writeEntry(machine, expression, machine.evaluator.load(second.value.targets, state), first.value, frame);
      copy(machine, first?.value, second?.value, state);
      return first?.value ?? UNKNOWN;
    case 'copy_from_user':
    case '__copy_from_user':
    case 'strncpy_from_user':
      for (const target of targetsOf(first?.value)) {
        const from: Value = { kind: 'user', origin: { text: 'data copied from user space', span: null }, maybeNull: true };
        machine.globals.clobbered(target.object, state.aside);
        state.memory.store(target, { kind: 'aggregate', cells: new Map(), rest: from }, null);
      }
      return name === 'strncpy_from_user' ? SCALAR : { kind: 'scalar', low: 0n, high: null, nonzero: false };
    case 'copy_to_user':
    case '__copy_to_user':
    case '_copy_to_user':
      copyToUser(list, state);
      return { kind: 'scalar', low: 0n, high: null, nonzero: false };
    case 'task_pt_regs':
    case 'current_pt_regs':
      return registersOfProcess(machine.program, 'of the process', 'registers of the process', frame.unit.siteOf(expression), state);
    case 'get_user':
    case '__get_user':
      for (const place of placesOf(machine, expression, state, frame)) {
        machine.evaluator.store(place, { kind: 'user', origin: { text: 'a value read from user space', span: null }, maybeNull: true }, null);
      }
      return SCALAR;
    case 'va_start':
    case '__builtin_va_start':
      for (const place of placesOf(machine, expression, state, frame)) machine.evaluator.store(place, ZERO, null);
      return SCALAR;
    case 'va_arg':
    case '__builtin_va_arg':
      return nextVariadic(machine, first?.value, expression, state, frame);
    case 'set_fs':
      state.kernelAddressesAllowed = first !== undefined && namesKernelLimit(first.expression);
      return SCALAR;
    case 'strcmp':
    case 'strncmp':
    case 'sysfs_streq':
      return compareTexts(name, first?.value, second?.value, third?.value);
    case 'access_ok': {
      const address = expression.arguments.length === 3 ? second : first;
      return address && spaceOf(address.value) === 'kernel' && state.kernelAddressesAllowed === false ? integer(0n, true) : EITHER;
    }
    case 'virt_addr_valid':
    case 'is_vmalloc_addr':
      return first && spaceOf(first.value) === 'user' ? integer(0n, true) : EITHER;
    case 'uaccess_kernel':
      return state.kernelAddressesAllowed === null ? EITHER : integer(state.kernelAddressesAllowed ? 1n : 0n, true);
    case 'IS_ERR':
    case 'IS_ERR_OR_NULL':
      if (!first) return UNKNOWN;
      if (first.value.kind === 'integer') return integer(BigInt(first.value.value < 0n ? first.value.value >= -4095n : name === 'IS_ERR_OR_NULL' && first.value.value === 0n));
      if (spaceOf(first.value) === 'kernel' && (name === 'IS_ERR' || truthOf(first.value) !== 'either')) return integer(0n, true);
      return EITHER;
    case 'PTR_ERR':
      return { kind: 'scalar', low: -4095n, high: -1n, nonzero: true };
    case 'PTR_ERR_OR_ZERO':
      return first && spaceOf(first.value) === 'kernel' ? integer(0n, true) : SCALAR;
    case 'WARN_ON':
    case 'WARN_ON_ONCE':
    case 'WARN':
    case 'WARN_ONCE':
      return first?.value ?? UNKNOWN;
    case 'xchg':
    case 'cmpxchg':
      if (first?.value.kind === 'slot') {
        writeEntry(machine, expression, list.at(-1)?.value ?? UNKNOWN, first.value, frame);
        return { kind: 'entry', syscall: first.value.syscall, convention: 'table', maybeNull: false };
      }
      clobberArguments(machine, list, state);
      return UNKNOWN;
    case 'static_call':
    case 'rcu_dereference':
      clobberArguments(machine, list, state);
      return UNKNOWN;
    default:
      return null;
  }
}

/** Where the first argument lies, which the macro assigns. */
function placesOf(machine: Machine, { arguments: [first] }: CallExpression, state: State, frame: Frame): Place[] {
  return first ? machine.evaluator.locate(first, state, frame) : [];
}

/** A va_list holds the number of the argument that comes next. */
function nextVariadic(machine: Machine, list: Value | undefined, expression: CallExpression, state: State, frame: Frame): Value {
  if (list?.kind !== 'integer') return UNKNOWN;
  for (const place of placesOf(machine, expression, state, frame)) machine.evaluator.store(place, integer(list.value + 1n), null);
  return frame.variadic[Number(list.value)] ?? UNKNOWN;
}

/** `KERNEL_DS` or `get_ds()`, however deep in macros. */
function namesKernelLimit(expression: Expression): boolean {
  let found = false;
  walkExpression(expression, (part) => {
    if (part.kind === 'identifier' && (part.name === 'KERNEL_DS' || part.name === 'get_ds')) found = true;
  });
  return found;
}

function resultOf(name: string): Value {
  switch (name) {
    case 'strlen':
    case 'strnlen':
      return { kind: 'scalar', low: 0n, high: null, nonzero: false };
    case 'MAJOR':
    case 'MINOR':
    case 'MKDEV':
      return SCALAR;
    default:
      return UNKNOWN;
  }
}

function allocate(name: string, expression: CallExpression, state: State, frame: Frame): Value {
  const span = frame.unit.siteOf(expression);
  const origin = { text: `memory from ${name}()`, span };
  const object: MemoryObject = { id: `heap ${frame.id} ${expression.start}`, name: `${name}()`, storage: 'heap', type: { kind: 'unknown' }, origin };
  if (state.memory.has(object)) state.memory.clobber(object);
  else state.memory.reset(object, ZEROES.test(name) ? ZERO : UNKNOWN);
  return { kind: 'pointer', targets: [{ object, path: '' }], maybeNull: false };
}

/** An address somewhere in the same memory. */
function partOf(value: Value): Value {
  const part = offsetPath(value, null);
  return 'maybeNull' in part ? { ...part, maybeNull: true } : part;
}

function targetsOf(value: Value | undefined): readonly Target[] {
  return value?.kind === 'pointer' ? value.targets : [];
}

/** A function of the kernel stores to an entry of the table. */
function writeEntry(machine: Machine, expression: CallExpression, value: Value, slot: Extract<Value, { kind: 'slot' }>, frame: Frame): void {
  if (slot.certain) machine.recorder.tableWrite({ place: frame.unit.spanOf(expression), syscall: slot.syscall, value });
}

/** memcpy between known objects copies what they hold. */
function copy(machine: Machine, to: Value | undefined, from: Value | undefined, state: State): void {
  const [target] = targetsOf(to);
  const [source] = targetsOf(from);
  if (!target || targetsOf(to).length !== 1) {
    for (const each of targetsOf(to)) clobber(machine, each.object, state);
    return;
  }
  if (source && targetsOf(from).length === 1) {
    const value = state.memory.loadAggregate(wholeOf(source));
    state.memory.store(wholeOf(target), value, null);
    machine.globals.stored(wholeOf(target), value, state.aside);
  } else if (from?.kind === 'table') {
    const value: Value = { kind: 'aggregate', cells: new Map(), rest: from };
    state.memory.store(wholeOf(target), value, null);
    machine.globals.stored(wholeOf(target), value, state.aside);
  } else clobber(machine, target.object, state);
}

function compareTexts(name: string, left: Value | undefined, right: Value | undefined, length: Value | undefined): Value {
  if (left?.kind !== 'string' || right?.kind !== 'string' || left.text === null || right.text === null) return SCALAR;
  const count = name === 'strncmp' ? (length?.kind === 'integer' ? Number(length.value) : null) : Infinity;
  if (count === null) return SCALAR;
  const trim = (text: string): string => (name === 'sysfs_streq' ? text.replace(/\n$/, '') : text.slice(0, count));
  const equal = trim(left.text) === trim(right.text);
  return name === 'sysfs_streq' ? integer(equal ? 1n : 0n) : integer(equal ? 0n : trim(left.text) < trim(right.text) ? -1n : 1n);
}

/** What an unknown function is given it may change, and keep the address of. */
function clobberArguments(machine: Machine, list: readonly Argument[], state: State, escapes = true): void {
  const objects = new Set<MemoryObject>();
  for (const argument of list) for (const target of targetsOf(argument.value)) objects.add(target.object);
  if (escapes) for (const object of [...objects]) for (const inner of reachable(object, state)) objects.add(inner);
  for (const object of objects) {
    if (isRegisters(object.type, machine.program)) machine.recorder.readElsewhere.push(...storesIn(object, state));
    clobber(machine, object, state);
  }
  if (escapes && objects.size > 0) state.memory.escape(objects);
}

function clobber(machine: Machine, object: MemoryObject, state: State): void {
  if (isConstant(machine, object)) return;
  state.memory.clobber(object);
  machine.globals.clobbered(object, state.aside);
}

function reachable(object: MemoryObject, state: State): MemoryObject[] {
  const all = state.memory.loadAggregate({ object, path: '' });
  if (all.kind !== 'aggregate') return [];
  return [...[...all.cells.values()].map((cell) => cell.value), all.rest].flatMap((value) => targetsOf(value).map((target) => target.object));
}

/** Constant tables, such as file_operations, that are given away stay what they are. */
function isConstant(machine: Machine, object: MemoryObject): boolean {
  return machine.program.variableOf(object)?.declarator.isConst === true && machine.program.resolve(object.type).kind !== 'pointer';
}
