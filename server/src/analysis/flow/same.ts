// SPDX-License-Identifier: MIT
import { Stretch } from '../syntax/source';

/**
 * Whether two values are the same in every part, also in what they say of places. Objects of memory and of classes are
 * the same only when they are one.
 */
export function sameThroughout(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Stretch) return b instanceof Stretch && a.equals(b);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => sameThroughout(item, b[at]));
  if (a instanceof Map) return b instanceof Map && sameMap(a, b);
  if (Object.getPrototypeOf(a) !== Object.prototype || 'storage' in a) return false;
  for (const key in a) if (!(key in b) || !sameThroughout(Reflect.get(a, key), Reflect.get(b, key))) return false;
  for (const key in b) if (!(key in a)) return false;
  return true;
}

function sameMap(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.has(key) || !sameThroughout(value, b.get(key))) return false;
  return true;
}
