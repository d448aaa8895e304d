// SPDX-License-Identifier: MIT
import type { FunctionDefinition, Located, UnitSyntax } from '../syntax/ast';
import type { PreprocessedUnit } from '../syntax/preprocessor';
import type { Span } from '../syntax/source';

/** One parsed file of the module with its local headers. */
export class Unit {
  constructor(
    readonly path: string,
    readonly syntax: UnitSyntax,
    private readonly preprocessed: PreprocessedUnit,
  ) {}

  /** The source that a person reads as this. */
  spanOf(located: Located): Span {
    return this.preprocessed.map.span(located.start, located.end);
  }

  /** The source that it stands in, whole macro calls included. */
  siteOf(located: Located): Span {
    return this.preprocessed.map.site(located.start, located.end);
  }
}

export interface FunctionPlace {
  readonly definition: FunctionDefinition;
  readonly unit: Unit;
}
