// SPDX-License-Identifier: MIT

/** Stands for where the lines of a module's files are: another object once a line has moved up or down. */
export type Places = object;

/** What follows of single things that runs hand on as the same objects, places included: remembered until a line moves. */
export class PlaceMemory<Key extends object, Result> {
  private known = new WeakMap<Key, { readonly result: Result }>();
  private places: Places | null = null;

  of(key: Key, places: Places, make: (key: Key) => Result): Result {
    if (places !== this.places) this.known = new WeakMap();
    this.places = places;
    const known = this.known.get(key) ?? { result: make(key) };
    this.known.set(key, known);
    return known.result;
  }
}
