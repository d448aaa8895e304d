// SPDX-License-Identifier: MIT
import type { AbiSyscall } from '../../../../core/abi';
import type { FunctionDefinition, Parameter } from '../syntax/ast';
import type { Span } from '../syntax/source';
import type { CallRuns } from './call-runs';
import { DescriptorTable } from './descriptors';
import { findEntries, type EntryPoint } from './entries';
import { Frame } from './frame';
import { StoreLog, type GlobalStores } from './globals';
import { noteHookTables } from './hook-tables';
import { initialMemory } from './initial-memory';
import { Interpreter } from './interpreter';
import { Memory } from './memory';
import type { MemoryObject } from './objects';
import type { Program } from './program';
import { namesSyscalls } from './reach';
import { Recorder, type RecordedCall, type TableWrite, type UncheckedUse } from './recorder';
import { RunMemory, type EntryRun } from './run-memory';
import { State } from './state';
import { registersOfProcess, userAddress } from './user-memory';
import { UNKNOWN, type Value } from './values';

/** Runs of the handlers until what they leave in globals is covered. */
const MAX_ROUNDS = 3;

export interface RunResult {
  readonly calls: readonly RecordedCall[];
  /** False when the program was too large to run through: nothing can be predicted then. */
  readonly complete: boolean;
  /** Addresses that are used although their lookup may have found nothing. */
  readonly uncheckedUses: readonly UncheckedUse[];
  readonly tableWrites: readonly TableWrite[];
  /** Stores to registers that the module's own code reads, or functions which are not seen may read. */
  readonly readElsewhere: readonly Span[];
}

/** Runs a program from each of its entry points and records its syscalls, in the order in which they can happen. Yields after each. */
export function* runProgram(program: Program, remembered: RunMemory): Generator<undefined, RunResult> {
  if (!namesSyscalls(program)) return { calls: [], complete: true, uncheckedUses: [], tableWrites: [], readElsewhere: [] };
  remembered.begin(program);
  const machine = new Interpreter(program, new Recorder());
  const memories = new StartMemories(machine.allStores, remembered, initialMemory(machine, remembered));
  machine.end();
  const runs = new EntryRuns(machine, remembered);
  noteHookTables(program, machine.allStores);
  const entries = findEntries(program);
  const inits = entries.filter((entry) => entry.role === 'init');
  const others = entries.filter((entry) => entry.role !== 'init' && entry.role !== 'uncalled');
  yield* runEach(runs, inits, () => memories.initial);
  const done = machine.recorder;
  // A function whose address init itself used to call it is no callback of the kernel.
  const hooks = hooksIn(done);
  const callers = others.filter((entry) => entry.role !== 'callback' || !done.visitedFunctions.has(entry.definition)).map((entry) => ({ ...entry, hooked: hooks.get(entry.definition) }));
  // Without an init, these files are part of a module, and what nobody here calls may be what sets the globals up.
  const before = new EntryRuns(machine, remembered);
  if (inits.length === 0) yield* runAside(machine, before, entries.filter((entry) => entry.role === 'uncalled'), memories);
  const later = yield* runUntilStable(machine, runs, callers, memories);
  const complete = !before.someAreCut && !runs.someAreCut;
  const visited = new Set([...done.visitedFunctions, ...later.visitedFunctions]);
  const rest = new Recorder();
  machine.recorder = rest;
  machine.reachable = false;
  const uncalled = entries.filter((entry) => entry.role === 'uncalled' && !visited.has(entry.definition));
  yield* runEach(runs, uncalled, () => memories.later());
  for (const unit of program.units) {
    for (const definition of unit.syntax.functions) {
      if (visited.has(definition) || rest.visitedFunctions.has(definition)) continue;
      runs.run({ definition, unit, role: 'uncalled' }, memories.later());
      yield;
    }
  }
  const recorders = [done, later, rest];
  return {
    calls: recorders.flatMap((recorder) => recorder.all),
    complete,
    uncheckedUses: recorders.flatMap((recorder) => recorder.uncheckedUses),
    tableWrites: recorders.flatMap((recorder) => recorder.tableWrites),
    readElsewhere: recorders.flatMap((recorder) => recorder.readElsewhere),
  };
}

function* runEach(runs: EntryRuns, entries: readonly EntryPoint[], memory: () => Memory): Generator<undefined, void> {
  for (const entry of entries) {
    runs.run(entry, memory());
    yield;
  }
}

/** The functions of the module that were stored to the system call table, each by the one syscall that it replaces. */
function hooksIn({ tableWrites }: Recorder): ReadonlyMap<FunctionDefinition, AbiSyscall> {
  return new Map(tableWrites.flatMap(({ value, syscall }) => (value.kind === 'function' && syscall ? [[value.definition, syscall] as const] : [])));
}

/** Runs functions for what they leave in globals. */
function* runAside(machine: Interpreter, runs: EntryRuns, entries: readonly EntryPoint[], memories: StartMemories): Generator<undefined, void> {
  machine.recorder = new Recorder();
  yield* runEach(runs, entries, () => memories.initial);
}

function* runUntilStable(machine: Interpreter, runs: EntryRuns, entries: readonly EntryPoint[], memories: StartMemories): Generator<undefined, Recorder> {
  for (let round = 1; ; round++) {
    const before = machine.allStores.changes;
    machine.recorder = new Recorder();
    yield* runEach(runs, entries, () => memories.later());
    if (machine.allStores.changes === before || machine.isShort) return machine.recorder;
    if (round === MAX_ROUNDS) machine.allStores.clobberedAll(false);
    if (round > MAX_ROUNDS) return machine.recorder;
  }
}

/** What entry points find in memory when they begin. */
class StartMemories {
  private readonly current: Memory;

  constructor(
    private readonly stores: GlobalStores,
    private readonly remembered: RunMemory,
    /** The initial values. */
    readonly initial: Memory,
  ) {
    initial.canonicalAll((id, contents) => remembered.canonical(id, contents));
    this.current = initial.fork();
  }

  /** For code that runs after init: the initial values, or anything that was stored since. */
  later(): Memory {
    const changed = this.stores.takeChanged();
    if (changed?.size === 0) return this.current;
    if (this.stores.everything) this.current.clobberAll();
    const ids = changed && !this.stores.everything ? changed : this.stores.objectIds;
    if (!this.stores.everything) this.current.takeFrom(this.initial, ids);
    this.stores.applyTo(this.current, ids);
    this.current.canonical(ids, (id, contents) => this.remembered.canonical(id, contents));
    return this.current;
  }
}

/** Runs entry points: one whose paths are too many to be kept apart once more, with all that meet joined. */
class EntryRuns {
  /** How far the entry points came whose paths were too many. */
  private readonly cut = new Map<FunctionDefinition, EntryRun>();

  constructor(
    private readonly machine: Interpreter,
    private readonly remembered: RunMemory,
  ) {}

  get someAreCut(): boolean {
    return this.cut.size > 0;
  }

  run(entry: EntryPoint, memory: Memory): void {
    const { recorder, allStores } = this.machine;
    const run = this.cut.get(entry.definition) ?? this.once(entry, memory, false);
    recorder.repeat(run.recorder);
    run.stores.repeatTo(allStores);
    if (!run.isCut) return;
    this.cut.set(entry.definition, run);
    const joined = this.once(entry, memory, true);
    recorder.supplement(joined.recorder);
    joined.stores.repeatTo(allStores);
    recorder.visitedFunctions.add(entry.definition);
  }

  /** Repeats what an earlier run did that would come out the same, if there is one. */
  private once(entry: EntryPoint, memory: Memory, joinsAll: boolean): EntryRun {
    const known = this.remembered.find(this.machine, entry, memory, joinsAll);
    if (known) {
      this.machine.spend(known.steps);
      return known;
    }
    const run = runAnew(this.machine, entry, memory, joinsAll, this.remembered.callsOf(this.machine, entry, joinsAll));
    this.remembered.keep(entry.definition, run);
    return run;
  }
}

function runAnew(machine: Interpreter, entry: EntryPoint, memory: Memory, joinsAll: boolean, callRuns: CallRuns): EntryRun {
  const { definition, unit, role, buffer = null, inKernelThread = false, hooked } = entry;
  const { program, reachable, recorder: recorderOfAll } = machine;
  const recorder = new Recorder();
  const stores = new StoreLog();
  machine.recorder = recorder;
  machine.globals = stores;
  machine.begin(joinsAll);
  program.noteAsked();
  memory.noteReads();
  const frame = new Frame(`${unit.path}:${definition.name}`, definition, unit, null, null);
  const state = new State(memory.fork(), descriptorsFor(entry), false, mayPassKernelAddresses(program, entry) ? null : false);
  state.joinsAll = joinsAll;
  for (const [index, parameter] of definition.parameters.entries()) {
    machine.calls.bind(frame, parameter.name ?? `(${index})`, parameter.type, parameterValue(program, entry, parameter, index, state), state);
  }
  machine.callRuns = callRuns;
  machine.executor.runBody(frame, state);
  machine.callRuns = null;
  machine.recorder = recorderOfAll;
  machine.globals = machine.allStores;
  const steps = machine.end();
  return { role, buffer, inKernelThread, hooked, reachable, joinsAll, steps, isCut: machine.exhausted, asked: program.takeAsked(), reads: memory.takeReads(), counts: machine.elementCounts.takeAsked(), recorder, stores, calls: callRuns.made, agreedWith: program.identity };
}

/** As long as there was set_fs(), threads of the kernel had KERNEL_DS from their start. */
function mayPassKernelAddresses({ target }: Program, { inKernelThread }: EntryPoint): boolean {
  return inKernelThread === true && target.hasSetFs;
}

function descriptorsFor(entry: EntryPoint): DescriptorTable {
  switch (entry.role) {
    case 'init':
      return DescriptorTable.whileLoading();
    case 'write':
      return DescriptorTable.ofCaller('the writer', true);
    case 'read':
      return DescriptorTable.ofCaller('the reader', false);
    case 'exit':
    case 'callback':
    case 'uncalled':
      return DescriptorTable.unknown;
  }
}

/** A function that takes a syscall's registers and nothing else, as the entries of the system call table do. */
function isHook({ definition, role }: EntryPoint): boolean {
  return definition.parameters.length === 1 && (role === 'callback' || role === 'uncalled');
}

/** What the kernel passes to an entry point: by the role of the parameter, not by its name. */
function parameterValue(program: Program, entry: EntryPoint, parameter: Parameter, index: number, state: State): Value {
  const { definition, role, unit } = entry;
  const name = parameter.name ?? '';
  const span = unit.spanOf(parameter);
  const id = `${unit.path} ${definition.name} ${index}`;
  const isHandler = (role === 'write' || role === 'read') && definition.parameters.length === 4;
  const { buffer } = entry;
  if (buffer?.index === index && buffer.parameters === definition.parameters.length) {
    if (buffer.space === 'kernel') return { kind: 'kernel', origin: { text: `buffer '${name}' that the kernel passes to ${buffer.field} of struct ${buffer.struct}`, span }, maybeNull: false };
    return { ...userAddress(id, `buffer '${name}' of the caller of ${buffer.from}(2)`, span, false), ...(role === 'write' ? { role: { handler: definition.name } } : {}) };
  }
  if (isHandler && role === 'write' && index === 2) return { kind: 'scalar', low: 0n, high: null, nonzero: false, symbol: { name, offset: 0n } };
  const type = program.resolve(parameter.type);
  if (type.kind !== 'pointer') return UNKNOWN;
  if (type.user) return userAddress(id, `user pointer '${name}'`, span, true);
  const to = program.resolve(type.to);
  if (to.kind === 'struct' && to.tag === 'pt_regs') {
    if (isHook(entry)) return registersOfProcess(program, id, `registers '${name}'`, span, state);
    const object: MemoryObject = { id: `registers ${id}`, name: `*${name}`, storage: 'heap', type: to, origin: { text: `registers '${name}'`, span } };
    state.memory.reset(object, UNKNOWN);
    return { kind: 'pointer', targets: [{ object, path: '' }], maybeNull: false };
  }
  return isUserArgument(entry, index) ? userAddress(id, `argument '${name}' of the caller of ${entry.hooked?.name ?? ''}(2)`, span, true) : UNKNOWN;
}

/** A hook that takes the arguments of its syscall themselves. */
function isUserArgument({ definition, hooked }: EntryPoint, index: number): boolean {
  return hooked?.arguments?.length === definition.parameters.length && hooked.arguments[index]?.user === true;
}
