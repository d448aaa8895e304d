// SPDX-License-Identifier: MIT
import { append } from './append';
import type { Declarator, Expression, FunctionDefinition, InitializerItem, Statement, StructType, UnitSyntax, CType } from './ast';
import { charValue, parseInteger, unescape } from './condition';
import { TypeLowering } from './lower-types';
import { EACH } from './prelude';
import type { Node } from './tree';

const MAX_DEPTH = 400;
const COMMON_TYPES = new Set('u8 u16 u32 u64 s8 s16 s32 s64 __u8 __u16 __u32 __u64 __s32 __s64 ulong uint ushort uchar bool size_t ssize_t loff_t off_t pid_t uid_t gid_t dev_t mode_t umode_t uintptr_t intptr_t'.split(' '));

/** What declarations that stand earlier in the unit say. */
export interface EarlierTypes {
  hasTypedef(name: string): boolean;
  struct(tag: string): StructType | undefined;
}

/** Turns the parser's tree of some declarations into the analysis' own, which outlives the parser's memory. */
export function lowerDeclarations(root: Node, earlier: EarlierTypes): UnitSyntax {
  return new Lowering(earlier).declarations(root);
}

type Enumerators = Map<string, Expression | { after: string; by: bigint } | bigint>;

class Lowering {
  private readonly functions: FunctionDefinition[] = [];
  private readonly globals: Declarator[] = [];
  private readonly typedefs = new Map<string, CType>();
  private readonly enumerators: Enumerators = new Map();
  private readonly fileScopeCalls: { name: string; arguments: readonly Expression[] }[] = [];
  private labels = new Set<string>();
  private depth = 0;
  private readonly types = new TypeLowering(
    (node) => this.expression(node),
    (node, previous) => this.enumerator(node, previous),
    (tag) => this.earlier.struct(tag),
  );

  constructor(private readonly earlier: EarlierTypes) {}

  declarations(root: Node): UnitSyntax {
    for (const node of root.namedChildren) this.topLevel(node);
    return {
      functions: this.functions,
      globals: this.globals,
      typedefs: this.typedefs,
      structs: this.types.structs,
      enumerators: this.enumerators,
      fileScopeCalls: this.fileScopeCalls,
    };
  }

  private enumerator(node: Node, previous: string | null): string {
    const name = node.childForFieldName('name')?.text ?? '';
    const value = node.childForFieldName('value');
    this.enumerators.set(name, value ? this.expression(value) : previous === null ? 0n : { after: previous, by: 1n });
    return name;
  }

  private topLevel(node: Node): void {
    switch (node.type) {
      case 'function_definition':
        this.functionDefinition(node);
        return;
      case 'declaration':
        append(this.globals, this.declaration(node));
        return;
      case 'type_definition':
        this.typeDefinition(node);
        return;
      case 'struct_specifier':
      case 'union_specifier':
      case 'enum_specifier':
        this.types.specifier(node);
        return;
      case 'expression_statement': {
        const [call] = node.namedChildren;
        if (call?.type !== 'call_expression') return;
        const lowered = this.expression(call);
        if (lowered.kind === 'call' && lowered.callee.kind === 'identifier') this.fileScopeCalls.push({ name: lowered.callee.name, arguments: lowered.arguments });
        return;
      }
      case 'linkage_specification':
      case 'declaration_list':
      case 'ERROR':
        for (const child of node.namedChildren) this.topLevel(child);
        return;
      default:
    }
  }

  private functionDefinition(node: Node, isNested = false): void {
    const declared = this.types.declarator(node.childForFieldName('declarator'), this.types.specified(node), false);
    const body = node.childForFieldName('body');
    if (declared.name === null || !declared.nameNode || !body || declared.type.kind !== 'function') return;
    const outer = this.labels;
    this.labels = new Set();
    const storage = storageOf(node);
    const statement = this.statement(body);
    const { labels } = this;
    this.labels = outer;
    this.functions.push({
      name: declared.name,
      nameAt: at(declared.nameNode),
      isStatic: storage.has('static'),
      alwaysInline: storage.has('__forceinline'),
      returns: declared.type.returns,
      parameters: declared.type.parameters,
      isNested,
      body: statement,
      labels,
      ...at(node),
    });
  }

  private typeDefinition(node: Node): void {
    const base = this.types.specified(node);
    for (const declarator of node.childrenForFieldName('declarator')) {
      const declared = this.types.declarator(declarator, base, false);
      if (declared.name !== null) this.typedefs.set(declared.name, declared.type);
    }
  }

  private declaration(node: Node): Declarator[] {
    const base = this.types.specified(node);
    const storage = storageOf(node);
    const user = node.children.some((child) => child.type === 'type_qualifier' && child.text === '_Nonnull');
    const isConst = node.children.some((child) => child.type === 'type_qualifier' && child.text === 'const');
    const result: Declarator[] = [];
    for (const declarator of node.childrenForFieldName('declarator')) {
      const declared = this.types.declarator(declarator, base, user);
      if (declared.name === null || !declared.nameNode) continue;
      const value = declarator.type === 'init_declarator' ? declarator.childForFieldName('value') : null;
      result.push({
        name: declared.name,
        type: declared.type,
        isStatic: storage.has('static'),
        isExtern: storage.has('extern'),
        isConst,
        initializer: value ? this.expression(value) : null,
        ...at(declared.nameNode),
      });
    }
    return result;
  }

  private statement(node: Node | null): Statement {
    if (!node) return { kind: 'empty', start: 0, end: 0 };
    if (this.depth > MAX_DEPTH) return unparsed(node);
    this.depth++;
    try {
      return this.statementOf(node);
    } finally {
      this.depth--;
    }
  }

  private statements(nodes: readonly Node[]): Statement[] {
    return nodes.map((node) => this.statement(node));
  }

  private statementOf(node: Node): Statement {
    const place = at(node);
    const field = (name: string): Node | null => node.childForFieldName(name);
    switch (node.type) {
      case 'compound_statement':
        return { kind: 'block', body: this.statements(node.namedChildren), ...place };
      case 'expression_statement': {
        const [expression] = node.namedChildren;
        return expression ? { kind: 'expression', expression: this.expression(expression), ...place } : { kind: 'empty', ...place };
      }
      case 'declaration':
        return { kind: 'declaration', declarators: this.declaration(node), ...place };
      case 'type_definition':
        this.typeDefinition(node);
        return { kind: 'empty', ...place };
      case 'function_definition':
        this.functionDefinition(node, true);
        return { kind: 'empty', ...place };
      case 'if_statement': {
        const no = field('alternative');
        return { kind: 'if', condition: this.expression(field('condition')), yes: this.statement(field('consequence')), no: no ? this.statement(no.namedChildren[0] ?? null) : null, ...place };
      }
      case 'while_statement':
        return { kind: 'while', ...this.loopHead(field('condition')), body: this.statement(field('body')), ...place };
      case 'do_statement':
        return { kind: 'do', body: this.statement(field('body')), condition: this.expression(field('condition')), ...place };
      case 'for_statement': {
        const initial = field('initializer');
        const condition = field('condition');
        const update = field('update');
        return {
          kind: 'for',
          initial: initial ? (initial.type === 'declaration' ? this.statement(initial) : { kind: 'expression', expression: this.expression(initial), ...at(initial) }) : null,
          condition: condition ? this.expression(condition) : null,
          update: update ? this.expression(update) : null,
          body: this.statement(field('body')),
          ...place,
        };
      }
      case 'switch_statement':
        return { kind: 'switch', value: this.expression(field('condition')), body: this.statement(field('body')), ...place };
      case 'case_statement': {
        const value = field('value');
        const isRange = node.children.some((child) => child.type === 'ERROR');
        const body = node.namedChildren.filter((child) => child.type !== 'ERROR' && child !== value);
        return { kind: 'case', value: value ? this.expression(value) : null, upTo: isRange ? { kind: 'unknown', parts: [], ...place } : null, body: this.statements(body), ...place };
      }
      case 'labeled_statement': {
        const name = field('label')?.text ?? '';
        this.labels.add(name);
        const body = node.namedChildren.filter((child) => child.type !== 'statement_identifier').at(-1);
        return { kind: 'label', name, body: this.statement(body ?? null), ...place };
      }
      case 'goto_statement':
        return { kind: 'goto', label: field('label')?.text ?? '', ...place };
      case 'break_statement':
        return { kind: 'break', ...place };
      case 'continue_statement':
        return { kind: 'continue', ...place };
      case 'return_statement': {
        const value = node.namedChildren[0];
        return { kind: 'return', value: value ? this.expression(value) : null, ...place };
      }
      case 'struct_specifier':
      case 'union_specifier':
      case 'enum_specifier':
        this.types.specifier(node);
        return { kind: 'empty', ...place };
      case 'else_clause':
      case 'attributed_statement':
        return this.statement(node.namedChildren.at(-1) ?? null);
      default:
        return unparsed(node);
    }
  }

  private loopHead(node: Node | null): { condition: Expression; everyElement: boolean } {
    const comma = node?.namedChildren[0];
    const everyElement = comma?.type === 'comma_expression' && comma.childForFieldName('left')?.text === EACH;
    return { condition: this.expression(everyElement ? comma.childForFieldName('right') : node), everyElement };
  }

  private expression(node: Node | null): Expression {
    if (!node) return { kind: 'unknown', parts: [], start: 0, end: 0 };
    if (this.depth > MAX_DEPTH) return { kind: 'unknown', parts: [], ...at(node) };
    this.depth++;
    try {
      return this.expressionOf(node);
    } finally {
      this.depth--;
    }
  }

  private expressionOf(node: Node): Expression {
    const place = at(node);
    const field = (name: string): Node | null => node.childForFieldName(name);
    const operator = (): string => field('operator')?.text ?? '';
    switch (node.type) {
      case 'number_literal':
        return { kind: 'number', value: parseInteger(node.text), ...place };
      case 'char_literal':
        return { kind: 'number', value: charValue(node.text), ...place };
      case 'string_literal':
        return { kind: 'string', text: literal(node.text), ...place };
      case 'concatenated_string':
        return { kind: 'string', text: concatenation(node), ...place };
      case 'identifier':
      case 'type_identifier':
      case 'field_identifier':
        return { kind: 'identifier', name: node.text, ...place };
      case 'parenthesized_expression': {
        const inner = node.namedChildren[0];
        if (inner?.type === 'compound_statement') return { kind: 'statements', body: this.statement(inner), ...place };
        return { ...this.expression(inner ?? null), ...place };
      }
      case 'call_expression':
        return this.call(node);
      case 'unary_expression':
        return { kind: 'unary', operator: operator(), operand: this.expression(field('argument')), ...place };
      case 'pointer_expression':
        return { kind: 'unary', operator: operator(), operand: this.expression(field('argument')), ...place };
      case 'update_expression': {
        const prefix = node.children[0]?.type === '++' || node.children[0]?.type === '--';
        return { kind: 'update', operator: operator() === '--' ? '--' : '++', operand: this.expression(field('argument')), prefix, ...place };
      }
      case 'binary_expression':
        return this.binary(node);
      case 'assignment_expression':
        return { kind: 'assign', operator: operator(), left: this.expression(field('left')), right: this.expression(field('right')), ...place };
      case 'conditional_expression': {
        const yes = field('consequence');
        return { kind: 'conditional', condition: this.expression(field('condition')), yes: yes ? this.expression(yes) : null, no: this.expression(field('alternative')), ...place };
      }
      case 'cast_expression': {
        const type = field('type');
        return { kind: 'cast', type: type ? this.types.typeName(type) : { kind: 'unknown' }, operand: this.expression(field('value')), ...place };
      }
      case 'field_expression':
        return { kind: 'member', object: this.expression(field('argument')), field: field('field')?.text ?? '', arrow: operator() === '->', ...place };
      case 'subscript_expression':
        return { kind: 'index', object: this.expression(field('argument')), index: this.expression(field('index')), ...place };
      case 'compound_literal_expression': {
        const type = field('type');
        return { kind: 'compound', type: type ? this.types.typeName(type) : { kind: 'unknown' }, items: this.items(field('value')), ...place };
      }
      case 'initializer_list':
        return { kind: 'initializer', items: this.items(node), ...place };
      case 'sizeof_expression': {
        const type = field('type');
        const value = field('value');
        return { kind: 'sizeof', type: type ? this.types.typeName(type) : null, operand: value ? this.expression(value) : null, ...place };
      }
      case 'comma_expression':
        return { kind: 'comma', left: this.expression(field('left')), right: this.expression(field('right')), ...place };
      default:
        return { kind: 'unknown', parts: node.namedChildren.map((child) => this.expression(child)), ...place };
    }
  }

  private call(node: Node): Expression {
    const callee = node.childForFieldName('function');
    const list = node.childForFieldName('arguments')?.namedChildren ?? [];
    const parts = list.map((child): Expression => (child.type === 'compound_statement' ? { kind: 'statements', body: this.statement(child), ...at(child) } : this.expression(child)));
    const type = this.parenthesizedType(callee);
    const [only] = parts;
    if (type && only && parts.length === 1) return { kind: 'cast', type, operand: only, ...at(node) };
    return { kind: 'call', callee: this.expression(callee), arguments: parts, ...at(node) };
  }

  /** `(T) & x` is a cast of an address when T names a type. */
  private binary(node: Node): Expression {
    const operator = node.childForFieldName('operator')?.text ?? '';
    const left = node.childForFieldName('left');
    const right = node.childForFieldName('right');
    const type = /^[&*+-]$/.test(operator) ? this.parenthesizedType(left) : null;
    if (type) {
      const operand: Expression = { kind: 'unary', operator, operand: this.expression(right), start: right?.startIndex ?? 0, end: node.endIndex };
      return { kind: 'cast', type, operand, ...at(node) };
    }
    return { kind: 'binary', operator, left: this.expression(left), right: this.expression(right), ...at(node) };
  }

  private parenthesizedType(node: Node | null): CType | null {
    if (node?.type !== 'parenthesized_expression' || node.namedChildren.length !== 1) return null;
    const inner = node.namedChildren[0];
    if (inner?.type !== 'identifier') return null;
    const name = inner.text;
    return COMMON_TYPES.has(name) || this.typedefs.has(name) || this.earlier.hasTypedef(name) ? { kind: 'named', name } : null;
  }

  private items(node: Node | null): InitializerItem[] {
    const result: InitializerItem[] = [];
    for (const child of node?.namedChildren ?? []) {
      if (child.type !== 'initializer_pair') {
        result.push({ designators: [], value: this.expression(child) });
        continue;
      }
      const designators = child.childrenForFieldName('designator').map((designator): string | Expression => {
        const [inner] = designator.namedChildren;
        if (designator.type === 'field_designator') return inner?.text ?? '';
        return designator.type === 'field_identifier' ? designator.text : this.expression(inner ?? null);
      });
      result.push({ designators, value: this.expression(child.childForFieldName('value')) });
    }
    return result;
  }
}

function at(node: Node): { start: number; end: number } {
  return { start: node.startIndex, end: node.endIndex };
}

function storageOf(node: Node): Set<string> {
  return new Set(node.children.filter((child) => child.type === 'storage_class_specifier').map((child) => child.text));
}

function unparsed(node: Node): Statement {
  const names = [...new Set([...node.text.slice(0, 20_000).matchAll(/[A-Za-z_]\w*/g)].map(([name]) => name))];
  return { kind: 'unparsed', names, mayCall: node.text.includes('('), ...at(node) };
}

function literal(text: string): string | null {
  const match = /^(?:u8|[LuU])?"([^]*)"$/.exec(text);
  return match?.[1] === undefined ? null : unescape(match[1]);
}

/** Adjacent literals; `KERN_…` is a prefix that never reaches the text, any other name makes it unknown. */
function concatenation(node: Node): string | null {
  let text = '';
  for (const child of node.namedChildren) {
    if (child.type === 'identifier' && child.text.startsWith('KERN_')) continue;
    const part = child.type === 'string_literal' ? literal(child.text) : null;
    if (part === null) return null;
    text += part;
  }
  return text;
}
