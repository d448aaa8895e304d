// SPDX-License-Identifier: MIT
import { DescriptorTable } from './descriptors';
import type { Memory } from './memory';
import type { Lookup } from './objects';

/** One path's knowledge at a point of the program. Changed in place; fork before two paths go on. */
export class State {
  constructor(
    public memory: Memory,
    public descriptors: DescriptorTable,
    /** This path is taken only when a prediction or a symbol lookup does not hold. */
    public aside: boolean,
    /** set_fs(KERNEL_DS) is in force: user pointers may be kernel addresses. */
    public kernelAddressesAllowed: boolean | null,
    /** The lookup that found nothing on this path, which is aside for it. */
    public failed: Lookup | null = null,
  ) {}

  fork(): State {
    return new State(this.memory.fork(), this.descriptors, this.aside, this.kernelAddressesAllowed, this.failed);
  }

  /** Paths of one key are joined where they meet; what differs in it is kept apart, as it decides results. */
  get key(): string {
    return this.aside ? `aside ${this.failed?.key ?? ''}` : `${this.descriptors.key} ${String(this.kernelAddressesAllowed)}`;
  }

  /** Something may have opened or closed any descriptor. */
  loseDescriptors(): void {
    this.descriptors = DescriptorTable.unknown;
  }

  absorb(other: State): void {
    this.memory.joinWith(other.memory);
    this.absorbRest(other);
  }

  widen(after: State): void {
    this.memory.widenWith(after.memory);
    this.absorbRest(after);
  }

  private absorbRest(other: State): void {
    this.descriptors = this.descriptors.join(other.descriptors);
    this.aside &&= other.aside;
    if (this.kernelAddressesAllowed !== other.kernelAddressesAllowed) this.kernelAddressesAllowed = null;
  }

  sameAs(other: State): boolean {
    return this.key === other.key && this.descriptors.key === other.descriptors.key && this.memory.sameAs(other.memory);
  }
}

/** Paths kept apart at one point; more are joined. */
const MAX_PATHS = 6;

/** Joins the paths that meet at a point. */
export function meet(states: readonly State[]): State[] {
  if (states.length < 2) return [...states];
  const byKey = new Map<string, State>();
  for (const state of states) {
    const same = byKey.get(state.key);
    if (same) same.absorb(state);
    else byKey.set(state.key, state);
  }
  const paths = [...byKey.values()];
  if (paths.length <= MAX_PATHS) return paths;
  const aside = paths.filter((state) => state.aside);
  const [first, ...others] = paths.filter((state) => !state.aside);
  if (!first) return aside;
  for (const state of others) first.absorb(state);
  return [first, ...aside];
}
