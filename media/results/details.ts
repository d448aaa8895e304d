// SPDX-License-Identifier: MIT
import { el } from '../lib/dom';
import type { ArgumentRow, CallDetails, CallFact } from '../protocol';
import { sourceLink, value, verdictMark, type OpenSource } from './calls';

function argumentTable(rows: readonly ArgumentRow[]): HTMLElement {
  const head = el('tr', {}, ...['Register', 'Value', 'Argument', 'Meaning'].map(columnHead));
  const body = rows.map((row) =>
    el(
      'tr',
      {},
      el('td', { class: 'mono' }, row.register),
      el('td', { class: row.value === null ? 'absent' : 'mono' }, row.value ?? 'not recorded'),
      declaration(row),
      el('td', { class: row.meaning === null ? 'absent' : 'meaning' }, row.meaning ?? '–'),
    ),
  );
  return el('table', { class: 'arguments' }, el('caption', { class: 'sr-only' }, 'Arguments by register'), el('thead', {}, head), el('tbody', {}, ...body));
}

/** `const char __user *buf`, the name of which heads the row. */
function declaration({ type, name }: ArgumentRow): HTMLElement {
  const cell = el('th', { class: 'mono' }, el('span', { class: 'type' }, type), type.endsWith('*') ? '' : ' ', el('span', { class: 'name' }, name));
  cell.scope = 'row';
  return cell;
}

function columnHead(text: string): HTMLElement {
  const cell = el('th', {}, text);
  cell.scope = 'col';
  return cell;
}

function factList(facts: readonly CallFact[], source: HTMLElement | null): HTMLElement {
  const entry = (name: string, content: Node | string): HTMLElement[] => [el('dt', {}, name), el('dd', { class: 'mono' }, content)];
  return el('dl', { class: 'call-facts' }, ...(source ? entry('Source', source) : []), ...facts.flatMap(({ name, text }) => entry(name, text)));
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
  const source = row.source && sourceLink(row.source, open, true);
  const evidence = part(
    'Evidence',
    details.facts.length === 0 ? el('p', {}, 'This call was not observed.') : null,
    factList(details.facts, source),
    details.logLine === null ? null : el('pre', { class: 'log-line' }, details.logLine),
  );
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
