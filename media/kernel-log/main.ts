// SPDX-License-Identifier: MIT
import type { KernelLogToHost, KernelLogToView, LogFilter, LogRow } from '../protocol';
import { button, byId, el, icon } from '../lib/dom';
import { HostPort } from '../lib/host';
import type { IconName } from '../lib/icons';
import { VirtualGrid } from '../lib/virtual-grid';
import { announcer } from '../lib/announce';

interface ViewState {
  filter: LogFilter;
  time: 'boot' | 'load';
}

interface Level {
  readonly name: string;
  readonly icon: IconName;
}

const LEVELS: readonly Level[] = [
  { name: 'emerg', icon: 'error' },
  { name: 'alert', icon: 'error' },
  { name: 'crit', icon: 'error' },
  { name: 'error', icon: 'error' },
  { name: 'warning', icon: 'warning' },
  { name: 'notice', icon: 'info' },
  { name: 'info', icon: 'info' },
  { name: 'debug', icon: 'debug' },
];

/** `15716.262977`, as dmesg shows it, or `+0.007593` since the load. */
function shownTime(row: { usec: number; baseUsec: number }, mode: ViewState['time']): string {
  const usec = mode === 'boot' ? row.usec : row.usec - row.baseUsec;
  const text = (Math.abs(usec) / 1e6).toFixed(6);
  return mode === 'boot' ? text : `${usec < 0 ? '−' : '+'}${text}`;
}

function start(): void {
  const port = new HostPort<KernelLogToHost, KernelLogToView, ViewState>(onMessage);
  const state = port.state({ filter: { text: '', maxLevel: 7 }, time: 'boot' });
  const announce = announcer(byId('live'));
  let generation = 0;
  let total = 0;
  let shown = 0;

  const grid = new VirtualGrid<LogRow>({
    label: 'Kernel log lines',
    columns: ['Time', 'Level', 'Text'],
    multiSelect: true,
    followTail: true,
    render: renderRow,
    request: (from, count) => port.post({ type: 'range', generation, from, count }),
    onFollow: updateTools,
  });

  function renderRow(row: LogRow, element: HTMLElement): HTMLElement[] {
    element.classList.add(`kind-${row.kind}`);
    if (row.kind === 'gap') {
      return [el('span', { class: 'cell time' }), el('span', { class: 'cell level' }, icon('gap'), el('span', {}, 'lost')), el('span', { class: 'cell text' }, row.text)];
    }
    if (row.kind === 'session') {
      element.classList.add(`mark-${row.mark}`);
      return [el('span', { class: 'cell session' }, icon(row.mark === 'failed' ? 'error' : row.mark), el('span', {}, row.text))];
    }
    const level = LEVELS[row.level] ?? { name: String(row.level), icon: 'info' as const };
    element.classList.add(`level-${row.level}`);
    const time = el('span', { class: 'cell time' }, row.first ? shownTime(row, state.time) : '');
    const levelCell = row.first ? el('span', { class: 'cell level' }, icon(level.icon), el('span', {}, level.name)) : el('span', { class: 'cell level' });
    return [time, levelCell, el('span', { class: 'cell text' }, row.text)];
  }

  const filterBox = el('input', { type: 'search', class: 'input', 'aria-label': 'Filter the lines; a leading minus hides lines with the text' });
  filterBox.placeholder = 'Filter (text, or -text to hide)';
  filterBox.value = state.filter.text;
  filterBox.spellcheck = false;
  const levelBox = el('select', { class: 'input', 'aria-label': 'Least urgent level shown' });
  LEVELS.forEach((level, index) => {
    if (index < 3) return;
    const option = el('option', {}, index === 7 ? 'All levels' : `${level.name} and above`);
    option.value = String(index);
    levelBox.append(option);
  });
  levelBox.value = String(state.filter.maxLevel);
  const onFilter = (): void => {
    state.filter = { text: filterBox.value, maxLevel: Number(levelBox.value) };
    port.keep(state);
    port.post({ type: 'filter', filter: state.filter });
  };
  filterBox.addEventListener('input', onFilter);
  levelBox.addEventListener('change', onFilter);

  const timeButton = button('', toggleTime, { icon: 'clock', secondary: true, title: 'Switch between the time since boot and the time since the load' });
  const copyButton = button('Copy', () => copy(), { icon: 'copy', secondary: true, title: 'Copy the selected lines, or all that are shown' });
  const clearButton = button('Clear', () => port.post({ type: 'clear' }), { icon: 'clear', secondary: true, title: 'Clear the view; the saved sessions keep every line' });
  copyButton.classList.add('compact');
  clearButton.classList.add('compact');
  const count = el('span', { class: 'count' });
  const tail = button('', () => grid.follow(), { icon: 'down', title: 'Go to the newest line and follow' });
  tail.classList.add('tail');
  const empty = el('div', { class: 'empty' });
  const loadButton = button('Load Module…', () => port.post({ type: 'load' }), { icon: 'start' });
  byId('app').append(
    el('h1', { class: 'sr-only' }, 'Kernel Log'),
    el('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Kernel log tools' }, filterBox, levelBox, timeButton, copyButton, clearButton, count),
    el('div', { class: 'body' }, grid.element, tail, empty),
  );

  function toggleTime(): void {
    state.time = state.time === 'boot' ? 'load' : 'boot';
    port.keep(state);
    updateTools();
    grid.redraw();
  }

  function copy(): void {
    const selection = grid.selection ?? { first: 0, last: shown - 1 };
    if (shown > 0) port.post({ type: 'copy', from: selection.first, to: selection.last });
  }

  document.addEventListener('copy', (event) => {
    const active = document.activeElement;
    const native = document.getSelection();
    if (active === filterBox || (native && !native.isCollapsed) || shown === 0) return;
    event.preventDefault();
    copy();
  });

  let pausedAt = 0;
  function updateTools(): void {
    timeButton.lastElementChild?.replaceChildren(state.time === 'boot' ? 'Since boot' : 'Since load');
    count.textContent = shown === total ? `${total.toLocaleString()} ${total === 1 ? 'line' : 'lines'}` : `${shown.toLocaleString()} of ${total.toLocaleString()} lines`;
    if (grid.isFollowing) pausedAt = shown;
    tail.hidden = grid.isFollowing || shown === 0;
    const missed = shown - pausedAt;
    tail.lastElementChild?.replaceChildren(missed > 0 ? `${missed.toLocaleString()} new` : 'Newest');
    copyButton.disabled = shown === 0;
    clearButton.disabled = total === 0;
  }

  function updateEmpty(canLoad: boolean): void {
    empty.hidden = shown > 0;
    if (shown > 0) return;
    if (total > 0) empty.replaceChildren(el('p', {}, 'No line passes the filter.'));
    else if (canLoad) empty.replaceChildren(el('p', {}, 'The kernel log of a load appears here'), loadButton);
    else empty.replaceChildren(el('p', {}, 'The kernel log of a load appears here'), el('p', { class: 'hint' }, 'Loading needs a trusted workspace.'));
  }

  function onMessage(message: KernelLogToView): void {
    switch (message.type) {
      case 'state': {
        if (message.generation !== generation) {
          generation = message.generation;
          grid.reset();
          grid.follow();
        }
        const added = message.total - total;
        total = message.total;
        shown = message.shown;
        grid.setCount(shown);
        updateTools();
        updateEmpty(message.canLoad);
        if (added > 0 && grid.isFollowing) announce(`${added} new kernel log ${added === 1 ? 'line' : 'lines'}`);
        return;
      }
      case 'rows':
        if (message.generation === generation) grid.put(message.from, message.rows);
        return;
      case 'copied':
        announce(`${message.lines} ${message.lines === 1 ? 'line' : 'lines'} copied`);
        return;
    }
  }

  updateTools();
  port.post({ type: 'ready', filter: state.filter });
}

start();
