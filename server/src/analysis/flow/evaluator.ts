// SPDX-License-Identifier: MIT
import type { CType, Declarator, Expression, InitializerItem, Located } from '../syntax/ast';
import { quoteOf, type Span } from '../syntax/source';
import { walkExpression } from '../syntax/walk';
import { binaryValue, offsetPath, shift } from './arithmetic';
import { branch } from './conditions';
import { fieldMemoryOf } from './field-memory';
import type { Frame, Outcome } from './frame';
import { entryAt, fileHandlerOf, kernelSymbol, tableByName, tableEntry } from './kernel-symbols';
import type { Evaluates, Machine, Place } from './machine';
import type { MemoryObject, Origin, Target } from './objects';
import { noteReads } from './registers';
import { elementCount, sizeValue } from './sizes';
import type { State } from './state';
import { convert, integerType, isRegisters, typeOf } from './types';
import { userField } from './user-memory';
import { integer, join, SCALAR, storedAt, UNKNOWN, ZERO, type Value } from './values';

const FUNCTION_NAME = /^__(?:func|FUNCTION|PRETTY_FUNCTION)__$/;
/** An initializer with more items is not followed. */
const MAX_ITEMS = 400;

/** Gives expressions their values, path by path. */
export class Evaluator implements Evaluates {
  constructor(private readonly machine: Machine) {}

  evaluate(expression: Expression, state: State, frame: Frame): Outcome[] {
    if (!this.machine.step()) return [{ state, value: UNKNOWN }];
    const one = (value: Value): Outcome[] => [{ state, value }];
    switch (expression.kind) {
      case 'number':
        return one(expression.value === null ? SCALAR : integer(expression.value));
      case 'string':
        return one({ kind: 'string', text: expression.text, origin: literalOrigin(frame.unit.spanOf(expression)), maybeNull: false });
      case 'identifier':
        return one(this.identifier(expression.name, state, frame));
      case 'call':
        return this.machine.calls.call(expression, state, frame);
      case 'unary':
        return this.unary(expression, state, frame);
      case 'update':
        return this.update(expression, state, frame);
      case 'binary':
        return this.binary(expression, state, frame);
      case 'assign':
        return this.assign(expression, state, frame);
      case 'conditional':
        return this.conditional(expression, state, frame);
      case 'cast':
        return this.evaluate(expression.operand, state, frame).map((outcome) => ({ state: outcome.state, value: convert(outcome.value, expression.type, this.machine.program) }));
      case 'member':
      case 'index':
        return this.part(expression, state, frame);
      case 'compound':
        return this.locate(expression, state, frame).map((place) => ({ state: place.state, value: this.load(place.targets, place.state) }));
      case 'sizeof':
        return one(sizeValue(this.machine, expression, frame));
      case 'comma':
        return this.evaluate(expression.left, state, frame).flatMap((outcome) => this.evaluate(expression.right, outcome.state, frame));
      case 'statements':
        return this.machine.executor.statementExpression(expression.body, state, frame);
      case 'initializer':
        return one(UNKNOWN);
      case 'unknown':
        this.clobberNamed(expression, state, frame);
        return one(UNKNOWN);
    }
  }

  /** Inline assembly, or what could not be parsed: it may change every variable that it names, and what that points to. */
  private clobberNamed(expression: Expression, state: State, frame: Frame): void {
    const objects = new Set<MemoryObject>();
    walkExpression(expression, (part) => {
      if (part.kind !== 'identifier') return;
      const global = frame.lookup(part.name) ? undefined : this.machine.program.findGlobal(part.name, frame.unit);
      const object = frame.lookup(part.name) ?? (global?.isExternal === false && !global.declarator.isConst ? global.object : undefined);
      if (!object) return;
      objects.add(object);
      const value = state.memory.load({ object, path: '' });
      if (value.kind === 'pointer') for (const target of value.targets) objects.add(target.object);
    });
    state.memory.escape(objects);
    state.memory.clobberEscaped();
    for (const object of objects) this.machine.globals.clobbered(object, state.aside);
  }

  private identifier(name: string, state: State, frame: Frame): Value {
    const { program } = this.machine;
    const local = frame.lookup(name);
    if (local) return tableByName(name, this.load([{ object: local, path: '' }], state));
    const global = program.findGlobal(name, frame.unit);
    if (global) return global.isExternal ? this.external(global.object) : tableByName(name, this.load([{ object: global.object, path: '' }], state));
    const found = program.findFunction(name, frame.unit);
    if (found) return { kind: 'function', definition: found.definition, unit: found.unit, maybeNull: false };
    const constant = program.constant(name);
    if (constant !== null) return { kind: 'integer', value: constant, ...(program.syscallNumber(name) === null ? {} : { number: name }) };
    if (FUNCTION_NAME.test(name)) return { kind: 'string', text: frame.definition.name, origin: { text: name, span: null }, maybeNull: false };
    return kernelSymbol(name, program) ?? UNKNOWN;
  }

  /** A variable that another part of the kernel defines: what it holds is not known, but it lies in the kernel. */
  private external(object: MemoryObject): Value {
    const { program } = this.machine;
    const isArray = program.resolve(object.type).kind === 'array';
    return kernelSymbol(object.name, program) ?? (isArray ? { kind: 'kernel', origin: object.origin, maybeNull: false } : UNKNOWN);
  }

  /** The value at a place: arrays become pointers, structures aggregates. */
  load(targets: readonly Target[] | null, state: State): Value {
    if (!targets) return UNKNOWN;
    let result: Value | null = null;
    for (const target of targets) {
      const value = this.loadOne(target, state);
      result = result ? join(result, value) : value;
    }
    return result ?? UNKNOWN;
  }

  private loadOne(target: Target, state: State): Value {
    const { program } = this.machine;
    const type = program.typeAt(target.object.type, target.path);
    if (type.kind === 'array') return { kind: 'pointer', targets: [{ object: target.object, path: `${target.path}[0]` }], maybeNull: false };
    if (type.kind === 'struct') return state.memory.loadAggregate(target);
    if (type.kind === 'unknown' && !target.path.includes('[?]') && !state.memory.cell(target)) {
      return state.memory.hasParts(target) ? state.memory.loadAggregate(target) : UNKNOWN;
    }
    const value = state.memory.load(target);
    return value.kind === 'table' && !state.memory.cell(target) ? this.copiedEntry(value, target) : value;
  }

  /** An element of an array that the table was copied to. */
  private copiedEntry(table: Value, { path }: Target): Value {
    const index = /\[(\d+)\]$/.exec(path)?.[1];
    return index === undefined ? UNKNOWN : tableEntry(table, integer(BigInt(index)), this.machine.program);
  }

  /** Where an lvalue lies. */
  locate(expression: Expression, state: State, frame: Frame): Place[] {
    const { program } = this.machine;
    switch (expression.kind) {
      case 'identifier': {
        const local = frame.lookup(expression.name);
        if (local) return [{ state, targets: [{ object: local, path: '' }] }];
        const global = program.findGlobal(expression.name, frame.unit);
        return [{ state, targets: global && !global.isExternal ? [{ object: global.object, path: '' }] : null }];
      }
      case 'unary':
        if (expression.operator !== '*') break;
        return this.follow(expression.operand, 'written', state, frame).map((outcome) => ({ state: outcome.state, targets: outcome.value.kind === 'pointer' ? outcome.value.targets : null, ...entryAt(outcome.value) }));
      case 'member': {
        const field = (targets: readonly Target[] | null): Target[] | null => targets?.map((target) => ({ object: target.object, path: this.fieldPath(target, expression.field) })) ?? null;
        if (!expression.arrow) return this.locate(expression.object, state, frame).map((place) => ({ state: place.state, targets: field(place.targets) }));
        return this.follow(expression.object, 'read', state, frame).map((outcome) => ({ state: outcome.state, targets: field(outcome.value.kind === 'pointer' ? outcome.value.targets : null) }));
      }
      case 'index':
        return this.follow(expression.object, 'written', state, frame).flatMap((base) =>
          this.evaluate(expression.index, base.state, frame).map((index) => ({
            state: index.state,
            targets: base.value.kind === 'pointer' ? shift(base.value.targets, index.value) : null,
            ...entryAt(base.value.kind === 'table' ? this.element(base.value, index.value, index.state) : base.value),
          })),
        );
      case 'compound': {
        const object = this.compoundObject(expression, frame);
        return this.initialize(object, '', expression.type, { kind: 'initializer', items: expression.items, start: expression.start, end: expression.end }, state, frame).map((next) => ({
          state: next,
          targets: [{ object, path: '' }],
        }));
      }
      case 'cast':
        return this.locate(expression.operand, state, frame);
      default:
    }
    return this.evaluate(expression, state, frame).map((outcome) => ({ state: outcome.state, targets: null }));
  }

  /** Evaluates an address to go where it points; not on paths where it was not found. */
  private follow(address: Expression, how: 'read' | 'written', state: State, frame: Frame): Outcome[] {
    return this.evaluate(address, state, frame).filter((outcome) => !this.machine.endsAt(outcome, address, how, frame));
  }

  private fieldPath(target: Target, field: string): string {
    const struct = this.machine.program.typeAt(target.object.type, target.path);
    const isUnion = struct.kind === 'struct' && this.machine.program.struct(struct.tag)?.isUnion === true;
    return `${target.path}.${isUnion ? '(union)' : field}`;
  }

  private compoundObject(expression: Located & { type: CType }, frame: Frame): MemoryObject {
    const object: MemoryObject = {
      id: `${frame.id} compound ${expression.start}`,
      name: '(compound literal)',
      storage: 'local',
      type: expression.type,
      origin: { text: 'a compound literal on the kernel stack', span: frame.unit.spanOf(expression) },
    };
    if (!frame.locals.some((local) => local.id === object.id)) frame.locals.push(object);
    return object;
  }

  private part(expression: Extract<Expression, { kind: 'member' | 'index' }>, state: State, frame: Frame): Outcome[] {
    if (expression.kind === 'index') {
      return this.follow(expression.object, 'read', state, frame).flatMap((base) =>
        this.evaluate(expression.index, base.state, frame).map((index) => ({ state: index.state, value: this.element(base.value, index.value, index.state) })),
      );
    }
    if (!expression.arrow && !isLocation(expression.object)) {
      return this.evaluate(expression.object, state, frame).map((outcome) => ({
        state: outcome.state,
        value: outcome.value.kind === 'aggregate' ? (outcome.value.cells.get(`.${expression.field}`)?.value ?? outcome.value.rest) : UNKNOWN,
      }));
    }
    const isArray = this.machine.program.resolve(typeOf(expression, frame, this.machine.program)).kind === 'array';
    return this.locate(expression, state, frame).map((place) => {
      if (isArray && place.targets) return { state: place.state, value: { kind: 'pointer', targets: place.targets.map(({ object, path }) => ({ object, path: `${path}[0]` })), maybeNull: false } };
      noteReads(place.targets, this.machine, place.state);
      const value = this.load(place.targets, place.state);
      return { state: place.state, value: value.kind === 'unknown' ? this.unknownField(expression, frame) : value };
    });
  }

  /** A field of an object that is not known. */
  private unknownField(expression: Extract<Expression, { kind: 'member' }>, frame: Frame): Value {
    const { program } = this.machine;
    return fileHandlerOf(expression, program.resolve(typeOf(expression.object, frame, program)), program) ?? userField(expression.field, frame.unit.spanOf(expression)) ?? fieldMemoryOf(expression, frame, program) ?? UNKNOWN;
  }

  private element(base: Value, index: Value, state: State): Value {
    if (base.kind === 'pointer') {
      const value = this.load(shift(base.targets, index), state);
      const isSaved = index.kind === 'integer' && index.number !== undefined && (value.kind === 'entry' ? !value.syscall : value.kind === 'unknown' && this.holdsPointers(base.targets));
      return isSaved ? tableEntry(SCALAR, index, this.machine.program) : value;
    }
    if (base.kind === 'string') return SCALAR;
    return tableEntry(base, index, this.machine.program);
  }

  private holdsPointers(elements: readonly Target[]): boolean {
    const { program } = this.machine;
    return elements.every(({ object, path }) => program.typeAt(object.type, path).kind === 'pointer');
  }

  private unary(expression: Extract<Expression, { kind: 'unary' }>, state: State, frame: Frame): Outcome[] {
    const { operator, operand } = expression;
    if (operator === '&') return this.addressOf(operand, state, frame);
    if (operator === '!') return this.truthValue(expression, state, frame);
    return (operator === '*' ? this.follow(operand, 'read', state, frame) : this.evaluate(operand, state, frame)).map((outcome) => {
      const { value } = outcome;
      if (operator === '*') return { state: outcome.state, value: this.dereference(value, outcome.state) };
      if (value.kind === 'integer' && operator !== '+') return { state: outcome.state, value: integer(operator === '-' ? -value.value : ~value.value, value.assumed) };
      if (operator === '+') return outcome;
      return { state: outcome.state, value: value.kind === 'scalar' ? SCALAR : UNKNOWN };
    });
  }

  private dereference(value: Value, state: State): Value {
    switch (value.kind) {
      case 'pointer':
        return this.load(value.targets, state);
      case 'function':
      case 'entry':
      case 'symbol':
        return value;
      case 'slot':
        return { kind: 'entry', syscall: value.syscall, convention: 'table', maybeNull: false };
      case 'table':
        return tableEntry(value, ZERO, this.machine.program);
      case 'string':
        return SCALAR;
      default:
        return UNKNOWN;
    }
  }

  private addressOf(operand: Expression, state: State, frame: Frame): Outcome[] {
    if (operand.kind === 'identifier' && !frame.lookup(operand.name)) {
      const found = this.identifier(operand.name, state, frame);
      if (found.kind === 'function' || found.kind === 'entry' || found.kind === 'table') return [{ state, value: found }];
      const global = this.machine.program.findGlobal(operand.name, frame.unit);
      if (global?.isExternal) return [{ state, value: { kind: 'kernel', origin: global.object.origin, maybeNull: false } }];
    }
    if (operand.kind === 'index') {
      return this.evaluate(operand.object, state, frame).flatMap((base) =>
        this.evaluate(operand.index, base.state, frame).map((index) => {
          if (base.value.missing) return { state: index.state, value: base.value };
          const entry = base.value.kind === 'pointer' ? null : tableEntry(base.value, index.value, this.machine.program);
          const value: Value = base.value.kind === 'pointer' ? { ...base.value, targets: shift(base.value.targets, index.value) } : entry?.kind === 'entry' ? { kind: 'slot', syscall: entry.compat ? null : entry.syscall, certain: base.value.kind === 'table', maybeNull: false } : offsetPath(base.value, null);
          return { state: index.state, value };
        }),
      );
    }
    return this.locate(operand, state, frame).map((place) => {
      if (place.targets) return { state: place.state, value: { kind: 'pointer', targets: place.targets, maybeNull: false } };
      return { state: place.state, value: UNKNOWN };
    });
  }

  private update(expression: Extract<Expression, { kind: 'update' }>, state: State, frame: Frame): Outcome[] {
    return this.locate(expression.operand, state, frame).map((place) => {
      const before = this.load(place.targets, place.state);
      const after = binaryValue(expression.operator === '++' ? '+' : '-', before, integer(1n), null);
      this.store(place, after, frame.unit.spanOf(expression));
      return { state: place.state, value: expression.prefix ? after : before };
    });
  }

  private binary(expression: Extract<Expression, { kind: 'binary' }>, state: State, frame: Frame): Outcome[] {
    if (/^(?:&&|\|\||[<>]=?|[=!]=)$/.test(expression.operator)) return this.truthValue(expression, state, frame);
    const count = elementCount(this.machine, expression, frame);
    if (count !== null) return [{ state, value: integer(BigInt(count)) }];
    return this.evaluate(expression.left, state, frame).flatMap((left) =>
      this.evaluate(expression.right, left.state, frame).map((right) => {
        const type = this.machine.program.resolve(typeOf(expression.left, frame, this.machine.program));
        const stride = type.kind === 'pointer' || type.kind === 'array' ? 1 : 8;
        const value = this.tableOffset(expression.operator, left.value, right.value, stride) ?? binaryValue(expression.operator, left.value, stride === 1 ? this.distance(expression, right.value, frame) : right.value, stride);
        if (value.kind === 'unknown') for (const side of [left.value, right.value]) if (side.kind === 'pointer') right.state.memory.escape(side.targets.map((target) => target.object));
        return { state: right.state, value };
      }),
    );
  }

  /** What is added to a pointer is a number, though it may not be known which; what is taken from one may be a pointer. */
  private distance({ operator, right }: Extract<Expression, { kind: 'binary' }>, value: Value, frame: Frame): Value {
    if (value.kind !== 'unknown') return value;
    const { program } = this.machine;
    return operator === '+' || (operator === '-' && integerType(typeOf(right, frame, program), program)) ? SCALAR : value;
  }

  /** `table + n`, in entries or in bytes. */
  private tableOffset(operator: string, left: Value, right: Value, stride: number): Value | null {
    if (left.kind !== 'table' || operator !== '+') return null;
    if (right.kind === 'integer' && right.value % BigInt(stride) === 0n) {
      const entry = tableEntry(left, { ...right, value: right.value / BigInt(stride) }, this.machine.program);
      if (entry.kind === 'entry') return { kind: 'slot', syscall: entry.compat ? null : entry.syscall, certain: true, maybeNull: false };
    }
    return { kind: 'slot', syscall: null, certain: true, maybeNull: false };
  }

  private truthValue(expression: Expression, state: State, frame: Frame): Outcome[] {
    const { yes, no } = branch(this, expression, state, frame);
    const expected = yes.some((path) => !path.aside) !== no.some((path) => !path.aside) && yes.length > 0 && no.length > 0;
    return [...yes.map((path) => ({ state: path, value: integer(1n, expected) })), ...no.map((path) => ({ state: path, value: integer(0n, expected) }))];
  }

  private conditional(expression: Extract<Expression, { kind: 'conditional' }>, state: State, frame: Frame): Outcome[] {
    const { yes: whenTrue } = expression;
    if (!whenTrue) {
      return this.evaluate(expression.condition, state, frame).flatMap((outcome) => [
        { state: outcome.state.fork(), value: outcome.value },
        ...this.evaluate(expression.no, outcome.state, frame),
      ]);
    }
    const { yes, no } = branch(this, expression.condition, state, frame);
    return [...yes.flatMap((path) => this.evaluate(whenTrue, path, frame)), ...no.flatMap((path) => this.evaluate(expression.no, path, frame))];
  }

  private assign(expression: Extract<Expression, { kind: 'assign' }>, state: State, frame: Frame): Outcome[] {
    const stored = frame.unit.spanOf(expression.right);
    return this.evaluate(expression.right, state, frame).flatMap((right) =>
      this.locate(expression.left, right.state, frame).map((place) => {
        const { program } = this.machine;
        let { value } = right;
        if (expression.operator !== '=') {
          const type = program.resolve(typeOf(expression.left, frame, program));
          value = binaryValue(expression.operator.slice(0, -1), this.load(place.targets, place.state), value, type.kind === 'pointer' ? 1 : 8);
        }
        const converted = this.store(place, value, stored);
        if (place.entry !== undefined) this.machine.recorder.tableWrite({ place: frame.unit.spanOf(expression.left), syscall: place.entry, value: converted });
        return { state: place.state, value: converted };
      }),
    );
  }

  /** Stores to a place, converted to its type; what is stored is returned. */
  store(place: Place, value: Value, stored: Span | null): Value {
    const { targets, state } = place;
    if (!targets) {
      state.memory.clobberEscaped();
      return value;
    }
    let result = value;
    for (const target of targets) {
      const type = this.machine.program.typeAt(target.object.type, target.path);
      result = storedAt(target, convert(value, type, this.machine.program), stored);
      state.memory.store(target, result, stored, targets.length > 1);
      if (target.object.storage !== 'local' && result.kind === 'pointer') state.memory.publish(result.targets.map((each) => each.object));
      this.machine.globals.stored(target, result, state.aside);
    }
    return result;
  }

  /** Starts an object's part from its initializer. */
  initialize(object: MemoryObject, path: string, type: CType, initializer: Expression, state: State, frame: Frame): State[] {
    const { program } = this.machine;
    const resolved = program.resolve(type);
    const target = { object, path };
    if (initializer.kind === 'compound' && resolved.kind !== 'pointer') return this.initialize(object, path, type, { ...initializer, kind: 'initializer' }, state, frame);
    // What initialises a static variable is a constant: what looks like a call is a macro that is not seen.
    if (initializer.kind === 'call' && object.storage === 'global') {
      state.memory.store(target, { kind: 'aggregate', cells: new Map(), rest: UNKNOWN }, null);
      return [state];
    }
    if (initializer.kind !== 'initializer') {
      if (resolved.kind === 'array') {
        state.memory.store(target, { kind: 'aggregate', cells: new Map(), rest: SCALAR }, null);
        return [state];
      }
      const stored = frame.unit.spanOf(initializer);
      return this.evaluate(initializer, state, frame).map((outcome) => {
        outcome.state.memory.store(target, storedAt(target, convert(outcome.value, resolved, program), stored), stored);
        return outcome.state;
      });
    }
    state.memory.store(target, { kind: 'aggregate', cells: new Map(), rest: ZERO }, null);
    let states = [state];
    let position = 0;
    if (initializer.items.length > MAX_ITEMS) {
      state.memory.store(target, { kind: 'aggregate', cells: new Map(), rest: UNKNOWN }, null);
      if (resolved.kind === 'array' && !resolved.size) this.machine.elementCounts.set(object.id, initializer.items.length);
      return [state];
    }
    for (const item of initializer.items) {
      const { step, next } = this.itemPath(item, position, resolved, frame, state);
      position = next;
      if (step === null) {
        for (const each of states) each.memory.store(target, { kind: 'aggregate', cells: new Map(), rest: UNKNOWN }, null);
        continue;
      }
      const inner = program.typeAt(object.type, path + step);
      states = states.flatMap((each) => this.initialize(object, path + step, inner, item.value, each, frame));
    }
    if (resolved.kind === 'array' && !resolved.size) this.machine.elementCounts.set(object.id, Math.max(position, this.machine.elementCounts.get(object.id) ?? 0));
    return states;
  }

  private itemPath(item: InitializerItem, position: number, type: CType, frame: Frame, state: State): { step: string | null; next: number } {
    if (item.designators.length === 0) {
      if (type.kind === 'array') return { step: `[${position}]`, next: position + 1 };
      if (type.kind === 'struct') {
        const field = this.machine.program.struct(type.tag)?.fields[position];
        return { step: field ? `.${field.name}` : null, next: position + 1 };
      }
      return { step: '', next: position + 1 };
    }
    let step = '';
    let next = position;
    for (const [at, designator] of item.designators.entries()) {
      if (typeof designator === 'string') {
        step += `.${designator}`;
        const index = type.kind === 'struct' ? (this.machine.program.struct(type.tag)?.fields.findIndex((field) => field.name === designator) ?? -1) : -1;
        if (at === 0) next = index < 0 ? position + 1 : index + 1;
      } else {
        const index = this.evaluate(designator, state, frame)[0]?.value;
        if (index?.kind !== 'integer') return { step: null, next };
        step += `[${String(index.value)}]`;
        if (at === 0) next = Number(index.value) + 1;
      }
    }
    return { step, next };
  }

  /** A variable comes into being. */
  declare(declarator: Declarator, state: State, frame: Frame): State[] {
    const object = this.localObject(declarator, frame);
    frame.declare(object);
    if (object.storage === 'global') {
      if (state.memory.has(object)) return [state];
      state.memory.reset(object, ZERO);
    } else {
      state.memory.reset(object, UNKNOWN);
      if (isRegisters(object.type, this.machine.program)) state.memory.store({ object, path: '' }, { kind: 'aggregate', cells: new Map(), rest: { ...UNKNOWN, unset: object } }, null);
    }
    return declarator.initializer ? this.initialize(object, '', declarator.type, declarator.initializer, state, frame) : [state];
  }

  private localObject(declarator: Declarator, frame: Frame): MemoryObject {
    const { isStatic, name, type } = declarator;
    return {
      id: isStatic ? `static ${frame.unit.path} ${declarator.start}` : `${frame.id} ${name} ${declarator.start}`,
      name,
      storage: isStatic ? 'global' : 'local',
      type,
      origin: { text: `${isStatic ? 'static' : 'local'} ${this.machine.program.describe(type)} '${name}'`, span: frame.unit.spanOf(declarator) },
    };
  }
}

function isLocation(expression: Expression): boolean {
  return ['identifier', 'member', 'index', 'compound'].includes(expression.kind) || (expression.kind === 'unary' && expression.operator === '*');
}

function literalOrigin(span: Span): Origin {
  return { text: `string literal ${quoteOf(span, 40)}`, span };
}
