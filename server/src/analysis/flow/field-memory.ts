// SPDX-License-Identifier: MIT
import type { CType, Expression, FunctionDefinition } from '../syntax/ast';
import { uncast } from '../syntax/walk';
import { givesFreshMemory, isAllocator } from './allocators';
import { isPositional, type FieldStore, type FieldUses } from './field-uses';
import { Frame } from './frame';
import type { FieldMemory, Fields, Program } from './program';
import { typeOf } from './types';
import type { Unit } from './unit';
import type { Value } from './values';

/** A function, or the initial value of a variable, with what it does to fields. */
class Uses {
  private frame: Frame | null = null;

  constructor(
    readonly uses: FieldUses,
    readonly unit: Unit,
    readonly definition: FunctionDefinition | null,
    private readonly program: Program,
  ) {}

  /** The type of an expression in it, as far as declarations tell. */
  typeOf(expression: Expression): CType {
    this.frame ??= this.declared();
    return this.frame ? this.program.resolve(typeOf(expression, this.frame, this.program)) : { kind: 'unknown' };
  }

  private declared(): Frame | null {
    if (!this.definition) return null;
    const frame = new Frame('types', this.definition, this.unit, null, null);
    for (const { name, type } of [...this.definition.parameters, ...this.uses.locals]) {
      if (name !== null) frame.declare({ id: name, name, storage: 'local', type, origin: { text: name, span: null } });
    }
    return frame;
  }
}

/** Functions that hand back what the module gave the kernel to keep. */
const KEEPERS = /(?:_get_\w*data|_priv|priv|container_of|_entry\w*|from_timer|to_delayed_work|ERR_PTR)$/;
/** Fields of the kernel's structures in which modules keep what is theirs. */
const KEPT = /priv|^(?:drv|driver|platform|user|plat)_?data$|^(?:drvdata|context|ctx)$/;
const MAX_DEPTH = 8;

/**
 * Which fields of the module's own structures can only hold memory of the kernel: everything that the module stores to them is
 * memory that it allocates, or NULL, and nobody else writes to such a structure.
 */
export class FieldMemories implements Fields {
  private readonly known = new Map<string, FieldMemory | null>();
  private spoiled: ReadonlySet<string> | null = null;
  private readonly all: readonly Uses[];
  /** What is stored to fields of a name. */
  private readonly stores = new Map<string, { readonly place: Uses; readonly store: FieldStore }[]>();

  constructor(private readonly program: Program) {
    this.all = program.units.flatMap((unit) => [
      ...unit.syntax.functions.map((definition) => new Uses(unit.mentions(definition).fieldUses, unit, definition, program)),
      ...unit.syntax.globals.flatMap(({ initializer }) => (initializer ? [new Uses(unit.mentions(initializer).fieldUses, unit, null, program)] : [])),
    ]);
    for (const place of this.all) {
      for (const [field, stores] of place.uses.stores) {
        const known = this.stores.get(field) ?? [];
        this.stores.set(field, known);
        for (const store of stores) known.push({ place, store });
      }
    }
  }

  of(tag: string, field: string): FieldMemory | null {
    const key = `${tag} ${field}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const found = this.find(tag, field);
    const memory = found && this.isOwn(tag) && !this.spoiledStructs.has(tag) ? found : null;
    this.known.set(key, memory);
    return memory;
  }

  private find(tag: string, field: string): FieldMemory | null {
    const found: FieldMemory[] = [];
    for (const { place, store } of this.stores.get(field) ?? []) {
      const of = store.owner && this.ownerOf(store.owner, place);
      if (of !== null && of !== tag) continue;
      const source = this.memoryOf(store.value, place, field);
      if (source === undefined) return null;
      if (source) found.push({ source, unit: place.unit, isSure: of !== null });
    }
    return found.find(({ isSure }) => isSure) ?? found[0] ?? null;
  }

  /** The structure whose field is stored to; null where that is not known. */
  private ownerOf({ object, arrow }: Extract<Expression, { kind: 'member' }>, place: Uses): string | null {
    const base = place.typeOf(object);
    const struct = arrow ? (base.kind === 'pointer' ? this.program.resolve(base.to) : base.kind === 'array' ? this.program.resolve(base.of) : base) : base;
    return struct.kind === 'struct' ? struct.tag : null;
  }

  /** The expression that allocates what is stored; null when that is NULL, undefined when it may be anything. */
  private memoryOf(stored: Expression | null, place: Uses, field: string, depth = 0): Expression | null | undefined {
    const value = stored && uncast(stored);
    if (!value || depth > MAX_DEPTH) return undefined;
    switch (value.kind) {
      case 'number':
        return value.value === 0n ? null : undefined;
      case 'string':
        return value;
      case 'call':
        return value.callee.kind === 'identifier' && isAllocator(value.callee.name) && !this.program.findFunction(value.callee.name, place.unit) ? value : undefined;
      case 'assign':
        return value.operator === '=' ? this.memoryOf(value.right, place, field, depth + 1) : undefined;
      case 'member':
        return value.field === field ? null : undefined;
      case 'identifier': {
        const definitions = place.uses.definitions.get(value.name);
        if (!definitions || !place.uses.locals.some(({ name }) => name === value.name)) return undefined;
        let memory: Expression | null = null;
        for (const definition of definitions) {
          const source = this.memoryOf(definition, place, field, depth + 1);
          if (source === undefined) return undefined;
          memory ??= source;
        }
        return memory;
      }
      default:
        return undefined;
    }
  }

  /** A structure that no file outside of the program knows: its own file declares it, or all files of the module are there. */
  private isOwn(tag: string): boolean {
    const [unit, ...others] = this.program.units;
    return unit !== undefined && (others.length > 0 || unit.declares(tag));
  }

  /** Structures that something else than the module's own stores may write to. */
  private get spoiledStructs(): ReadonlySet<string> {
    if (this.spoiled) return this.spoiled;
    const spoiled = new Set<string>();
    for (const place of this.all) this.spoiledBy(place, (type) => this.spoil(type, spoiled));
    for (const unit of this.program.units) {
      for (const { type, initializer } of unit.syntax.globals) {
        if (initializer?.kind === 'initializer' && isPositional(initializer)) this.spoil(type, spoiled);
      }
    }
    this.spoiled = spoiled;
    return spoiled;
  }

  private spoiledBy(place: Uses, spoil: (type: CType) => void): void {
    const { uses, unit, definition } = place;
    for (const type of uses.positional) spoil(type);
    if (!definition) return;
    const { program } = this;
    const calleeOf = (callee: Expression): FunctionDefinition | undefined => (callee.kind === 'identifier' ? program.findFunction(callee.name, unit)?.definition : undefined);
    for (const { call, index, argument } of uses.given) {
      const parameter = calleeOf(call.callee)?.parameters[index];
      const keepsType = parameter && this.structOf(parameter.type) !== null;
      if (!keepsType) spoil(place.typeOf(argument));
    }
    for (const { type, operand } of uses.casts) {
      const to = this.structOf(type);
      if (to !== null && !this.keepsStruct(operand, place)) spoil(type);
    }
    for (const { to, call } of uses.received) {
      const name = call.callee.kind === 'identifier' ? call.callee.name : '';
      if (!calleeOf(call.callee) && !givesFreshMemory(name) && !KEEPERS.test(name)) spoil('start' in to ? place.typeOf(to) : to);
    }
  }

  /** Whether what is cast to a structure of the module can be one: not bytes, a number, or memory of user space. */
  private keepsStruct(given: Expression, place: Uses): boolean {
    const operand = uncast(given);
    if (operand.kind === 'number') return true;
    if (operand.kind === 'call' && operand.callee.kind === 'identifier') return givesFreshMemory(operand.callee.name) || KEEPERS.test(operand.callee.name) || this.program.findFunction(operand.callee.name, place.unit) !== undefined;
    const type = place.typeOf(operand);
    if (type.kind === 'unknown') return operand.kind === 'member' && KEPT.test(operand.field);
    if (type.kind !== 'pointer' || type.user) return false;
    const to = this.program.resolve(type.to);
    return to.kind === 'struct' || (to.kind === 'named' && to.name === 'void');
  }

  /** The structure that a type is, points to, or is an array of. */
  private structOf(type: CType): string | null {
    let current = this.program.resolve(type);
    for (let depth = 0; depth < MAX_DEPTH && (current.kind === 'pointer' || current.kind === 'array'); depth++) current = this.program.resolve(current.kind === 'pointer' ? current.to : current.of);
    return current.kind === 'struct' ? current.tag : null;
  }

  private spoil(type: CType, spoiled: Set<string>): void {
    const tag = this.structOf(type);
    if (tag === null || spoiled.has(tag)) return;
    spoiled.add(tag);
    for (const field of this.program.struct(tag)?.fields ?? []) if (this.program.resolve(field.type).kind !== 'pointer') this.spoil(field.type, spoiled);
  }
}

/** What a field of a structure that is not followed holds, where the module's own stores tell. */
export function fieldMemoryOf({ object, field, arrow }: Extract<Expression, { kind: 'member' }>, frame: Frame, program: Program): Value | null {
  const base = program.resolve(typeOf(object, frame, program));
  const struct = !arrow ? base : base.kind === 'pointer' && !base.user ? program.resolve(base.to) : null;
  const declared = struct?.kind === 'struct' ? program.struct(struct.tag) : undefined;
  if (!declared || declared.isUnion) return null;
  const type = program.resolve(declared.fields.find(({ name }) => name === field)?.type ?? { kind: 'unknown' });
  const memory = type.kind === 'pointer' && !type.user ? program.fieldMemory(declared.tag, field) : null;
  if (!memory) return null;
  const { source, unit } = memory;
  const what = source.kind === 'call' && source.callee.kind === 'identifier' ? `memory from ${source.callee.name}()` : 'a string literal';
  return { kind: 'kernel', origin: { text: `${what} that field '${field}' is set to`, span: unit.spanOf(source) }, maybeNull: true };
}
