// SPDX-License-Identifier: MIT
import type { Expression } from '../syntax/ast';
import { walkExpression } from '../syntax/walk';
import type { GlobalStores } from './globals';
import { kernelSymbol } from './kernel-symbols';
import type { GlobalVariable } from './unit';
import type { Program } from './program';
import { isRegisters } from './types';
import type { Value } from './values';

type Entry = Extract<Value, { kind: 'entry' }>;

/**
 * Tables of hooks, as frameworks for ftrace have them: each names an entry of the kernel and the module's pointer that
 * gets its address (`{ .name = "__x64_sys_kill", .function = hook, .original = &real }`, `HOOK("sys_kill", hook, &real)`).
 * What fills the pointer in may lie in a file that is not seen.
 */
export function noteHookTables(program: Program, stores: GlobalStores): void {
  for (const variable of program.allGlobals) {
    const { initializer, type } = variable.declarator;
    if (!initializer) continue;
    walkExpression(initializer, (expression) => {
      const parts = expression.kind === 'initializer' ? expression.items.map((item) => item.value) : expression.kind === 'call' ? expression.arguments : [];
      noteHook(program, stores, parts, variable);
    });
    if (type.kind === 'named' && type.name === 'khook_t') noteKhook(program, stores, initializer, variable);
  }
}

function noteHook(program: Program, stores: GlobalStores, parts: readonly Expression[], { unit }: GlobalVariable): void {
  const original = parts.flatMap((part) => {
    const operand = withoutCasts(part);
    const name = operand.kind === 'unary' && operand.operator === '&' && operand.operand.kind === 'identifier' ? operand.operand.name : null;
    return name === null ? [] : (program.findGlobal(name, unit) ?? []);
  })[0];
  const entry = original ? namedEntry(parts, program) : null;
  if (original && !original.isExternal && entry) stores.filledByHook({ object: original.object, path: '' }, asCalled(entry, original, program));
}

/** khook keeps the address in the hook itself. */
function noteKhook(program: Program, stores: GlobalStores, initializer: Expression, { object }: GlobalVariable): void {
  const parts: Expression[] = [];
  walkExpression(initializer, (part) => parts.push(part));
  const entry = namedEntry(parts, program);
  if (entry) stores.filledByHook({ object, path: '.orig' }, entry);
}

function namedEntry(parts: readonly Expression[], program: Program): Entry | null {
  for (const part of parts) {
    const operand = withoutCasts(part);
    const symbol = operand.kind === 'string' && operand.text !== null ? kernelSymbol(operand.text, program) : null;
    if (symbol?.kind === 'entry') return symbol;
  }
  return null;
}

/** Frameworks put the prefix of the kernel's own wrappers before a plain `sys_`: the pointer's type says which is meant. */
function asCalled(entry: Entry, { object }: GlobalVariable, program: Program): Entry {
  const pointer = program.resolve(object.type);
  const called = pointer.kind === 'pointer' ? program.resolve(pointer.to) : pointer;
  const first = called.kind === 'function' ? called.parameters[0] : undefined;
  const type = first ? program.resolve(first.type) : null;
  return type?.kind === 'pointer' && isRegisters(type.to, program) ? { ...entry, convention: 'regs' } : entry;
}

function withoutCasts(expression: Expression): Expression {
  return expression.kind === 'cast' ? withoutCasts(expression.operand) : expression;
}
