// SPDX-License-Identifier: MIT
import { icons, type IconName } from './icons';

type Child = Node | string | null;

interface Attributes {
  readonly class?: string;
  readonly id?: string;
  readonly role?: string;
  readonly title?: string;
  readonly type?: string;
  readonly [attribute: `aria-${string}` | `data-${string}`]: string | undefined;
}

/** Makes an element. Text becomes a text node: nothing that comes from a kernel is ever parsed as HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes) as [string, string | undefined][]) if (value !== undefined) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** An icon that says nothing to a screen reader: the text beside it does. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', `icon icon-${name}`);
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', icons[name]);
  svg.append(path);
  return svg;
}

export function button(label: string, onClick: () => void, options: { icon?: IconName; secondary?: boolean; title?: string } = {}): HTMLButtonElement {
  const element = el('button', { type: 'button', class: options.secondary ? 'button secondary' : 'button', ...(options.title === undefined ? {} : { title: options.title }) });
  if (options.icon) element.append(icon(options.icon));
  element.append(el('span', {}, label));
  element.addEventListener('click', onClick);
  return element;
}

/** The element with this id, which the page is known to hold. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page holds no #${id}.`);
  return element;
}
