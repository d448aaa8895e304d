// SPDX-License-Identifier: MIT
import type { Call, LoadSession } from '../model';

export type Difference = 'same' | 'differs' | 'onlyFirst' | 'onlySecond';

export interface SessionRow {
  readonly first: Call | null;
  readonly second: Call | null;
  readonly difference: Difference;
}

const MAX_CELLS = 4_000_000;

/** What makes two calls the same one: the syscall and the function that made it; lines move when a module is edited. */
function identities(): (call: Call) => string {
  const functions = new Map<string | null, string>([[null, '']]);
  return ({ syscall, caller }) => {
    let name = functions.get(caller);
    if (name === undefined) functions.set(caller, (name = caller?.replace(/\+0x[0-9a-f]+$/, '').replace(/\.(?:constprop|isra|part|cold)\b.*$/, '') ?? ''));
    return `${syscall} ${name}`;
  };
}

function pair(first: Call, second: Call): SessionRow {
  return { first, second, difference: first.result === second.result && first.status === second.status ? 'same' : 'differs' };
}

/** Length of the longest common subsequence of `a[i…]` and `b[j…]`, for all i and j. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint32Array {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j] ? 1 + (lengths[(i + 1) * width + j + 1] ?? 0) : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  return lengths;
}

/** How many of the first elements are the same. */
function commonHead(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

/** Sets the calls of two sessions beside each other, in order: what both begin and end with, and the best match of what lies between. */
export function compareSessions(one: LoadSession, other: LoadSession): SessionRow[] {
  const identity = identities();
  const [names, otherNames] = [one.calls.map(identity), other.calls.map(identity)];
  const head = commonHead(names, otherNames);
  const tail = commonHead(names.slice(head).reverse(), otherNames.slice(head).reverse());
  const pairs = (from: number, to: number, shift: number): SessionRow[] => one.calls.slice(from, to).flatMap((first, index) => {
    const second = other.calls[from + index + shift];
    return second ? [pair(first, second)] : [];
  });
  const middle = (calls: readonly Call[]): readonly Call[] => calls.slice(head, calls.length - tail);
  return [
    ...pairs(0, head, 0),
    ...compareMiddle(middle(one.calls), middle(other.calls), identity),
    ...pairs(one.calls.length - tail, one.calls.length, other.calls.length - one.calls.length),
  ];
}

/** Very long stretches are paired by their position. */
function compareMiddle(a: readonly Call[], b: readonly Call[], identity: (call: Call) => string): SessionRow[] {
  const rows: SessionRow[] = [];
  const onlyFirst = (call: Call): number => rows.push({ first: call, second: null, difference: 'onlyFirst' });
  const onlySecond = (call: Call): number => rows.push({ first: null, second: call, difference: 'onlySecond' });
  if ((a.length + 1) * (b.length + 1) > MAX_CELLS) {
    for (let at = 0; at < Math.max(a.length, b.length); at++) {
      const [first, second] = [a[at], b[at]];
      if (first && second && identity(first) === identity(second)) rows.push(pair(first, second));
      else {
        if (first) onlyFirst(first);
        if (second) onlySecond(second);
      }
    }
    return rows;
  }
  const [names, otherNames] = [a.map(identity), b.map(identity)];
  const lengths = commonLengths(names, otherNames);
  const width = b.length + 1;
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [first, second] = [a[i], b[j]];
    if (first && second && names[i] === otherNames[j]) {
      rows.push(pair(first, second));
      i++;
      j++;
    } else if (first && (!second || (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0))) {
      onlyFirst(first);
      i++;
    } else if (second) {
      onlySecond(second);
      j++;
    }
  }
  return rows;
}
