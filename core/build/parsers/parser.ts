// SPDX-License-Identifier: MIT
import type { BuildDiagnostic } from '../../model';

export type OnDiagnostic = (diagnostic: BuildDiagnostic) => void;

/** Reads the output of one tool line by line. True when the line was its own. */
export interface LineParser {
  push(line: string): boolean;
  /** The output has ended. */
  end?(): void;
}

/** Tools print nothing useful beyond this; longer lines are cut so that no pattern runs long. */
export const MAX_LINE = 4_000;
