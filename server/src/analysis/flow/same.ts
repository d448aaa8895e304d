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
  if (a instanceof Map) return b instanceof Map && a.size === b.size && [...a].every(([key, value]) => b.has(key) && sameThroughout(value, b.get(key)));
  if (Object.getPrototypeOf(a) !== Object.prototype || 'storage' in a) return false;
  const left = Object.entries(a);
  return left.length === Object.keys(b).length && left.every(([key, value]) => key in b && sameThroughout(value, Reflect.get(b, key)));
}
