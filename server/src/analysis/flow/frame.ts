// SPDX-License-Identifier: MIT
import type { FunctionDefinition, Located } from '../syntax/ast';
import type { Span } from '../syntax/source';
import type { MemoryObject } from './objects';
import type { State } from './state';
import type { Unit } from './unit';
import type { Value } from './values';

/** One path that goes on after an expression, with the expression's value. */
export interface Outcome {
  readonly state: State;
  readonly value: Value;
}

interface Loop {
  readonly breaks: State[];
  /** Null for a switch, which `continue` passes through. */
  readonly continues: State[] | null;
}

/** One activation of a function. */
export class Frame {
  readonly returns: Outcome[] = [];
  readonly locals: MemoryObject[] = [];
  readonly loops: Loop[] = [];
  /** Paths that jumped to a label. */
  readonly jumps = new Map<string, State[]>();
  readonly passedLabels = new Set<string>();
  jumpedBack = false;
  /** What was passed beyond the declared parameters. */
  variadic: readonly Value[] = [];
  private readonly scopes = [new Map<string, MemoryObject>()];

  constructor(
    /** The same for every activation through the same calls. */
    readonly id: string,
    readonly definition: FunctionDefinition,
    readonly unit: Unit,
    readonly parent: Frame | null,
    /** The call in the parent that made it. */
    readonly call: Located | null,
  ) {}

  /** Starts the body again, knowing the jumps of earlier passes. */
  beginPass(): void {
    this.returns.length = 0;
    this.passedLabels.clear();
    this.jumpedBack = false;
  }

  get depth(): number {
    return this.parent ? this.parent.depth + 1 : 0;
  }

  /** The function that the kernel called to get here. */
  get entry(): FunctionDefinition {
    return this.parent?.entry ?? this.definition;
  }

  isActive(definition: FunctionDefinition): boolean {
    return this.definition === definition || (this.parent?.isActive(definition) ?? false);
  }

  lookup(name: string): MemoryObject | undefined {
    for (let at = this.scopes.length - 1; at >= 0; at--) {
      const object = this.scopes[at]?.get(name);
      if (object) return object;
    }
    return this.definition.isNested ? this.parent?.lookup(name) : undefined;
  }

  declare(object: MemoryObject): void {
    this.scopes.at(-1)?.set(object.name, object);
    if (object.storage === 'local') this.locals.push(object);
  }

  enterScope(): void {
    this.scopes.push(new Map());
  }

  leaveScope(): void {
    this.scopes.pop();
  }

  /** The code that runs here as a debugger tells it: functions that are always inlined count as their caller. */
  siteOf(located: Located): { span: Span; caller: string } {
    if (this.definition.alwaysInline && this.parent && this.call) return this.parent.siteOf(this.call);
    return { span: this.unit.siteOf(located), caller: this.definition.name };
  }
}
