// SPDX-License-Identifier: MIT

/** Adds many items to a list: `push(...items)` overflows the stack when a hostile file makes them very many. */
export function append<T>(list: T[], items: Iterable<T>): void {
  for (const item of items) list.push(item);
}
