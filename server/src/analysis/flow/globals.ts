// SPDX-License-Identifier: MIT
import type { Memory } from './memory';
import type { MemoryObject, Target } from './objects';
import { join, sameValue, stripped, UNKNOWN, type Value } from './values';

/** Takes note of what code stores to the module's global variables. */
export interface NotesStores {
  /** `aside`: on a path that is not expected to run, which must not spoil what the expected ones leave. */
  stored(target: Target, value: Value, aside: boolean): void;
  clobbered(object: MemoryObject, aside: boolean): void;
  clobberedAll(aside: boolean): void;
}

/** The stores of one entry point, each once. */
export class StoreLog implements NotesStores {
  private readonly stores: { readonly target: Target; readonly value: Value }[] = [];
  private readonly known = new Map<string, Set<Value>>();
  private everything = false;

  stored(target: Target, value: Value, aside: boolean): void {
    if (target.object.storage !== 'global' || aside) return;
    const place = target.object.id + target.path;
    const known = this.known.get(place) ?? new Set();
    if (known.has(value)) return;
    this.known.set(place, known.add(value));
    this.stores.push({ target, value });
  }

  clobbered(object: MemoryObject, aside: boolean): void {
    this.stored({ object, path: '' }, UNKNOWN, aside);
  }

  clobberedAll(aside: boolean): void {
    this.everything ||= !aside;
  }

  repeatTo(globals: NotesStores): void {
    if (this.everything) globals.clobberedAll(false);
    for (const { target, value } of this.stores) globals.stored(target, value, false);
  }
}

/**
 * Everything that any function stores to the module's global variables. Functions that run after init (handlers,
 * exit) find in a global what it started with or any of these.
 */
export class GlobalStores implements NotesStores {
  private readonly objects = new Map<string, { readonly object: MemoryObject; readonly cells: Map<string, Value> }>();
  private readonly hooked = new Set<string>();
  /** Any variable may hold anything. */
  everything = false;
  private changed: Set<string> | null = new Set();
  /** Counts what was new, so that a caller can tell when nothing more comes. */
  changes = 0;

  stored(target: Target, value: Value, aside: boolean): void {
    if (target.object.storage !== 'global' || aside) return;
    if (value.kind === 'aggregate') {
      if (value.rest.kind === 'table') this.add(target.object, `${target.path}*`, value.rest);
      else if (value.rest.kind !== 'integer') this.add(target.object, target.path, UNKNOWN);
      for (const [path, part] of value.cells) this.add(target.object, target.path + path.replace(/\*$/, ''), part.value);
      return;
    }
    this.add(target.object, target.path, value);
  }

  /** A framework for hooks stores this there, and nothing else: what is unknown of its stores does not count. */
  filledByHook(target: Target, value: Value): void {
    this.add(target.object, target.path, value);
    this.hooked.add(target.object.id);
  }

  clobbered(object: MemoryObject, aside: boolean): void {
    if (object.storage === 'global' && !aside) this.add(object, '', UNKNOWN);
  }

  clobberedAll(aside: boolean): void {
    if (aside) return;
    if (this.everything) return;
    this.changes++;
    this.everything = true;
    this.changed = null;
  }

  /** The objects that anything was stored to. */
  get objectIds(): Iterable<string> {
    return this.objects.keys();
  }

  /** The objects that something new was stored to since this was asked last; null for all of them. */
  takeChanged(): ReadonlySet<string> | null {
    const { changed } = this;
    this.changed = new Set();
    return changed;
  }

  /** Adds the stores to some objects, as possibilities, to a memory that has their initial values. */
  applyTo(memory: Memory, ids: Iterable<string>): void {
    for (const id of ids) {
      const stored = this.objects.get(id);
      if (!stored) continue;
      const { object, cells } = stored;
      for (const [path, value] of cells) {
        if (path === '' && value.kind === 'unknown') memory.clobber(object);
        else memory.store({ object, path }, value, null, true);
      }
    }
  }

  private add(object: MemoryObject, path: string, given: Value): void {
    if (given.kind === 'unknown' && this.hooked.has(object.id)) return;
    const value = stripped(given, 'result', 'via');
    const known = this.objects.get(object.id) ?? { object, cells: new Map<string, Value>() };
    this.objects.set(object.id, known);
    const before = known.cells.get(path);
    const after = before ? join(before, value) : value;
    if (before && sameValue(before, after)) return;
    this.changes++;
    this.changed?.add(object.id);
    known.cells.set(path, after);
  }
}
