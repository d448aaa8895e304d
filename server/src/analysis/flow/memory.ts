// SPDX-License-Identifier: MIT
import type { Span } from '../syntax/source';
import type { MemoryObject, Target } from './objects';
import { sameThroughout } from './same';
import { SharedMap } from './shared-map';
import { contradicts, join, sameValue, UNKNOWN, widen, ZERO, type Cell, type Value } from './values';

export interface Contents {
  readonly cells: ReadonlyMap<string, Cell>;
  /** What a part that has no cell holds. */
  readonly rest: Value;
}

const NO_CELLS: ReadonlyMap<string, Cell> = new Map();
const NOTHING: Contents = { cells: NO_CELLS, rest: UNKNOWN };
const ZEROED: Contents = { cells: NO_CELLS, rest: ZERO };
/** An object that is filled cell by cell beyond this is given up. */
const MAX_CELLS = 600;

/** What a run found in memory when it began, object by object. */
export type Reads = ReadonlyMap<string, Contents | undefined>;

/** What a call within a run asks of memory besides the contents of objects. */
class MemoryUse {
  /** Objects of which it matters whether their addresses left the module, or are published. */
  readonly reach = new Set<string>();
  /** All objects whose addresses left the module matter. */
  allEscaped = false;
  /** All memory matters. */
  all = false;
}

/** What a call rested on in memory. */
export interface MemoryInputs {
  readonly reads: Reads;
  readonly escaped: ReadonlyMap<string, boolean>;
  readonly published: ReadonlyMap<string, boolean>;
  /** Those of the objects whose addresses left the module that could still be lost; null where that does not matter. */
  readonly atRisk: ReadonlySet<string> | null;
}

/** What a call changed in memory. */
export interface MemoryChange {
  readonly contents: Reads;
  readonly escaped: readonly string[];
  readonly published: readonly string[];
}

/** Small numbers for the ids of objects: one table for all memories of a run. Notes which ones it was asked for. */
class ObjectNumbers {
  private readonly numbers = new Map<string, number>();
  private readonly ids: string[] = [];
  /** What each object was last set to, on whichever path. */
  private readonly latest: (Contents | undefined)[] = [];
  private asked = new Set<string>();
  /** What a call within the run asks besides. */
  within: MemoryUse | null = null;

  of(id: string): number {
    this.asked.add(id);
    return this.numberOf(id);
  }

  /** Without a note. */
  numberOf(id: string): number {
    const known = this.numbers.get(id);
    if (known !== undefined) return known;
    const number = this.ids.push(id) - 1;
    this.numbers.set(id, number);
    return number;
  }

  idOf(number: number): string {
    return this.ids[number] ?? '';
  }

  /** Contents that are the same on two paths as the same object, so that the paths can be compared and joined at a glance. */
  shared(number: number, contents: Contents | undefined): Contents | undefined {
    const latest = this.latest[number];
    if (contents === undefined || contents === latest) return contents;
    if (contents.cells.size === 0 && contents.rest === UNKNOWN) return NOTHING;
    if (latest && sameThroughout(latest, contents)) return latest;
    this.latest[number] = contents;
    return contents;
  }

  /** A call within the run begins. @returns what was asked before it */
  enter(): ReadonlySet<string> {
    this.within = new MemoryUse();
    return this.takeAsked();
  }

  leave(outer: ReadonlySet<string>): { readonly asked: ReadonlySet<string>; readonly use: MemoryUse } {
    const asked = this.takeAsked();
    const use = this.within ?? new MemoryUse();
    this.within = null;
    this.note(outer);
    this.note(asked);
    return { asked, use };
  }

  note(ids: Iterable<string>): void {
    for (const id of ids) this.asked.add(id);
  }

  askAll(): void {
    for (const id of this.numbers.keys()) this.asked.add(id);
  }

  takeAsked(): ReadonlySet<string> {
    const { asked } = this;
    this.asked = new Set();
    return asked;
  }
}

/** Ids of objects that live longer than the run of one entry point. */
const LASTS = /^(?:global|static) /;

/** What the module's objects hold at one point of one path. Forks are cheap: contents are shared until written. */
export class Memory {
  constructor(
    private readonly numbers = new ObjectNumbers(),
    private objects: SharedMap<Contents> = SharedMap.empty,
    /** Objects whose address left the module: anything unknown may write to them. */
    private escaped: ReadonlySet<string> = new Set(),
    /** Objects whose address a global variable or the heap holds. */
    private published: ReadonlySet<string> = new Set(),
  ) {}

  fork(): Memory {
    return new Memory(this.numbers, this.objects, this.escaped, this.published);
  }

  has(object: MemoryObject): boolean {
    return this.contents(object) !== undefined;
  }

  /** Starts an object: every part holds `rest`. */
  reset(object: MemoryObject, rest: Value): void {
    this.set(object, rest === ZERO ? ZEROED : rest === UNKNOWN ? NOTHING : { cells: NO_CELLS, rest });
  }

  /** Gives an object the contents that it was found to have elsewhere. */
  take(object: MemoryObject, contents: Contents): void {
    this.set(object, contents);
  }

  forget(objects: Iterable<MemoryObject>): void {
    objects = this.noteReach(objects);
    for (const object of objects) if (!this.escaped.has(object.id)) this.objects = this.objects.with(this.numbers.of(object.id), undefined);
  }

  cell(target: Target): Cell | null {
    const contents = this.contents(target.object) ?? NOTHING;
    if (!target.path.includes('[?]')) {
      const exact = contents.cells.get(target.path);
      if (exact) return exact;
    }
    return null;
  }

  /** The value of a part without parts of its own. */
  load(target: Target): Value {
    const contents = this.contents(target.object) ?? NOTHING;
    if (!target.path.includes('[?]')) {
      const exact = contents.cells.get(target.path);
      if (exact) return exact.value;
    }
    let result: Value | null = null;
    const pattern = contents.cells.size > 0 ? matcher(target.path) : null;
    for (const [path, cell] of contents.cells) if (pattern?.(path)) result = result ? join(result, cell.value) : cell.value;
    const rest = defaultOf(contents, target.path);
    if (!result) return rest;
    return join(result, rest);
  }

  /** All parts below a path, as one value. */
  loadAggregate(target: Target): Value {
    const contents = this.contents(target.object) ?? NOTHING;
    const cells = new Map<string, Cell>();
    if (target.path.includes('[?]')) return UNKNOWN;
    for (const [path, cell] of contents.cells) {
      if (path.startsWith(target.path) && path !== target.path) cells.set(path.slice(target.path.length), cell);
    }
    const whole = contents.cells.get(target.path);
    return { kind: 'aggregate', cells, rest: whole?.value ?? defaultOf(contents, target.path) };
  }

  /** Stores to one part; `weak` keeps what was there as a possibility. */
  store(target: Target, value: Value, stored: Span | null, weak = false): void {
    const contents = this.contents(target.object) ?? NOTHING;
    const cells = new Map(contents.cells);
    const unclear = weak || target.path.includes('[?]');
    const pattern = matcher(target.path);
    for (const [path, cell] of contents.cells) {
      if (path === target.path || path === `${target.path}*`) {
        if (unclear) cells.set(path, { value: join(cell.value, value), stored });
        else cells.delete(path);
      } else if (path.startsWith(target.path) && /^[.[*]/.test(path.slice(target.path.length))) {
        if (unclear) cells.set(path, { value: UNKNOWN, stored: null });
        else cells.delete(path);
      } else if (unclear && pattern(path)) cells.set(path, { value: join(cell.value, value), stored });
    }
    if (value.kind === 'aggregate') {
      if (unclear) cells.set(`${target.path}*`, { value: UNKNOWN, stored: null });
      else {
        for (const [path, part] of value.cells) cells.set(target.path + path, { value: part.value, stored: part.stored ?? stored });
        cells.set(`${target.path}*`, { value: value.rest, stored });
      }
    } else if (!unclear) cells.set(target.path, { value, stored });
    else if (!cells.has(target.path)) cells.set(target.path, { value: join(value, defaultOf(contents, target.path)), stored });
    if (cells.size > MAX_CELLS) this.set(target.object, NOTHING);
    else this.set(target.object, { cells, rest: contents.rest });
  }

  /** Whether any of the parts below is known: used to tell structures from plain values where the type is not known. */
  hasParts(target: Target): boolean {
    const contents = this.contents(target.object) ?? NOTHING;
    for (const path of contents.cells.keys()) if (path.startsWith(target.path) && /^[.[*]/.test(path.slice(target.path.length))) return true;
    return false;
  }

  /** Notes objects whose address lies where other functions may find it. */
  publish(objects: Iterable<MemoryObject>): void {
    this.published = withAll(this.published, this.noteReach(objects).map((object) => object.id));
  }

  /** Whether code that is not seen may hold the object's address. */
  isReachable(object: MemoryObject): boolean {
    this.noteReach([object]);
    return this.published.has(object.id) || this.escaped.has(object.id);
  }

  /** The parts of an object that were stored to one by one; `path*` stands for everything below a path. */
  paths(object: MemoryObject): string[] {
    return [...(this.contents(object)?.cells.keys() ?? [])];
  }

  escape(objects: Iterable<MemoryObject>): void {
    this.escaped = withAll(this.escaped, this.noteReach(objects).map((object) => object.id));
  }

  /** Something unknown wrote to memory: what has escaped holds anything now. */
  clobberEscaped(): void {
    const { within } = this.numbers;
    if (within) within.allEscaped = true;
    for (const id of this.escaped) {
      const number = within ? this.numbers.numberOf(id) : this.numbers.of(id); // within a call not what they hold matters, but which they are
      const contents = this.objects.get(number);
      if (contents && contents !== NOTHING) this.objects = this.objects.with(number, NOTHING);
    }
  }

  clobber(object: MemoryObject): void {
    this.set(object, NOTHING);
  }

  clobberAll(): void {
    this.numbers.askAll();
    if (this.numbers.within) this.numbers.within.all = true;
    this.objects = this.objects.mapped(() => NOTHING);
  }

  /** Whether some part is an address of user space here and one of the kernel there. */
  contradicts(other: Memory): boolean {
    return this.objects.differsBy(other.objects, contentsContradict);
  }

  /** Covers another path's memory too. */
  joinWith(other: Memory, merge: (a: Value, b: Value) => Value = join): void {
    this.published = withAll(this.published, other.published);
    if (this.objects === other.objects) return;
    this.objects = this.objects.joined(other.objects, (ours, theirs) => joinContents(ours, theirs, merge));
    this.escaped = withAll(this.escaped, other.escaped);
  }

  widenWith(after: Memory): void {
    this.joinWith(after, widen);
  }

  sameAs(other: Memory): boolean {
    return this.objects.equals(other.objects, sameContents);
  }

  /** Starts to note what is read from any fork of this memory. */
  noteReads(): void {
    this.numbers.takeAsked();
  }

  /** What was read of this memory since then; objects that no other run can see do not count. */
  takeReads(): Reads {
    const ids = [...this.numbers.takeAsked()].filter((id) => LASTS.test(id));
    return new Map(ids.map((id) => [id, this.objects.get(this.numbers.of(id))]));
  }

  /** Takes over what objects hold in another fork. */
  takeFrom(other: Memory, ids: Iterable<string>): void {
    for (const id of ids) {
      const number = this.numbers.of(id);
      this.objects = this.objects.with(number, other.objects.get(number));
    }
  }

  /** Whether the same reads would give the same. */
  agrees(reads: Reads): boolean {
    for (const [id, contents] of reads) if (this.objects.get(this.numbers.of(id)) !== contents) return false;
    return true;
  }

  /** Replaces the contents of objects that outlast a run by others that are the same. */
  canonical(ids: Iterable<string>, canonical: (id: string, contents: Contents) => Contents): void {
    for (const id of ids) {
      const number = this.numbers.of(id);
      const contents = this.objects.get(number);
      if (contents) this.objects = this.objects.with(number, canonical(id, contents));
    }
  }

  /** Does so for all objects. */
  canonicalAll(canonical: (id: string, contents: Contents) => Contents): void {
    this.objects = this.objects.mapped((contents, number) => {
      const id = this.numbers.idOf(number);
      return LASTS.test(id) ? canonical(id, contents) : contents;
    });
  }

  /** Starts to note what a call asks of any fork of this memory. */
  enter(): ReadonlySet<string> {
    return this.numbers.enter();
  }

  /** What a call rested on that began with this memory; null where that is all of it. `own`: how ids begin that do not count. */
  leave(outer: ReadonlySet<string>, own: string): MemoryInputs | null {
    const { asked, use } = this.numbers.leave(outer);
    if (use.allEscaped) this.numbers.note(this.escaped);
    if (use.all) return null;
    const reads = [...asked].filter((id) => !id.startsWith(own)).map((id) => [id, this.objects.get(this.numbers.numberOf(id))] as const);
    const whether = (set: ReadonlySet<string>): ReadonlyMap<string, boolean> => new Map([...use.reach].map((id) => [id, set.has(id)]));
    return { reads: new Map(reads), escaped: whether(this.escaped), published: whether(this.published), atRisk: use.allEscaped ? this.atRisk() : null };
  }

  /** Whether a call that begins now would find the same. */
  findsSame({ reads, escaped, published, atRisk }: MemoryInputs): boolean {
    for (const [id, contents] of reads) {
      const now = this.objects.get(this.numbers.numberOf(id));
      if (now !== contents && !sameThroughout(now, contents)) return false;
    }
    for (const [id, has] of escaped) if (this.escaped.has(id) !== has) return false;
    for (const [id, has] of published) if (this.published.has(id) !== has) return false;
    if (!atRisk) return true;
    const now = this.atRisk();
    return now.size === atRisk.size && [...now].every((id) => atRisk.has(id));
  }

  /** What is other than in the memory that a call began with; objects of `locals` count only where they outlive the call. */
  changeSince(before: Memory, locals: readonly MemoryObject[]): MemoryChange {
    const gone = new Set(locals.flatMap(({ id }) => (this.escaped.has(id) ? [] : [id])));
    const changed = this.objects.keysOfDifference(before.objects).filter((number) => !gone.has(this.numbers.idOf(number)));
    const added = (now: ReadonlySet<string>, then: ReadonlySet<string>): string[] => (now === then ? [] : [...now].filter((id) => !then.has(id)));
    return { contents: new Map(changed.map((number) => [this.numbers.idOf(number), this.objects.get(number)])), escaped: added(this.escaped, before.escaped), published: added(this.published, before.published) };
  }

  /** The contents of an object, where nothing else is other than in the memory before. */
  onlyChangeSince(before: Memory, object: MemoryObject): Contents | undefined {
    const { contents, escaped, published } = this.changeSince(before, []);
    return contents.size === 1 && escaped.length === 0 && published.length === 0 ? contents.get(object.id) : undefined;
  }

  /** This memory after a call that would find the same. */
  after({ contents, escaped, published }: MemoryChange, { reads, atRisk }: MemoryInputs): Memory {
    this.numbers.note(reads.keys());
    if (atRisk) this.numbers.note(atRisk);
    let { objects } = this;
    for (const [id, value] of contents) {
      const number = this.numbers.numberOf(id);
      objects = objects.with(number, this.numbers.shared(number, value));
    }
    return new Memory(this.numbers, objects, withAll(this.escaped, escaped), withAll(this.published, published));
  }

  private atRisk(): ReadonlySet<string> {
    return new Set([...this.escaped].filter((id) => (this.objects.get(this.numbers.numberOf(id)) ?? NOTHING) !== NOTHING));
  }

  private noteReach(objects: Iterable<MemoryObject>): readonly MemoryObject[] {
    const list = [...objects];
    if (this.numbers.within) for (const { id } of list) this.numbers.within.reach.add(id);
    return list;
  }

  private contents(object: MemoryObject): Contents | undefined {
    return this.objects.get(this.numbers.of(object.id));
  }

  private set(object: MemoryObject, contents: Contents): void {
    const number = this.numbers.of(object.id);
    this.objects = this.objects.with(number, this.numbers.shared(number, contents));
  }
}

function withAll(set: ReadonlySet<string>, more: Iterable<string>): ReadonlySet<string> {
  if (set === more) return set;
  const added = [...more].filter((id) => !set.has(id));
  return added.length > 0 ? new Set([...set, ...added]) : set;
}

/** The nearest `prefix*` cell, else the object's rest. */
function defaultOf(contents: Contents, path: string): Value {
  for (let end = path.length; end >= 0; end--) {
    if (end < path.length && path[end] !== '.' && path[end] !== '[') continue;
    const cell = contents.cells.get(`${path.slice(0, end)}*`);
    if (cell) return cell.value;
    const whole = end < path.length && end > 0 ? contents.cells.get(path.slice(0, end)) : undefined;
    if (whole) return UNKNOWN;
  }
  const all = contents.cells.get('*');
  return all ? all.value : contents.rest;
}

/** Whether a path may be the same place as another: `[?]` stands for every index. */
function matcher(path: string): (other: string) => boolean {
  const wild = path.includes('[?]');
  const segments = path.split(INDEX);
  const indexes = path.match(INDEX) ?? [];
  return (other) => {
    if (!wild && !other.includes('[?]')) return other === path;
    const theirs = other.match(INDEX) ?? [];
    if (theirs.length !== indexes.length || !other.split(INDEX).every((segment, at) => segment === segments[at])) return false;
    return indexes.every((index, at) => index === '[?]' || theirs[at] === '[?]' || index === theirs[at]);
  };
}

const INDEX = /\[(?:\?|-?\d+)\]/g;

function joinContents(a: Contents, b: Contents, merge: (a: Value, b: Value) => Value): Contents {
  const cells = new Map<string, Cell>();
  for (const path of new Set([...a.cells.keys(), ...b.cells.keys()])) {
    const left = a.cells.get(path);
    const right = b.cells.get(path);
    if (left === right && left) {
      cells.set(path, left);
      continue;
    }
    const bare = path.endsWith('*') ? path.slice(0, -1) : path;
    const value = merge(left?.value ?? defaultOf(a, bare), right?.value ?? defaultOf(b, bare));
    cells.set(path, { value, stored: left?.stored ?? right?.stored ?? null });
  }
  return { cells, rest: merge(a.rest, b.rest) };
}

function sameContents(a: Contents, b: Contents): boolean {
  if (a === b) return true;
  if (a.cells.size !== b.cells.size || !sameValue(a.rest, b.rest)) return false;
  for (const [path, cell] of a.cells) {
    const other = b.cells.get(path);
    if (!other || !sameValue(cell.value, other.value)) return false;
  }
  return true;
}

function contentsContradict(a: Contents, b: Contents): boolean {
  if (contradicts(a.rest, b.rest)) return true;
  const differs = (path: string): boolean => {
    const [left, right] = [a.cells.get(path), b.cells.get(path)];
    if (left === right) return false;
    const bare = path.endsWith('*') ? path.slice(0, -1) : path;
    return contradicts(left?.value ?? defaultOf(a, bare), right?.value ?? defaultOf(b, bare));
  };
  for (const path of a.cells.keys()) if (differs(path)) return true;
  for (const path of b.cells.keys()) if (!a.cells.has(path) && differs(path)) return true;
  return false;
}
