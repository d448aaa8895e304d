// SPDX-License-Identifier: MIT
import { describeValue, mainPath } from '../calls/format-path';
import { visibleText, type KernelPath } from '../model';
import type { ShownKernelFunction, ShownKernelPath } from './types';
import { countText } from './values';

/** The way to the function that first returned the error, with the check in it that was concluded where there is one. */
export function shownKernelPath(path: KernelPath): ShownKernelPath {
  const origin = path.origin === null ? undefined : path.functions[path.origin];
  const shown = mainPath(path);
  const left = path.functions.length - shown.length;
  return {
    title: visibleText(`Traced in a fresh guest with Linux ${path.kernel}`),
    functions: shown.flatMap((entry): ShownKernelFunction[] => {
      const isOrigin = entry === origin;
      const line = { depth: entry.depth, name: visibleText(`${entry.name}()`), value: entry.value === null ? null : describeValue(entry.value), isOrigin, inferred: false, note: isOrigin ? 'first returned it' : null };
      if (!isOrigin || !path.inferred) return [line];
      const { check, because, file, line: at } = path.inferred;
      return [line, { depth: entry.depth + 1, name: visibleText(check), value: null, isOrigin: false, inferred: true, note: visibleText(`inferred, not traced: ${because} (${file}${at === null ? '' : `:${at}`})`) }];
    }),
    notes: [...(left > 0 ? [`${countText(left, 'more function')} ran.`] : []), ...(path.truncated ? ['The trace was longer than what is kept.'] : [])],
  };
}
