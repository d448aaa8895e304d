// SPDX-License-Identifier: MIT
import type { CallRow, ResultsHeader, ResultsSummary } from '../../core/results/types';
import { button, el, icon } from '../lib/dom';
import type { IconName } from '../lib/icons';
import type { ResultsComparison } from '../protocol';
import { VERDICTS } from './calls';

const TONE_ICON: Readonly<Record<ResultsSummary['tone'], IconName>> = { good: 'check', bad: 'differs', neutral: 'info' };

function term(name: string, text: string): HTMLElement {
  return el('div', { class: 'term' }, el('dt', {}, name), el('dd', {}, text));
}

/** What can be done with the session as a whole; made once, so that it keeps the focus while the session grows. */
export function sessionTools(on: Readonly<Record<'compare' | 'export' | 'openSession' | 'showKernelLog', () => void>>): HTMLElement {
  const tool = (label: string, name: IconName, action: () => void, title: string): HTMLElement => {
    const made = button(label, action, { icon: name, secondary: true, title });
    made.classList.add('compact');
    return made;
  };
  return el(
    'div',
    { class: 'tools', role: 'toolbar', 'aria-label': 'This load session' },
    tool('Compare…', 'compare', on.compare, 'Compare with another load of this module'),
    tool('Export…', 'export', on.export, 'Export as HTML, CSV, JSON or SVG'),
    tool('Earlier Loads…', 'history', on.openSession, 'Open an earlier load session'),
    tool('Kernel Log', 'log', on.showKernelLog, 'Show the Kernel Log view'),
  );
}

export function renderHeader(target: HTMLElement, header: ResultsHeader): void {
  const { host } = header;
  const started = new Date(header.startedAt);
  target.replaceChildren(
    el('div', { class: 'title' }, el('h1', {}, header.module), el('span', { class: `state state-${header.end?.state ?? 'running'}` }, header.state)),
    el(
      'dl',
      { class: 'facts' },
      term('Host', host.name),
      term('Kernel', `${host.kernel} (${host.arch})`),
      term('Parameters', header.parameters.length > 0 ? header.parameters.join(' ') : 'none'),
      term('Loaded', Number.isNaN(started.getTime()) ? header.startedAt : loadedAt(started)),
    ),
  );
}

/** The time alone on the day itself. */
function loadedAt(started: Date): string {
  const isToday = started.toDateString() === new Date().toDateString();
  return isToday ? started.toLocaleTimeString() : started.toLocaleString();
}

/** The reason of a load that failed, in the kernel's own words. */
export function renderProblem(target: HTMLElement, problem: string | null, onLog: () => void): void {
  target.hidden = problem === null;
  if (problem === null) target.replaceChildren();
  else target.replaceChildren(icon('error'), el('p', {}, problem), button('Open Log', onLog, { secondary: true }));
}

function countItem(verdict: CallRow['verdict'], count: number): HTMLElement {
  return el('li', { class: `verdict ${verdict}` }, icon(VERDICTS[verdict].icon), el('span', {}, `${count.toLocaleString('en')} ${VERDICTS[verdict].text}`));
}

/** The one glance: a sentence, and the number of calls of each verdict. */
export function renderSummary(target: HTMLElement, summary: ResultsSummary, comparison: ResultsComparison | null, onStop: () => void): void {
  target.dataset['tone'] = summary.tone;
  const present = (Object.keys(VERDICTS) as CallRow['verdict'][]).flatMap((verdict) => {
    const count = summary.counts[verdict] ?? 0;
    return count > 0 ? [countItem(verdict, count)] : [];
  });
  target.replaceChildren(icon(TONE_ICON[summary.tone]), el('div', { class: 'words' }, el('p', { class: 'headline' }, summary.headline), el('p', { class: 'detail' }, summary.detail)));
  if (present.length > 1) target.append(el('ul', { class: 'counts', 'aria-label': 'Calls by verdict' }, ...present));
  if (comparison) target.append(button('Stop Comparing', onStop, { icon: 'close', secondary: true }));
}
