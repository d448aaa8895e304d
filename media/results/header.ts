// SPDX-License-Identifier: MIT
import { button, el, icon } from '../lib/dom';
import type { IconName } from '../lib/icons';
import type { ResultsHeader, ResultsSummary, ShownVerdict } from '../protocol';
import { VERDICTS } from './calls';

const TONE_ICON: Readonly<Record<ResultsSummary['tone'], IconName>> = { good: 'check', bad: 'differs', neutral: 'info' };

function term(name: string, text: string): HTMLElement {
  return el('div', { class: 'term' }, el('dt', {}, name), el('dd', {}, text));
}

export function renderHeader(target: HTMLElement, header: ResultsHeader, on: { onKernelLog: () => void }): void {
  const { host } = header;
  const started = new Date(header.startedAt);
  target.replaceChildren(
    el(
      'div',
      { class: 'title' },
      el('h1', {}, header.module),
      el('span', { class: `state state-${header.end?.state ?? 'running'}` }, header.state),
      button('Kernel Log', on.onKernelLog, { icon: 'log', secondary: true }),
    ),
    el(
      'dl',
      { class: 'facts' },
      term('Host', host.name),
      term('Kernel', `${host.kernel} (${host.arch})`),
      term('Parameters', header.parameters.length > 0 ? header.parameters.join(' ') : 'none'),
      term('Loaded', Number.isNaN(started.getTime()) ? header.startedAt : started.toLocaleTimeString()),
    ),
  );
}

/** The reason of a load that failed, in the kernel's own words. */
export function renderProblem(target: HTMLElement, problem: string | null, onLog: () => void): void {
  target.hidden = problem === null;
  if (problem === null) {
    target.replaceChildren();
    return;
  }
  target.replaceChildren(icon('error'), el('p', {}, problem), button('Open Log', onLog, { secondary: true }));
}

function countItem(verdict: ShownVerdict, count: number): HTMLElement {
  return el('li', { class: `verdict ${verdict}` }, icon(VERDICTS[verdict].icon), el('span', {}, `${count.toLocaleString()} ${VERDICTS[verdict].text}`));
}

/** The one glance: a sentence, and the number of calls of each verdict. */
export function renderSummary(target: HTMLElement, summary: ResultsSummary): void {
  target.dataset['tone'] = summary.tone;
  const present = (Object.keys(VERDICTS) as ShownVerdict[]).filter((verdict) => summary.counts[verdict] > 0);
  const counts = present.length > 1 ? present : [];
  target.replaceChildren(icon(TONE_ICON[summary.tone]), el('div', { class: 'words' }, el('p', { class: 'headline' }, summary.headline), el('p', { class: 'detail' }, summary.detail)));
  if (counts.length > 0) target.append(el('ul', { class: 'counts', 'aria-label': 'Calls by verdict' }, ...counts.map((verdict) => countItem(verdict, summary.counts[verdict]))));
}
