// SPDX-License-Identifier: MIT
import type { Declarator, Expression, FunctionDefinition, Located, Statement } from '../syntax/ast';
import { walkExpression, walkStatement } from '../syntax/walk';

export function contains(outer: Located, inner: Located): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** The statements around a place in a function, outermost first. */
export function statementsAround(definition: FunctionDefinition, place: Located): Statement[] {
  const path: Statement[] = [];
  for (let next: Statement | undefined = definition.body; next; next = partsOf(next).find((part) => contains(part, place))) path.push(next);
  return path;
}

function partsOf(statement: Statement): readonly Statement[] {
  switch (statement.kind) {
    case 'block':
    case 'case':
      return statement.body;
    case 'if':
      return statement.no ? [statement.yes, statement.no] : [statement.yes];
    case 'while':
    case 'do':
    case 'switch':
    case 'label':
      return [statement.body];
    case 'for':
      return statement.initial ? [statement.initial, statement.body] : [statement.body];
    default:
      return [];
  }
}

/** A statement that stands directly in a block, with those before and after it there. */
export interface InBlock {
  readonly statement: Statement;
  readonly before: readonly Statement[];
  readonly after: readonly Statement[];
}

/** The innermost statement around a place, if a block holds it. */
export function inBlock(definition: FunctionDefinition, place: Located): InBlock | null {
  const path = statementsAround(definition, place);
  const block = path.at(-2);
  const statement = path.at(-1);
  if (!statement || block?.kind !== 'block') return null;
  const index = block.body.indexOf(statement);
  return { statement, before: block.body.slice(0, index), after: block.body.slice(index + 1) };
}

/** Every expression in a statement. */
export function expressionsOf(statement: Statement): Expression[] {
  const list: Expression[] = [];
  walkStatement(statement, (expression) => list.push(expression));
  return list;
}

/** Every variable that a function declares, with the statement that does so. */
export function localsOf(definition: FunctionDefinition): { declarator: Declarator; statement: Statement; alone: boolean }[] {
  const list: { declarator: Declarator; statement: Statement; alone: boolean }[] = [];
  walkStatement(
    definition.body,
    () => undefined,
    (statement) => {
      if (statement.kind === 'declaration') for (const declarator of statement.declarators) list.push({ declarator, statement, alone: statement.declarators.length === 1 });
    },
  );
  return list;
}

/** An expression and every one within. */
export function expressionsIn(expression: Expression): Expression[] {
  const list: Expression[] = [];
  walkExpression(expression, (part) => list.push(part));
  return list;
}

export function namesIn(expression: Expression): Extract<Expression, { kind: 'identifier' }>[] {
  return expressionsIn(expression).filter((part) => part.kind === 'identifier');
}

/** Functions whose call changes nothing and can be left out or moved. */
const PURE = /^(?:strlen|strnlen|sizeof|kallsyms_lookup_name|htons|htonl|ntohs|ntohl|cpu_to_[bl]e\d\d|ALIGN|PAGE_ALIGN|min|max)$/;

/** Whether evaluating an expression does nothing else. */
export function isPure(expression: Expression): boolean {
  return expressionsIn(expression).every((part) => {
    if (part.kind === 'call') return part.callee.kind === 'identifier' && PURE.test(part.callee.name);
    return part.kind !== 'assign' && part.kind !== 'update' && part.kind !== 'statements' && part.kind !== 'unknown';
  });
}
