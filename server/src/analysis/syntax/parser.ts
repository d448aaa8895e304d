// SPDX-License-Identifier: MIT
import { Language, Parser } from 'web-tree-sitter';
import type { UnitSyntax } from './ast';
import { lowerUnit } from './lower';
import { copyTree } from './tree';

/** Progress reports of the parser, some hundred steps each: counted, not timed, so that a busy machine changes nothing. */
const MAX_WORK = 60_000;

/** The C parser. One instance can parse any number of texts, one after the other. */
export class CParser {
  private constructor(private readonly parser: Parser) {}

  static async load(runtimeWasm: Uint8Array, grammarWasm: Uint8Array): Promise<CParser> {
    await Parser.init({ wasmBinary: runtimeWasm });
    const parser = new Parser();
    parser.setLanguage(await Language.load(grammarWasm));
    return new CParser(parser);
  }

  /** Parses a text; null when that takes more work than any real file (hostile input). */
  parse(text: string): UnitSyntax | null {
    let work = 0;
    const tree = this.parser.parse(text, null, { progressCallback: () => ++work > MAX_WORK });
    if (!tree) {
      this.parser.reset();
      return null;
    }
    try {
      return lowerUnit(copyTree(tree, text));
    } finally {
      tree.delete();
    }
  }

  dispose(): void {
    this.parser.delete();
  }
}
