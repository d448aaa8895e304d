// SPDX-License-Identifier: MIT
import type { Hover, Position, Range } from 'vscode-languageserver/node';
import type { Expectation } from '../../../core/model/analysis';
import type { Inspection } from '../analysis';

/** What is shown on a syscall made through the table: its prototype with registers, and what it will return. */
export function toHover(inspection: Inspection, file: string, position: Position): Hover | null {
  const [call] = inspection.calls.filter((site) => site.file === file && contains(site.range, position)).sort((a, b) => extent(a.range) - extent(b.range));
  if (!call) return null;
  const line = call.range.start.line + 1;
  const predictions = inspection.predictions.filter((item) => item.source.file === file && item.source.line === line && item.syscall === call.syscall);
  const [prediction] = predictions;
  const outcome = prediction && predictions.length === 1 ? `\n\n${describe(prediction.expect)} ${prediction.because}` : '';
  return { range: call.range, contents: { kind: 'markdown', value: `\`\`\`c\n${call.prototype}\n\`\`\`\nSystem call ${call.number}.${outcome}` } };
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

function contains(range: Range, { line, character }: Position): boolean {
  const afterStart = line > range.start.line || (line === range.start.line && character >= range.start.character);
  const beforeEnd = line < range.end.line || (line === range.end.line && character <= range.end.character);
  return afterStart && beforeEnd;
}

function extent(range: Range): number {
  return (range.end.line - range.start.line) * 10_000 + range.end.character - range.start.character;
}
