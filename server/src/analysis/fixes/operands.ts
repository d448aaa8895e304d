// SPDX-License-Identifier: MIT
import { Frame } from '../flow/frame';
import type { Program } from '../flow/program';
import type { RecordedCall } from '../flow/recorder';
import { typeOf } from '../flow/types';
import type { FunctionPlace } from '../flow/unit';
import type { CType, Expression, InitializerItem, Located, Statement } from '../syntax/ast';
import { uncast } from '../syntax/walk';
import { editable, sourceOf, type Edits } from './edits';
import { needed, NotFixable } from './text-edit';
import { isUsedInHiddenCode, retireVariables } from './retire';
import { contains, expressionsOf, inBlock, isPure, localsOf, namesIn } from './statements';

/** What the code gives a register: an expression, and the statement that stores it (null: an initialiser). */
interface Given {
  readonly value: Expression;
  readonly statement: Statement | null;
}

interface GivenRegisters {
  readonly byName: ReadonlyMap<string, Given>;
  /** An initialiser sets all others to 0. */
  readonly restIsZero: boolean;
}

/** The arguments of a syscall as the code writes them, and a way to take the call out of the code. */
export class Operands {
  private readonly types: (expression: Expression) => CType;
  private readonly given: GivenRegisters;
  private readonly kept: Located[] = [];
  /** The new code reads the registers where the old did. */
  private readsRegisters = false;

  constructor(
    private readonly program: Program,
    private readonly call: RecordedCall,
    private readonly calls: readonly RecordedCall[],
  ) {
    this.types = typesIn(call.code.place, program);
    this.given = call.used === 'regs' ? givenRegisters(call, program) : { byName: new Map(), restIsZero: false };
  }

  /** An argument (from 0) as an integer, written for the place of the call. */
  number(index: number): string {
    const expression = this.expression(index);
    if (!expression) return this.fallback(index);
    this.kept.push(expression);
    return sourceOf(this.call.code.place.unit, expression);
  }

  /** An argument as a pointer: without the cast to the register's type, or cast to `type`. */
  pointer(index: number, type: string): string {
    const expression = this.expression(index);
    if (!expression) return `(${type})${this.fallback(index)}`;
    const inner = uncast(expression);
    this.kept.push(inner);
    const text = sourceOf(this.call.code.place.unit, inner);
    const declared = this.program.resolve(this.declaredType(inner));
    if (inner.kind === 'string' || declared.kind === 'pointer' || declared.kind === 'array') return unwrapped(text);
    return `(${type})${/^[\w.>[\]()-]+$/.test(text) ? text : `(${text})`}`;
  }

  /** As both, by the argument's type. */
  cast(index: number, type: string): string {
    return type.endsWith('*') ? this.pointer(index, type) : this.number(index);
  }

  /** The expression that the code gives an argument; null when it stands elsewhere. */
  expression(index: number): Expression | null {
    const { code, used } = this.call;
    if (used === 'direct') return needed(code.expression.arguments[index]);
    return this.given.byName.get(this.register(index))?.value ?? null;
  }

  /** The type of an expression of the function as it is declared, by its typedef's name where it has one. */
  declaredType(expression: Expression): CType {
    return this.types(expression);
  }

  /** Puts new code in the place of the call, and takes out what only the call needed. `alsoKept`: a further part that the new code has. */
  replaceCall(edits: Edits, text: string, alsoKept?: Expression): void {
    const { place, expression } = this.call.code;
    edits.replace(editable(place.unit, expression), text);
    const [registers] = expression.arguments;
    if (this.readsRegisters && registers) this.kept.push(registers);
    const stores = !this.readsRegisters && this.isFreeOfOthers() ? [...new Set([...this.given.byName.values()].flatMap(({ statement }) => statement ?? []))] : [];
    for (const store of stores) edits.removeStatement(place.unit, store);
    retireVariables(edits, place, [expression, ...stores], alsoKept ? [...this.kept, alsoKept] : this.kept);
  }

  private register(index: number): string {
    return needed(this.call.abi.registers[index]);
  }

  /** The register itself, or 0 where nothing ever sets it. */
  private fallback(index: number): string {
    if (this.given.restIsZero || (this.call.visits.length > 0 && this.call.visits.every((visit) => visit.arguments[index]?.neverSetIn))) return '0';
    this.readsRegisters = true;
    const registers = needed(this.call.code.expression.arguments[0]);
    const register = this.register(index);
    const variable = registersVariable(this.call.code.expression);
    if (variable !== null) return `${variable}.${register}`;
    if (registers.kind === 'identifier') return `${registers.name}->${register}`;
    throw new NotFixable();
  }

  /** Whether no other call of the function reads what was stored for this one. */
  private isFreeOfOthers(): boolean {
    const { place, expression } = this.call.code;
    const name = localRegisters(this.call);
    if (name === null || isUsedInHiddenCode(place, name)) return false;
    const mine = [...this.given.byName.values()].flatMap(({ statement }) => statement ?? []);
    const others = this.calls.filter((other) => other.code.place.definition === place.definition && other.code.expression !== expression && localRegisters(other) === name);
    const areComplete = others.every((other) => {
      const { byName } = givenRegisters(other, this.program);
      const reads = (other.syscall?.arguments ?? []).map((_argument, index) => byName.get(this.register(index)));
      return other.syscall !== null && reads.every((given) => given && (given.statement === null || !mine.includes(given.statement)));
    });
    const allowed: Located[] = [expression, ...mine, ...others.map((other) => other.code.expression)];
    const isAllowed = (use: Expression): boolean => allowed.some((part) => contains(part, use)) || expressionsOf(place.definition.body).some((part) => part.kind === 'assign' && registerOf(part.left)?.object === use);
    return areComplete && expressionsOf(place.definition.body).every((use) => use.kind !== 'identifier' || use.name !== name || isAllowed(use));
  }
}

/** `&regs` as the only argument: the variable's name. */
function registersVariable({ arguments: list }: RecordedCall['code']['expression']): string | null {
  const [only] = list;
  return only?.kind === 'unary' && only.operator === '&' && only.operand.kind === 'identifier' ? only.operand.name : null;
}

/** As {@link registersVariable}, where only this function can change the variable. */
function localRegisters({ code }: RecordedCall): string | null {
  const name = registersVariable(code.expression);
  return localsOf(code.place.definition).some(({ declarator }) => declarator.name === name) ? name : null;
}

/** `regs.di` or `regs.regs[0]`: the variable and the register. */
function registerOf(place: Expression): { object: Expression; register: string } | null {
  if (place.kind === 'member' && !place.arrow) return { object: place.object, register: place.field };
  if (place.kind !== 'index' || place.index.kind !== 'number') return null;
  const array = registerOf(place.object);
  return array && { object: array.object, register: `${array.register}[${String(place.index.value)}]` };
}

/** What the registers of a call hold, as far as the statements before it in its block say. */
function givenRegisters(call: RecordedCall, program: Program): GivenRegisters {
  const { code } = call;
  const byName = new Map<string, Given>();
  let restIsZero = false;
  const [only] = code.expression.arguments;
  const initialise = (items: readonly InitializerItem[]): void => {
    restIsZero = true;
    for (const { designators, value } of items) {
      const register = designators.map((part) => (typeof part === 'string' ? part : part.kind === 'number' ? `[${String(part.value)}]` : '?')).join('');
      if (!byName.has(register)) byName.set(register, { value, statement: null });
    }
  };
  if (only?.kind === 'unary' && only.operator === '&' && only.operand.kind === 'compound') initialise(only.operand.items);
  const name = localRegisters(call);
  const found = inBlock(code.place.definition, code.expression);
  let between = false;
  /** Registers whose last store cannot be moved to the call. */
  const hidden = new Set<string>();
  const usable = (value: Expression): boolean =>
    isPure(value) && namesIn(value).every((used) => used.name !== name) && (!between || isFixed(value, declaredIn(code.place), program));
  for (const statement of name === null ? [] : [...(found?.before ?? [])].reverse()) {
    const store = statement.kind === 'expression' && statement.expression.kind === 'assign' && statement.expression.operator === '=' ? statement.expression : null;
    const target = store ? registerOf(store.left) : null;
    const declared = statement.kind === 'declaration' ? statement.declarators.find((declarator) => declarator.name === name) : undefined;
    if (store && target?.object.kind === 'identifier' && target.object.name === name) {
      if (!usable(store.right)) hidden.add(target.register);
      if (!hidden.has(target.register) && !byName.has(target.register)) byName.set(target.register, { value: store.right, statement });
      between ||= !isPure(store.right);
    } else if (declared) {
      if (hidden.size === 0 && declared.initializer?.kind === 'initializer' && declared.initializer.items.every((item) => usable(item.value))) initialise(declared.initializer.items);
      break;
    } else if (statement.kind === 'label' || statement.kind === 'case' || statement.kind === 'unparsed' || (name !== null && mentions(statement, name))) break;
    else if (statement.kind !== 'declaration') between = true;
  }
  return { byName, restIsZero };
}

/** Whether an expression has one value throughout the function. */
function isFixed(value: Expression, frame: Frame, program: Program): boolean {
  switch (value.kind) {
    case 'number':
    case 'string':
    case 'sizeof':
      return true;
    case 'cast':
      return isFixed(value.operand, frame, program);
    case 'unary':
      return value.operator === '&' ? value.operand.kind === 'identifier' : value.operator !== '*' && isFixed(value.operand, frame, program);
    case 'binary':
      return isFixed(value.left, frame, program) && isFixed(value.right, frame, program);
    case 'identifier': {
      const isVariable = frame.lookup(value.name) ?? program.findGlobal(value.name, frame.unit);
      return !isVariable || program.resolve(typeOf(value, frame, program)).kind === 'array';
    }
    default:
      return false;
  }
}

function mentions(statement: Statement, name: string): boolean {
  return expressionsOf(statement).some((expression) => expression.kind === 'identifier' && expression.name === name);
}

/** Tells the declared types of a function's expressions. */
export function typesIn(place: FunctionPlace, program: Program): (expression: Expression) => CType {
  const frame = declaredIn(place);
  return (expression) => typeOf(expression, frame, program);
}

/** A frame that knows the types of a function's parameters and variables. */
function declaredIn({ definition, unit }: FunctionPlace): Frame {
  const frame = new Frame('types', definition, unit, null, null);
  const declare = (name: string | null, type: CType): void => {
    if (name !== null) frame.declare({ id: name, name, storage: 'local', type, origin: { text: '', span: null } });
  };
  for (const { name, type } of definition.parameters) declare(name, type);
  for (const { declarator } of localsOf(definition)) declare(declarator.name, declarator.type);
  return frame;
}

/** Without parentheses around all of it. */
function unwrapped(text: string): string {
  return /^\([^()]*\)$/.test(text) ? text.slice(1, -1) : text;
}
