// SPDX-License-Identifier: MIT
import type { Finding } from '../../../../core/model/analysis';
import type { Program } from '../flow/program';
import type { RecordedCall } from '../flow/recorder';
import type { Edits } from './edits';
import type { TextEdit } from './text-edit';

/** A change of the source after which its finding is gone. */
export interface Fix {
  /** Which fix this is among those of its finding. */
  readonly id: string;
  readonly title: string;
  readonly isPreferred: boolean;
  /** What the new code cannot do, in one sentence; null when it can do all that the old was meant to. */
  readonly note: string | null;
  readonly edits: readonly TextEdit[];
}

export interface FixContext {
  readonly finding: Finding;
  readonly program: Program;
  readonly calls: readonly RecordedCall[];
}

/** A fix before its edits are made up. */
export interface Plan {
  readonly id: string;
  readonly title: string;
  readonly isPreferred?: boolean;
  readonly note?: string;
  readonly edits: Edits;
}

/** Plans a fix for a finding; null, or {@link NotFixable} thrown from any depth, when there is none that keeps the code right. */
export type Fixer = (context: FixContext) => Plan | null;
