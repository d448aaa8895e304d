// SPDX-License-Identifier: MIT
import type { Range } from '../../../../core/model/analysis';

/** A change of one of the module's files, in the text that was analysed. */
export interface TextEdit {
  readonly file: string;
  readonly range: Range;
  readonly newText: string;
}

/** The code is not of a shape that can be changed without a risk. */
export class NotFixable extends Error {}

/** A value that a fix cannot do without. */
export function needed<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new NotFixable();
  return value;
}
