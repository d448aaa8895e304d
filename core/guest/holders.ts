// SPDX-License-Identifier: MIT

/** Who holds a guest, since which of the guests of this name, and whether they are there to stay (a window, an idle lease). */
export class Holders<T> {
  private readonly entries = new Map<T, { readonly generation: number; readonly stays: boolean }>();

  get size(): number {
    return this.entries.size;
  }

  get someStay(): boolean {
    return [...this.entries.values()].some(({ stays }) => stays);
  }

  add(holder: T, generation: number, stays: boolean): void {
    this.entries.set(holder, { generation, stays });
  }

  has(holder: T): boolean {
    return this.entries.has(holder);
  }

  generationOf(holder: T): number | undefined {
    return this.entries.get(holder)?.generation;
  }

  delete(holder: T): boolean {
    return this.entries.delete(holder);
  }
}
