// SPDX-License-Identifier: MIT
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter, type MessageConnection } from 'vscode-languageserver/node';
import type { PublishDiagnosticsParams } from 'vscode-languageserver/node';
import { ROOT } from './cli';

/** The built server over stdio with one document at a time, for measurements: a version in, its diagnostics out. */
export class MeasuredServer {
  private readonly server: ChildProcessWithoutNullStreams;
  private readonly connection: MessageConnection;
  private readonly waiting = new Map<string, (params: PublishDiagnosticsParams) => void>();

  private constructor(nodeArguments: readonly string[]) {
    this.server = spawn(process.execPath, [...nodeArguments, path.join(ROOT, 'dist/server.js'), '--stdio']);
    this.connection = createMessageConnection(new StreamMessageReader(this.server.stdout), new StreamMessageWriter(this.server.stdin));
    this.connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      this.waiting.get(`${params.uri} ${params.version ?? 0}`)?.(params);
    });
    this.connection.listen();
  }

  static async start(nodeArguments: readonly string[] = []): Promise<MeasuredServer> {
    const server = new MeasuredServer(nodeArguments);
    await server.connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
    await server.connection.sendNotification('initialized', {});
    return server;
  }

  open(file: string, text: string): Promise<PublishDiagnosticsParams> {
    const uri = pathToFileURL(file).toString();
    return this.answer(uri, 1, 'textDocument/didOpen', { textDocument: { uri, languageId: 'c', version: 1, text } });
  }

  change(file: string, version: number, contentChanges: object[]): Promise<PublishDiagnosticsParams> {
    const uri = pathToFileURL(file).toString();
    return this.answer(uri, version, 'textDocument/didChange', { textDocument: { uri, version }, contentChanges });
  }

  /** Resident memory of the server, in MB. */
  get residentMegabytes(): number {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${this.server.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  }

  /** CPU time that the server has used, in ms. */
  get cpuMilliseconds(): number {
    const fields = fs.readFileSync(`/proc/${this.server.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  async stop(): Promise<void> {
    await this.connection.sendRequest('shutdown');
    const ended = new Promise((resolve) => this.server.once('exit', resolve));
    await this.connection.sendNotification('exit');
    await ended;
    this.connection.dispose();
  }

  private async answer(uri: string, version: number, method: string, params: object): Promise<PublishDiagnosticsParams> {
    const answer = new Promise<PublishDiagnosticsParams>((resolve) => this.waiting.set(`${uri} ${version}`, resolve));
    await this.connection.sendNotification(method, params);
    const diagnostics = await answer;
    this.waiting.delete(`${uri} ${version}`);
    return diagnostics;
  }
}
