// SPDX-License-Identifier: MIT
import type { Shape } from '../draw/shape';

const VOID = new Set(['meta', 'br', 'link', 'path', 'rect', 'line']);

/** Text that a browser reads as text. Control characters, which XML forbids, become a replacement character. */
export function escaped(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A shape as HTML or SVG text: everything that comes from a session is escaped here, and only here. */
export function markup({ tag, attributes, children }: Shape): string {
  const given = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`).join('');
  if (VOID.has(tag) && children.length === 0) return `<${tag}${given}/>`;
  return `<${tag}${given}>${children.map((child) => (typeof child === 'string' ? escaped(child) : markup(child))).join('')}</${tag}>`;
}
