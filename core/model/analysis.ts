// SPDX-License-Identifier: MIT
import * as z from 'zod';

/** A place in a source file. `line` and `character` are zero-based UTF-16 positions, as in LSP. */
export const Position = z.object({ line: z.int().nonnegative(), character: z.int().nonnegative() });
export const Range = z.object({ start: Position, end: Position });
export type Position = z.infer<typeof Position>;
export type Range = z.infer<typeof Range>;

/** A source line as people and compilers name it: `file` relative to the module's folder with `/`, `line` from 1. */
export const SourceLine = z.object({ file: z.string(), line: z.int().positive() });
export type SourceLine = z.infer<typeof SourceLine>;

export const Severity = z.enum(['error', 'warning', 'information', 'hint']);
export type Severity = z.infer<typeof Severity>;

export const RelatedPlace = z.object({ file: z.string(), range: Range, message: z.string() });
export type RelatedPlace = z.infer<typeof RelatedPlace>;

/** What the analysis says of a line. */
export const Finding = z.object({
  /** Rule id, e.g. `kernel-buffer`; documented in docs/rules/ID.md. */
  rule: z.string(),
  severity: Severity,
  file: z.string(),
  range: Range,
  message: z.string(),
  related: z.array(RelatedPlace),
});
export type Finding = z.infer<typeof Finding>;

/** What a call is predicted to return. `argument` counts from 0; `value` is the symbolic meaning of that argument. */
export const Expectation = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exact'), value: z.int() }),
  z.object({ kind: z.literal('errno'), name: z.string(), value: z.int().negative() }),
  z.object({ kind: z.literal('argument'), index: z.int().min(0).max(5), value: z.string() }),
  z.object({ kind: z.literal('unknown') }),
]);
export type Expectation = z.infer<typeof Expectation>;

/** Something that the prediction takes for granted, in words a user can check (`descriptor 0 is open`). */
export const Assumption = z.object({ id: z.string(), text: z.string() });
export type Assumption = z.infer<typeof Assumption>;

/**
 * The printk of the module that prints this call's result: which format, which of its conversions (from 0).
 * It ties a log line to its call; the expectation is never read from it.
 */
export const Report = z.object({ source: SourceLine, format: z.string(), conversion: z.int().nonnegative() });
export type Report = z.infer<typeof Report>;

/** What the analysis computes that one call site will return, in program order of the module. */
export const Prediction = z.object({
  id: z.string(),
  source: SourceLine,
  /** The function of the module that makes the call. */
  caller: z.string(),
  syscall: z.string(),
  expect: Expectation,
  assumes: z.array(Assumption),
  /** One sentence: why this is the expected result. */
  because: z.string(),
  report: Report.nullable(),
});
export type Prediction = z.infer<typeof Prediction>;

export const Architecture = z.enum(['x86_64', 'arm64', 'i386']);
export type Architecture = z.infer<typeof Architecture>;

/** What the module will run on. */
export const AnalysisTarget = z.object({
  arch: Architecture,
  /** A release (`6.1.0-56-cloud-amd64`, `6.12`), null when not known. */
  kernel: z.string().nullable(),
  /** What LINUX_VERSION_CODE says (`6.1.192`), where it is known beside the release of a distribution. */
  version: z.string().optional(),
  /** How the kernel finds a syscall's function, where its own symbols tell: by the table, or by a switch (`x64_sys_call`). */
  dispatch: z.enum(['table', 'switch']).optional(),
  /** The kernel's configuration: what is set, by name without `CONFIG_`, to `y`, `m` or a value. Not known: a distribution's. */
  config: z.record(z.string(), z.string()).optional(),
});
export type AnalysisTarget = Readonly<z.infer<typeof AnalysisTarget>>;

/** One C file or header of a module, or its Kbuild file; `path` relative to the module's folder, with `/`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export const Analysis = z.object({ findings: z.array(Finding), predictions: z.array(Prediction) });
export type Analysis = z.infer<typeof Analysis>;

/** How core is given the analysis without importing it: in process (CLI) or over LSP (extension). */
export type Predict = (sources: readonly SourceFile[], target: AnalysisTarget) => Promise<Analysis>;
