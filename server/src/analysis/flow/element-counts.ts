// SPDX-License-Identifier: MIT

/** How many elements arrays have whose size their initializer gives, by object. */
export class ElementCounts {
  private readonly lasting = new Map<string, number>();
  private own = new Map<string, number>();
  private asked = new Map<string, number | undefined>();
  private isRunning = false;

  get(id: string): number | undefined {
    const count = this.own.get(id) ?? this.lasting.get(id);
    this.asked.set(id, count);
    return count;
  }

  set(id: string, count: number): void {
    (this.isRunning ? this.own : this.lasting).set(id, count);
  }

  /** The run of an entry point begins: what it sets is its own. */
  begin(): void {
    this.isRunning = true;
    this.own = new Map();
    this.asked = new Map();
  }

  takeAsked(): ReadonlyMap<string, number | undefined> {
    return new Map([...this.asked].filter(([id]) => !this.own.has(id)));
  }

  agrees(asked: ReadonlyMap<string, number | undefined>): boolean {
    for (const [id, count] of asked) if (this.lasting.get(id) !== count) return false;
    return true;
  }
}
