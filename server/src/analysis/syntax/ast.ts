// SPDX-License-Identifier: MIT

/** Offsets in the preprocessed text of a unit. */
export interface Located {
  readonly start: number;
  readonly end: number;
}

/** A C type as far as the analysis needs it. */
export type CType =
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'struct'; readonly tag: string }
  | { readonly kind: 'pointer'; readonly to: CType; readonly user: boolean }
  | { readonly kind: 'array'; readonly of: CType; readonly size: Expression | null }
  | { readonly kind: 'function'; readonly returns: CType; readonly parameters: readonly Parameter[] }
  | { readonly kind: 'unknown' };

export interface Parameter extends Located {
  readonly name: string | null;
  readonly type: CType;
}

export interface StructType {
  readonly tag: string;
  readonly isUnion: boolean;
  readonly fields: readonly { readonly name: string; readonly type: CType }[];
}

export interface InitializerItem {
  /** `.field` and `[index]` before the `=`. */
  readonly designators: readonly (string | Expression)[];
  readonly value: Expression;
}

export type Expression = Located &
  (
    | { readonly kind: 'number'; readonly value: bigint | null }
    | { readonly kind: 'string'; readonly text: string | null }
    | { readonly kind: 'identifier'; readonly name: string }
    | { readonly kind: 'call'; readonly callee: Expression; readonly arguments: readonly Expression[] }
    | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
    | { readonly kind: 'update'; readonly operator: '++' | '--'; readonly operand: Expression; readonly prefix: boolean }
    | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'assign'; readonly operator: string; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'conditional'; readonly condition: Expression; readonly yes: Expression | null; readonly no: Expression }
    | { readonly kind: 'cast'; readonly type: CType; readonly operand: Expression }
    | { readonly kind: 'member'; readonly object: Expression; readonly field: string; readonly arrow: boolean }
    | { readonly kind: 'index'; readonly object: Expression; readonly index: Expression }
    | { readonly kind: 'compound'; readonly type: CType; readonly items: readonly InitializerItem[] }
    | { readonly kind: 'initializer'; readonly items: readonly InitializerItem[] }
    | { readonly kind: 'sizeof'; readonly type: CType | null; readonly operand: Expression | null }
    | { readonly kind: 'comma'; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'statements'; readonly body: Statement }
    | { readonly kind: 'unknown'; readonly parts: readonly Expression[] }
  );

export interface Declarator extends Located {
  readonly name: string;
  readonly type: CType;
  readonly isStatic: boolean;
  readonly isExtern: boolean;
  readonly isConst: boolean;
  readonly initializer: Expression | null;
}

export type Statement = Located &
  (
    | { readonly kind: 'expression'; readonly expression: Expression }
    | { readonly kind: 'declaration'; readonly declarators: readonly Declarator[] }
    | { readonly kind: 'block'; readonly body: readonly Statement[] }
    | { readonly kind: 'if'; readonly condition: Expression; readonly yes: Statement; readonly no: Statement | null }
    /** `everyElement`: a `for_each` macro, whose arguments it assigns. */
    | { readonly kind: 'while'; readonly condition: Expression; readonly body: Statement; readonly everyElement: boolean }
    | { readonly kind: 'do'; readonly body: Statement; readonly condition: Expression }
    | { readonly kind: 'for'; readonly initial: Statement | null; readonly condition: Expression | null; readonly update: Expression | null; readonly body: Statement }
    | { readonly kind: 'switch'; readonly value: Expression; readonly body: Statement }
    | { readonly kind: 'case'; readonly value: Expression | null; readonly upTo: Expression | null; readonly body: readonly Statement[] }
    | { readonly kind: 'label'; readonly name: string; readonly body: Statement }
    | { readonly kind: 'goto'; readonly label: string }
    | { readonly kind: 'break' }
    | { readonly kind: 'continue' }
    | { readonly kind: 'return'; readonly value: Expression | null }
    | { readonly kind: 'empty' }
    /** Something that could not be parsed: anything may happen to what it names. */
    | { readonly kind: 'unparsed'; readonly names: readonly string[]; readonly mayCall: boolean }
  );

export type CallExpression = Extract<Expression, { kind: 'call' }>;

export interface FunctionDefinition extends Located {
  readonly name: string;
  /** Offsets of the name. */
  readonly nameAt: Located;
  readonly isStatic: boolean;
  readonly alwaysInline: boolean;
  /** Defined inside another function, whose variables it sees: an extension of gcc. */
  readonly isNested: boolean;
  readonly returns: CType;
  readonly parameters: readonly Parameter[];
  readonly body: Statement;
  readonly labels: ReadonlySet<string>;
}

/** One preprocessed and parsed C file. */
export interface UnitSyntax {
  readonly functions: readonly FunctionDefinition[];
  readonly globals: readonly Declarator[];
  readonly typedefs: ReadonlyMap<string, CType>;
  readonly structs: ReadonlyMap<string, StructType>;
  readonly enumerators: ReadonlyMap<string, Expression | { readonly after: string; readonly by: bigint } | bigint>;
  /** Macro calls at file scope: `module_init(f)`, `module_param(name, type, mode)`. */
  readonly fileScopeCalls: readonly { readonly name: string; readonly arguments: readonly Expression[] }[];
}
