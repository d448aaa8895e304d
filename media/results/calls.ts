// SPDX-License-Identifier: MIT
import type { SourceLine } from '../../core/model';
import { el, icon } from '../lib/dom';
import type { IconName } from '../lib/icons';
import type { CallRow, ShownValue } from '../../core/results/types';

export const VERDICTS: Readonly<Record<CallRow['verdict'], { text: string; icon: IconName }>> = {
  agree: { text: 'as predicted', icon: 'check' },
  differ: { text: 'differs', icon: 'differs' },
  unknown: { text: 'unknown', icon: 'question' },
  notPredicted: { text: 'not predicted', icon: 'dash' },
  neverMade: { text: 'never made', icon: 'cross' },
  pending: { text: 'not made yet', icon: 'clock' },
  same: { text: 'the same', icon: 'check' },
  differs: { text: 'differs', icon: 'differs' },
  onlyFirst: { text: 'only before', icon: 'cross' },
  onlySecond: { text: 'only here', icon: 'dash' },
};

export type OpenSource = (source: SourceLine) => void;

export function verdictMark(verdict: CallRow['verdict']): HTMLElement {
  return el('span', { class: `verdict ${verdict}` }, icon(VERDICTS[verdict].icon), el('span', {}, VERDICTS[verdict].text));
}

/** The number and its errno name; the name is what people read. */
export function value(shown: ShownValue): HTMLElement {
  return el('span', { class: 'value' }, el('span', { class: 'number' }, shown.text), shown.name === null ? null : el('span', { class: 'errno' }, shown.name));
}

export function sourceLink(source: SourceLine, open: OpenSource, focusable: boolean): HTMLElement {
  const link = el('button', { type: 'button', class: 'link', title: `Open ${source.file} at line ${source.line}` }, el('span', { class: 'file' }, source.file), `:${source.line}`);
  if (!focusable) link.tabIndex = -1;
  link.addEventListener('click', (event) => {
    event.stopPropagation();
    open(source);
  });
  return link;
}

function cell(name: string, main: Node | string, sub?: string | null): HTMLElement {
  return el('div', { class: `cell ${name}` }, el('div', { class: 'main' }, main), sub === undefined ? null : el('div', { class: 'sub' }, sub ?? ''));
}

/** The cells of one call, in the order of the grid's columns. Keyboard users open the source with Enter on the row. */
export function callCells(row: CallRow, element: HTMLElement, open: OpenSource): HTMLElement[] {
  element.classList.add(`verdict-${row.verdict}`);
  const call = el('span', { class: 'syscall' }, el('span', { class: 'name' }, row.syscall), el('span', { class: 'signature' }, row.signature));
  const place = el('div', { class: 'place' }, row.source ? sourceLink(row.source, open, false) : null, row.caller === null ? null : el('span', { class: 'caller' }, `in ${row.caller}`));
  return [
    cell('call', call),
    cell('source', place),
    cell('predicted', value(row.predicted), row.predicted.meaning),
    cell('observed', value(row.observed), row.observed.meaning),
    cell('outcome', verdictMark(row.verdict), row.evidence),
    cell('time', row.time ?? '–', row.task),
  ];
}
