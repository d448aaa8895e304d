// SPDX-License-Identifier: MIT
import { CompletionItemKind, type CompletionItem, type Position } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { describePrototype, type SyscallAbi } from '../../../core/abi';
import { registerVariables, wantedAt, type Wanted } from '../analysis/features/words';

/** Characters after which a client asks by itself. */
export const TRIGGER_CHARACTERS = ['_', '.', '>'];
/** Text before the cursor that decides: an initialiser over some lines. */
const REACH = 2000;

/** What of ours is being written at a place; null for everything else, which is for others to complete. */
export function wantedBefore(document: TextDocument, position: Position): Wanted | null {
  const offset = document.offsetAt(position);
  const text = document.getText();
  return wantedAt(text.slice(Math.max(0, offset - REACH), offset), registerVariables(text));
}

/** Syscall numbers behind `__NR_` and `SYS_`, argument registers behind a `struct pt_regs`. */
export function toCompletions(wanted: Wanted, document: TextDocument, position: Position, abi: SyscallAbi): CompletionItem[] {
  const range = { start: document.positionAt(document.offsetAt(position) - wanted.start), end: position };
  if (wanted.kind === 'syscall') {
    return abi.syscalls.flatMap((syscall): CompletionItem[] => {
      const name = `${wanted.prefix}${syscall.name}`;
      return syscall.arguments === null ? [] : [{ label: name, kind: CompletionItemKind.Constant, labelDetails: { description: String(syscall.number) }, detail: describePrototype(abi, syscall), textEdit: { range, newText: name } }];
    });
  }
  return abi.registers.map((register, index) => ({
    label: register,
    kind: CompletionItemKind.Field,
    labelDetails: { description: `argument ${index + 1}` },
    detail: `Argument ${index + 1} of a system call`,
    sortText: `0${index}`,
    textEdit: { range, newText: register },
  }));
}
