// SPDX-License-Identifier: MIT
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter, type MessageConnection } from 'vscode-languageserver/node';
import type { Diagnostic, InitializeResult, PublishDiagnosticsParams } from 'vscode-languageserver/node';
import { ROOT } from './cli';

/** A client of a language server over stdio, the built one of ours by default, as any LSP editor starts it. */
export class LspClient {
  readonly connection: MessageConnection;
  readonly server: ChildProcessWithoutNullStreams;
  private readonly published: PublishDiagnosticsParams[] = [];
  private readonly waiting: { uri: string; resolve: (diagnostics: Diagnostic[]) => void }[] = [];

  /** @param argv another server than ours */
  constructor([program, ...args]: readonly [string, ...string[]] = [process.execPath, path.join(ROOT, 'dist/server.js'), '--stdio'], env: NodeJS.ProcessEnv = process.env) {
    this.server = spawn(program, args, { env });
    this.connection = createMessageConnection(new StreamMessageReader(this.server.stdout), new StreamMessageWriter(this.server.stdin));
    this.connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      const index = this.waiting.findIndex(({ uri }) => uri === params.uri);
      if (index < 0) this.published.push(params);
      else this.waiting.splice(index, 1)[0]!.resolve(params.diagnostics);
    });
    this.connection.listen();
  }

  async initialize(capabilities: object, more: object = {}): Promise<InitializeResult> {
    const result = await this.connection.sendRequest<InitializeResult>('initialize', { processId: process.pid, rootUri: null, capabilities, ...more });
    await this.connection.sendNotification('initialized', {});
    return result;
  }

  open(file: string, text = fs.readFileSync(file, 'utf8')): Promise<void> {
    return this.connection.sendNotification('textDocument/didOpen', { textDocument: { uri: pathToFileURL(file).toString(), languageId: 'c', version: 1, text } });
  }

  /** Resolves with the parameters of the next such request of the server, which is answered so. */
  asked<T>(method: string, answer: (params: T) => unknown = () => null): Promise<T> {
    return new Promise((resolve) => {
      this.connection.onRequest(method, (params: T) => {
        resolve(params);
        return answer(params);
      });
    });
  }

  change(file: string, version: number, contentChanges: object[]): Promise<void> {
    return this.connection.sendNotification('textDocument/didChange', { textDocument: { uri: pathToFileURL(file).toString(), version }, contentChanges });
  }

  /** The next diagnostics that are pushed for a file. */
  pushed(file: string): Promise<Diagnostic[]> {
    const uri = pathToFileURL(file).toString();
    const index = this.published.findIndex((params) => params.uri === uri);
    if (index >= 0) return Promise.resolve(this.published.splice(index, 1)[0]!.diagnostics);
    return new Promise((resolve) => this.waiting.push({ uri, resolve }));
  }

  pull(file: string): Promise<{ items: Diagnostic[] }> {
    return this.connection.sendRequest('textDocument/diagnostic', { textDocument: { uri: pathToFileURL(file).toString() } });
  }

  async stop(): Promise<number | null> {
    await this.connection.sendRequest('shutdown');
    const ended = new Promise<number | null>((resolve) => this.server.once('exit', resolve));
    await this.connection.sendNotification('exit');
    return ended;
  }
}
