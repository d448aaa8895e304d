// SPDX-License-Identifier: MIT
import type { RelatedPlace } from '../../../../core/model/analysis';
import type { Program } from '../flow/program';
import { lineOf, rangeOf, type Span } from '../syntax/source';
import type { RecordedCall } from '../flow/recorder';
import type { Finding } from '../../../../core/model/analysis';

/** A rule looks at the recorded calls of a module. */
export type Rule = (calls: readonly RecordedCall[], program: Program) => Finding[];

export function related(span: Span, message: string): RelatedPlace {
  return { file: span.file.path, range: rangeOf(span), message };
}

/** `line 11`, or `table.c line 11` when it lies in another file than the reader. */
export function lineText(span: Span, from: Span): string {
  return span.file === from.file ? `line ${lineOf(span)}` : `${span.file.path} line ${lineOf(span)}`;
}
