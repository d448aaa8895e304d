// SPDX-License-Identifier: MIT
import { errnoName } from '../abi/errno';
import type { KernelFunction, KernelPath } from '../model';

const VALUE_COLUMN = 56;

/** A return value as the kernel's sources would name it: an errno, a small number, else hexadecimal. */
export function describeValue(value: string): string {
  const whole = BigInt(value);
  const signed = BigInt.asIntN(64, whole);
  // An int that was returned in a 64-bit register.
  const number = whole >> 32n === 0n && errnoName(Number(BigInt.asIntN(32, whole))) !== null ? BigInt.asIntN(32, whole) : signed;
  const name = errnoName(Number(number));
  if (name !== null) return `${number} ${name}`;
  return number >= -4095n && number <= 0xffffn ? String(number) : value;
}

/** The functions to show: all, or the way to the origin with what was called directly by each on it. */
export function mainPath(path: KernelPath): readonly KernelFunction[] {
  const { functions, origin } = path;
  if (origin === null) return functions.filter(({ depth }) => depth <= 2);
  const onWay = new Set<number>();
  let depth = Number.POSITIVE_INFINITY;
  for (let index = origin; index >= 0; index--) {
    const current = functions[index];
    if (current && current.depth < depth) {
      onWay.add(index);
      ({ depth } = current);
    }
  }
  return functions.filter((_, index) => onWay.has(index) || onWay.has(callerOf(functions, index)));
}

function callerOf(functions: readonly KernelFunction[], index: number): number {
  const depth = functions[index]?.depth ?? 0;
  for (let at = index - 1; at >= 0; at--) if ((functions[at]?.depth ?? 0) < depth) return at;
  return -1;
}

/** The path as text, a function a line; `all` shows every function that ran. */
export function formatKernelPath(path: KernelPath, all: boolean): string {
  const origin = path.origin === null ? undefined : path.functions[path.origin];
  const lines = (all ? path.functions : mainPath(path)).flatMap((entry) => {
    const name = `${'  '.repeat(entry.depth)}${entry.name}()`;
    const value = entry.value === null ? '' : ` = ${describeValue(entry.value)}`;
    const line = `  ${name.padEnd(VALUE_COLUMN)}${value}${entry === origin ? '  <- first returned it' : ''}`.trimEnd();
    if (entry !== origin || !path.inferred) return [line];
    const { check, because, file, line: at } = path.inferred;
    return [line, `  ${'  '.repeat(entry.depth + 1)}${check}  inferred, not traced: ${because} (${file}${at === null ? '' : `:${at}`})`];
  });
  const left = path.functions.length - (all ? path.functions.length : mainPath(path).length);
  const notes = [left > 0 ? `${left} more functions ran (--all shows them).` : '', path.truncated ? 'The trace was longer than what is kept.' : ''].filter((note) => note !== '');
  return [`The kernel's path (${path.kernel}):`, ...lines, ...notes].join('\n');
}
