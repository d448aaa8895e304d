// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CancellationTokenSource, LSPErrorCodes, type ResponseError } from 'vscode-languageserver/node';
import type { SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { FollowedModules } from '../../../server/src/lsp/followed-modules';
import { generatedModule } from '../../support/generated-module';
import { LspClient } from '../../support/lsp-client';
import { loadAnalyzer } from '../analysis/helper';

const TARGET = { arch: 'x86_64', kernel: '6.1.0' } as const;
const LONG = 12_000;

function sources(lines: number, seed = 1): SourceFile[] {
  return [{ path: 'gen.c', text: generatedModule(lines, seed) }];
}

const always = (): boolean => true;

describe('an analysis that is under way', () => {
  let analyzer: Analyzer;
  let followed: FollowedModules;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  beforeEach(() => {
    followed = new FollowedModules(analyzer);
  });
  after(() => {
    analyzer.dispose();
  });

  it('lets that of another module go first', async () => {
    const done: string[] = [];
    const long = followed.inspect('/long', sources(LONG), TARGET, always).then(() => done.push('long'));
    const short = followed.inspect('/short', sources(300), TARGET, always).then(() => done.push('short'));
    await Promise.all([long, short]);
    assert.deepEqual(done, ['short', 'long']);
  });

  it('is given up for other texts of its module, which get what a fresh analysis says', async () => {
    const old = followed.inspect('/module', sources(LONG), TARGET, always);
    const newer = sources(600, 2);
    assert.deepEqual(await followed.inspect('/module', newer, TARGET, always), analyzer.inspect(newer, TARGET));
    assert.equal(await old, null);
  });

  it('is shared by those who ask for the same, and goes on while one of them wants it', async () => {
    const first = followed.inspect('/module', sources(LONG), TARGET, () => false);
    const second = followed.inspect('/module', sources(LONG), TARGET, always);
    assert.equal(first, second);
    assert.ok(await first);
  });

  it('is given up when nobody wants it any more, and can be asked for again', async () => {
    assert.equal(await followed.inspect('/module', sources(LONG), TARGET, () => false), null);
    assert.ok(await followed.inspect('/module', sources(LONG), TARGET, always));
  });

  it('is given up for one that cannot wait', async () => {
    const running = followed.inspect('/module', sources(LONG), TARGET, always);
    const now = sources(300, 3);
    assert.deepEqual(followed.inspectNow('/module', now, TARGET), analyzer.inspect(now, TARGET));
    assert.equal(await running, null);
  });
});

describe('the server while a long file is analysed', () => {
  let client: LspClient;
  let folder: string;
  let long: string;
  beforeEach(async () => {
    client = new LspClient();
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-long-'));
    long = path.join(folder, 'long.c');
    fs.writeFileSync(long, generatedModule(LONG));
    await client.initialize({ textDocument: { diagnostic: {} } });
    await client.open(long);
  });
  afterEach(async () => {
    fs.rmSync(folder, { recursive: true });
    assert.equal(await client.stop(), 0);
  });
  const pull = (token: CancellationTokenSource): Promise<unknown> => client.connection.sendRequest('textDocument/diagnostic', { textDocument: { uri: pathToFileURL(long).toString() } }, token.token);
  const isAnswered = (code: number) => (error: ResponseError<unknown>) => error.code === code;

  it('answers a cancelled request at once', async () => {
    const token = new CancellationTokenSource();
    const answer = assert.rejects(pull(token), isAnswered(LSPErrorCodes.RequestCancelled));
    token.cancel();
    await answer;
  });

  it('has the client ask again for what an edit overtook', async () => {
    const answer = assert.rejects(pull(new CancellationTokenSource()), isAnswered(LSPErrorCodes.ServerCancelled));
    await client.connection.sendNotification('textDocument/didChange', { textDocument: { uri: pathToFileURL(long).toString(), version: 2 }, contentChanges: [{ text: generatedModule(300) }] });
    await answer;
    assert.ok(await pull(new CancellationTokenSource()));
  });
});
