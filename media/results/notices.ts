// SPDX-License-Identifier: MIT
import { button, el, icon } from '../lib/dom';
import type { ResultsToHost, ResultsToView } from '../protocol';

interface Port {
  post(message: ResultsToHost): void;
}

/** Nothing was loaded yet: what will stand here, and the way to it. */
export function renderEmpty(target: HTMLElement, canLoad: boolean, port: Port): void {
  const load = canLoad ? button('Load Module…', () => port.post({ type: 'load' }), { icon: 'start' }) : el('p', { class: 'hint' }, 'Loading needs a trusted workspace.');
  const earlier = button('Earlier Loads…', () => port.post({ type: 'openSession' }), { icon: 'history', secondary: true });
  target.replaceChildren(
    el('h1', {}, 'No syscall results yet'),
    el('p', { class: 'hint' }, 'Load a module and every syscall that it makes from kernel code appears here: what was predicted beside what the kernel returned.'),
    el('div', { class: 'choices' }, load, earlier),
  );
}

export function renderReading(target: HTMLElement, text: string): void {
  target.replaceChildren(el('p', { role: 'status' }, text));
}

export function renderFailure(target: HTMLElement, { what, why, next }: Extract<ResultsToView, { type: 'failed' }>, port: Port): void {
  const earlier = button('Earlier Loads…', () => port.post({ type: 'openSession' }), { icon: 'history', secondary: true });
  target.replaceChildren(
    el('div', { class: 'failure', role: 'alert' }, icon('error'), el('h1', {}, what), el('p', { class: 'hint' }, `${why} ${next}`)),
    el('div', { class: 'choices' }, earlier, button('Open Log', () => port.post({ type: 'showLog' }), { secondary: true })),
  );
}
