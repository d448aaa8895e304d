// SPDX-License-Identifier: MIT
import { announcer } from '../lib/announce';
import { button, byId, el } from '../lib/dom';
import { HostPort } from '../lib/host';
import { VirtualGrid } from '../lib/virtual-grid';
import type { CallRow, ResultsToHost, ResultsToView } from '../protocol';
import { renderActions } from './actions';
import { callCells } from './calls';
import { renderDetails } from './details';
import { renderHeader, renderProblem, renderSummary } from './header';

interface ViewState {
  /** Selected call, -1 for none. */
  selected: number;
}

type SessionMessage = Extract<ResultsToView, { type: 'session' }>;

function start(): void {
  const port = new HostPort<ResultsToHost, ResultsToView, ViewState>(onMessage);
  const announce = announcer(byId('live'));
  let generation = -1;
  let selected = port.state({ selected: -1 }).selected;
  let headline = '';

  const grid = new VirtualGrid<CallRow>({
    label: 'Syscalls that the module made, predicted beside observed',
    columns: ['Call', 'Source', 'Predicted', 'Observed', 'Verdict', 'Time'],
    render: (row, element) => callCells(row, element, (source) => port.post({ type: 'open', source })),
    request: (from, count) => port.post({ type: 'range', generation, from, count }),
    onActive: (index) => select(index),
    onOpen: (row) => {
      if (row.source) port.post({ type: 'open', source: row.source });
    },
  });

  const header = el('header', { class: 'session' });
  const summary = el('div', { class: 'summary' });
  const problem = el('div', { class: 'problem', role: 'alert' });
  const calls = el('section', { class: 'calls', 'aria-label': 'Calls' }, grid.element);
  const details = el('section', { class: 'details', 'aria-label': 'Selected call' });
  const actions = el('section', { class: 'actions', 'aria-label': 'Actions' });
  const empty = el('div', { class: 'empty' });
  const session = el('div', { class: 'page' }, header, problem, summary, calls, details, actions);
  byId('app').append(session, empty);

  function select(index: number): void {
    selected = index;
    port.keep({ selected });
    port.post({ type: 'details', index });
  }

  function showEmpty(canLoad: boolean): void {
    session.hidden = true;
    empty.hidden = false;
    const steps = el('p', { class: 'hint' }, 'Load a module and every syscall that it makes from kernel code appears here: what was predicted beside what the kernel returned.');
    const load = canLoad ? button('Load Module…', () => port.post({ type: 'load' }), { icon: 'start' }) : el('p', { class: 'hint' }, 'Loading needs a trusted workspace.');
    empty.replaceChildren(el('h1', {}, 'No syscall results yet'), steps, load);
  }

  function showSession(message: SessionMessage): void {
    session.hidden = false;
    empty.hidden = true;
    if (message.isOther && generation !== -1) selected = -1;
    generation = message.generation;
    grid.refresh();
    renderHeader(header, message.header, {
      onKernelLog: () => port.post({ type: 'showKernelLog' }),
    });
    renderProblem(problem, message.header.problem, () => port.post({ type: 'showLog' }));
    renderSummary(summary, message.summary);
    renderActions(actions, message.actions);
    calls.hidden = message.calls === 0;
    calls.style.setProperty('--calls', String(Math.min(message.calls, 12)));
    grid.setCount(message.calls);
    if (message.calls === 0) details.hidden = true;
    else if (message.select !== null) grid.setActive(message.select);
    else select(selected >= 0 && selected < message.calls ? selected : 0);
    if (selected >= 0) grid.mark(selected);
    if (message.summary.headline !== headline) {
      headline = message.summary.headline;
      announce(headline);
    }
  }

  function onMessage(message: ResultsToView): void {
    switch (message.type) {
      case 'empty':
        generation = message.generation;
        showEmpty(message.canLoad);
        return;
      case 'session':
        showSession(message);
        return;
      case 'rows':
        if (message.generation === generation) grid.put(message.from, message.rows);
        return;
      case 'details':
        if (message.generation !== generation || message.index !== selected) return;
        details.hidden = false;
        renderDetails(details, message.details, (source) => port.post({ type: 'open', source }));
        return;
    }
  }

  port.post({ type: 'ready' });
}

start();
