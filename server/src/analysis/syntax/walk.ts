// SPDX-License-Identifier: MIT
import { append } from './append';
import type { Expression, InitializerItem, Statement } from './ast';

/** Visits every expression below a statement, outermost first, and every statement if asked to. */
export function walkStatement(statement: Statement, visit: (expression: Expression) => void, visitStatement?: (statement: Statement) => void): void {
  const pending: (Statement | null)[] = [statement];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (!item) continue;
    visitStatement?.(item);
    switch (item.kind) {
      case 'expression':
        walkExpression(item.expression, visit, pending);
        break;
      case 'declaration':
        for (const declarator of item.declarators) if (declarator.initializer) walkExpression(declarator.initializer, visit, pending);
        break;
      case 'block':
        append(pending, item.body);
        break;
      case 'if':
        walkExpression(item.condition, visit, pending);
        pending.push(item.yes, item.no);
        break;
      case 'while':
      case 'do':
        walkExpression(item.condition, visit, pending);
        pending.push(item.body);
        break;
      case 'for':
        pending.push(item.initial, item.body);
        if (item.condition) walkExpression(item.condition, visit, pending);
        if (item.update) walkExpression(item.update, visit, pending);
        break;
      case 'switch':
        walkExpression(item.value, visit, pending);
        pending.push(item.body);
        break;
      case 'case':
        if (item.value) walkExpression(item.value, visit, pending);
        append(pending, item.body);
        break;
      case 'label':
        pending.push(item.body);
        break;
      case 'return':
        if (item.value) walkExpression(item.value, visit, pending);
        break;
      default:
    }
  }
}

/** Visits an expression and those below it; statements inside (`({ … })`) go to `statements` or are walked at once. */
export function walkExpression(root: Expression, visit: (expression: Expression) => void, statements?: (Statement | null)[]): void {
  const pending: (Expression | null)[] = [root];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (!item) continue;
    visit(item);
    switch (item.kind) {
      case 'call':
        pending.push(item.callee);
        append(pending, item.arguments);
        break;
      case 'unary':
      case 'update':
      case 'cast':
        pending.push(item.operand);
        break;
      case 'binary':
      case 'assign':
      case 'comma':
        pending.push(item.left, item.right);
        break;
      case 'conditional':
        pending.push(item.condition, item.yes, item.no);
        break;
      case 'member':
        pending.push(item.object);
        break;
      case 'index':
        pending.push(item.object, item.index);
        break;
      case 'compound':
      case 'initializer':
        for (const part of item.items) append(pending, itemParts(part));
        break;
      case 'sizeof':
        pending.push(item.operand);
        break;
      case 'statements':
        if (statements) statements.push(item.body);
        else walkStatement(item.body, visit);
        break;
      case 'unknown':
        append(pending, item.parts);
        break;
      default:
    }
  }
}

function itemParts(item: InitializerItem): Expression[] {
  return [...item.designators.filter((designator) => typeof designator !== 'string'), item.value];
}

/** Without casts around it. */
export function uncast(expression: Expression): Expression {
  return expression.kind === 'cast' ? uncast(expression.operand) : expression;
}
