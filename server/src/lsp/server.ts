// SPDX-License-Identifier: MIT
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DidChangeConfigurationNotification,
  DocumentDiagnosticReportKind,
  TextDocumentSyncKind,
  TextDocuments,
  type Connection,
  type Diagnostic,
  type Hover,
  type HoverParams,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { z } from 'zod';
import { Architecture, type Analysis, type AnalysisTarget } from '../../../core/model/analysis';
import type { Analyzer, Inspection } from '../analysis';
import { toDiagnostic, tooLarge } from './convert';
import { toHover } from './hover';
import { FollowedModules } from './followed-modules';
import { gatherModules, MAX_SOURCE_BYTES, type ModuleFiles } from './module-files';
import { targetOf } from './settings';

const NOTHING: Inspection = { findings: [], predictions: [], calls: [] };

const PredictionsParams = z.object({
  sources: z.array(z.object({ path: z.string(), text: z.string() })),
  target: z.object({ arch: Architecture, kernel: z.string().nullable() }),
});

function filePath(uri: string): string | null {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : null;
  } catch {
    return null;
  }
}

/** The language server on one connection: diagnostics by pull where the client can, else by push. */
export class KmodlabServer {
  private readonly followed: Promise<FollowedModules>;
  private readonly documents = new TextDocuments(TextDocument);
  private target: AnalysisTarget = targetOf(null);
  private pulls = false;
  private readsConfiguration = false;
  private refreshes = false;
  /** Documents whose diagnostics are to be pushed at the next turn. */
  private readonly dirty = new Set<string>();

  constructor(
    private readonly connection: Connection,
    private readonly analyzer: Promise<Analyzer>,
  ) {
    this.followed = analyzer.then((loaded) => new FollowedModules(loaded));
    this.followed.catch(() => undefined); // whoever asks is told
    connection.onInitialize((params) => this.initialize(params));
    connection.onInitialized(() => void this.initialized());
    connection.onDidChangeConfiguration(() => void this.readConfiguration());
    connection.onRequest('kmodlab/predictions', (params: unknown) => this.predictions(params));
    connection.languages.diagnostics.on(async ({ textDocument }) => ({
      kind: DocumentDiagnosticReportKind.Full,
      items: await this.diagnose(textDocument.uri),
    }));
    connection.onHover((params) => this.hover(params));
    this.documents.onDidChangeContent(() => this.changed());
    this.documents.onDidClose(({ document }) => {
      if (!this.pulls) void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] });
      this.changed();
    });
    this.documents.listen(connection);
  }

  private initialize({ capabilities }: InitializeParams): InitializeResult {
    this.pulls = capabilities.textDocument?.diagnostic !== undefined;
    this.refreshes = capabilities.workspace?.diagnostics?.refreshSupport === true;
    this.readsConfiguration = capabilities.workspace?.configuration === true;
    return {
      serverInfo: { name: 'kmodlab' },
      capabilities: {
        textDocumentSync: TextDocumentSyncKind.Incremental,
        hoverProvider: true,
        ...(this.pulls ? { diagnosticProvider: { identifier: 'kmodlab', interFileDependencies: true, workspaceDiagnostics: false } } : {}),
      },
    };
  }

  private async initialized(): Promise<void> {
    if (!this.readsConfiguration) return;
    await this.connection.client.register(DidChangeConfigurationNotification.type, { section: 'kmodlab' });
    await this.readConfiguration();
  }

  private async readConfiguration(): Promise<void> {
    if (!this.readsConfiguration) return;
    const before = this.target;
    this.target = targetOf(await this.connection.workspace.getConfiguration('kmodlab.analysis'));
    if (before.kernel === this.target.kernel) return;
    if (this.pulls && this.refreshes) void this.connection.languages.diagnostics.refresh();
    this.changed();
  }

  /** A change in one file can change the findings of the others of its module: all open ones are looked at again. */
  private changed(): void {
    if (this.pulls) return; // the client asks again for every open document, because of interFileDependencies
    if (this.dirty.size === 0) setImmediate(() => void this.push());
    for (const document of this.documents.all()) this.dirty.add(document.uri);
  }

  private async push(): Promise<void> {
    const uris = [...this.dirty];
    this.dirty.clear();
    for (const uri of uris) {
      const version = this.documents.get(uri)?.version;
      const diagnostics = await this.diagnose(uri);
      if (version !== undefined && this.documents.get(uri)?.version === version) await this.connection.sendDiagnostics({ uri, version, diagnostics });
    }
  }

  /** Diagnostics of one open document; a defect of the analysis costs the diagnostics, never the server. */
  private async diagnose(uri: string): Promise<Diagnostic[]> {
    const document = this.documents.get(uri);
    if (document === undefined) return [];
    if (Buffer.byteLength(document.getText()) > MAX_SOURCE_BYTES) return [tooLarge(MAX_SOURCE_BYTES)];
    const diagnostics = new Map<string, Diagnostic>();
    for (const module of await this.modulesOf(document)) {
      const { findings } = await this.inspect(module.folder, module.sources, this.target);
      for (const finding of findings.filter(({ file }) => file === module.own)) {
        const diagnostic = toDiagnostic(finding, module.folder);
        diagnostics.set(JSON.stringify([diagnostic.range, diagnostic.message]), diagnostic);
      }
    }
    return [...diagnostics.values()];
  }

  private async modulesOf(document: TextDocument): Promise<readonly ModuleFiles[]> {
    const file = filePath(document.uri);
    try {
      if (file !== null) return await gatherModules(file, (other) => this.openText(other));
    } catch (error) {
      this.logFailure('The files of the module could not be gathered', error);
    }
    const own = file === null ? 'untitled.c' : path.basename(file);
    return [{ folder: file === null ? '/' : path.dirname(file), own, sources: [{ path: own, text: document.getText() }] }];
  }

  private async hover({ textDocument, position }: HoverParams): Promise<Hover | null> {
    const document = this.documents.get(textDocument.uri);
    if (document === undefined || Buffer.byteLength(document.getText()) > MAX_SOURCE_BYTES) return null;
    for (const module of await this.modulesOf(document)) {
      const hover = toHover(await this.inspect(module.folder, module.sources, this.target), module.own, position);
      if (hover) return hover;
    }
    return null;
  }

  private openText(file: string): string | undefined {
    return this.documents.all().find((document) => filePath(document.uri) === file)?.getText();
  }

  private async predictions(params: unknown): Promise<Analysis> {
    const { sources, target } = PredictionsParams.parse(params);
    try {
      const analyzer = await this.analyzer;
      return analyzer.analyze(sources, target);
    } catch (error) {
      this.logFailure('The analysis failed', error);
      return NOTHING;
    }
  }

  private async inspect(...[folder, sources, target]: Parameters<FollowedModules['inspect']>): Promise<Inspection> {
    try {
      return (await this.followed).inspect(folder, sources, target);
    } catch (error) {
      this.logFailure('The analysis failed', error);
      return NOTHING;
    }
  }

  private logFailure(what: string, error: unknown): void {
    this.connection.console.error(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}
