// SPDX-License-Identifier: MIT
import type { Finding } from '../../../../core/model/analysis';
import type { RecordedCall } from '../flow/recorder';
import { rangeOf, type Span } from '../syntax/source';

/** The call that a finding about one of its arguments speaks of. */
export interface FoundArgument {
  readonly call: RecordedCall;
  /** From 0. */
  readonly index: number;
}

/** Whether a finding (or a place that it refers to) is at a stretch of the source. */
export function isAt({ file, range }: Pick<Finding, 'file' | 'range'>, span: Span): boolean {
  return span.file.path === file && JSON.stringify(rangeOf(span)) === JSON.stringify(range);
}

/** Finds the call and argument of a finding that begins with `write(): argument 2`. */
export function argumentOf(finding: Finding, calls: readonly RecordedCall[]): FoundArgument | null {
  const index = Number(/\(\): argument (\d)/.exec(finding.message)?.[1]) - 1;
  const call = calls.find(
    ({ callee, visits, expression }) =>
      callee !== null && finding.message.startsWith(`${callee.name}(): argument ${index + 1} `) && visits.some((visit) => isAt(finding, visit.arguments[index]?.broughtBy ?? expression)),
  );
  return call ? { call, index } : null;
}

/** The call that a finding at the call itself speaks of. */
export function callAt(finding: Finding, calls: readonly RecordedCall[]): RecordedCall | null {
  return calls.find(({ expression }) => isAt(finding, expression)) ?? null;
}

/** All records of the same call in the code, however it is reached. */
export function sameCall(call: RecordedCall, calls: readonly RecordedCall[]): RecordedCall[] {
  return calls.filter((other) => other.code.expression === call.code.expression);
}
