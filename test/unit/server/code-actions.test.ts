// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeAction, Diagnostic, InitializeResult, Range, TextDocumentEdit, TextEdit } from 'vscode-languageserver/node';
import { applyEdits } from '../../support/apply-edits';
import { ROOT } from '../../support/cli';
import { LspClient } from '../../support/lsp-client';

const FIXTURES = path.join(ROOT, 'test', 'fixtures', 'fixes');
const LITERALS = { codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix'] } } };
const RESOLVES = { dataSupport: true, resolveSupport: { properties: ['edit'] } };
const PULL = { diagnostic: {} };

describe('quick fixes over LSP', () => {
  let client: LspClient;
  let folder: string;
  beforeEach(() => {
    client = new LspClient();
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-fixes-'));
    fs.cpSync(FIXTURES, folder, { recursive: true });
  });
  afterEach(async () => {
    fs.rmSync(folder, { recursive: true });
    assert.equal(await client.stop(), 0);
  });

  const initialize = (codeAction: object, workspaceEdit: object = {}): Promise<InitializeResult> =>
    client.initialize({ textDocument: { ...PULL, codeAction }, workspace: { workspaceEdit } });
  const open = async (name: string): Promise<{ file: string; uri: string; found: Diagnostic[] }> => {
    const file = path.join(folder, name);
    await client.open(file);
    return { file, uri: pathToFileURL(file).toString(), found: (await client.pull(file)).items };
  };
  const actions = (uri: string, range: Range, diagnostics: Diagnostic[], only?: string[]): Promise<CodeAction[]> =>
    client.connection.sendRequest('textDocument/codeAction', { textDocument: { uri }, range, context: { diagnostics, ...(only ? { only } : {}) } });

  it('offers the fixes of a finding, linked to its diagnostic, the preferred one first', async () => {
    const { capabilities } = await initialize(LITERALS);
    assert.deepEqual(capabilities.codeActionProvider, { codeActionKinds: ['quickfix'], resolveProvider: false });
    const { file, uri, found } = await open('write.c');
    assert.equal(found.length, 1);
    const offered = await actions(uri, found[0]!.range, found);
    assert.deepEqual(
      offered.map(({ title, kind, isPreferred, diagnostics }) => [title, kind, isPreferred, diagnostics?.map(({ code }) => code)]),
      [
        ['Use kernel_write()', 'quickfix', true, ['kernel-buffer']],
        ['Give write() a copy in user memory', 'quickfix', undefined, ['kernel-buffer']],
        ['Ignore kernel-buffer here, by a comment', 'quickfix', undefined, ['kernel-buffer']],
      ],
    );
    for (const { title, edit } of offered) {
      const edits = edit!.changes![uri]!.map(({ range, newText }) => ({ file: 'write.c', range, newText }));
      const [fixed] = applyEdits([{ path: 'write.c', text: fs.readFileSync(path.join(FIXTURES, 'write.c'), 'utf8') }], edits);
      const copy = path.join(folder, 'fixed.c');
      fs.writeFileSync(copy, fixed!.text);
      await client.open(copy);
      assert.deepEqual((await client.pull(copy)).items.map(({ message }) => message), [], title);
      await client.connection.sendNotification('textDocument/didClose', { textDocument: { uri: pathToFileURL(copy).toString() } });
    }
    assert.equal(fs.readFileSync(file, 'utf8'), fs.readFileSync(path.join(FIXTURES, 'write.c'), 'utf8'));
  });

  it('offers nothing elsewhere, nor of another kind', async () => {
    await initialize(LITERALS);
    const { uri, found } = await open('write.c');
    const start = { line: 0, character: 0 };
    assert.deepEqual(await actions(uri, { start, end: start }, []), []);
    assert.deepEqual(await actions(uri, found[0]!.range, found, ['refactor', 'source.organizeImports']), []);
    assert.equal((await actions(uri, found[0]!.range, found, ['quickfix'])).length, 3);
  });

  it('makes up the edit when it is asked for, of the version that it was offered for, with what it cannot do', async () => {
    const { capabilities } = await initialize({ ...LITERALS, ...RESOLVES }, { documentChanges: true, changeAnnotationSupport: {} });
    assert.deepEqual(capabilities.codeActionProvider, { codeActionKinds: ['quickfix'], resolveProvider: true });
    const { file, uri, found } = await open('write.c');
    const [first] = await actions(uri, found[0]!.range, found);
    assert.equal(first!.edit, undefined);
    const { edit } = await client.connection.sendRequest<CodeAction>('codeAction/resolve', first);
    const [change, ...others] = edit!.documentChanges as TextDocumentEdit[];
    assert.deepEqual(others, []);
    assert.deepEqual(change!.textDocument, { uri, version: 1 });
    assert.ok(change!.edits.some((each) => (each as TextEdit).newText.includes('kernel_write(file')));
    assert.match(Object.values(edit!.changeAnnotations!)[0]!.description!, /write_iter/);

    const start = { line: 0, character: 0 };
    await client.change(file, 2, [{ range: { start, end: start }, text: '\n' }]);
    await assert.rejects(client.connection.sendRequest('codeAction/resolve', first), { code: -32801 });
  });

  it('offers nothing to a client that takes commands only, and is not asked', async () => {
    const { capabilities } = await initialize({});
    assert.equal(capabilities.codeActionProvider, undefined);
  });

  it('mends text that was pasted from a web page, where there is no diagnostic', async () => {
    await initialize(LITERALS);
    const { uri, found } = await open('pasted.c');
    assert.deepEqual(found, []);
    const line = fs.readFileSync(path.join(FIXTURES, 'pasted.c'), 'utf8').split('\n').findIndex((text) => text.includes('(\u00b6m)'));
    const place = { line, character: 2 };
    const [mend, ...others] = await actions(uri, { start: place, end: place }, []);
    assert.deepEqual(others, []);
    assert.deepEqual(mend!.edit!.changes![uri]!.map(({ newText }) => newText), ['&para']);
  });

  it('does not fix what a comment or a setting took away', async () => {
    await initialize(LITERALS);
    fs.writeFileSync(path.join(folder, '.kmodlab'), '{ "rules": { "kernel-buffer": "off" } }');
    const { uri, found } = await open('write.c');
    assert.deepEqual(found, []);
    const whole = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };
    assert.deepEqual(await actions(uri, whole, []), []);
  });

  it('says on hover what a fix cannot do', async () => {
    await initialize(LITERALS);
    const { uri, found } = await open('write.c');
    const hover = await client.connection.sendRequest<{ contents: { value: string } }>('textDocument/hover', { textDocument: { uri }, position: found[0]!.range.start });
    assert.match(hover.contents.value, /^Quick fixes:\n- Use kernel_write\(\): It refuses files without write_iter with -EINVAL/);
  });
});
