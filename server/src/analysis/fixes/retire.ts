// SPDX-License-Identifier: MIT
import type { FunctionPlace } from '../flow/unit';
import { tokenize } from '../syntax/lexer';
import type { Declarator, Expression, Located, Statement } from '../syntax/ast';
import { editable, type Edits } from './edits';
import { NotFixable } from './text-edit';
import { contains, expressionsOf, inBlock, isPure, localsOf, namesIn } from './statements';

/**
 * Takes away the local variables of a function that nothing reads any more, so that no compiler warns of them.
 * @param gone what the fix takes out of the function
 * @param kept parts of it that the new code has too
 * @throws NotFixable when a static variable of the file would be left without a use
 */
export function retireVariables(edits: Edits, place: FunctionPlace, gone: readonly Located[], kept: readonly Located[]): void {
  const { definition, unit } = place;
  const all = expressionsOf(definition.body);
  const removed = [...gone];
  const isGone = (at: Located): boolean => removed.some((part) => contains(part, at)) && !kept.some((part) => contains(part, at));
  const names = all.filter((expression) => expression.kind === 'identifier');
  const retired = new Set<string>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const { declarator, statement, alone } of localsOf(definition)) {
      const { name } = declarator;
      if (retired.has(name) || !names.some((use) => use.name === name && isGone(use))) continue;
      const uses = names.filter((use) => use.name === name && !isGone(use));
      const stores = uses.map((use) => storeTo(use, all));
      if (localsOf(definition).filter((local) => local.declarator.name === name).length > 1 || stores.includes(null)) continue;
      retired.add(name);
      changed = true;
      const statements = stores.map((store) => (store && isPure(store.right) ? statementOf(store, place) : null));
      const isRemovable = alone && !isUsedInHiddenCode(place, name) && (!declarator.initializer || isPure(declarator.initializer)) && inBlock(definition, statement) !== null;
      if (!isRemovable || statements.includes(null)) {
        markUnused(edits, place, declarator);
        continue;
      }
      for (const each of new Set([statement, ...statements])) {
        if (!each) continue;
        edits.removeStatement(unit, each);
        removed.push(each);
      }
    }
  }
  checkStatics(place, names.filter((use) => isGone(use)).map((use) => use.name), isGone);
}

/** Whether a name stands in code of the function that the target does not compile (another branch of an `#if`). */
export function isUsedInHiddenCode({ definition, unit }: FunctionPlace, name: string): boolean {
  const { file, start, end } = unit.siteOf(definition);
  const seen = new Set(
    [...expressionsOf(definition.body).filter((part) => part.kind === 'identifier' && part.name === name), ...localsOf(definition).map(({ declarator }) => declarator)].map((part) => unit.siteOf(part).start),
  );
  const isField = (at: number): boolean => /[.>]\s*$/.test(file.text.slice(start, at));
  return tokenize(file.text.slice(start, end)).some((token) => token.text === name && !seen.has(start + token.start) && !isField(start + token.start));
}

type Assignment = Extract<Expression, { kind: 'assign' }>;

/** The `=` that only stores to the variable, or to a field of it. */
function storeTo(use: Expression, all: readonly Expression[]): Assignment | null {
  const store = all.find((expression): expression is Assignment => {
    if (expression.kind !== 'assign' || expression.operator !== '=') return false;
    const { left } = expression;
    return left === use || (left.kind === 'member' && !left.arrow && left.object === use);
  });
  return store ?? null;
}

/** The statement that an assignment is all of, where it can be taken out. */
function statementOf(store: Assignment, { definition }: FunctionPlace): Statement | null {
  const found = inBlock(definition, store);
  return found?.statement.kind === 'expression' && found.statement.expression === store ? found.statement : null;
}

function markUnused(edits: Edits, { unit }: FunctionPlace, declarator: Declarator): void {
  if (declarator.type.kind !== 'named' && declarator.type.kind !== 'struct' && declarator.type.kind !== 'pointer') throw new NotFixable();
  const { file, end } = editable(unit, declarator);
  if (!/^\s*[=,;]/.test(file.text.slice(end))) throw new NotFixable();
  edits.insert(file, end, ' __maybe_unused');
}

function checkStatics({ unit }: FunctionPlace, gone: readonly string[], isGone: (at: Located) => boolean): void {
  const candidates = new Set(unit.syntax.globals.filter((global) => global.isStatic).map(({ name }) => name).filter((name) => gone.includes(name)));
  for (const definition of unit.syntax.functions) for (const use of expressionsOf(definition.body)) if (use.kind === 'identifier' && !isGone(use)) candidates.delete(use.name);
  for (const { initializer } of unit.syntax.globals) if (initializer) for (const { name } of namesIn(initializer)) candidates.delete(name);
  if (candidates.size > 0) throw new NotFixable();
}
