// SPDX-License-Identifier: MIT
import type { SyscallAbi } from '../../../../core/abi';
import { socketCall } from '../../../../core/abi/nested-pointers';
import { errnoNumber } from '../../../../core/abi/errno';
import type { Architecture } from '../../../../core/model/analysis';
import type { CType, Declarator, Expression, FunctionDefinition, StructType } from '../syntax/ast';
import { apply } from '../syntax/condition';
import type { TargetFacts } from '../syntax/target';
import type { MemoryObject } from './objects';
import type { FunctionPlace, GlobalVariable, Unit } from './unit';

const FLAG_CONSTANTS: Readonly<Record<string, bigint>> = {
  O_RDONLY: 0n, O_WRONLY: 1n, O_RDWR: 2n, O_CREAT: 0o100n, O_EXCL: 0o200n, O_NOCTTY: 0o400n, O_TRUNC: 0o1000n, O_APPEND: 0o2000n, O_NONBLOCK: 0o4000n,
  O_CLOEXEC: 0o2000000n, AT_FDCWD: -100n, STDIN_FILENO: 0n, STDOUT_FILENO: 1n, STDERR_FILENO: 2n, SEEK_SET: 0n, SEEK_CUR: 1n, SEEK_END: 2n,
  PAGE_SIZE: 4096n, MCOUNT_INSN_SIZE: 5n, PATH_MAX: 4096n, NAME_MAX: 255n,
};

/** Where the addresses of user space end, or those of the kernel begin: near enough to tell the two apart. */
const ADDRESS_LIMITS: Readonly<Record<Architecture, bigint>> = { x86_64: 0x7fff_ffff_f000n, arm64: 1n << 48n, i386: 0xc000_0000n };
const ADDRESS_LIMIT_NAMES = new Set(['TASK_SIZE', 'TASK_SIZE_MAX', 'USER_PTR_MAX', 'PAGE_OFFSET']);

const REGISTER: CType = { kind: 'named', name: 'unsigned long' };

const REGISTER_ARRAY: StructType['fields'][number] = { name: 'regs', type: { kind: 'array', of: { kind: 'named', name: 'u64' }, size: null } };

/** struct pt_regs where its fields are no plain numbers. */
const KERNEL_STRUCTS: ReadonlyMap<string, StructType> = new Map([
  ['pt_regs', { tag: 'pt_regs', isUnion: false, fields: [REGISTER_ARRAY, { name: 'user_regs', type: { kind: 'struct', tag: 'user_pt_regs' } }] }],
  ['user_pt_regs', { tag: 'user_pt_regs', isUnion: false, fields: [REGISTER_ARRAY] }],
]);

/** What a run asked of a program, with the answers. */
export class Asked {
  readonly functions = new Map<Unit, Map<string, FunctionDefinition | undefined>>();
  readonly globals = new Map<Unit, Map<string, GlobalVariable | undefined>>();
  readonly typedefs = new Map<string, CType | undefined>();
  readonly structs = new Map<string, StructType | undefined>();
  readonly constants = new Map<string, bigint | null>();
  readonly fields = new Map<string, { readonly tag: string; readonly field: string; readonly source: Expression | null }>();

  add(other: Asked): void {
    for (const [unit, answers] of other.functions) for (const [name, answer] of answers) note(this.functions, unit, name, answer);
    for (const [unit, answers] of other.globals) for (const [name, answer] of answers) note(this.globals, unit, name, answer);
    for (const [name, answer] of other.typedefs) this.typedefs.set(name, answer);
    for (const [tag, answer] of other.structs) this.structs.set(tag, answer);
    for (const [name, answer] of other.constants) this.constants.set(name, answer);
    for (const [key, answer] of other.fields) this.fields.set(key, answer);
  }
}

function note<T>(answers: Map<Unit, Map<string, T>>, unit: Unit, name: string, answer: T): void {
  const own = answers.get(unit);
  if (own) own.set(name, answer);
  else answers.set(unit, new Map([[name, answer]]));
}

function agreesInUnits<T>(answers: Map<Unit, Map<string, T>>, ask: (name: string, unit: Unit) => T): boolean {
  for (const [unit, own] of answers) for (const [name, answer] of own) if (ask(name, unit) !== answer) return false;
  return true;
}

/** Names that stand for something else than before. */
export interface Changes {
  readonly functions: ReadonlySet<string>;
  readonly globals: ReadonlySet<string>;
  readonly typedefs: ReadonlySet<string>;
  readonly structs: ReadonlySet<string>;
  /** Any constant may be another. */
  readonly constants: boolean;
}

/** Whether a run asked for anything that changed. */
export function concerns(changes: Changes, asked: Asked): boolean {
  if (changes.constants && asked.constants.size > 0) return true;
  const meets = (names: ReadonlySet<string>, answers: ReadonlyMap<string, unknown>): boolean => {
    for (const name of names) if (answers.has(name)) return true;
    return false;
  };
  if (meets(changes.typedefs, asked.typedefs) || meets(changes.structs, asked.structs)) return true;
  for (const answers of asked.functions.values()) if (meets(changes.functions, answers)) return true;
  for (const answers of asked.globals.values()) if (meets(changes.globals, answers)) return true;
  return false;
}

function differing<T>(now: ReadonlyMap<string, T>, before: ReadonlyMap<string, T>, identity: (item: T) => unknown): Set<string> {
  const names = new Set<string>();
  for (const [name, item] of now) {
    const other = before.get(name);
    if (other === undefined || identity(other) !== identity(item)) names.add(name);
  }
  for (const name of before.keys()) if (!now.has(name)) names.add(name);
  return names;
}

function addAll(names: Set<string>, more: Iterable<string>): void {
  for (const name of more) names.add(name);
}

/** What was remembered of a program's answers, and the identity of the program that last gave the same. */
export interface Agreed {
  readonly asked: Asked;
  agreedWith: symbol;
}

/** Where a module sets a field to memory of the kernel. */
export interface FieldMemory {
  readonly source: Expression;
  readonly unit: Unit;
  /** It is stored to that very structure. */
  readonly isSure: boolean;
}

/** What fields of the module's structures can hold. */
export interface Fields {
  of(tag: string, field: string): FieldMemory | null;
}

/** All units of a module, as one program: names, types, constants. */
export class Program {
  /** Stands for it in what is remembered, which would else keep it. */
  readonly identity = Symbol('program');
  private readonly functions = new Map<string, FunctionPlace>();
  private readonly statics = new Map<Unit, Map<string, FunctionPlace>>();
  private readonly globals = new Map<string, GlobalVariable>();
  private readonly typedefs = new Map<string, CType>();
  private readonly structs = new Map<string, StructType>(KERNEL_STRUCTS);
  private readonly constants = new Map<string, bigint | null>();
  readonly abi: SyscallAbi;
  private readonly enumerators: readonly ReadonlyMap<string, unknown>[];
  /** Where questions and answers are noted, while a run asks. */
  private asked: Asked | null = null;
  private fields: Fields | null = null;

  constructor(
    readonly units: readonly Unit[],
    readonly target: TargetFacts,
    private readonly abiOf: (arch: Architecture) => SyscallAbi,
    private readonly fieldsOf: (program: Program) => Fields,
  ) {
    this.abi = abiOf(target.arch);
    this.enumerators = units.map(({ syntax }) => syntax.enumerators);
    for (const unit of units) this.index(unit);
  }

  private index(unit: Unit): void {
    const statics = new Map<string, FunctionPlace>();
    this.statics.set(unit, statics);
    for (const definition of unit.syntax.functions) {
      const place = { definition, unit };
      if (!statics.has(definition.name)) statics.set(definition.name, place);
      if (!definition.isStatic && !this.functions.has(definition.name)) this.functions.set(definition.name, place);
    }
    for (const [name, type] of unit.syntax.typedefs) if (!this.typedefs.has(name)) this.typedefs.set(name, type);
    for (const [tag, type] of unit.syntax.structs) if (!this.structs.has(tag)) this.structs.set(tag, type);
    for (const declarator of unit.syntax.globals) this.indexGlobal(declarator, unit);
  }

  private indexGlobal(declarator: Declarator, unit: Unit): void {
    if (this.resolve(declarator.type).kind === 'function') return;
    const id = declarator.isStatic ? `${unit.path}::${declarator.name}` : declarator.name;
    const known = this.globals.get(id);
    if (known && (declarator.initializer === null || known.declarator.initializer !== null) && (declarator.isExtern || !known.isExternal)) return;
    this.globals.set(id, unit.variable(declarator, `global ${id}`, `${declarator.isStatic ? 'static ' : 'global '}${this.describe(declarator.type)} '${declarator.name}'`));
  }

  /** Starts to note what is asked. */
  noteAsked(): void {
    this.asked = new Asked();
  }

  /** What was asked since then. */
  takeAsked(): Asked {
    const asked = this.asked ?? new Asked();
    this.asked = null;
    return asked;
  }

  /** Notes what a call within a run asks. @returns what the run asked so far, for `leaveAsked` */
  enterAsked(): Asked | null {
    const outer = this.asked;
    this.asked = new Asked();
    return outer;
  }

  /** @returns what the call asked, which its run has asked as well */
  leaveAsked(outer: Asked | null): Asked {
    const asked = this.asked ?? new Asked();
    this.asked = outer;
    this.repeatAsked(asked);
    return asked;
  }

  /** Notes what an earlier call asked. */
  repeatAsked(asked: Asked): void {
    this.asked?.add(asked);
  }

  /** Whether the same questions have the same answers. */
  agrees({ functions, globals, typedefs, structs, constants }: Asked): boolean {
    for (const [name, answer] of typedefs) if (this.typedefs.get(name) !== answer) return false;
    for (const [tag, answer] of structs) if (this.structs.get(tag) !== answer) return false;
    if (!agreesInUnits(functions, (name, unit) => this.findFunction(name, unit)?.definition) || !agreesInUnits(globals, (name, unit) => this.findGlobal(name, unit))) return false;
    for (const [name, answer] of constants) if (this.constant(name) !== answer) return false;
    return true;
  }

  /** The same for questions about what fields are set to, which all code of the module may change. */
  agreesOnFields({ fields }: Asked): boolean {
    for (const { tag, field, source } of fields.values()) if ((this.fieldMemory(tag, field)?.source ?? null) !== source) return false;
    return true;
  }

  /** What names stand for something else than in an earlier program. */
  changesSince(earlier: Program): Changes {
    const functions = differing(this.functions, earlier.functions, ({ definition }) => definition);
    for (const unit of this.units) addAll(functions, differing(this.statics.get(unit) ?? new Map<string, FunctionPlace>(), earlier.statics.get(unit) ?? new Map<string, FunctionPlace>(), ({ definition }) => definition));
    const globals = [...differing(this.globals, earlier.globals, (global) => global)].map((id) => id.slice(id.lastIndexOf(':') + 1));
    const isSameModule = this.units.length === earlier.units.length && this.units.every((unit, at) => unit === earlier.units[at]);
    const constants = !isSameModule || this.enumerators.some((own, at) => differing(own, earlier.enumerators[at] ?? new Map<string, unknown>(), (value) => value).size > 0);
    return { functions, globals: new Set(globals), typedefs: differing(this.typedefs, earlier.typedefs, (type) => type), structs: differing(this.structs, earlier.structs, (type) => type), constants };
  }

  /** `array` or `variable`. */
  describe(type: CType): string {
    return this.resolve(type).kind === 'array' ? 'array' : 'variable';
  }

  findFunction(name: string, unit: Unit): FunctionPlace | undefined {
    const found = this.statics.get(unit)?.get(name) ?? this.functions.get(name);
    if (this.asked) note(this.asked.functions, unit, name, found?.definition);
    return found;
  }

  findGlobal(name: string, unit: Unit): GlobalVariable | undefined {
    const found = this.globals.get(`${unit.path}::${name}`) ?? this.globals.get(name);
    if (this.asked) note(this.asked.globals, unit, name, found);
    return found;
  }

  /** The variable at file scope that an object is. */
  variableOf(object: MemoryObject): GlobalVariable | undefined {
    const found = this.globals.get(object.id.replace(/^global /, ''));
    return found?.object === object ? found : undefined;
  }

  get allGlobals(): Iterable<GlobalVariable> {
    return this.globals.values();
  }

  /** Follows typedefs. */
  resolve(type: CType): CType {
    let current = type;
    for (let steps = 0; current.kind === 'named' && steps < 20; steps++) {
      const next = this.typedefs.get(current.name);
      this.asked?.typedefs.set(current.name, next);
      if (!next) return current;
      current = next;
    }
    return current;
  }

  struct(tag: string): StructType | undefined {
    const found = this.structs.get(tag);
    this.asked?.structs.set(tag, found);
    return found;
  }

  /** Memory of the kernel that a field of a structure can only hold; null when it may hold anything. */
  fieldMemory(tag: string, field: string): FieldMemory | null {
    const { asked } = this;
    this.asked = null; // what it rests on is in the answer
    const memory = (this.fields ??= this.fieldsOf(this)).of(tag, field);
    this.asked = asked;
    asked?.fields.set(`${tag} ${field}`, { tag, field, source: memory?.source ?? null });
    return memory;
  }

  /** The type of a part of an object; `unknown` where a struct of the kernel hides it. */
  typeAt(type: CType, path: string): CType {
    let current = this.resolve(type);
    for (const [segment] of path.matchAll(/\.[^.[*]+|\[[^\]]*\]/g)) {
      if (segment.startsWith('[')) {
        if (current.kind === 'array') current = this.resolve(current.of);
        else if (segment !== '[0]') return { kind: 'unknown' };
      } else if (current.kind === 'struct') {
        const field = this.struct(current.tag)?.fields.find((item) => item.name === segment.slice(1));
        if (!field) return current.tag === 'pt_regs' ? REGISTER : { kind: 'unknown' };
        current = this.resolve(field.type);
      } else return { kind: 'unknown' };
    }
    return current;
  }

  /** Whether the module itself says what fields a struct has, or the analysis knows it whole. */
  isTransparent(type: CType): boolean {
    const resolved = this.resolve(type);
    return resolved.kind === 'struct' && this.struct(resolved.tag) !== undefined;
  }

  /** Elements of an array type, null when not known. */
  arraySize(type: CType): number | null {
    const resolved = this.resolve(type);
    if (resolved.kind !== 'array' || !resolved.size) return null;
    const value = this.constantExpression(resolved.size);
    return value === null || value < 0n || value > 0x7fffffffn ? null : Number(value);
  }

  /** The value of a name that is no variable: enumerators, errno and flag names, syscall numbers. */
  constant(name: string): bigint | null {
    const number = this.syscallNumber(name);
    if (number !== null) return BigInt(number);
    const value = this.namedConstant(name);
    this.asked?.constants.set(name, value);
    return value;
  }

  private namedConstant(name: string): bigint | null {
    const known = this.constants.get(name);
    if (known !== undefined) return known;
    this.constants.set(name, null);
    const value = this.enumerator(name) ?? FLAG_CONSTANTS[name] ?? (ADDRESS_LIMIT_NAMES.has(name) ? ADDRESS_LIMITS[this.target.arch] : null) ?? this.abi.command(name) ?? socketCall(name) ?? (/^E[A-Z0-9]+$/.test(name) ? errno(name) : null);
    this.constants.set(name, value);
    return value;
  }

  /** The syscalls that 32-bit callers make on x86-64. */
  get compatAbi(): SyscallAbi {
    return this.abiOf('i386');
  }

  /** The number behind `__NR_write` or `SYS_write`. */
  syscallNumber(name: string): number | null {
    const match = /^(?:__NR_|SYS_)(\w+)$/.exec(name);
    return match?.[1] === undefined ? null : (this.abi.byName(match[1])?.number ?? null);
  }

  private enumerator(name: string): bigint | null {
    for (const unit of this.units) {
      const found = unit.syntax.enumerators.get(name);
      if (found === undefined) continue;
      if (typeof found === 'bigint') return found;
      if ('after' in found) {
        const base = this.constant(found.after);
        return base === null ? null : base + found.by;
      }
      return this.constantExpression(found);
    }
    return null;
  }

  constantExpression(expression: Expression, depth = 0): bigint | null {
    if (depth > 50) return null;
    switch (expression.kind) {
      case 'number':
        return expression.value;
      case 'identifier':
        return this.constant(expression.name);
      case 'unary': {
        const value = this.constantExpression(expression.operand, depth + 1);
        if (value === null) return null;
        return expression.operator === '-' ? -value : expression.operator === '~' ? ~value : expression.operator === '!' ? BigInt(value === 0n) : null;
      }
      case 'binary':
        return apply(expression.operator, this.constantExpression(expression.left, depth + 1), this.constantExpression(expression.right, depth + 1));
      case 'cast':
        return this.constantExpression(expression.operand, depth + 1);
      default:
        return null;
    }
  }
}

function errno(name: string): bigint | null {
  const number = errnoNumber(name);
  return number === null ? null : BigInt(Math.abs(number));
}
