// SPDX-License-Identifier: MIT
import type { LoadSession } from '../model';
import type { ComparisonRow } from './compare';

/** The rows as a plain text table, predicted beside observed. Control characters of the kernel's texts are replaced. */
export function formatComparison(rows: readonly ComparisonRow[]): string {
  throw new Error(`not built yet: ${rows.length}`);
}

/** The session's head in a few lines: module, host, kernel, parameters, how it ended. */
export function formatSession(session: LoadSession): string {
  throw new Error(`not built yet: ${session.id}`);
}
