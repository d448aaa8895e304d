// SPDX-License-Identifier: MIT
import { el } from '../lib/dom';
import type { ArgumentRow, CallDetails } from '../protocol';
import { sourceLink, value, verdictMark, type OpenSource } from './calls';

function argumentTable(rows: readonly ArgumentRow[]): HTMLElement {
  const head = el('tr', {}, ...['Argument', 'Type', 'Register', 'Value'].map((name) => headCell(name, 'col')));
  const body = rows.map((row) =>
    el(
      'tr',
      {},
      headCell(row.name, 'row'),
      el('td', { class: 'mono' }, row.type),
      el('td', { class: 'mono' }, row.register),
      el('td', { class: row.value === null ? 'absent' : 'mono' }, row.value ?? 'not recorded'),
    ),
  );
  return el('table', { class: 'arguments' }, el('caption', { class: 'sr-only' }, 'Arguments by register'), el('thead', {}, head), el('tbody', {}, ...body));
}

function headCell(text: string, scope: 'col' | 'row'): HTMLElement {
  const cell = el('th', scope === 'row' ? { class: 'mono' } : {}, text);
  cell.scope = scope;
  return cell;
}

function part(title: string, ...content: (Node | string | null)[]): HTMLElement {
  return el('div', { class: 'part' }, el('h3', {}, title), ...content);
}

/** Everything known about one call: why the result was expected, what that takes for granted, and the evidence. */
export function renderDetails(target: HTMLElement, details: CallDetails, open: OpenSource): void {
  const { row } = details;
  const heading = el(
    'div',
    { class: 'details-head' },
    el('h2', { class: 'mono' }, `${row.syscall}${row.signature}`),
    el('span', { class: 'equals' }, '='),
    value(row.observed),
    row.observed.meaning === null ? null : el('span', { class: 'meaning' }, row.observed.meaning),
    verdictMark(row.verdict),
  );
  const prediction = part('Prediction', el('p', {}, value(row.predicted), details.expected === null ? null : ` ${details.expected}`), el('p', {}, details.because ?? 'The analysis says nothing of this call.'));
  if (details.assumes.length > 0) {
    prediction.append(el('p', { class: 'label' }, 'It takes for granted that'), el('ul', {}, ...details.assumes.map((text) => el('li', {}, text))));
  }
  const evidence = part('Evidence', el('p', {}, row.evidence === '' ? 'This call was not observed.' : row.evidence), details.logLine === null ? null : el('pre', { class: 'log-line' }, details.logLine));
  if (row.source) {
    evidence.append(el('p', {}, row.time === null ? 'To be made at ' : 'Made at ', sourceLink(row.source, open, true), row.caller === null ? null : ` in ${row.caller}`));
  }
  if (row.time !== null) evidence.append(el('p', {}, `${row.time} after the first record${row.task === null ? '' : `, by ${row.task}`}`));
  for (const note of details.notes) evidence.append(el('p', { class: 'note' }, note));
  target.replaceChildren(
    heading,
    el(
      'div',
      { class: 'parts' },
      prediction,
      evidence,
      part('Arguments', details.arguments.length > 0 ? argumentTable(details.arguments) : el('p', {}, 'This syscall takes no argument.')),
    ),
  );
}
