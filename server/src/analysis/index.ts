// SPDX-License-Identifier: MIT
import type { Analysis, AnalysisTarget, Architecture, Finding, Range, SourceFile } from '../../../core/model/analysis';
import { RegisterStores, type RegisterStore } from './features/registers';
import { fixesFor, type Fix } from './fixes';
import type { Program } from './flow/program';
import type { RecordedCall } from './flow/recorder';
import { runProgram, type RunResult } from './flow/run';
import { RunMemory } from './flow/run-memory';
import { ModuleReader } from './module';
import { PlaceMemory } from './place-memory';
import { Predictions } from './predictions';
import { callingConvention } from './rules/calling-convention';
import { kernelBuffer } from './rules/kernel-buffer';
import { mixedBuffer } from './rules/mixed-buffer';
import { missingUserAnnotation } from './rules/missing-user-annotation';
import { nestedKernelPointer } from './rules/nested-kernel-pointer';
import type { Rule } from './rules/rule';
import { setFsBuffer } from './rules/set-fs-buffer';
import { tableHook } from './rules/table-hook';
import { uncheckedLookup } from './rules/unchecked-lookup';
import { unexportedSymbol } from './rules/unexported-symbol';
import { unsetRegister } from './rules/unset-register';
import { UserArguments } from './rules/user-arguments';
import { vfsKernelBuffer } from './rules/vfs-kernel-buffer';
import { wrongRegister } from './rules/wrong-register';
import { CParser } from './syntax/parser';
import { rangeOf } from './syntax/source';
import { TargetFacts } from './syntax/target';

/** The two WebAssembly files the analysis runs on; the caller reads them (`dist/web-tree-sitter.wasm`, `dist/tree-sitter-c.wasm`). */
export interface AnalyzerWasm {
  readonly runtimeWasm: Uint8Array;
  readonly grammarWasm: Uint8Array;
}

/** C sources of one module in, findings and predictions out. Holds a parser: dispose it when done. */
export interface Analyzer {
  /**
   * Analyses all files of one module together (`.c` and the local headers they include). Synchronous and pure.
   * Files that are not kernel-module C, are too large, or do not parse give nothing; it does not throw for any text.
   */
  analyze(sources: readonly SourceFile[], target: AnalysisTarget): Analysis;
  /** As `analyze`, with the calls themselves: what an editor shows on them. */
  inspect(sources: readonly SourceFile[], target: AnalysisTarget): Inspection;
  /** Begins to follow one module through its edits, for one target. It holds nothing that must be disposed. */
  follow(target: AnalysisTarget): FollowedModule;
  dispose(): void;
}

/** A module that is edited. What an edit left alone is not analysed again; the result is that of `inspect`, always. */
export interface FollowedModule {
  inspect(sources: readonly SourceFile[]): Inspection;
  /** As `inspect`, in steps: after each it can be given up, or go on later. Not after any other method of this object was called. */
  look(sources: readonly SourceFile[]): Generator<undefined, Inspection>;
  /** What can be done about those findings that `wanted` takes. */
  fixes(sources: readonly SourceFile[], wanted: (finding: Finding) => boolean): FixedFinding[];
  /** Gives the memory back that makes edits cheap. The last result stays; the next edit costs a whole analysis. */
  forget(): void;
}

/** A finding and its fixes, the best first. */
export interface FixedFinding {
  readonly finding: Finding;
  readonly fixes: readonly Fix[];
}

/** A call of a syscall entry in the text. */
export interface CallSite {
  readonly file: string;
  readonly range: Range;
  readonly syscall: string;
  /** Registers and numbers are this architecture's: 32-bit entries of x86-64 have their own. */
  readonly arch: Architecture;
}

export interface Inspection extends Analysis {
  readonly calls: readonly CallSite[];
  readonly registerStores: readonly RegisterStore[];
}

const RULES: readonly Rule[] = [kernelBuffer, mixedBuffer, setFsBuffer, vfsKernelBuffer, nestedKernelPointer, callingConvention, unsetRegister, wrongRegister, uncheckedLookup, tableHook, unexportedSymbol, missingUserAnnotation];

/** Loads the parser once; rejects only when the WebAssembly files are broken. */
export async function createAnalyzer(wasm: AnalyzerWasm): Promise<Analyzer> {
  const parser = await CParser.load(wasm.runtimeWasm, wasm.grammarWasm);
  const follow = (target: AnalysisTarget): FollowedModule => new Following(parser, new TargetFacts(target));
  const inspect = (sources: readonly SourceFile[], target: AnalysisTarget): Inspection => follow(target).inspect(sources);
  return {
    analyze: (sources, target) => {
      const { findings, predictions } = inspect(sources, target);
      return { findings, predictions };
    },
    inspect,
    follow,
    dispose: () => {
      parser.dispose();
    },
  };
}

/** What makes the next look at a module cheap. */
class FollowingMemory {
  readonly reader: ModuleReader;
  readonly runs = new RunMemory();
  readonly userArguments = new UserArguments();
  readonly predictions = new Predictions();
  readonly callSites = new PlaceMemory<RecordedCall, CallSite | null>();
  readonly registerStores = new RegisterStores();

  constructor(parser: CParser, target: TargetFacts) {
    this.reader = new ModuleReader(parser, target);
  }
}

class Following implements FollowedModule {
  private sources: readonly SourceFile[] = [];
  private inspection: Inspection = NOTHING;
  private memory: FollowingMemory | null = null;

  constructor(
    private readonly parser: CParser,
    private readonly target: TargetFacts,
  ) {}

  forget(): void {
    this.memory = null;
  }

  inspect(sources: readonly SourceFile[]): Inspection {
    return atOnce(this.look(sources));
  }

  *look(sources: readonly SourceFile[]): Generator<undefined, Inspection> {
    if (!isSameText(sources, this.sources)) this.inspection = yield* this.lookAnew(sources);
    this.sources = sources;
    return this.inspection;
  }

  private *lookAnew(sources: readonly SourceFile[]): Generator<undefined, Inspection> {
    const memory = this.remember();
    const program = yield* memory.reader.read(sources);
    if (!program) return NOTHING;
    const run = yield* runProgram(program, memory.runs);
    const findings = [...findingsOf(program, run, memory), ...memory.reader.tooLarge.map(notAnalysed)];
    const { calls, complete } = run;
    const { places } = memory.reader;
    return {
      findings,
      predictions: memory.predictions.of(calls, complete, places),
      calls: calls.flatMap((call) => memory.callSites.of(call, places, callSite) ?? []),
      registerStores: memory.registerStores.of(calls, places),
    };
  }

  fixes(sources: readonly SourceFile[], wanted: (finding: Finding) => boolean): FixedFinding[] {
    const memory = this.remember();
    const program = atOnce(memory.reader.read(sources));
    if (!program) return [];
    const run = atOnce(runProgram(program, memory.runs));
    return findingsOf(program, run, memory)
      .filter(wanted)
      .map((finding) => ({ finding, fixes: fixesFor({ finding, program, calls: run.calls }) }));
  }

  private remember(): FollowingMemory {
    return (this.memory ??= new FollowingMemory(this.parser, this.target));
  }
}

/** Whether these are the same texts, in the same order. */
export function isSameText(a: readonly SourceFile[], b: readonly SourceFile[]): boolean {
  return a.length === b.length && a.every(({ path, text }, at) => path === b[at]?.path && text === b[at].text);
}

function atOnce<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

function findingsOf(program: Program, run: RunResult, { userArguments, reader }: FollowingMemory): Finding[] {
  userArguments.take(run.calls, reader.places);
  return RULES.flatMap((rule) => rule(run.calls, program, run, userArguments)).sort(inFileOrder);
}

const NOTHING: Inspection = { findings: [], predictions: [], calls: [], registerStores: [] };

function notAnalysed(file: string): Finding {
  const start = { line: 0, character: 0 };
  return { rule: 'not-analysed', severity: 'information', file, range: { start, end: start }, message: 'Not analysed: this file is too long.', related: [] };
}

function callSite({ abi, syscall, expression }: RecordedCall): CallSite | null {
  return syscall ? { file: expression.file.path, range: rangeOf(expression), syscall: syscall.name, arch: abi.arch } : null;
}

function inFileOrder(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character;
}
