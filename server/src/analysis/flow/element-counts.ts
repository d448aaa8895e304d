// SPDX-License-Identifier: MIT

/** How many elements arrays have whose size their initializer gives, by object. */
export class ElementCounts {
  private readonly lasting = new Map<string, number>();
  private own = new Map<string, number>();
  private asked = new Map<string, number | undefined>();
  private isRunning = false;
  /** What a call within the run set, and what was asked before it. */
  private within: { readonly sets: Map<string, number>; readonly outer: Map<string, number | undefined> } | null = null;

  get(id: string): number | undefined {
    const count = this.own.get(id) ?? this.lasting.get(id);
    if (this.within?.sets.has(id) !== true) this.asked.set(id, count);
    return count;
  }

  set(id: string, count: number): void {
    (this.isRunning ? this.own : this.lasting).set(id, count);
    this.within?.sets.set(id, count);
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

  /** A call within the run begins. */
  enter(): void {
    this.within = { sets: new Map(), outer: this.asked };
    this.asked = new Map();
  }

  /** The call has ended. @returns what it asked of what was there before, and what it set */
  leave(): { readonly asked: ReadonlyMap<string, number | undefined>; readonly sets: ReadonlyMap<string, number> } {
    const { asked, within } = this;
    this.asked = new Map([...asked, ...(within?.outer ?? [])]);
    this.within = null;
    return { asked, sets: within?.sets ?? new Map<string, number>() };
  }

  /** Whether a call would be told the same now. */
  agreesNow({ asked }: ReturnType<ElementCounts['leave']>): boolean {
    for (const [id, count] of asked) if ((this.own.get(id) ?? this.lasting.get(id)) !== count) return false;
    return true;
  }

  /** Takes over what an earlier call asked and set. */
  repeat({ asked, sets }: ReturnType<ElementCounts['leave']>): void {
    for (const [id, count] of asked) this.asked.set(id, count);
    for (const [id, count] of sets) this.own.set(id, count);
  }
}
