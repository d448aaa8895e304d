// SPDX-License-Identifier: MIT
import { Language, Parser } from 'web-tree-sitter';
import type { UnitSyntax } from './ast';
import { lowerUnit } from './lower';

/** The C parser. One instance can parse any number of texts, one after the other. */
export class CParser {
  private constructor(private readonly parser: Parser) {}

  static async load(runtimeWasm: Uint8Array, grammarWasm: Uint8Array): Promise<CParser> {
    await Parser.init({ wasmBinary: runtimeWasm });
    const parser = new Parser();
    parser.setLanguage(await Language.load(grammarWasm));
    return new CParser(parser);
  }

  /** Parses within `budgetMs`; null when that was not enough (hostile input). */
  parse(text: string, budgetMs: number): UnitSyntax | null {
    const until = Date.now() + budgetMs;
    const tree = this.parser.parse(text, null, { progressCallback: () => Date.now() > until });
    if (!tree) {
      this.parser.reset();
      return null;
    }
    try {
      return lowerUnit(tree.rootNode);
    } finally {
      tree.delete();
    }
  }

  dispose(): void {
    this.parser.delete();
  }
}
