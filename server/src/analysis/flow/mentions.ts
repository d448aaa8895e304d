// SPDX-License-Identifier: MIT
import type { Expression, FunctionDefinition } from '../syntax/ast';
import { walkExpression, walkStatement } from '../syntax/walk';
import { FieldUses } from './field-uses';

/** How code names something that may be a function. */
export type Use =
  | { readonly kind: 'called'; readonly name: string }
  | { readonly kind: 'named'; readonly name: string }
  /** `to(…, name, …)` */
  | { readonly kind: 'given'; readonly name: string; readonly to: string }
  /** `object.field = name` */
  | { readonly kind: 'stored'; readonly name: string; readonly object: string; readonly field: string };

/** What a function or an initializer mentions. */
export class Mentions {
  private readonly answers = new Map<object, boolean>();

  constructor(
    readonly identifiers: ReadonlySet<string>,
    readonly strings: ReadonlySet<string>,
    readonly fields: ReadonlySet<string>,
    /** Each once, in the order of the text. */
    readonly uses: readonly Use[],
    readonly fieldUses: FieldUses,
  ) {}

  /** Whether one of the identifiers passes; asked once for each `question`, which stands for what `test` says. */
  someIdentifier(question: object, test: (name: string) => boolean): boolean {
    return this.answer(question, () => some(this.identifiers, test));
  }

  /** The same for identifiers and strings. */
  someWord(question: object, test: (name: string) => boolean): boolean {
    return this.answer(question, () => some(this.identifiers, test) || some(this.strings, test));
  }

  private answer(question: object, find: () => boolean): boolean {
    const answer = this.answers.get(question) ?? find();
    this.answers.set(question, answer);
    return answer;
  }
}

function some(names: ReadonlySet<string>, test: (name: string) => boolean): boolean {
  for (const name of names) if (test(name)) return true;
  return false;
}

export function mentionsIn(root: FunctionDefinition | Expression): Mentions {
  const identifiers = new Set<string>();
  const strings = new Set<string>();
  const fields = new Set<string>();
  const uses = new Map<string, Use>();
  const callees = new Set<Expression>();
  const note = (use: Use): void => {
    const key = Object.values(use).join(' ');
    if (!uses.has(key)) uses.set(key, use);
  };
  const fieldUses = new FieldUses();
  const visit = (expression: Expression): void => {
    fieldUses.expression(expression);
    switch (expression.kind) {
      case 'identifier':
        identifiers.add(expression.name);
        if (!callees.has(expression)) note({ kind: 'named', name: expression.name });
        break;
      case 'string':
        if (expression.text !== null) strings.add(expression.text);
        break;
      case 'member':
        fields.add(expression.field);
        break;
      case 'call':
        if (expression.callee.kind !== 'identifier') break;
        callees.add(expression.callee);
        note({ kind: 'called', name: expression.callee.name });
        for (const argument of expression.arguments) if (argument.kind === 'identifier') note({ kind: 'given', name: argument.name, to: expression.callee.name });
        break;
      case 'assign': {
        const { left, right } = expression;
        if (left.kind === 'member' && left.object.kind === 'identifier' && right.kind === 'identifier') note({ kind: 'stored', name: right.name, object: left.object.name, field: left.field });
        break;
      }
      default:
    }
  };
  if ('body' in root && 'labels' in root) walkStatement(root.body, visit, (statement) => fieldUses.statement(statement));
  else walkExpression(root, visit);
  return new Mentions(identifiers, strings, fields, [...uses.values()], fieldUses);
}
