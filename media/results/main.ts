// SPDX-License-Identifier: MIT
import { NO_FILTER, type CallFilter } from '../../core/results/filter';
import { drawTimeline } from '../../core/results/draw/timeline';
import type { CallDetails, CallRow, Timeline } from '../../core/results/types';
import { announcer } from '../lib/announce';
import { byId, el } from '../lib/dom';
import { ResponsiveDrawing } from '../lib/drawing';
import { HostPort } from '../lib/host';
import { VirtualGrid } from '../lib/virtual-grid';
import type { ResultsComparison, ResultsToHost, ResultsToView } from '../protocol';
import { renderActions } from './actions';
import { CallCells } from './calls';
import { renderDetails } from './details';
import { FilterBar } from './filter-bar';
import { renderHeader, renderProblem, renderSummary, sessionTools } from './header';
import { renderEmpty, renderFailure, renderReading } from './notices';

/** What outlives a hidden view and a reload of the window. */
interface ViewState {
  session: string;
  comparedWith: string;
  /** Selected row, -1 for none. */
  selected: number;
  filter: CallFilter;
}

type SessionMessage = Extract<ResultsToView, { type: 'session' }>;

const COLUMNS = ['Call', 'Source', 'Predicted', 'Observed', 'Verdict', 'Time'] as const;
/** Rows of the grid that are seen at once. */
const MAX_VISIBLE = 12;

function start(): void {
  const port = new HostPort<ResultsToHost, ResultsToView, ViewState>(onMessage);
  const announce = announcer(byId('live'));
  const state = port.state({ session: '', comparedWith: '', selected: -1, filter: NO_FILTER });
  let generation = -1;
  let headerText = '';
  let summaryText = '';
  let detailsText = '';
  let headline = '';
  let filterFrame = 0;
  let selectedCall: string | null = null;

  const openSource = (source: NonNullable<CallRow['source']>): void => port.post({ type: 'open', source });
  const grid = new VirtualGrid<CallRow>({
    label: 'Syscalls that the module made, predicted beside observed',
    columns: COLUMNS,
    render: new CallCells(openSource).render,
    request: (from, count) => port.post({ type: 'range', generation, from, count }),
    onActive: (index) => select(index),
    onOpen: (row) => row.source && openSource(row.source),
  });
  const filterBar = new FilterBar(state.filter, (filter) => {
    keep({ filter });
    cancelAnimationFrame(filterFrame);
    filterFrame = requestAnimationFrame(() => port.post({ type: 'filter', filter }));
  });

  const tools = sessionTools({
    compare: () => port.post({ type: 'compare' }),
    export: () => port.post({ type: 'export', index: state.selected }),
    openSession: () => port.post({ type: 'openSession' }),
    showKernelLog: () => port.post({ type: 'showKernelLog' }),
  });
  const header = el('header', { class: 'session' });
  const summary = el('div', { class: 'summary' });
  const problem = el('div', { class: 'problem', role: 'alert' });
  const timeline = el('section', { class: 'timeline-part', 'aria-label': 'Timeline' });
  const drawing = new ResponsiveDrawing(timeline, () => markSelected());
  const nothing = el('p', { class: 'nothing', role: 'status' }, 'No call passes the filter.');
  const calls = el('section', { class: 'calls', 'aria-label': 'Calls' }, filterBar.element, grid.element, nothing);
  const details = el('section', { class: 'details', 'aria-label': 'Selected call' });
  const actions = el('section', { class: 'actions', 'aria-label': 'Actions' });
  const notice = el('div', { class: 'empty' });
  const session = el('div', { class: 'page' }, tools, header, problem, summary, timeline, calls, details, actions);
  session.hidden = true;
  byId('app').append(session, notice);
  timeline.addEventListener('click', (event) => {
    const bar = event.target instanceof Element ? event.target.closest('[data-call]') : null;
    const callId = bar?.getAttribute('data-call');
    if (callId) port.post({ type: 'selectCall', callId });
  });

  function keep(changes: Partial<ViewState>): void {
    Object.assign(state, changes);
    port.keep(state);
  }

  function select(index: number): void {
    keep({ selected: index });
    port.post({ type: 'details', generation, index });
  }

  function showNotice(render: (target: HTMLElement) => void): void {
    session.hidden = true;
    notice.hidden = false;
    render(notice);
  }

  function showSession(message: SessionMessage): void {
    session.hidden = false;
    notice.hidden = true;
    const isNew = message.generation !== generation;
    const wasOther = message.isOther && generation !== -1;
    generation = message.generation;
    keep({ session: message.sessionId, comparedWith: message.comparison?.sessionId ?? '', filter: message.filter, ...(wasOther ? { selected: -1 } : {}) });
    showHeader(message);
    filterBar.show(message.filter);
    if (message.facets) filterBar.showFacets(message.facets);
    filterBar.showCount(message.shown, message.total, message.busy);
    calls.hidden = message.total === 0;
    nothing.hidden = message.shown > 0 || message.busy;
    grid.element.hidden = message.shown === 0;
    calls.style.setProperty('--calls', String(Math.min(message.shown, MAX_VISIBLE)));
    if (isNew) grid.refresh();
    else if (message.changedFrom !== null) grid.refresh(message.changedFrom);
    grid.setCount(message.shown);
    showSelection(message, isNew);
    if (!message.busy && message.summary.headline !== headline) {
      headline = message.summary.headline;
      announce(headline);
    }
  }

  function showSelection({ shown, select: wanted, changedFrom, busy }: SessionMessage, isNew: boolean): void {
    if (shown === 0) {
      if (!busy) details.hidden = true;
      return;
    }
    if (wanted !== null) {
      grid.setActive(wanted);
      return;
    }
    const index = state.selected >= 0 && state.selected < shown ? state.selected : busy && state.selected >= shown ? -1 : 0;
    if (index < 0) return;
    grid.mark(index);
    if (isNew || index !== state.selected || (changedFrom !== null && index >= changedFrom)) select(index);
  }

  /** The head of a session that only grows stays as it is, and with it the person's place in it. */
  function showHeader({ header: shown, summary: counts, comparison }: SessionMessage): void {
    const text = JSON.stringify([shown, comparison]);
    if (text !== headerText) {
      headerText = text;
      renderHeader(header, shown);
      renderProblem(problem, shown.problem, () => port.post({ type: 'showLog' }));
      nameColumns(comparison);
    }
    const summaryNow = JSON.stringify([counts, comparison]);
    if (summaryNow === summaryText) return;
    summaryText = summaryNow;
    renderSummary(summary, counts, comparison, () => port.post({ type: 'stopComparing' }));
  }

  function nameColumns(comparison: ResultsComparison | null): void {
    grid.setColumns(comparison ? ['Call', 'Source', comparison.first, comparison.second, 'Difference', 'Time'] : COLUMNS);
    session.classList.toggle('comparing', comparison !== null);
  }

  function showTimeline(shown: Timeline | null): void {
    timeline.hidden = shown === null;
    drawing.show(shown && ((width) => drawTimeline(shown, width)));
  }

  function markSelected(): void {
    for (const bar of timeline.querySelectorAll('[data-call]')) bar.classList.toggle('selected', bar.getAttribute('data-call') === selectedCall);
  }

  function showDetails(shown: CallDetails): void {
    details.hidden = false;
    const text = JSON.stringify(shown);
    if (text === detailsText) return; // a person may be stepping through it
    detailsText = text;
    selectedCall = shown.callId;
    markSelected();
    renderDetails(details, shown, openSource, () => port.post({ type: 'explain', index: state.selected }));
  }

  function onMessage(message: ResultsToView): void {
    switch (message.type) {
      case 'empty':
        showNotice((target) => renderEmpty(target, message.canLoad, port));
        return;
      case 'reading':
        showNotice((target) => renderReading(target, message.text));
        return;
      case 'failed':
        showNotice((target) => renderFailure(target, message, port));
        return;
      case 'session':
        showSession(message);
        return;
      case 'timeline':
        showTimeline(message.timeline);
        return;
      case 'actions':
        renderActions(actions, message.actions);
        return;
      case 'rows':
        if (message.generation === generation) grid.put(message.from, message.rows);
        return;
      case 'details':
        if (message.generation === generation && message.index === state.selected) showDetails(message.details);
        return;
    }
  }

  port.post({ type: 'ready', filter: state.filter });
}

start();
