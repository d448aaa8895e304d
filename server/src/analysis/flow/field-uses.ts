// SPDX-License-Identifier: MIT
import type { CallExpression, CType, Declarator, Expression, Statement } from '../syntax/ast';
import { uncast, walkExpression } from '../syntax/walk';

/** Macros that store to their arguments, and functions that are handed where to. */
const ASSIGNS = /get_user|xchg|^swap$|assign|sscanf|strto/;
/** Functions that do not look into a structure of the module which they are given. */
const OPAQUE =
  /^(?:k?v?z?free\w*|kfree\w*|h?list_\w+|rb_\w+|INIT_\w+|init_\w+|\w*queue\w*|schedule\w*|kthread_\w+|\w*timer\w*|\w*(?:spin|read|write)_\w*lock\w*|mutex_\w+|down\w*|up|wake_up\w*|atomic\w*|kref_\w+|refcount_\w+|\w*register\w*|debugfs_\w+|proc_\w+|sysfs_\w+|seq_\w+|cdev_\w+|device_\w+|misc_\w+|\w+_(?:set|get)_\w*data|request_\w*irq\w*|free_irq|IS_ERR\w*|PTR_ERR\w*|_?printk|pr_\w+|dev_\w+|netdev_\w+|memset|memcmp|\w*copy_to_user|sizeof|filp_\w+|container_of\w*|\w*likely|BUG_ON|WARN\w*)$/;
/** Functions that write only to what their first argument points to. */
const WRITES_FIRST = /^(?:__?)?(?:mem(?:cpy|move)\w*|copy_from_user\w*|str\w+)$/;

/** What is stored; null where that may be anything. */
type Stored = Expression | null;

export interface FieldStore {
  /** Whose field it is; null where that is not told, as in an initializer. */
  readonly owner: Extract<Expression, { kind: 'member' }> | null;
  readonly value: Stored;
}

/** What a function, or an initializer, stores to fields by their names, and whom it gives structures to. */
export class FieldUses {
  readonly stores = new Map<string, FieldStore[]>();
  /** What variables are set to. */
  readonly definitions = new Map<string, Stored[]>();
  readonly locals: Declarator[] = [];
  /** Arguments that the function called may write through, with their places. */
  readonly given: { readonly call: CallExpression; readonly index: number; readonly argument: Expression }[] = [];
  readonly casts: Extract<Expression, { kind: 'cast' }>[] = [];
  /** Results of calls, and the variable or field, or the type of the variable, that takes them. */
  readonly received: { readonly to: Expression | CType; readonly call: CallExpression }[] = [];
  /** Types of what is initialised by a list without names. */
  readonly positional: CType[] = [];

  statement(statement: Statement): void {
    if (statement.kind === 'unparsed') for (const name of statement.names) this.spoil(name);
    if (statement.kind !== 'declaration') return;
    for (const declarator of statement.declarators) {
      const { name, type, initializer } = declarator;
      this.locals.push(declarator);
      if (!initializer) continue;
      add(this.definitions, name, initializer);
      if (initializer.kind === 'initializer') this.list(initializer, type);
      const call = uncast(initializer);
      if (call.kind === 'call') this.received.push({ to: type, call });
    }
  }

  expression(expression: Expression): void {
    switch (expression.kind) {
      case 'assign': {
        const { left, right, operator } = expression;
        if (operator !== '=') break; // an address that is moved stays in its memory
        this.store(left, right);
        const call = uncast(right);
        if (call.kind === 'call') this.received.push({ to: left, call });
        break;
      }
      case 'unary':
        if (expression.operator === '&') this.store(expression.operand, null);
        break;
      case 'call':
        this.call(expression);
        break;
      case 'cast':
        this.casts.push(expression);
        break;
      case 'compound':
        this.list({ ...expression, kind: 'initializer' }, expression.type);
        break;
      case 'initializer':
        for (const { designators, value } of expression.items) {
          const field = designators.findLast((part) => typeof part === 'string');
          if (typeof field === 'string') add(this.stores, field, { owner: null, value });
        }
        break;
      case 'unknown':
        walkExpression(expression, (part) => {
          if (part.kind === 'member' || part.kind === 'identifier') this.store(part, null);
        });
        break;
      default:
    }
  }

  /** An initializer, with the type of what it initialises. */
  list(initializer: Extract<Expression, { kind: 'initializer' }>, type: CType): void {
    if (isPositional(initializer)) this.positional.push(type);
  }

  private call(call: CallExpression): void {
    const name = call.callee.kind === 'identifier' ? call.callee.name : '';
    if (ASSIGNS.test(name)) for (const argument of call.arguments) this.store(uncast(argument), null);
    if (OPAQUE.test(name)) return;
    const written = WRITES_FIRST.test(name) ? call.arguments.slice(0, 1) : call.arguments;
    for (const [index, argument] of written.entries()) this.given.push({ call, index, argument: uncast(argument) });
  }

  private store(place: Expression, value: Stored): void {
    if (place.kind === 'member') add(this.stores, place.field, { owner: place, value });
    else if (place.kind === 'identifier') add(this.definitions, place.name, value);
  }

  private spoil(name: string): void {
    add(this.stores, name, { owner: null, value: null });
    add(this.definitions, name, null);
  }
}

function add<T>(lists: Map<string, T[]>, name: string, value: T): void {
  const list = lists.get(name);
  if (list) list.push(value);
  else lists.set(name, [value]);
}

/** Whether an initializer has values without the names of their fields. */
export function isPositional(initializer: Expression): boolean {
  let found = false;
  walkExpression(initializer, (part) => {
    if (part.kind === 'initializer') found ||= part.items.some(({ designators, value }) => designators.length === 0 && value.kind !== 'initializer');
  });
  return found;
}
