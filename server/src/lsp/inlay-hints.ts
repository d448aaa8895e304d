// SPDX-License-Identifier: MIT
import { InlayHintKind, type InlayHint, type Range } from 'vscode-languageserver/node';
import type { RegisterStore } from '../analysis/features/registers';

/** The name of the argument before each value that is stored to a register: `regs.si = buf: text`. */
export function toInlayHints(stores: readonly RegisterStore[], file: string, { start, end }: Range): InlayHint[] {
  const names = new Map<string, { readonly store: RegisterStore; readonly names: Set<string> }>();
  for (const store of stores) {
    const { line, character } = store.value.start;
    if (store.file !== file || line < start.line || line > end.line) continue;
    const at = names.get(`${line}:${character}`) ?? { store, names: new Set() };
    at.names.add(store.argument.name);
    names.set(`${line}:${character}`, at);
  }
  return [...names.values()].flatMap(({ store, names: all }): InlayHint[] => {
    const label = [...all].join('/');
    if (label === store.valueText) return [];
    return [{ position: store.value.start, label: `${label}:`, kind: InlayHintKind.Parameter, paddingRight: true, tooltip: `Argument ${store.index + 1} of ${store.syscall}(), ${store.argument.type}` }];
  });
}
