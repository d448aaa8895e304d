// SPDX-License-Identifier: MIT
import type { Expression } from '../syntax/ast';
import { Stretch, type Span } from '../syntax/source';
import type { Frame } from './frame';
import type { State } from './state';

/** A condition such that the same text means the same question, as long as nothing in it changes. */
export interface ConditionName {
  readonly text: string;
  /** The condition asks for the contrary of the text. */
  readonly negated: boolean;
}

/** Deeper expressions get no name. */
const MAX_DEPTH = 8;

/** Names a condition; null where asking again may have another effect, or where it is too complex. */
export function conditionName(condition: Expression, state: State, frame: Frame): ConditionName | null {
  const whole = (): ConditionName | null => named(nameOf(condition, state, frame), false);
  if (condition.kind !== 'binary') return whole();
  const left = nameOf(condition.left, state, frame);
  const right = nameOf(condition.right, state, frame);
  if (left === null || right === null) return null;
  switch (condition.operator) {
    case '==':
    case '!=':
      return right === '0' ? named(left, condition.operator === '==') : named(equality(left, right), condition.operator === '!=');
    case '<':
    case '>=':
      return named(`${left} < ${right}`, condition.operator === '>=');
    case '>':
    case '<=':
      return named(`${right} < ${left}`, condition.operator === '<=');
    default:
      return whole();
  }
}

/** The name of `left == right`. */
export function equalityName(left: Expression, right: Expression, state: State, frame: Frame): string | null {
  const [a, b] = [nameOf(left, state, frame), nameOf(right, state, frame)];
  return a === null || b === null ? null : equality(a, b);
}

function equality(left: string, right: string): string {
  return left < right ? `${left} == ${right}` : `${right} == ${left}`;
}

function named(text: string | null, negated: boolean): ConditionName | null {
  return text === null ? null : { text, negated };
}

/** Tells places apart, also while lines move. */
function placeName(span: Span | null | undefined): string {
  return span instanceof Stretch ? `${span.first.number}.${span.from}` : String(span?.start ?? '');
}

/** Variables are told apart by what was stored to them last. */
function nameOf(expression: Expression, state: State, frame: Frame, depth = 0): string | null {
  if (depth > MAX_DEPTH) return null;
  const part = (inner: Expression): string | null => nameOf(inner, state, frame, depth + 1);
  const all = (parts: readonly Expression[], combine: (names: readonly string[]) => string): string | null => {
    const names = parts.flatMap((each) => part(each) ?? []);
    return names.length === parts.length ? combine(names) : null;
  };
  switch (expression.kind) {
    case 'number':
      return String(expression.value);
    case 'identifier': {
      const object = frame.lookup(expression.name);
      return object ? `${object.id}@${placeName(state.memory.cell({ object, path: '' })?.stored)}` : expression.name;
    }
    case 'member':
      return all([expression.object], ([object = '']) => `${object}${expression.arrow ? '->' : '.'}${expression.field}`);
    case 'index':
      return all([expression.object, expression.index], ([object = '', index = '']) => `${object}[${index}]`);
    case 'unary':
      return all([expression.operand], ([operand = '']) => `${expression.operator}${operand}`);
    case 'binary':
      return all([expression.left, expression.right], ([left = '', right = '']) => `(${left} ${expression.operator} ${right})`);
    case 'cast':
      return part(expression.operand);
    case 'call':
      return all([expression.callee, ...expression.arguments], ([callee = '', ...list]) => `${callee}(${list.join(', ')})`);
    default:
      return null;
  }
}
