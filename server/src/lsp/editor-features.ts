// SPDX-License-Identifier: MIT
import type { CancellationToken, CompletionItem, CompletionParams, Connection, Hover, HoverParams, InlayHint, InlayHintParams, ServerCapabilities } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { isKernelModule } from '../analysis/module';
import { toCompletions, TRIGGER_CHARACTERS, wantedBefore } from './completion';
import type { Configuration } from './configuration';
import { Abis, contains, notesShown, syscallShown, toHover } from './hover';
import { toInlayHints } from './inlay-hints';
import type { Inspector } from './inspector';
import type { PositionEncoding } from './position-encoding';

/** What {@link EditorFeatures} answers. */
export const EDITOR_CAPABILITIES: ServerCapabilities = {
  hoverProvider: true,
  completionProvider: { triggerCharacters: TRIGGER_CHARACTERS },
  inlayHintProvider: true,
};

export interface EditorFeaturesDeps {
  readonly connection: Connection;
  readonly encoding: PositionEncoding;
  readonly inspector: Inspector;
  readonly configuration: Configuration;
  /** An open document; undefined when it is too large to be analysed, or no C. */
  readonly analysable: (uri: string) => TextDocument | undefined;
}

/** Hovers, completions and inlay hints. Each is empty where there is nothing of ours to say. */
export class EditorFeatures {
  /** The client asks again for its hints when it is told. */
  refreshesHints = false;
  private readonly abis = new Abis();

  constructor(private readonly deps: EditorFeaturesDeps) {
    const { connection, encoding } = deps;
    connection.onHover(encoding.handler((params: HoverParams, token) => this.hover(params, token)));
    connection.onCompletion(encoding.handler((params: CompletionParams, token) => this.complete(params, token)));
    connection.languages.inlayHint.on(encoding.handler((params: InlayHintParams, token) => this.inlayHints(params, token)));
  }

  /** Something that hints depend on has changed, other than the document. */
  refresh(): Promise<void> {
    return this.refreshesHints ? this.deps.connection.languages.inlayHint.refresh() : Promise.resolve();
  }

  private async hover({ textDocument, position }: HoverParams, token: CancellationToken): Promise<Hover | null> {
    const document = this.deps.analysable(textDocument.uri);
    if (!document) return null;
    const { modules, options } = await this.deps.inspector.inspect(document, token);
    const line = document.getText({ start: { line: position.line, character: 0 }, end: { line: position.line + 1, character: 0 } }).replace(/[\r\n]+$/, '');
    const { fixed } = await this.deps.inspector.fixesOf(document, (finding) => contains(finding.range, position), token);
    const parts = modules
      .filter(({ sources }) => isKernelModule(sources))
      .map(({ inspection, own }) => syscallShown({ inspection, file: own, text: document.getText(), line, position, target: options.target }, this.abis));
    return toHover([parts.find((part) => part !== null) ?? null, notesShown(fixed)].filter((part) => part !== null));
  }

  private async complete({ textDocument, position }: CompletionParams, token: CancellationToken): Promise<CompletionItem[]> {
    const document = this.deps.analysable(textDocument.uri);
    if (!document || !(await this.deps.configuration.editorOf(textDocument.uri)).completion) return [];
    const wanted = wantedBefore(document, position);
    if (!wanted) return [];
    const { modules, options } = await this.deps.inspector.inspect(document, token);
    return modules.some(({ sources }) => isKernelModule(sources)) ? toCompletions(wanted, document, position, this.abis.of(options.target.arch)) : [];
  }

  private async inlayHints({ textDocument, range }: InlayHintParams, token: CancellationToken): Promise<InlayHint[]> {
    const document = this.deps.analysable(textDocument.uri);
    if (!document || !(await this.deps.configuration.editorOf(textDocument.uri)).inlayHints) return [];
    const { modules } = await this.deps.inspector.inspect(document, token);
    const [first] = modules;
    return first ? toInlayHints(first.inspection.registerStores, first.own, range) : [];
  }
}
