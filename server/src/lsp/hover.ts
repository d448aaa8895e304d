// SPDX-License-Identifier: MIT
import type { Hover, Position, Range } from 'vscode-languageserver/node';
import type { Expectation } from '../../../core/model/analysis';
import type { FixedFinding, Inspection } from '../analysis';

/** A part of a hover. */
interface Shown {
  readonly range: Range;
  readonly markdown: string;
}

/** What is shown at a position: the syscall that is made there, and what the quick fixes there cannot do. */
export function toHover(inspections: readonly { readonly inspection: Inspection; readonly own: string }[], fixed: readonly FixedFinding[], position: Position): Hover | null {
  const call = inspections.map(({ inspection, own }) => callShown(inspection, own, position)).find((shown) => shown !== null);
  const shown = [call ?? null, notesShown(fixed)].filter((part) => part !== null);
  const [first] = shown;
  return first ? { range: first.range, contents: { kind: 'markdown', value: shown.map(({ markdown }) => markdown).join('\n\n') } } : null;
}

/** On a syscall made through the table: its prototype with registers, and what it will return. */
function callShown(inspection: Inspection, file: string, position: Position): Shown | null {
  const [call] = inspection.calls.filter((site) => site.file === file && contains(site.range, position)).sort((a, b) => extent(a.range) - extent(b.range));
  if (!call) return null;
  const line = call.range.start.line + 1;
  const predictions = inspection.predictions.filter((item) => item.source.file === file && item.source.line === line && item.syscall === call.syscall);
  const [prediction] = predictions;
  const outcome = prediction && predictions.length === 1 ? `\n\n${describe(prediction.expect)} ${prediction.because}` : '';
  return { range: call.range, markdown: `\`\`\`c\n${call.prototype}\n\`\`\`\nSystem call ${call.number}.${outcome}` };
}

function notesShown(fixed: readonly FixedFinding[]): Shown | null {
  const notes = new Set(fixed.flatMap(({ fixes }) => fixes.flatMap(({ title, note }) => (note === null ? [] : [`- ${title}: ${note}`]))));
  const [first] = fixed;
  return first && notes.size > 0 ? { range: first.finding.range, markdown: `Quick fixes:\n${[...notes].join('\n')}` } : null;
}

function describe(expect: Expectation): string {
  switch (expect.kind) {
    case 'exact':
      return `Returns **${expect.value}**.`;
    case 'errno':
      return `Returns **-${expect.name}** (${expect.value}).`;
    case 'argument':
      return `Returns **${expect.value}**.`;
    case 'unknown':
      return 'What it returns is not predicted.';
  }
}

export function contains(range: Range, { line, character }: Position): boolean {
  const afterStart = line > range.start.line || (line === range.start.line && character >= range.start.character);
  const beforeEnd = line < range.end.line || (line === range.end.line && character <= range.end.character);
  return afterStart && beforeEnd;
}

function extent(range: Range): number {
  return (range.end.line - range.start.line) * 10_000 + range.end.character - range.start.character;
}
