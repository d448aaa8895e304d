// SPDX-License-Identifier: MIT
import type { CType } from '../syntax/ast';
import type { Span } from '../syntax/source';

/** Where an address comes from, in words for a person, with the place that says so. */
export interface Origin {
  readonly text: string;
  readonly span: Span | null;
}

/** An object of the module's memory: a variable, a literal, an allocation. Always at a kernel address. */
export interface MemoryObject {
  readonly id: string;
  readonly name: string;
  readonly storage: 'global' | 'local' | 'heap';
  readonly type: CType;
  readonly origin: Origin;
}

/** A search for an address of the kernel, which may find nothing. */
export interface Lookup {
  /** The same for each time that one chain of calls leads to it. */
  readonly key: string;
  readonly span: Span;
}

/** A part of an object: `.si`, `[0].name`, or the whole (empty). */
export interface Target {
  readonly object: MemoryObject;
  readonly path: string;
}
