// SPDX-License-Identifier: MIT
import { Language, Parser } from 'web-tree-sitter';
import type { Cost } from './allowance';
import type { UnitSyntax } from './ast';
import { lowerDeclarations, type EarlierTypes } from './lower';
import { copyTree, type ParsedText } from './tree';

export interface Parsed {
  /** Null when parsing took more work than it may (hostile input). */
  readonly syntax: UnitSyntax | null;
  /** Progress reports of the parser, some hundred steps each: counted, not timed, so that a busy machine changes nothing. */
  readonly work: Cost;
}

/** The C parser. One instance can parse any number of texts, one after the other. */
export class CParser {
  private constructor(private readonly parser: Parser) {}

  static async load(runtimeWasm: Uint8Array, grammarWasm: Uint8Array): Promise<CParser> {
    await Parser.init({ wasmBinary: runtimeWasm });
    const parser = new Parser();
    parser.setLanguage(await Language.load(grammarWasm));
    return new CParser(parser);
  }

  /** Parses declarations that stand behind `earlier` ones, within `mayWork` progress reports. */
  parse(source: ParsedText, earlier: EarlierTypes, mayWork: number): Parsed {
    let used = 0;
    const tree = this.parser.parse(source.text, null, { progressCallback: () => ++used >= mayWork });
    if (!tree) {
      this.parser.reset();
      return { syntax: null, work: { used, allowed: mayWork } };
    }
    try {
      return { syntax: lowerDeclarations(copyTree(tree, source), earlier), work: { used, allowed: mayWork } };
    } finally {
      tree.delete();
    }
  }

  dispose(): void {
    this.parser.delete();
  }
}
