// SPDX-License-Identifier: MIT

const LINE_END = /\r\n|\r|\n/;
/** How far below its old neighbours a line is looked for: keeps large edits fast. */
const SEARCHED = 500;

/**
 * Where lines of a text stand after it was edited. A line that was itself edited keeps its place among its neighbours;
 * one that was removed has none.
 * @returns from line to line, both from 1
 */
export function placeLines(before: string, after: string): (line: number) => number | null {
  const old = before.split(LINE_END);
  const now = after.split(LINE_END);
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  const changed = now.slice(head, now.length - tail);
  const places = inOrder(old.slice(head, old.length - tail), changed);
  return (line) => {
    const index = line - 1;
    if (index >= old.length) return null;
    if (index < head) return line;
    if (index >= old.length - tail) return line + now.length - old.length;
    return changed.length === 0 ? null : head + (places[index - head] ?? 0) + 1;
  };
}

/** For each old line: where it is found again below the one before it, else the place that would follow that. */
function inOrder(old: readonly string[], now: readonly string[]): number[] {
  let next = 0;
  return old.map((text) => {
    const found = now.slice(next, next + SEARCHED).indexOf(text);
    const place = found >= 0 ? next + found : Math.min(next, now.length - 1);
    next = place + 1;
    return place;
  });
}

/** Lines of a text of which nothing earlier is known: those that it has. */
export function keepLines(text: string): (line: number) => number | null {
  const count = text.split(LINE_END).length;
  return (line) => (line <= count ? line : null);
}
