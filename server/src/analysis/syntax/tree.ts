// SPDX-License-Identifier: MIT
import type { Tree, TreeCursor } from 'web-tree-sitter';

/** The text that was parsed, and the offset that its first character gets. */
export interface ParsedText {
  readonly text: string;
  readonly base: number;
}

/** A node of the parser's tree, copied out of its memory in one walk: asking the parser node by node is slow. */
export class Node {
  readonly children: Node[] = [];

  constructor(
    readonly type: string,
    readonly isNamed: boolean,
    readonly field: string | null,
    readonly startIndex: number,
    readonly endIndex: number,
    private readonly source: ParsedText,
  ) {}

  get text(): string {
    const { text, base } = this.source;
    return text.slice(this.startIndex - base, this.endIndex - base);
  }

  get namedChildren(): Node[] {
    return this.children.filter((child) => child.isNamed);
  }

  childForFieldName(name: string): Node | null {
    return this.children.find((child) => child.field === name) ?? null;
  }

  childrenForFieldName(name: string): Node[] {
    return this.children.filter((child) => child.field === name && child.isNamed);
  }
}

/** Copies a tree, without its comments. */
export function copyTree(tree: Tree, source: ParsedText): Node {
  const cursor = tree.walk();
  try {
    const root = copyNode(cursor, source);
    const parents = [root];
    let down = cursor.gotoFirstChild();
    while (parents.length > 0) {
      const parent = parents.at(-1);
      if (!down || !parent) {
        parents.pop();
        if (parents.length === 0) break;
        cursor.gotoParent();
        down = cursor.gotoNextSibling();
        continue;
      }
      const node = copyNode(cursor, source);
      if (node.type !== 'comment') parent.children.push(node);
      if (cursor.gotoFirstChild()) {
        parents.push(node);
        down = true;
      } else down = cursor.gotoNextSibling();
    }
    return root;
  } finally {
    cursor.delete();
  }
}

function copyNode(cursor: TreeCursor, source: ParsedText): Node {
  return new Node(cursor.nodeType, cursor.nodeIsNamed, cursor.currentFieldName, source.base + cursor.startIndex, source.base + cursor.endIndex, source);
}
