// SPDX-License-Identifier: MIT
import type { CallFilter, Facet } from '../../core/results/filter';
import { el } from '../lib/dom';
import type { ResultsFacets } from '../protocol';

/** Fewer calls are seen at a glance. */
const WORTH_FILTERING = 9;

/** What the calls are chosen by. */
export class FilterBar {
  readonly element: HTMLElement;
  private readonly text = el('input', { type: 'search', class: 'input text', 'aria-label': 'Filter the calls by text' });
  private readonly syscall = el('select', { class: 'input', 'aria-label': 'Syscall' });
  private readonly task = el('select', { class: 'input', 'aria-label': 'Task' });
  private readonly failed = el('input', { type: 'checkbox' });
  private readonly differs = el('input', { type: 'checkbox' });
  private readonly count = el('span', { class: 'count' });
  private facets: ResultsFacets = { syscalls: [], tasks: [] };

  constructor(
    private filter: CallFilter,
    private readonly onChange: (filter: CallFilter) => void,
  ) {
    this.text.placeholder = 'Filter by syscall, result, source or caller';
    this.text.spellcheck = false;
    const check = (box: HTMLElement, label: string): HTMLElement => el('label', { class: 'check' }, box, label);
    this.element = el(
      'div',
      { class: 'filter', role: 'search', 'aria-label': 'Filter the calls' },
      this.text,
      this.syscall,
      this.task,
      check(this.failed, 'Failed'),
      check(this.differs, 'Differing'),
      this.count,
    );
    for (const control of [this.text, this.syscall, this.task, this.failed, this.differs]) control.addEventListener('input', () => this.read());
    this.show(filter);
  }

  /** Shows a filter that was set elsewhere; what is typed meanwhile stays. */
  show(filter: CallFilter): void {
    this.filter = filter;
    if (document.activeElement !== this.text) this.text.value = filter.text;
    this.failed.checked = filter.failed;
    this.differs.checked = filter.differs;
    if (this.syscall.value !== filter.syscall || this.task.value !== filter.task) this.showFacets(this.facets);
  }

  showFacets(facets: ResultsFacets): void {
    this.facets = facets;
    fillChoice(this.syscall, 'All syscalls', facets.syscalls, this.filter.syscall);
    fillChoice(this.task, 'All tasks', facets.tasks, this.filter.task);
    this.syscall.hidden = facets.syscalls.length < 2 && this.filter.syscall === '';
    this.task.hidden = facets.tasks.length < 2 && this.filter.task === '';
  }

  showCount(shown: number, total: number, busy: boolean): void {
    const calls = `${total.toLocaleString('en')} ${total === 1 ? 'call' : 'calls'}`;
    this.count.textContent = busy ? `${shown.toLocaleString('en')} of ${calls} so far…` : shown === total ? calls : `${shown.toLocaleString('en')} of ${calls}`;
    this.element.hidden = total < WORTH_FILTERING && !this.isActive;
  }

  get isActive(): boolean {
    const { text, syscall, task, failed, differs } = this.filter;
    return text !== '' || syscall !== '' || task !== '' || failed || differs;
  }

  private read(): void {
    this.filter = { text: this.text.value, syscall: this.syscall.value, task: this.task.value, failed: this.failed.checked, differs: this.differs.checked };
    this.onChange(this.filter);
  }
}

function fillChoice(select: HTMLSelectElement, all: string, facets: readonly Facet[], chosen: string): void {
  const option = (value: string, label: string): HTMLOptionElement => {
    const made = el('option', {}, label);
    made.value = value;
    return made;
  };
  const values = facets.some(({ value }) => value === chosen) || chosen === '' ? facets : [...facets, { value: chosen, calls: 0 }];
  select.replaceChildren(option('', all), ...values.map(({ value, calls }) => option(value, `${value} (${calls.toLocaleString('en')})`)));
  select.value = chosen;
}
