// SPDX-License-Identifier: MIT
import { append } from '../syntax/append';
import type { CType, Declarator, Expression, FunctionDefinition, Located, StructType, UnitSyntax } from '../syntax/ast';
import type { PlaceMap } from '../syntax/place-map';
import type { SourceText, Span } from '../syntax/source';
import type { ParsedChunk } from '../syntax/unit-reader';
import { mentionsIn, type Mentions } from './mentions';
import type { MemoryObject } from './objects';

/** One parsed file of the module with its local headers. Stays the same object when the file changes. */
export class Unit {
  private current: UnitSyntax = joinSyntax([]);
  private places: readonly ParsedChunk[] = [];
  private readonly known = new WeakMap<FunctionDefinition | Expression, Mentions>();
  private readonly variables = new WeakMap<Declarator, GlobalVariable>();

  constructor(private readonly file: SourceText) {}

  get path(): string {
    return this.file.path;
  }

  get syntax(): UnitSyntax {
    return this.current;
  }

  update(chunks: readonly ParsedChunk[]): void {
    this.current = joinSyntax(chunks);
    this.places = [...chunks].sort((a, b) => a.base - b.base);
  }

  /** What a function of the unit, or an initializer, mentions. */
  mentions(root: FunctionDefinition | Expression): Mentions {
    const known = this.known.get(root) ?? mentionsIn(root);
    this.known.set(root, known);
    return known;
  }

  /** What the unit's functions and the initial values of its variables mention, one by one. */
  *allMentions(): Generator<Mentions> {
    for (const definition of this.current.functions) yield this.mentions(definition);
    for (const { initializer } of this.current.globals) if (initializer) yield this.mentions(initializer);
  }

  /** Whether the file itself, and no header, says what fields a structure has. */
  declares(tag: string): boolean {
    const start = /^<anonymous (\d+)>$/.exec(tag)?.[1];
    if (start !== undefined) return this.spanOf({ start: Number(start), end: Number(start) + 1 }).file === this.file;
    return new RegExp(`\\bstruct\\s+${tag}\\s*\\{`).test(this.file.text);
  }

  /** The variable that a declaration at file scope makes: the same object for the same words of it. */
  variable(declarator: Declarator, id: string, what: string): GlobalVariable {
    const known = this.variables.get(declarator);
    if (known?.object.id === id && known.object.origin.text === what) return known;
    const { name, type, isExtern, initializer } = declarator;
    const object: MemoryObject = { id, name, storage: 'global', type, origin: { text: what, span: this.spanOf(declarator) } };
    const variable = { object, declarator, unit: this, isExternal: isExtern && initializer === null };
    this.variables.set(declarator, variable);
    return variable;
  }

  /** The source that a person reads as this. */
  spanOf(located: Located): Span {
    return this.find(located, (map, start, end) => map.span(start, end));
  }

  /** The source that it stands in, whole macro calls included. */
  siteOf(located: Located): Span {
    return this.find(located, (map, start, end) => map.site(start, end));
  }

  /** The source that can be replaced to change just this; null when it comes out of a macro. */
  verbatimOf(located: Located): Span | null {
    const place = this.placeOf(located);
    return place ? place.chunk.map.verbatim(located.start - place.base, located.end - place.base) : null;
  }

  private find(located: Located, look: (map: PlaceMap, start: number, end: number) => Span): Span {
    const place = this.placeOf(located);
    return place ? look(place.chunk.map, located.start - place.base, located.end - place.base) : { file: this.file, start: 0, end: 0 };
  }

  private placeOf({ start }: Located): ParsedChunk | undefined {
    let low = 0;
    let high = this.places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.places[middle]?.base ?? 0) <= start) low = middle + 1;
      else high = middle;
    }
    return this.places[low - 1];
  }
}

type Enumerator = UnitSyntax['enumerators'] extends ReadonlyMap<string, infer Item> ? Item : never;

function joinSyntax(chunks: readonly ParsedChunk[]): UnitSyntax {
  const functions: FunctionDefinition[] = [];
  const globals: Declarator[] = [];
  const typedefs = new Map<string, CType>();
  const structs = new Map<string, StructType>();
  const enumerators = new Map<string, Enumerator>();
  const fileScopeCalls: UnitSyntax['fileScopeCalls'][number][] = [];
  for (const { syntax } of chunks) {
    if (!syntax) continue;
    append(functions, syntax.functions);
    append(globals, syntax.globals);
    setAll(typedefs, syntax.typedefs);
    setAll(structs, syntax.structs);
    setAll(enumerators, syntax.enumerators);
    append(fileScopeCalls, syntax.fileScopeCalls);
  }
  return { functions, globals, typedefs, structs, enumerators, fileScopeCalls };
}

function setAll<T>(names: Map<string, T>, more: ReadonlyMap<string, T>): void {
  if (more.size > 0) for (const [name, item] of more) names.set(name, item);
}

export interface GlobalVariable {
  readonly object: MemoryObject;
  readonly declarator: Declarator;
  readonly unit: Unit;
  /** Nothing in the module defines it: its contents are the kernel's. */
  readonly isExternal: boolean;
}

export interface FunctionPlace {
  readonly definition: FunctionDefinition;
  readonly unit: Unit;
}
