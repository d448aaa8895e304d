// SPDX-License-Identifier: MIT
import type { Boundary } from '../../../../core/abi/hidden-symbols';
import type { RelatedPlace } from '../../../../core/model/analysis';
import type { Program } from '../flow/program';
import type { TargetFacts } from '../syntax/target';
import { lineOf, rangeOf, type Span } from '../syntax/source';
import type { RecordedCall } from '../flow/recorder';
import type { RunResult } from '../flow/run';
import type { UserArgument } from './user-argument';
import type { Finding } from '../../../../core/model/analysis';

/** The oldest kernel that is supported: what is true there and later is true without a target. */
const OLDEST_SUPPORTED = 0x050a00;

/** Whether the target lies behind a boundary; `maybe` without a target where only some supported kernels do. */
export function isBehind(boundary: Boundary, target: TargetFacts): 'yes' | 'no' | 'maybe' {
  if (target.versionIsKnown) return target.version >= boundary.since ? 'yes' : 'no';
  return boundary.since <= OLDEST_SUPPORTED ? 'yes' : 'maybe';
}

/** The arguments of all calls that are user pointers, one by one: what a rule says of each, once for each place, syscall and argument. */
interface UserArguments {
  findings(rule: string, find: (subject: UserArgument) => Finding | null): Finding[];
}

/** A rule looks at the recorded calls of a module, at what else its run showed, and at the calls' user pointers. */
export type Rule = (calls: readonly RecordedCall[], program: Program, run: RunResult, userArguments: UserArguments) => Finding[];

export function related(span: Span, message: string): RelatedPlace {
  return { file: span.file.path, range: rangeOf(span), message };
}

/** `line 11`, or `table.c line 11` when it lies in another file than the reader. */
export function lineText(span: Span, from: Span): string {
  return span.file === from.file ? `line ${lineOf(span)}` : `${span.file.path} line ${lineOf(span)}`;
}
