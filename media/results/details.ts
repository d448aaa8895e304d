// SPDX-License-Identifier: MIT
import { drawAddresses } from '../../core/results/draw/addresses';
import type { AddressPicture, ArgumentRow, CallDetails, CallFact, ShownKernelPath } from '../../core/results/types';
import { button, el } from '../lib/dom';
import { ResponsiveDrawing } from '../lib/drawing';
import { sourceLink, value, verdictMark, type OpenSource } from './calls';
import { descriptorStory } from './descriptors';

function argumentTable(rows: readonly ArgumentRow[]): HTMLElement {
  const head = el('tr', {}, ...['Register', 'Value', 'Argument', 'Meaning'].map(columnHead));
  const body = rows.map((row) =>
    el(
      'tr',
      {},
      el('td', { class: 'mono' }, row.register),
      el('td', { class: row.value === null ? 'absent' : 'mono' }, row.value ?? 'not recorded'),
      declaration(row),
      el('td', { class: row.meaning === null ? 'absent' : 'meaning' }, row.meaning ?? '–'),
    ),
  );
  return el('table', { class: 'arguments' }, el('caption', { class: 'sr-only' }, 'Arguments by register'), el('thead', {}, head), el('tbody', {}, ...body));
}

/** `const char __user *buf`, the name of which heads the row. */
function declaration({ type, name }: ArgumentRow): HTMLElement {
  const cell = el('th', { class: 'mono' }, el('span', { class: 'type' }, type), type.endsWith('*') ? '' : ' ', el('span', { class: 'name' }, name));
  cell.scope = 'row';
  return cell;
}

function columnHead(text: string): HTMLElement {
  const cell = el('th', {}, text);
  cell.scope = 'col';
  return cell;
}

function factList(facts: readonly CallFact[], source: HTMLElement | null): HTMLElement {
  const entry = (name: string, content: Node | string): HTMLElement[] => [el('dt', {}, name), el('dd', { class: 'mono' }, content)];
  return el('dl', { class: 'call-facts' }, ...(source ? entry('Source', source) : []), ...facts.flatMap(({ name, text }) => entry(name, text)));
}

function part(title: string, ...content: (Node | string | null)[]): HTMLElement {
  return el('div', { class: 'part' }, el('h3', {}, title), ...content);
}

function addressPart(picture: AddressPicture): HTMLElement {
  const place = el('div', { class: 'drawing' });
  new ResponsiveDrawing(place).show((width) => drawAddresses(picture, width));
  return part('Address space', place);
}

/** The functions that the kernel went through, each indented below its caller. */
function kernelPathPart({ title, functions, notes }: ShownKernelPath): HTMLElement {
  const lines = functions.map(({ depth, name, value: returned, isOrigin, inferred, note }) => {
    const line = el(
      'li',
      { class: `kernel-function${isOrigin ? ' origin' : ''}${inferred ? ' inferred' : ''}`, 'data-depth': String(Math.min(depth, 12)) },
      el('span', { class: 'mono name' }, name),
      returned === null ? null : el('span', { class: 'mono value' }, `= ${returned}`),
      note === null ? null : el('span', { class: 'note' }, note),
    );
    return line;
  });
  return part("The kernel's own path", el('p', { class: 'label' }, title), el('ol', { class: 'kernel-path' }, ...lines), ...notes.map((text) => el('p', { class: 'note' }, text)));
}

function stackPart(stack: CallDetails['stack'], open: OpenSource): HTMLElement {
  const line = (frame: CallDetails['stack'][number]): HTMLElement => el('li', {}, el('span', { class: 'mono' }, frame.function), frame.source ? sourceLink(frame.source, open) : null);
  return part('Called from', el('ol', { class: 'stack' }, ...stack.map(line)));
}

function askForPath(explain: () => void): HTMLElement {
  const text = 'Which function of the kernel returned this? The same source is loaded again, in a fresh guest, to see.';
  return part("The kernel's own path", el('p', {}, text), button("Show the Kernel's Path", explain, { secondary: true }));
}

function predictionPart(details: CallDetails): HTMLElement {
  const { row } = details;
  const prediction = part('Prediction', el('p', {}, value(row.predicted), details.expected === null ? null : ` ${details.expected}`), el('p', {}, details.because ?? 'The analysis says nothing of this call.'));
  if (details.assumes.length > 0) {
    prediction.append(el('p', { class: 'label' }, 'It takes for granted that'), el('ul', {}, ...details.assumes.map((text) => el('li', {}, text))));
  }
  return prediction;
}

function evidencePart(details: CallDetails, open: OpenSource): HTMLElement {
  const source = details.row.source && sourceLink(details.row.source, open);
  const evidence = part(
    'Evidence',
    details.facts.length === 0 ? el('p', {}, 'This call was not observed.') : null,
    factList(details.facts, source),
    details.logLine === null ? null : el('pre', { class: 'log-line' }, details.logLine),
  );
  for (const note of details.notes) evidence.append(el('p', { class: 'note' }, note));
  return evidence;
}

/** Everything known about one call: why it returned what it did, where its pointers lie, what it was expected to do, the evidence. */
export function renderDetails(target: HTMLElement, details: CallDetails, open: OpenSource, explain: () => void): void {
  const { row, addresses, descriptors } = details;
  const heading = el(
    'div',
    { class: 'details-head' },
    el('h2', { class: 'mono' }, `${row.syscall}${row.signature}`),
    el('span', { class: 'equals' }, '='),
    value(row.observed),
    row.observed.meaning === null ? null : el('span', { class: 'meaning' }, row.observed.meaning),
    verdictMark(row.verdict),
  );
  const parts = [
    part('Arguments', details.arguments.length > 0 ? argumentTable(details.arguments) : el('p', {}, 'This syscall takes no argument.')),
    ...(details.kernelPath ? [kernelPathPart(details.kernelPath)] : []),
    ...(details.canExplain ? [askForPath(explain)] : []),
    ...(addresses ? [addressPart(addresses)] : []),
    ...(descriptors ? [part(`Descriptors of ${descriptors.task}`, descriptorStory(descriptors, open))] : []),
    predictionPart(details),
    evidencePart(details, open),
    ...(details.stack.length > 0 ? [stackPart(details.stack, open)] : []),
  ];
  const why = details.why.length === 0 ? null : el('div', { class: 'why' }, ...details.why.map((text) => el('p', {}, text)));
  target.replaceChildren(heading, ...(why ? [why] : []), el('div', { class: 'parts' }, ...parts));
}
