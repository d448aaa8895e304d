// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { syscallAbi } from '../../abi';
import { visibleText, type LoadSession } from '../../model';
import { comparePredictions, type ComparisonRow } from '../../sessions/compare';
import { drawAddresses } from '../draw/addresses';
import { shape, type Shape } from '../draw/shape';
import { drawTimeline } from '../draw/timeline';
import { callDetails, callRow, shownVerdict, type RowContext } from '../rows';
import { headerOf, noVerdicts, shownActions, summaryOf } from '../summary';
import { timelineOf } from '../timeline';
import type { CallDetails, CallRow, DescriptorStep, ShownAction, ShownVerdict } from '../types';
import { countText, valueText } from '../values';
import { markup } from './markup';
import { REPORT_STYLE } from './style';

/** A page that a browser shows and a printer prints; the CSV has every call. */
const MAX_ROWS = 2_000;
const MAX_CARDS = 100;
const MAX_RECORDS = 2_000;

export const VERDICT_WORDS: Readonly<Record<ShownVerdict, string>> = {
  agree: '✓ as predicted',
  differ: '≠ differs',
  unknown: '? unknown',
  notPredicted: '– not predicted',
  neverMade: '✗ never made',
  pending: '… not made yet',
};

/**
 * A session as one HTML page that needs nothing else: no script, no font, no request; a content security policy
 * forbids them. Every text of the session is escaped.
 */
export function reportHtml(session: LoadSession): string {
  const context: RowContext = { session, abi: syscallAbi(session.host.arch) };
  const rows = comparePredictions(session);
  const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(REPORT_STYLE).digest('base64')}'`;
  const title = visibleText(`${session.module.name} on Linux ${session.host.kernel}`);
  const body = [head(session), summary(session, rows), timeline(session), table(rows, context), cards(rows, context), actions(shownActions(session)), log(session)];
  const page = shape('html', { lang: 'en' },
    shape('head', {},
      shape('meta', { charset: 'utf-8' }),
      shape('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
      shape('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      shape('title', {}, title),
      shape('style', {}, '@style@'),
    ),
    shape('body', {}, shape('main', {}, ...body.flat())),
  );
  return `<!DOCTYPE html>\n${markup(page).replace('<style>@style@</style>', `<style>${REPORT_STYLE}</style>`)}\n`;
}

function head(session: LoadSession): Shape[] {
  const { module, host, state, parameters, startedAt, problem } = headerOf(session);
  const facts: [string, string][] = [['State', state], ['Host', host.name], ['Kernel', `${host.kernel} (${host.arch})`], ['Parameters', parameters.join(' ') || 'none'], ['Loaded', startedAt], ['Session', session.id]];
  return [
    shape('h1', { class: 'mono' }, module),
    shape('dl', { class: 'facts' }, ...facts.map(([name, text]) => shape('div', {}, shape('dt', {}, name), shape('dd', { class: 'mono' }, visibleText(text))))),
    ...(problem === null ? [] : [shape('p', { class: 'differ' }, problem)]),
  ];
}

function summary(session: LoadSession, rows: readonly ComparisonRow[]): Shape {
  const counts = noVerdicts();
  for (const row of rows) counts[shownVerdict(row, session)]++;
  const { tone, headline, detail } = summaryOf(session, counts);
  const each = (Object.keys(VERDICT_WORDS) as ShownVerdict[]).filter((verdict) => counts[verdict] > 0).map((verdict) => `${VERDICT_WORDS[verdict]}: ${counts[verdict].toLocaleString('en')}`);
  return shape('section', { class: `summary ${tone}`, 'aria-label': 'Summary' }, shape('p', { class: 'headline' }, headline), shape('p', { class: 'dim' }, detail), shape('p', { class: 'dim' }, each.join('   ')));
}

function timeline(session: LoadSession): Shape[] {
  const data = timelineOf(session);
  return data ? [shape('h2', {}, 'Timeline'), shape('p', { class: 'dim' }, data.text), shape('div', { class: 'scroll' }, drawTimeline(data, 1040))] : [];
}

function cells(row: CallRow): Shape[] {
  const verdict = row.verdict as ShownVerdict;
  const place = row.source ? `${row.source.file}:${row.source.line}` : (row.caller ?? '');
  const texts = [`${row.syscall}${row.signature}`, place, valueText(row.predicted), valueText(row.observed)];
  return [...texts.map((text) => shape('td', { class: 'mono' }, visibleText(text))), shape('td', { class: verdict }, VERDICT_WORDS[verdict]), shape('td', { class: 'mono' }, row.time ?? '–'), shape('td', {}, row.task ?? '')];
}

function tableOf(caption: string, names: readonly string[], rows: readonly Shape[], kind: string): Shape {
  const heads = names.map((name) => shape('th', { scope: 'col' }, name));
  return shape('div', { class: 'scroll' }, shape('table', { class: kind }, shape('caption', {}, caption), shape('thead', {}, shape('tr', {}, ...heads)), shape('tbody', {}, ...rows)));
}

function table(rows: readonly ComparisonRow[], context: RowContext): Shape[] {
  if (rows.length === 0) return [];
  const chosen = importantFirst(rows, MAX_ROWS);
  const caption = chosen.length === rows.length ? countText(rows.length, 'call') : `${chosen.length.toLocaleString('en')} of ${countText(rows.length, 'call')}: all that differ, then the first ones. The CSV export has all of them.`;
  const body = chosen.map((row) => shape('tr', {}, ...cells(callRow(row, context))));
  return [shape('h2', {}, 'Calls'), tableOf(caption, ['Call', 'Source', 'Predicted', 'Observed', 'Verdict', 'Time', 'Task'], body, 'calls')];
}

/** At most `count` rows in their order, those that do not agree before the others. */
function importantFirst(rows: readonly ComparisonRow[], count: number): readonly ComparisonRow[] {
  if (rows.length <= count) return rows;
  const differing = rows.filter(({ verdict }) => verdict === 'differ' || verdict === 'neverMade').slice(0, count);
  const taken = new Set([...differing, ...rows.slice(0, count - differing.length)]);
  return rows.filter((row) => taken.has(row));
}

function cards(rows: readonly ComparisonRow[], context: RowContext): Shape[] {
  const chosen = importantFirst(rows.filter(({ call }) => call !== null), MAX_CARDS);
  return chosen.length === 0 ? [] : [shape('h2', {}, 'Call by call'), ...chosen.map((row) => card(callDetails(row, context)))];
}

function card(details: CallDetails): Shape {
  const { row } = details;
  const verdict = row.verdict as ShownVerdict;
  const source = row.source ? [shape('p', { class: 'mono dim' }, `${row.source.file}:${row.source.line}${row.caller === null ? '' : ` in ${row.caller}`}`)] : [];
  const meaning = row.observed.meaning === null ? '' : ` (${row.observed.meaning})`;
  return shape('section', { class: 'call' },
    shape('h3', {}, shape('span', { class: 'mono' }, `${row.syscall}${row.signature} = ${valueText(row.observed)}`), `${meaning} `, shape('span', { class: verdict }, VERDICT_WORDS[verdict])),
    ...source,
    ...details.why.map((text) => shape('p', { class: 'why' }, text)),
    ...(details.because === null ? [] : [shape('p', {}, `Predicted ${valueText(row.predicted)}: ${details.because}`)]),
    ...(details.assumes.length === 0 ? [] : [shape('p', { class: 'dim' }, 'The prediction takes for granted that'), shape('ul', {}, ...details.assumes.map((text) => shape('li', {}, text)))]),
    ...(details.arguments.length === 0 ? [] : [tableOf('Arguments', ['Register', 'Value', 'Argument', 'Meaning'], details.arguments.map((argument) => shape('tr', {}, ...[argument.register, argument.value ?? 'not recorded', `${argument.type} ${argument.name}`, argument.meaning ?? '–'].map((text) => shape('td', { class: 'mono' }, text)))), 'arguments')]),
    ...(details.addresses === null ? [] : [shape('div', { class: 'scroll' }, drawAddresses(details.addresses, 560))]),
    ...kernelPath(details),
    ...descriptors(details),
    ...stack(details),
    ...details.notes.map((note) => shape('p', { class: 'dim' }, note)),
  );
}

function kernelPath({ kernelPath: path }: CallDetails): Shape[] {
  if (!path) return [];
  const lines = path.functions.map(({ depth, name, value, note }) => `${'  '.repeat(depth)}${name}${value === null ? '' : ` = ${value}`}${note === null ? '' : `  ${note}`}`);
  return [shape('p', { class: 'dim' }, `The kernel's own path. ${path.title}`), shape('pre', {}, [...lines, ...path.notes].join('\n'))];
}

function stack({ stack: frames }: CallDetails): Shape[] {
  const lines = frames.map(({ function: name, source }) => `${name}${source ? `  ${source.file}:${source.line}` : ''}`);
  return lines.length === 0 ? [] : [shape('p', { class: 'dim' }, 'Called from'), shape('pre', {}, lines.join('\n'))];
}

function descriptors({ descriptors: story }: CallDetails): Shape[] {
  const step = story?.steps[story.current];
  return story && step && step.rows.length > 0 ? [tableOf(`Descriptors of ${story.task}`, ['Descriptor', 'Before', 'After'], descriptorRows(step), 'descriptors')] : [];
}

function descriptorRows(step: DescriptorStep): Shape[] {
  const basis = (cell: DescriptorStep['rows'][number]['before']): string => `${cell.text}${cell.basis === null ? '' : ` (${cell.basis})`}`;
  return step.rows.map((row) => shape('tr', { class: row.changed ? 'changed' : null }, ...[String(row.number), basis(row.before), basis(row.after)].map((text) => shape('td', {}, text))));
}

function actions(list: readonly ShownAction[]): Shape[] {
  if (list.length === 0) return [];
  const items = list.map(({ command, stdin, stdout, stderr, exitCode }) =>
    shape('section', { class: 'call' }, shape('p', { class: 'mono' }, `${command}  →  ${exitCode === null ? 'did not end' : `exit code ${exitCode}`}`), ...[['stdin', stdin], ['stdout', stdout], ['stderr', stderr]].flatMap(([name = '', text = '']) => (text === '' ? [] : [shape('p', { class: 'dim' }, name), shape('pre', {}, text)]))),
  );
  return [shape('h2', {}, 'Actions'), ...items];
}

function log({ records, lost }: LoadSession): Shape[] {
  if (records.length === 0) return [];
  const lines = records.slice(0, MAX_RECORDS).map(({ usec, text }) => `[${(usec / 1e6).toFixed(6).padStart(12)}] ${visibleText(text)}`);
  const more = [...(records.length > MAX_RECORDS ? [`${(records.length - MAX_RECORDS).toLocaleString('en')} more records are in the session file.`] : []), ...(lost.records > 0 ? [`${countText(lost.records, 'record')} lost.`] : [])];
  return [shape('h2', {}, 'Kernel log'), shape('pre', {}, lines.join('\n')), ...more.map((text) => shape('p', { class: 'dim' }, text))];
}
