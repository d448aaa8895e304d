// SPDX-License-Identifier: MIT
import { printable } from '../model/text';
import type { LoadSession, SessionEnd } from '../model';
import type { ComparisonRow, Verdict } from './compare';

const VERDICT_TEXT: Readonly<Record<Verdict, string>> = {
  agree: 'agrees',
  differ: 'DIFFERS',
  unknown: 'unknown',
  neverMade: 'never made',
  notPredicted: 'not predicted',
};

const WATCHDOG_TEXT: Readonly<Record<'waits' | 'removed' | 'refused' | 'hangs', (seconds: number) => string>> = {
  waits: (seconds) => `the host unloads it ${seconds} s after the load`,
  removed: (seconds) => `it was unloaded after ${seconds} s`,
  refused: (seconds) => `rmmod was refused after ${seconds} s`,
  hangs: (seconds) => `rmmod hangs since ${seconds} s after the load`,
};

const HEADINGS = ['call', 'at', 'predicted', 'observed', 'verdict'];
const MAX_CELL = 60;

function cells(row: ComparisonRow): string[] {
  const syscall = row.call?.syscall ?? row.prediction?.syscall ?? '';
  const source = row.call?.source ?? row.prediction?.source ?? null;
  return [`${syscall}()`, source ? `${source.file}:${source.line}` : '', row.predicted, row.observed, VERDICT_TEXT[row.verdict]];
}

function fit(text: string): string {
  const safe = printable(text);
  return safe.length > MAX_CELL ? `${safe.slice(0, MAX_CELL - 1)}…` : safe;
}

/** The rows as a plain text table, predicted beside observed. Control characters of the kernel's texts are replaced. */
export function formatComparison(rows: readonly ComparisonRow[]): string {
  if (rows.length === 0) return 'No syscall of the module was seen, and none was predicted.';
  const table = [HEADINGS, ...rows.map(cells)].map((line) => line.map(fit));
  const widths = HEADINGS.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const lines = table.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  const broken = [...new Set(rows.flatMap((row) => row.broken.map(({ text }) => text)))];
  return [...lines, ...broken.map((text) => printable(`A prediction took for granted that ${text}, and it was not so.`))].join('\n');
}

/** Why a session ended, with the module's line where the kernel met a fatal error. */
export function endReason({ reason, source }: SessionEnd): string {
  return source ? `${reason} (${source.file}:${source.line})` : reason;
}

/** The session's head in a few lines: module, host, kernel, parameters, how it ended. */
export function formatSession(session: LoadSession): string {
  const { module, host, parameters, end, lost, dependencies = [], watchdog } = session;
  const given = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  const lines = [
    `${module.name} on ${host.name} (Linux ${host.kernel}, ${host.arch})`,
    given.length > 0 ? `parameters: ${given.join(' ')}` : '',
    dependencies.length > 0 ? `loaded before it: ${dependencies.map(({ name }) => name).join(' ')}` : '',
    watchdog ? `watchdog: ${WATCHDOG_TEXT[watchdog.outcome ?? 'waits'](watchdog.seconds)}` : '',
    end ? `${end.state}: ${endReason(end)}` : 'still running',
    lost.records > 0 ? `${lost.records} kernel log records were lost` : '',
  ];
  return lines.filter((line) => line !== '').map(printable).join('\n');
}
