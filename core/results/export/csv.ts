// SPDX-License-Identifier: MIT
import { syscallAbi } from '../../abi';
import { decodeArguments } from '../../calls/decode';
import { visibleText, type LoadSession } from '../../model';
import { comparePredictions, type ComparisonRow } from '../../sessions/compare';
import { shownVerdict } from '../rows';
import { addressSpaceOf } from '../values';

const HEAD = ['call', 'usec', 'duration_usec', 'task', 'pid', 'syscall', 'arguments', 'predicted', 'result', 'errno', 'status', 'verdict', 'evidence', 'file', 'line', 'caller', 'argument_0', 'argument_1', 'argument_2', 'argument_3', 'argument_4', 'argument_5'];

/**
 * The calls of a session as CSV (RFC 4180), one line each, then what was predicted and never made. A text that a
 * spreadsheet would take for a formula gets an apostrophe before it; numbers are left as they are.
 */
export function* csvLines(session: LoadSession): Generator<string> {
  yield line(HEAD);
  const abi = syscallAbi(session.host.arch);
  const space = addressSpaceOf(session.host);
  for (const row of comparePredictions(session)) {
    const { call, prediction } = row;
    const decoded = call && decodeArguments(call, space, abi);
    const source = call?.source ?? prediction?.source;
    yield line([
      call?.id ?? '',
      number(call?.usec),
      number(call?.durationUsec),
      text(call?.task),
      number(call?.pid),
      text(call?.syscall ?? prediction?.syscall),
      text(decoded?.map(({ name, text: value }) => `${name}=${value}`).join(' ')),
      predictedCell(row),
      number(call?.result),
      text(call?.errno),
      text(call?.status),
      shownVerdict(row, session),
      text(call?.evidence),
      text(source?.file),
      number(source?.line),
      text(call?.caller ?? prediction?.caller),
      ...Array.from({ length: 6 }, (_, index) => text(call?.registers?.[index]?.value)),
    ]);
  }
}

function predictedCell({ predicted }: ComparisonRow): string {
  return /^-?\d+$/.test(predicted) ? predicted : text(predicted);
}

function number(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}

function text(value: string | null | undefined): string {
  const shown = visibleText(value ?? '').replace(/[\t\n]/g, ' ');
  return /^\s*[=+\-@]/.test(shown) ? `'${shown}` : shown;
}

function line(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`;
}
