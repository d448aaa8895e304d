// SPDX-License-Identifier: MIT

const BITS = 4;
const WIDTH = 1 << BITS;

/** Children while above the lowest level, else values. */
type Slots = readonly unknown[];

const EMPTY: Slots = [];

/**
 * An immutable map from small whole numbers. A changed copy shares all but a few slots with what it was made from, and
 * two maps are compared or joined without looking at what they share.
 */
export class SharedMap<T extends object> {
  static readonly empty = new SharedMap<never>(EMPTY, 1);

  private constructor(
    private readonly root: Slots,
    private readonly levels: number,
  ) {}

  get(key: number): T | undefined {
    if (key >= WIDTH ** this.levels) return undefined;
    let slots: Slots | undefined = this.root;
    for (let shift = (this.levels - 1) * BITS; shift > 0; shift -= BITS) {
      slots = slots[(key >>> shift) & (WIDTH - 1)] as Slots | undefined;
      if (!slots) return undefined;
    }
    return slots[key & (WIDTH - 1)] as T | undefined;
  }

  /** The map with `value` at `key`; with undefined, without the key. */
  with(key: number, value: T | undefined): SharedMap<T> {
    if (this.get(key) === value) return this;
    const { root, levels } = this.raised(key);
    return new SharedMap(replaced(root, (levels - 1) * BITS, key, value), levels);
  }

  /** Every value replaced. */
  mapped(change: (value: T, key: number) => T): SharedMap<T> {
    const walk = (slots: Slots, level: number, base: number): Slots =>
      slots.map((slot, index) => {
        const key = base * WIDTH + index;
        if (slot === undefined) return slot;
        return level === 1 ? change(slot as T, key) : walk(slot as Slots, level - 1, key);
      });
    return new SharedMap(walk(this.root, this.levels, 0), this.levels);
  }

  /** What either has; `merge` is asked where both differ. */
  joined(other: SharedMap<T>, merge: (ours: T, theirs: T) => T): SharedMap<T> {
    if (this.root === other.root) return this;
    const levels = Math.max(this.levels, other.levels);
    const walk = (ours: Slots, theirs: Slots, level: number): Slots => {
      const result: unknown[] = [...ours];
      for (const [index, slot] of theirs.entries()) {
        const own = ours[index];
        if (slot === undefined || slot === own) continue;
        if (own === undefined) result[index] = slot;
        else result[index] = level === 1 ? merge(own as T, slot as T) : walk(own as Slots, slot as Slots, level - 1);
      }
      return result;
    };
    return new SharedMap(walk(this.toLevels(levels), other.toLevels(levels), levels), levels);
  }

  /** Whether `test` holds for what the two have at some key that both have. What they share is not looked at. */
  differsBy(other: SharedMap<T>, test: (ours: T, theirs: T) => boolean): boolean {
    const levels = Math.max(this.levels, other.levels);
    const walk = (ours: Slots, theirs: Slots, level: number): boolean =>
      ours.some((own, index) => {
        const their = theirs[index];
        if (own === undefined || their === undefined || own === their) return false;
        return level === 1 ? test(own as T, their as T) : walk(own as Slots, their as Slots, level - 1);
      });
    return walk(this.toLevels(levels), other.toLevels(levels), levels);
  }

  /** Whether both have the same keys, with values that `same` takes for the same. */
  equals(other: SharedMap<T>, same: (ours: T, theirs: T) => boolean): boolean {
    const levels = Math.max(this.levels, other.levels);
    const walk = (ours: Slots, theirs: Slots, level: number): boolean => {
      for (let index = 0; index < Math.max(ours.length, theirs.length); index++) {
        const [own, their] = [ours[index], theirs[index]];
        if (own === their) continue;
        if (level === 1 ? !own || !their || !same(own as T, their as T) : !walk((own ?? EMPTY) as Slots, (their ?? EMPTY) as Slots, level - 1)) return false;
      }
      return true;
    };
    return walk(this.toLevels(levels), other.toLevels(levels), levels);
  }

  /** The keys at which another map has something else. */
  keysOfDifference(other: SharedMap<T>): number[] {
    const levels = Math.max(this.levels, other.levels);
    const keys: number[] = [];
    const walk = (ours: Slots, theirs: Slots, level: number, base: number): void => {
      for (let index = 0; index < Math.max(ours.length, theirs.length); index++) {
        if (ours[index] === theirs[index]) continue;
        const key = base * WIDTH + index;
        if (level === 1) keys.push(key);
        else walk((ours[index] ?? EMPTY) as Slots, (theirs[index] ?? EMPTY) as Slots, level - 1, key);
      }
    };
    walk(this.toLevels(levels), other.toLevels(levels), levels, 0);
    return keys;
  }

  private raised(key: number): SharedMap<T> {
    let { levels } = this;
    while (key >= WIDTH ** levels) levels++;
    return levels === this.levels ? this : new SharedMap(this.toLevels(levels), levels);
  }

  private toLevels(levels: number): Slots {
    let slots = this.root;
    for (let level = this.levels; level < levels; level++) slots = [slots];
    return slots;
  }
}

function replaced(slots: Slots, shift: number, key: number, value: unknown): Slots {
  const index = (key >>> shift) & (WIDTH - 1);
  const copy = slots.slice();
  while (copy.length < index) copy.push(undefined);
  copy[index] = shift === 0 ? value : replaced((slots[index] ?? EMPTY) as Slots, shift - BITS, key, value);
  return copy;
}
