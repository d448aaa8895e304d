// SPDX-License-Identifier: MIT
import type { CType, Expression, Parameter, StructType } from './ast';
import type { Node } from './tree';

export interface DeclaredName {
  readonly name: string | null;
  readonly nameNode: Node | null;
  readonly type: CType;
}

export const UNKNOWN_TYPE: CType = { kind: 'unknown' };
const MAX_DEPTH = 60;

/** Turns type specifiers and declarators into types; collects the structs and enumerators that it meets. */
export class TypeLowering {
  readonly structs = new Map<string, StructType>();

  constructor(
    private readonly expression: (node: Node) => Expression,
    private readonly enumerator: (node: Node, previous: string | null) => string,
    private readonly earlierStruct: (tag: string) => StructType | undefined,
  ) {}

  /** The type that the specifiers of a declaration, parameter or type name say. */
  specified(node: Node): CType {
    const type = node.childForFieldName('type');
    return type ? this.specifier(type) : UNKNOWN_TYPE;
  }

  specifier(type: Node): CType {
    switch (type.type) {
      case 'struct_specifier':
      case 'union_specifier':
        return this.structSpecifier(type);
      case 'enum_specifier': {
        let previous: string | null = null;
        for (const child of type.childForFieldName('body')?.namedChildren ?? []) {
          if (child.type === 'enumerator') previous = this.enumerator(child, previous);
        }
        return { kind: 'named', name: 'int' };
      }
      case 'primitive_type':
      case 'type_identifier':
        return { kind: 'named', name: type.text };
      case 'sized_type_specifier':
        return { kind: 'named', name: type.text.replace(/\s+/g, ' ') };
      default:
        return UNKNOWN_TYPE;
    }
  }

  private structSpecifier(node: Node): CType {
    const body = node.childForFieldName('body');
    const tag = node.childForFieldName('name')?.text ?? (body ? `<anonymous ${node.startIndex}>` : '');
    if (body) {
      const fields: { name: string; type: CType }[] = [];
      for (const field of body.namedChildren) {
        if (field.type !== 'field_declaration') continue;
        const base = this.specified(field);
        const declarators = field.childrenForFieldName('declarator');
        if (declarators.length === 0 && base.kind === 'struct') {
          fields.push(...((this.structs.get(base.tag) ?? this.earlierStruct(base.tag))?.fields ?? []));
        }
        for (const declarator of declarators) {
          const declared = this.declarator(declarator, base, hasUser(field));
          if (declared.name !== null) fields.push({ name: declared.name, type: declared.type });
        }
      }
      this.structs.set(tag, { tag, isUnion: node.type === 'union_specifier', fields });
    }
    return { kind: 'struct', tag };
  }

  /** Applies a declarator to the type of its specifiers. `user`: one of the specifiers was `__user`. */
  declarator(node: Node | null, base: CType, user: boolean, depth = 0): DeclaredName {
    if (!node || depth > MAX_DEPTH) return { name: null, nameNode: null, type: base };
    const inner = (): Node | null => node.childForFieldName('declarator') ?? node.namedChildren.find((child) => /declarator$|identifier$/.test(child.type)) ?? null;
    switch (node.type) {
      case 'identifier':
      case 'field_identifier':
      case 'type_identifier':
      case 'primitive_type':
        return { name: node.text, nameNode: node, type: base };
      case 'init_declarator':
        return this.declarator(node.childForFieldName('declarator'), base, user, depth + 1);
      case 'pointer_declarator':
      case 'abstract_pointer_declarator':
      case 'pointer_type_declarator':
        return this.declarator(inner(), { kind: 'pointer', to: base, user }, hasUser(node), depth + 1);
      case 'array_declarator':
      case 'abstract_array_declarator': {
        const size = node.childForFieldName('size');
        const type: CType = { kind: 'array', of: base, size: size && size.type !== '*' ? this.expression(size) : null };
        return this.declarator(node.childForFieldName('declarator'), type, user, depth + 1);
      }
      case 'function_declarator':
      case 'abstract_function_declarator': {
        const type: CType = { kind: 'function', returns: base, parameters: this.parameters(node.childForFieldName('parameters')) };
        return this.declarator(node.childForFieldName('declarator'), type, user, depth + 1);
      }
      default:
        return this.declarator(inner(), base, user || hasUser(node), depth + 1);
    }
  }

  parameters(list: Node | null): Parameter[] {
    const result: Parameter[] = [];
    for (const node of list?.namedChildren ?? []) {
      if (node.type !== 'parameter_declaration') continue;
      const declared = this.declarator(node.childForFieldName('declarator'), this.specified(node), hasUser(node));
      const isVoid = declared.name === null && declared.type.kind === 'named' && declared.type.name === 'void';
      if (isVoid) continue;
      const type: CType = declared.type.kind === 'array' ? { kind: 'pointer', to: declared.type.of, user: hasUser(node) } : declared.type;
      result.push({ name: declared.name, type, start: node.startIndex, end: node.endIndex });
    }
    return result;
  }

  /** A type name as in a cast. */
  typeName(node: Node): CType {
    return this.declarator(node.childForFieldName('declarator'), this.specified(node), hasUser(node)).type;
  }
}

function hasUser(node: Node): boolean {
  return node.children.some((child) => child.type === 'type_qualifier' && child.text === '_Nonnull');
}
