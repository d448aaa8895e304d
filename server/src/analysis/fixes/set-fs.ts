// SPDX-License-Identifier: MIT
import type { FunctionPlace } from '../flow/unit';
import type { Expression, Located } from '../syntax/ast';
import type { Edits } from './edits';
import { needed, NotFixable } from './text-edit';
import { contains, expressionsOf, inBlock, localsOf, namesIn } from './statements';

const LIMIT_FUNCTIONS = new Set(['set_fs', 'get_fs', 'get_ds']);

/**
 * Takes set_fs() and get_fs() out of a function, with the variable that kept the old limit.
 * @param replaced calls that need the limit no longer
 * @throws NotFixable when something else in the function may need it
 */
export function dropSetFs(edits: Edits, { definition, unit }: FunctionPlace, replaced: readonly Located[]): void {
  const all = expressionsOf(definition.body);
  const limits = localsOf(definition).filter(({ declarator }) => declarator.type.kind === 'named' && declarator.type.name === 'mm_segment_t');
  const dropped: Located[] = [];
  for (const { statement, declarator, alone } of limits) {
    if (!alone || (declarator.initializer && !isLimitCall(declarator.initializer))) throw new NotFixable();
    dropped.push(statement);
  }
  for (const call of all.filter(isLimitCall)) {
    if (dropped.some((part) => contains(part, call))) continue;
    const { statement } = needed(inBlock(definition, call));
    if (statement.kind !== 'expression' || !isLimitStatement(statement.expression, call)) throw new NotFixable();
    dropped.push(statement);
  }
  const [start, end] = raised(all);
  const names = new Set(limits.map(({ declarator }) => declarator.name));
  for (const part of all) {
    if (dropped.some((statement) => contains(statement, part)) || replaced.some((call) => contains(call, part))) continue;
    if (part.kind === 'identifier' && names.has(part.name)) throw new NotFixable();
    if (part.kind === 'call' && start < part.start && part.end < end && !isHarmless(part.callee)) throw new NotFixable();
  }
  for (const statement of dropped) edits.removeStatement(unit, statement);
}

/** Where the limit may be raised. @throws NotFixable when it is not put back in the same function */
function raised(all: readonly Expression[]): [start: number, end: number] {
  const changes = all.flatMap((part) => (part.kind === 'call' && part.callee.kind === 'identifier' && part.callee.name === 'set_fs' ? [part] : [])).sort((a, b) => a.start - b.start);
  const last = needed(changes.at(-1));
  if (changes.length < 2 || last.arguments.flatMap(namesIn).some(({ name }) => name === 'KERNEL_DS' || name === 'get_ds')) throw new NotFixable();
  return [needed(changes[0]).start, last.end];
}

function isLimitCall(expression: Expression): boolean {
  return expression.kind === 'call' && expression.callee.kind === 'identifier' && LIMIT_FUNCTIONS.has(expression.callee.name);
}

/** `set_fs(…);` or `old = get_fs();` */
function isLimitStatement(expression: Expression, call: Expression): boolean {
  if (expression === call) return true;
  return expression.kind === 'assign' && expression.right === call && namesIn(expression.left).length === 1;
}

/** Functions of the kernel that do not look at user memory. */
const HARMLESS =
  /^(?:_?printk|pr_\w+|no_printk|str\w+|mem(?:set|cpy|move|cmp)|s[cn]*printf|k[mzc]alloc\w*|kv?free|v[mz]alloc|vfree|filp_(?:open|close)|kernel_(?:read|write)|f(?:get|put)|IS_ERR\w*|PTR_ERR\w*|ERR_PTR|mutex_(?:un)?lock|msleep|kallsyms_lookup_name)$/;

function isHarmless(callee: Expression): boolean {
  return callee.kind === 'identifier' && (HARMLESS.test(callee.name) || LIMIT_FUNCTIONS.has(callee.name));
}
