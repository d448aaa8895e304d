// SPDX-License-Identifier: MIT
import type { Assumption } from '../../../../core/model/analysis';

/** A descriptor of the process that runs the code. `null` is not known. */
export interface Descriptor {
  readonly open: boolean | null;
  readonly readable: boolean | null;
  readonly writable: boolean | null;
  /** Reading or writing nothing returns 0, which rests on these; null when that is not known. */
  readonly plain: readonly Assumption[] | null;
  /** What it rests on. */
  readonly assumes: readonly Assumption[];
}

const UNKNOWN_DESCRIPTOR: Descriptor = { open: null, readable: null, writable: null, plain: null, assumes: [] };
export const CLOSED: Descriptor = { open: false, readable: false, writable: false, plain: null, assumes: [] };
/** Soft limit of open files that every distribution starts with: a higher number is not predicted. */
export const DESCRIPTOR_LIMIT = 1024;

/** Descriptors that are told apart. */
const MAX_ENTRIES = 100;

export interface Allocation {
  readonly number: number;
  readonly table: DescriptorTable;
  readonly assumes: readonly Assumption[];
}

/** The descriptor table as far as it is known. Immutable. */
export class DescriptorTable {
  readonly key: string;

  private constructor(
    private readonly entries: ReadonlyMap<number, Descriptor>,
    private readonly rest: Descriptor,
  ) {
    const list = [...entries].sort(([a], [b]) => a - b).map(([number, entry]) => `${number}:${code(entry)}`);
    this.key = `${list.join(' ')}|${code(rest)}`;
  }

  static readonly unknown = new DescriptorTable(new Map(), UNKNOWN_DESCRIPTOR);

  /** insmod while the module's init runs: the standard descriptors, and the module file, which it only reads. */
  static whileLoading(): DescriptorTable {
    const entries = new Map(standard('', false));
    entries.set(3, { open: true, readable: true, writable: false, plain: [], assumes: [{ id: 'descriptor-3-module', text: 'descriptor 3 is the module file, open for reading, while init runs' }] });
    return new DescriptorTable(entries, { ...CLOSED, assumes: [{ id: 'descriptor-4-up-free', text: 'descriptor 4 and up are free' }] });
  }

  /** A process that calls into the module: the standard descriptors, and others that are not known. */
  static ofCaller(who: string, takesAll: boolean): DescriptorTable {
    return new DescriptorTable(new Map(standard(` of ${who}`, takesAll)), UNKNOWN_DESCRIPTOR);
  }

  get(number: number): Descriptor {
    return this.entries.get(number) ?? this.rest;
  }

  with(number: number, entry: Descriptor): DescriptorTable {
    if (this.entries.size > MAX_ENTRIES) return DescriptorTable.unknown;
    return new DescriptorTable(new Map(this.entries).set(number, entry), this.rest);
  }

  /** `number` may or may not have become something else. */
  withUnknown(number: number): DescriptorTable {
    return this.with(number, UNKNOWN_DESCRIPTOR);
  }

  closed(number: number): DescriptorTable {
    return this.with(number, CLOSED);
  }

  /** The lowest free descriptor may be open now; nothing is known when it is not known which that is. */
  withLowestUnknown(): DescriptorTable {
    const allocation = this.allocate(UNKNOWN_DESCRIPTOR);
    return allocation ? allocation.table : DescriptorTable.unknown;
  }

  /** Puts an open file at the lowest free descriptor, as the kernel does; null when that is not known. */
  allocate(entry: Descriptor): Allocation | null {
    const assumes: Assumption[] = [];
    for (let number = 0; number < DESCRIPTOR_LIMIT; number++) {
      const current = this.get(number);
      if (current.open === null) return null;
      assumes.push(...current.assumes);
      if (!current.open) return { number, table: this.with(number, entry), assumes };
    }
    return null;
  }

  /** Covers both tables. */
  join(other: DescriptorTable): DescriptorTable {
    if (this.key === other.key) return this;
    const entries = new Map<number, Descriptor>();
    for (const number of new Set([...this.entries.keys(), ...other.entries.keys()])) entries.set(number, joinDescriptors(this.get(number), other.get(number)));
    return new DescriptorTable(entries, joinDescriptors(this.rest, other.rest));
  }
}

function standard(owner: string, takesAll: boolean): [number, Descriptor][] {
  const suffix = takesAll ? ' and takes all bytes' : '';
  return [0, 1, 2].map((number) => [
    number,
    {
      open: true,
      readable: number === 0 ? true : null,
      writable: number === 0 ? null : true,
      plain: [{ id: `descriptor-${number}-plain`, text: `descriptor ${number}${owner} is a file, a pipe, a terminal or /dev/null` }],
      assumes: [{ id: `descriptor-${number}-open`, text: `descriptor ${number}${owner} is open${number === 0 ? '' : ' for writing'}${number === 0 ? '' : suffix}` }],
    },
  ]);
}

function joinDescriptors(a: Descriptor, b: Descriptor): Descriptor {
  if (code(a) === code(b)) return a;
  const same = <T>(x: T, y: T): T | null => (x === y ? x : null);
  return { open: same(a.open, b.open), readable: same(a.readable, b.readable), writable: same(a.writable, b.writable), plain: null, assumes: [] };
}

function code(entry: Descriptor): string {
  const letter = (value: boolean | null): string => (value === null ? '?' : value ? '1' : '0');
  return letter(entry.open) + letter(entry.readable) + letter(entry.writable) + letter(entry.plain !== null) + entry.assumes.map((item) => item.id).join(',');
}
