// SPDX-License-Identifier: MIT
import type { SourceLine } from '../../core/model';
import { el, icon } from '../lib/dom';
import { icons, type IconName } from '../lib/icons';
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
  onlyFirst: { text: 'only there', icon: 'cross' },
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

export function sourceLink(source: SourceLine, open: OpenSource): HTMLElement {
  const link = el('button', { type: 'button', class: 'link', title: `Open ${source.file} at line ${source.line}` }, el('span', { class: 'file' }, source.file), `:${source.line}`);
  link.addEventListener('click', () => open(source));
  return link;
}

function fill(element: Node | null, text: string): void {
  if (element) element.textContent = text;
}

/** Makes the cells of a row from copies of one row that was built before: scrolling makes very many of them. */
export class CallCells {
  private readonly pattern = document.createDocumentFragment();

  constructor(private readonly open: OpenSource) {
    const shown = (): HTMLElement => el('div', { class: 'main value' }, el('span', { class: 'number' }), el('span', { class: 'errno' }));
    this.pattern.append(
      cell('call', el('span', { class: 'name' }), el('span', { class: 'signature' })),
      cell('source', el('button', { type: 'button', class: 'link' }, el('span', { class: 'file' }), ' '), el('span', { class: 'caller' })),
      cell('predicted', shown(), sub()),
      cell('observed', shown(), sub()),
      cell('outcome', el('div', { class: 'main verdict' }, icon('check'), el('span')), sub()),
      cell('time', el('div', { class: 'main' }), sub()),
    );
  }

  /** The cells of one call, in the order of the grid's columns. Keyboard users open the source with Enter on the row. */
  readonly render = (row: CallRow, element: HTMLElement): HTMLElement[] => {
    element.classList.add(`verdict-${row.verdict}`);
    const made = [...(this.pattern.cloneNode(true) as DocumentFragment).children] as HTMLElement[];
    const [call, source, predicted, observed, outcome, time] = made;
    fill(call?.querySelector('.name') ?? null, row.syscall);
    fill(call?.querySelector('.signature') ?? null, row.signature);
    if (source) this.fillSource(source, row);
    if (predicted) fillValue(predicted, row.predicted);
    if (observed) fillValue(observed, row.observed);
    if (outcome) fillVerdict(outcome, row);
    fill(time?.querySelector('.main') ?? null, row.time ?? '–');
    fill(time?.querySelector('.sub') ?? null, row.task ?? '');
    return made;
  };

  private fillSource(cellElement: HTMLElement, { source, caller }: CallRow): void {
    const link = cellElement.querySelector('button');
    if (!source || !link) link?.remove();
    else {
      fill(link.firstElementChild, source.file);
      fill(link.lastChild, `:${source.line}`);
      link.title = `Open ${source.file} at line ${source.line}`;
      link.tabIndex = -1;
      link.addEventListener('click', (event) => {
        event.stopPropagation();
        this.open(source);
      });
    }
    const place = cellElement.querySelector('.caller');
    if (caller === null) place?.remove();
    else fill(place, `in ${caller}`);
  }
}

function cell(name: string, ...content: Node[]): HTMLElement {
  return el('div', { class: `cell ${name}` }, ...content);
}

const sub = (): HTMLElement => el('div', { class: 'sub' });

function fillValue(cellElement: HTMLElement, shown: ShownValue): void {
  fill(cellElement.querySelector('.number'), shown.text);
  const name = cellElement.querySelector('.errno');
  if (shown.name === null) name?.remove();
  else fill(name, shown.name);
  fill(cellElement.querySelector('.sub'), shown.meaning ?? '');
}

function fillVerdict(cellElement: HTMLElement, { verdict, evidence }: CallRow): void {
  const mark = cellElement.querySelector('.verdict');
  if (mark) mark.className = `main verdict ${verdict}`;
  mark?.querySelector('path')?.setAttribute('d', icons[VERDICTS[verdict].icon]);
  fill(mark?.lastElementChild ?? null, VERDICTS[verdict].text);
  fill(cellElement.querySelector('.sub'), evidence);
}
