// SPDX-License-Identifier: MIT
import { el, icon } from '../lib/dom';
import type { ShownAction } from '../../core/results/types';

function stream(name: string, text: string): HTMLElement | null {
  if (text === '') return null;
  return el('div', { class: 'stream' }, el('span', { class: 'label' }, name), el('pre', {}, text));
}

/** What was run on the host while the module was loaded, with everything that went in and came out. */
export function renderActions(target: HTMLElement, actions: readonly ShownAction[]): void {
  target.hidden = actions.length === 0;
  if (actions.length === 0) {
    target.replaceChildren();
    return;
  }
  const items = actions.map((action) =>
    el(
      'li',
      { class: 'action' },
      el('div', { class: 'action-head' }, icon('terminal'), el('code', {}, action.command), el('span', { class: action.exitCode === 0 ? 'exit' : 'exit failed' }, action.exitCode === null ? 'did not end' : `exit code ${action.exitCode}`)),
      stream('stdin', action.stdin),
      stream('stdout', action.stdout),
      stream('stderr', action.stderr),
    ),
  );
  target.replaceChildren(el('h2', {}, 'Actions'), el('ol', {}, ...items));
}
