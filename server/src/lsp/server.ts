// SPDX-License-Identifier: MIT
import path from 'node:path';
import {
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  DocumentDiagnosticReportKind,
  LSPErrorCodes,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
  type CancellationToken,
  type Connection,
  type DiagnosticServerCancellationData,
  type Diagnostic,
  type CodeActionParams,
  type DidChangeConfigurationParams,
  type DocumentDiagnosticParams,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import * as z from 'zod';
import { AnalysisTarget, type Analysis } from '../../../core/model/analysis';
import type { Analyzer } from '../analysis';
import { PROJECT_FILE } from '../workspace/project-file';
import { MAX_SOURCE_BYTES } from '../workspace/source-files';
import { CodeActions } from './code-actions';
import { Configuration } from './configuration';
import { Diagnostics, tooLarge } from './convert';
import { DiskWatch } from './disk-watch';
import { EDITOR_CAPABILITIES, EditorFeatures } from './editor-features';
import { Inspector } from './inspector';
import { filePath, isTooLarge, OpenFiles } from './open-files';
import { PositionEncoding } from './position-encoding';

const PredictionsParams = z.object({
  sources: z.array(z.object({ path: z.string(), text: z.string() })),
  target: AnalysisTarget,
});

/** The client checks an open project file by its schema, so that the server need not. */
const InitializationOptions = z.object({ validatesProjectFile: z.boolean() });

/** What findings can depend on. */
const WATCHED = ['**/*.{c,h}', '**/{Kbuild,Makefile}', `**/${PROJECT_FILE}`];

/** The language server on one connection: diagnostics by pull where the client can, else by push. */
export class KmodlabServer {
  private readonly documents = new TextDocuments(TextDocument);
  private readonly files = new OpenFiles(this.documents);
  private readonly encoding = new PositionEncoding((uri) => this.textOf(uri));
  private readonly configuration: Configuration;
  private readonly inspector: Inspector;
  private readonly codeActions: CodeActions;
  private readonly features: EditorFeatures;
  private readonly diagnostics = new Diagnostics();
  private readonly diskWatch = new DiskWatch((file) => this.filesChanged([file]));
  private pulls = false;
  private refreshes = false;
  private watchesFiles = false;
  private registersConfiguration = false;
  private validatesProjectFile = false;
  private refreshing = false;
  /** Documents whose diagnostics are to be pushed at the next turn. */
  private readonly dirty = new Set<string>();
  /** What the diagnostics of each open document depend on. */
  private readonly dependencies = new Map<string, ReadonlySet<string>>();

  constructor(
    private readonly connection: Connection,
    private readonly analyzer: Promise<Analyzer>,
  ) {
    this.configuration = new Configuration({ connection, files: this.files, encoding: this.encoding });
    this.inspector = new Inspector({ analyzer, files: this.files, optionsOf: (uri, files) => this.configuration.optionsOf(uri, files) });
    this.codeActions = new CodeActions({ inspector: this.inspector, documentOf: (uri) => this.analysable(uri) });
    connection.onInitialize((params) => this.initialize(params));
    connection.onInitialized(() => {
      this.initialized().catch((error: unknown) => this.logFailure('The client refused what was to be registered', error));
    });
    connection.onDidChangeConfiguration((params) => this.configurationChanged(params));
    connection.onDidChangeWatchedFiles(({ changes }) => this.filesChanged(changes.flatMap(({ uri }) => filePath(uri) ?? [])));
    connection.onNotification('kmodlab/didChangeTarget', (params: unknown) => this.targetChanged(params));
    connection.onRequest('kmodlab/predictions', (params: unknown) => this.predictions(params));
    const { encoding } = this;
    connection.languages.diagnostics.on(
      encoding.handler(async ({ textDocument }: DocumentDiagnosticParams, token) => ({
        kind: DocumentDiagnosticReportKind.Full,
        items: await this.pulled(textDocument.uri, token),
      })),
    );
    this.features = new EditorFeatures({ connection, encoding, inspector: this.inspector, configuration: this.configuration, analysable: (uri) => this.analysable(uri) });
    connection.onCodeAction(encoding.handler((params: CodeActionParams, token) => this.codeActions.list(params, token)));
    connection.onCodeActionResolve(async (action) => encoding.toClient(await this.codeActions.resolve(action), ''));
    this.documents.onDidChangeContent(({ document: { uri } }) => this.push(this.dependents(uri)));
    this.documents.onDidClose(({ document: { uri } }) => {
      this.configuration.forget(uri);
      this.dependencies.delete(uri);
      if (!this.pulls) void connection.sendDiagnostics({ uri, diagnostics: [] });
      this.push(this.dependents(uri));
    });
    this.documents.listen(connection);
  }

  private initialize({ capabilities, initializationOptions }: InitializeParams): InitializeResult {
    this.encoding.agree(capabilities.general?.positionEncodings);
    this.pulls = capabilities.textDocument?.diagnostic !== undefined;
    this.refreshes = capabilities.workspace?.diagnostics?.refreshSupport === true;
    this.features.refreshesHints = capabilities.workspace?.inlayHint?.refreshSupport === true;
    this.watchesFiles = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    this.registersConfiguration = capabilities.workspace?.didChangeConfiguration?.dynamicRegistration === true;
    this.configuration.asksClient = capabilities.workspace?.configuration === true;
    this.configuration.settingsSent(initializationOptions);
    this.validatesProjectFile = InitializationOptions.safeParse(initializationOptions).data?.validatesProjectFile ?? false;
    const codeActionProvider = this.codeActions.optionsFor(capabilities);
    return {
      serverInfo: { name: 'kmodlab' },
      capabilities: {
        positionEncoding: this.encoding.kind,
        // documents count in UTF-16, so that an edit by positions of another kind would land elsewhere
        textDocumentSync: this.encoding.isUtf16 ? TextDocumentSyncKind.Incremental : TextDocumentSyncKind.Full,
        ...EDITOR_CAPABILITIES,
        ...(codeActionProvider ? { codeActionProvider } : {}),
        ...(this.pulls ? { diagnosticProvider: { identifier: 'kmodlab', interFileDependencies: true, workspaceDiagnostics: false } } : {}),
      },
    };
  }

  private async initialized(): Promise<void> {
    const { client } = this.connection;
    if (this.registersConfiguration) await client.register(DidChangeConfigurationNotification.type, { section: 'kmodlab' });
    if (this.watchesFiles) await client.register(DidChangeWatchedFilesNotification.type, { watchers: WATCHED.map((globPattern) => ({ globPattern })) });
  }

  private configurationChanged({ settings }: DidChangeConfigurationParams): void {
    this.configuration.settingsSent((settings as { kmodlab?: unknown } | null | undefined)?.kmodlab);
    this.lookAgain();
  }

  private targetChanged(params: unknown): void {
    this.configuration.targetSent(params);
    this.lookAgain();
  }

  private filesChanged(files: readonly string[]): void {
    const depends = [...this.dependencies.values()].some((dependencies) => files.some((file) => dependencies.has(file)));
    if (depends) this.lookAgain();
  }

  /** Something other than an open document changed: the diagnostics of all open ones are made anew. */
  private lookAgain(): void {
    this.pushAll();
    if (this.refreshing) return;
    this.refreshing = true;
    setImmediate(() => {
      this.refreshing = false;
      const diagnostics = this.pulls && this.refreshes ? this.connection.languages.diagnostics.refresh() : Promise.resolve();
      Promise.all([diagnostics, this.features.refresh()]).catch((error: unknown) => this.logFailure('The client did not look again', error));
    });
  }

  /** The open documents whose findings a document can change: those of its module, and itself. */
  private dependents(changed: string): string[] {
    const file = filePath(changed);
    const depends = (uri: string): boolean => uri === changed || (file !== null && this.dependencies.get(uri)?.has(file) !== false);
    return this.documents.all().flatMap(({ uri }) => (depends(uri) ? [uri] : []));
  }

  private pushAll(): void {
    this.push(this.documents.all().map(({ uri }) => uri));
  }

  private push(uris: readonly string[]): void {
    if (this.pulls || uris.length === 0) return; // a client that pulls asks again for every open document, because of interFileDependencies
    if (this.dirty.size === 0) setImmediate(() => void this.pushDirty());
    for (const uri of uris) this.dirty.add(uri);
  }

  private async pushDirty(): Promise<void> {
    const uris = [...this.dirty];
    this.dirty.clear();
    for (const uri of uris) {
      const version = this.documents.get(uri)?.version;
      const diagnostics = await this.diagnose(uri).catch(() => null); // the document has changed, and is looked at again for that
      if (diagnostics && version !== undefined && !isProjectFile(uri) && this.documents.get(uri)?.version === version) await this.connection.sendDiagnostics(await this.encoding.toClient({ uri, version, diagnostics }, uri));
    }
  }

  /** What a client that pulls shall ask for again is answered with ServerCancelled. */
  private async pulled(uri: string, token: CancellationToken): Promise<Diagnostic[]> {
    try {
      return await this.diagnose(uri, token);
    } catch (error) {
      if (!(error instanceof ResponseError) || error.code !== LSPErrorCodes.ContentModified) throw error;
      const data: DiagnosticServerCancellationData = { retriggerRequest: true };
      throw new ResponseError(LSPErrorCodes.ServerCancelled, error.message, data);
    }
  }

  /** Diagnostics of one open document; a defect of the analysis costs the diagnostics, never the server. @throws ResponseError when they are not wanted any more */
  private async diagnose(uri: string, token?: CancellationToken): Promise<Diagnostic[]> {
    const document = this.documents.get(uri);
    if (document === undefined) return [];
    try {
      if (isProjectFile(uri)) {
        this.publishProblems(await this.configuration.optionsOf(uri));
        return [];
      }
      if (isTooLarge(document)) return [tooLarge(MAX_SOURCE_BYTES)];
      const inspected = await this.inspector.inspect(document, token);
      this.dependencies.set(uri, inspected.dependencies);
      if (!this.watchesFiles) this.diskWatch.follow([...this.dependencies.values()].flatMap((each) => [...each]));
      this.publishProblems({ project: inspected.project, dependencies: [...inspected.dependencies] });
      const folder = inspected.modules[0]?.folder ?? '';
      return this.diagnostics.of(await this.inspector.findingsOf(inspected), folder);
    } catch (error) {
      if (error instanceof ResponseError) throw error;
      this.logFailure('The analysis failed', error);
      return [];
    }
  }

  private publishProblems(found: Parameters<Configuration['publishProblems']>[0]): void {
    this.configuration.publishProblems(found, (file) => this.validatesProjectFile && this.documents.all().some(({ uri }) => filePath(uri) === file));
  }

  /** An open document; undefined when it is too large to be analysed, or no C. */
  private analysable(uri: string): TextDocument | undefined {
    const document = this.documents.get(uri);
    return document && !isProjectFile(uri) && !isTooLarge(document) ? document : undefined;
  }

  private async predictions(params: unknown): Promise<Analysis> {
    const { sources, target } = PredictionsParams.parse(params);
    return (await this.analyzer).analyze(sources, target);
  }

  private async textOf(uri: string): Promise<string | undefined> {
    const file = filePath(uri);
    return this.documents.get(uri)?.getText() ?? (file === null ? undefined : this.files.read(file));
  }

  private logFailure(what: string, error: unknown): void {
    this.connection.console.error(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

function isProjectFile(uri: string): boolean {
  return path.posix.basename(uri) === PROJECT_FILE;
}
