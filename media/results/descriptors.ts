// SPDX-License-Identifier: MIT
import type { DescriptorCell, DescriptorRow, DescriptorStep, DescriptorStory } from '../../core/results/types';
import { button, el } from '../lib/dom';
import { sourceLink, type OpenSource } from './calls';

/** The descriptors of a task before and after one of its calls, and the way from call to call. */
export function descriptorStory(story: DescriptorStory, open: OpenSource): HTMLElement {
  let at = story.current;
  const call = el('span', { class: 'step-call mono' });
  const place = el('span', { class: 'step-place' });
  const position = el('span', { class: 'step-position' });
  const text = el('p', { class: 'step-text', role: 'status', 'aria-live': 'polite' });
  const body = el('tbody');
  const heads = ['Descriptor', 'Before', 'After'].map((name) => {
    const head = el('th', {}, name);
    head.scope = 'col';
    return head;
  });
  const table = el('table', { class: 'descriptors' }, el('caption', { class: 'sr-only' }, `Descriptors of ${story.task} around one call`), el('thead', {}, el('tr', {}, ...heads)), body);
  const previous = button('Previous Call', () => go(-1), { icon: 'back', secondary: true, title: 'Previous call that concerns descriptors (Left Arrow)' });
  const next = button('Next Call', () => go(1), { icon: 'forward', secondary: true, title: 'Next call that concerns descriptors (Right Arrow)' });
  previous.classList.add('icon-only');
  next.classList.add('icon-only');
  const element = el('div', { class: 'story' }, el('div', { class: 'steps', role: 'group', 'aria-label': 'Calls that concern descriptors' }, previous, next, position, call, place), table, text);
  element.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    go(step);
  });

  function go(by: number): void {
    if (at + by < 0 || at + by >= story.steps.length) return;
    at += by;
    show(true);
  }

  function show(moved: boolean): void {
    const step = story.steps[at];
    if (!step) return;
    previous.setAttribute('aria-disabled', String(at === 0));
    next.setAttribute('aria-disabled', String(at === story.steps.length - 1));
    const total = story.earlier + story.steps.length;
    position.textContent = `${(story.earlier + at + 1).toLocaleString('en')} of ${story.hasLater ? 'more than ' : ''}${total.toLocaleString('en')}`;
    call.textContent = step.call;
    place.replaceChildren(...(step.source ? [sourceLink(step.source, open)] : []));
    element.classList.toggle('elsewhere', at !== story.current);
    body.replaceChildren(...step.rows.map((row) => descriptorRow(row, moved)));
    if (moved || text.textContent === '') text.textContent = stepText(step, at === story.current);
  }

  show(false);
  return element;
}

function stepText(step: DescriptorStep, isThis: boolean): string {
  return isThis ? step.text : `${step.call}: ${step.text}`;
}

function descriptorRow({ number, before, after, changed, used }: DescriptorRow, moved: boolean): HTMLElement {
  const head = el('th', { class: 'mono' }, String(number), used ? el('span', { class: 'used', title: 'The call was given this descriptor' }, '←') : null, used ? el('span', { class: 'sr-only' }, ' (given to the call)') : null);
  head.scope = 'row';
  return el('tr', { class: `${changed ? 'changed' : ''}${moved ? ' moved' : ''}`.trim() }, head, el('td', {}, cell(before)), el('td', {}, cell(after), changed ? el('span', { class: 'sr-only' }, ' (changed)') : null));
}

function cell({ state, text, basis }: DescriptorCell): HTMLElement {
  return el('span', { class: `slot ${state}` }, text, basis === null ? null : el('span', { class: 'basis' }, ` ${basis}`));
}
