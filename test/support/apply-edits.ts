// SPDX-License-Identifier: MIT
import type { SourceFile } from '../../core/model/analysis';
import type { TextEdit } from '../../server/src/analysis/fixes';

/** The sources after edits that all speak of them as they are. */
export function applyEdits(sources: readonly SourceFile[], edits: readonly TextEdit[]): SourceFile[] {
  return sources.map(({ path, text }) => {
    const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    const offset = ({ line, character }: { line: number; character: number }): number => starts[line]! + character;
    let result = '';
    let at = 0;
    for (const { range, newText } of edits.filter(({ file }) => file === path)) {
      result += text.slice(at, offset(range.start)) + newText;
      at = offset(range.end);
    }
    return { path, text: result + text.slice(at) };
  });
}
