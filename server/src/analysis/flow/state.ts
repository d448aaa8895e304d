// SPDX-License-Identifier: MIT
import { DescriptorTable } from './descriptors';
import type { Memory, MemoryChange, MemoryInputs } from './memory';
import type { Lookup, MemoryObject } from './objects';
import { sameThroughout } from './same';

/** What a path took a condition for. */
type Choices = ReadonlyMap<string, boolean>;

const NO_CHOICES: Choices = new Map();
/** Conditions that a path remembers; the oldest are forgotten first. */
const MAX_CHOICES = 24;

/** What a call rested on that was begun in a state. */
export interface StateUse {
  readonly memory: MemoryInputs;
  readonly descriptors: DescriptorTable;
  readonly aside: boolean;
  readonly kernelAddressesAllowed: boolean | null;
  readonly failed: Lookup | null;
  readonly doubtful: boolean;
  readonly joinsAll: boolean;
  readonly choices: Choices;
}

/** The state that a call leaves, by what is other than before. */
export interface StateChange {
  readonly memory: MemoryChange;
  readonly rest: Omit<StateUse, 'memory'>;
}

/** One path's knowledge at a point of the program. Changed in place; fork before two paths go on. */
export class State {
  /** How undecided conditions came out on this path. */
  private choices = NO_CHOICES;
  /** The path took the same condition once as true and once as false, so that it may not exist. */
  doubtful = false;
  /** Paths that meet this one become one with it, whatever differs: what a run does that has to get along with little work. */
  joinsAll = false;

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
    const copy = new State(this.memory.fork(), this.descriptors, this.aside, this.kernelAddressesAllowed, this.failed);
    copy.choices = this.choices;
    copy.doubtful = this.doubtful;
    copy.joinsAll = this.joinsAll;
    return copy;
  }

  /** Paths of one key are joined where they meet; what differs in it is kept apart, as it decides results. */
  get key(): string {
    return this.aside ? `aside ${this.failed?.key ?? ''}` : `${this.descriptors.key} ${String(this.kernelAddressesAllowed)}`;
  }

  /** Notes how the path takes a condition that could come out either way. */
  choose(condition: string, holds: boolean): void {
    const before = this.choices.get(condition);
    if (before === holds) return;
    if (before !== undefined) this.doubtful = true;
    const kept = this.choices.size >= MAX_CHOICES ? [...this.choices].slice(1) : this.choices;
    this.choices = new Map(kept).set(condition, holds);
  }

  /** From here on a condition may come out another way. */
  forgetChoices(): void {
    this.choices = NO_CHOICES;
  }

  /** Something may have opened or closed any descriptor. */
  loseDescriptors(): void {
    this.descriptors = DescriptorTable.unknown;
  }

  /** Notes what a call asks that begins here. */
  enter(): { readonly before: State; readonly outer: ReadonlySet<string> } {
    return { before: this.fork(), outer: this.memory.enter() };
  }

  /** What the call that was entered here rested on; null where that is all there is. */
  leave({ before, outer }: ReturnType<State['enter']>, own: string): StateUse | null {
    const memory = before.memory.leave(outer, own);
    return memory && { memory, ...before.rest };
  }

  /** Whether a call that begins here would find what an earlier one found. */
  agrees(use: StateUse): boolean {
    const isSame = use.descriptors.key === this.descriptors.key && use.aside === this.aside && use.kernelAddressesAllowed === this.kernelAddressesAllowed && use.doubtful === this.doubtful && use.joinsAll === this.joinsAll;
    return isSame && sameThroughout(use.failed, this.failed) && sameChoices(use.choices, this.choices) && this.memory.findsSame(use.memory);
  }

  changeSince(before: State, locals: readonly MemoryObject[]): StateChange {
    return { memory: this.memory.changeSince(before.memory, locals), rest: this.rest };
  }

  /** The state that a call leaves which would find here what an earlier one found. */
  after({ memory, rest }: StateChange, use: StateUse): State {
    const state = new State(this.memory.after(memory, use.memory), rest.descriptors, rest.aside, rest.kernelAddressesAllowed, rest.failed);
    state.choices = rest.choices;
    state.doubtful = rest.doubtful;
    state.joinsAll = rest.joinsAll;
    return state;
  }

  private get rest(): Omit<StateUse, 'memory'> {
    const { descriptors, aside, kernelAddressesAllowed, failed, doubtful, joinsAll, choices } = this;
    return { descriptors, aside, kernelAddressesAllowed, failed, doubtful, joinsAll, choices };
  }

  /** Whether the other path can be joined without losing which addresses are of user space and which of the kernel. */
  canAbsorb(other: State): boolean {
    return this.aside || !this.memory.contradicts(other.memory);
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
    this.doubtful &&= other.doubtful;
    if (this.kernelAddressesAllowed !== other.kernelAddressesAllowed) this.kernelAddressesAllowed = null;
    if (this.choices !== other.choices) this.choices = new Map([...this.choices].filter(([condition, holds]) => other.choices.get(condition) === holds));
  }

  sameAs(other: State): boolean {
    return this.key === other.key && this.descriptors.key === other.descriptors.key && this.memory.sameAs(other.memory);
  }
}

/** The same answers, given in the same order: the oldest go first. */
function sameChoices(a: Choices, b: Choices): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  const others = [...b];
  return [...a].every(([condition, holds], at) => others[at]?.[0] === condition && others[at][1] === holds);
}

/** Paths kept apart at one point; more are joined. */
const MAX_PATHS = 6;

/** Joins the paths that meet at a point. */
export function meet(states: readonly State[]): State[] {
  if (states.length < 2) return [...states];
  if (states.some((state) => state.joinsAll)) return joinSimilar(states, () => true);
  const paths = joinSimilar(states, (a, b) => a.key === b.key && a.canAbsorb(b));
  if (paths.length <= MAX_PATHS) return paths;
  const byKey = joinSimilar(paths, (a, b) => a.key === b.key);
  return byKey.length <= MAX_PATHS ? byKey : joinSimilar(byKey, (a, b) => !a.aside && !b.aside);
}

function joinSimilar(states: readonly State[], areSimilar: (a: State, b: State) => boolean): State[] {
  const paths: State[] = [];
  for (const state of states) {
    const similar = paths.find((path) => areSimilar(path, state));
    if (similar) similar.absorb(state);
    else paths.push(state);
  }
  return paths;
}
