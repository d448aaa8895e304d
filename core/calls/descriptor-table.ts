// SPDX-License-Identifier: MIT
import type { Assumption, OpenDescriptor } from '../model';

/** What is known of one descriptor number. `assumed`: a prediction takes it for granted; `inferred`: it follows from what the kernel did. */
export interface DescriptorEntry {
  readonly state: 'open' | 'free';
  /** What it refers to (`stdout`), empty when that is not known or it is free. */
  readonly what: string;
  readonly basis: 'assumed' | 'inferred' | null;
  /** The call that freed it, for those that a call freed. */
  readonly freedBy: string | null;
}

const STANDARD = ['stdin', 'stdout', 'stderr'];

/** The name that everybody gives the first three descriptors. */
export function standardName(number: number): string {
  return STANDARD[number] ?? '';
}

/** The descriptors of one task, as far as calls and assumptions tell. Immutable. */
export class ObservedDescriptors {
  private constructor(
    private readonly entries: ReadonlyMap<number, DescriptorEntry>,
    /** Numbers from here on are assumed to be free; null when nothing is said of them. */
    private readonly freeFrom: number | null,
  ) {}

  static readonly unknown = new ObservedDescriptors(new Map(), null);

  /** What predictions take for granted of the task before its first call. */
  static assumed(assumptions: readonly Assumption[]): ObservedDescriptors {
    const entries = new Map<number, DescriptorEntry>();
    let freeFrom: number | null = null;
    for (const { id } of assumptions) {
      const [, digits, kind] = /^descriptor-(\d{1,6})-(open|module|up-free)$/.exec(id) ?? [];
      if (digits === undefined) continue;
      const number = Number(digits);
      if (kind === 'up-free') freeFrom = number;
      else entries.set(number, { state: 'open', what: kind === 'module' ? 'module file' : standardName(number), basis: 'assumed', freedBy: null });
    }
    return new ObservedDescriptors(entries, freeFrom);
  }

  /** With what was seen of the process; the rest stays as it is. */
  seen(descriptors: readonly OpenDescriptor[]): ObservedDescriptors {
    const entries = new Map(this.entries);
    for (const { number, target } of descriptors) {
      entries.set(number, { state: 'open', what: [standardName(number), target].filter((word) => word !== '').join(': '), basis: null, freedBy: null });
    }
    return new ObservedDescriptors(entries, this.freeFrom);
  }

  /** Null when nothing is known. */
  get(number: number): DescriptorEntry | null {
    const entry = this.entries.get(number);
    if (entry) return entry;
    return this.freeFrom !== null && number >= this.freeFrom ? { state: 'free', what: '', basis: 'assumed', freedBy: null } : null;
  }

  /** The numbers of which something is known one by one, in order. */
  numbers(): number[] {
    return [...this.entries.keys()].sort((a, b) => a - b);
  }

  with(number: number, entry: DescriptorEntry): ObservedDescriptors {
    return new ObservedDescriptors(new Map(this.entries).set(number, entry), this.freeFrom);
  }
}
