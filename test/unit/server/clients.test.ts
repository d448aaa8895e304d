// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic } from 'vscode-languageserver/node';
import { LspClient } from '../../support/lsp-client';
import { initOf } from '../analysis/helper';

const LINE = '\t/* Größe 😀 */ regs.si = (unsigned long)name;';
const SOURCE = initOf(`${LINE}\n\trc = table[__NR_write](&regs);`, 'static char name[8]; /* 😀😀 */').find(({ path: name }) => name === 'sample.c')!.text;
const ROW = SOURCE.split('\n').indexOf(LINE);
const ARGUMENT = '(unsigned long)name';
const buffer = (diagnostics: readonly Diagnostic[]): Diagnostic => {
  const found = diagnostics.find(({ code }) => code === 'kernel-buffer');
  assert.ok(found, JSON.stringify(diagnostics));
  return found;
};

describe('the language server and its clients', () => {
  let client: LspClient;
  let folder: string;
  let source: string;
  beforeEach(() => {
    client = new LspClient();
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab ünï %41#? '));
    source = path.join(folder, 'sämple 1.c');
    fs.writeFileSync(source, SOURCE);
  });
  afterEach(async () => {
    assert.equal(await client.stop(), 0);
    fs.rmSync(folder, { recursive: true });
  });

  const before = LINE.slice(0, LINE.indexOf(ARGUMENT));
  for (const [offered, agreed, start] of [
    [undefined, 'utf-16', before.length],
    [['utf-8', 'utf-16'], 'utf-16', before.length],
    [['utf-8'], 'utf-8', Buffer.byteLength(before)],
    [['utf-32'], 'utf-32', Array.from(before).length],
    [['nonsense'], 'utf-16', before.length],
  ] as const) {
    it(`counts as agreed when the client offers ${offered?.join(', ') ?? 'nothing'}`, async () => {
      const { capabilities } = await client.initialize(offered ? { general: { positionEncodings: offered } } : {});
      assert.equal(capabilities.positionEncoding, agreed);
      await client.open(source, 'int nothing;\n');
      assert.deepEqual(await client.pushed(source), []);
      const whole = { start: { line: 0, character: 0 }, end: { line: 1, character: 0 } };
      await client.change(source, 2, [agreed === 'utf-16' ? { range: whole, text: SOURCE } : { text: SOURCE }]);
      const { range, relatedInformation } = buffer(await client.pushed(source));
      assert.deepEqual(range, { start: { line: ROW, character: start }, end: { line: ROW, character: start + ARGUMENT.length } });
      assert.equal(relatedInformation?.[0]?.location.uri, pathToFileURL(source).toString());
      const call = SOURCE.split('\n')[ROW + 1]!.indexOf('table');
      assert.ok(await client.connection.sendRequest('textDocument/hover', { textDocument: { uri: pathToFileURL(source).toString() }, position: { line: ROW + 1, character: call } }));
    });
  }

  it('is there after messages that no client should send', async () => {
    await client.initialize({ textDocument: { diagnostic: {} } });
    await client.open(source);
    const uri = pathToFileURL(source).toString();
    const notify = (method: string, params: unknown): Promise<void> => client.connection.sendNotification(method, params as object);
    for (const params of [null, {}, { textDocument: null }, { textDocument: { uri: 7, text: {}, version: 'x' } }, { textDocument: { uri: 'file://[' } }, []]) {
      for (const method of ['textDocument/didOpen', 'textDocument/didChange', 'textDocument/didClose', 'textDocument/didSave', 'workspace/didChangeWatchedFiles', 'workspace/didChangeConfiguration', 'kmodlab/didChangeTarget', 'no/suchNotification', '$/cancelRequest', '$/setTrace']) await notify(method, params);
      for (const method of ['textDocument/diagnostic', 'textDocument/hover', 'textDocument/codeAction', 'kmodlab/predictions', 'no/suchRequest', 'initialize']) await client.connection.sendRequest(method, params as object).catch(() => undefined);
    }
    for (const range of [{ start: { line: -1, character: -9 }, end: { line: 1e9, character: 1e9 } }, { start: { line: 5, character: 0 }, end: { line: 2, character: 0 } }, { start: 'x' }]) await notify('textDocument/didChange', { textDocument: { uri, version: 2 }, contentChanges: [{ range, text: 'x' }] });
    await notify('textDocument/didChange', { textDocument: { uri, version: 3 }, contentChanges: 'x' });
    await notify('textDocument/didChange', { textDocument: { uri: 'untitled:Untitled-1', version: 3 }, contentChanges: [] });
    for (const strange of ['file:///%', 'file://host/share/a.c', 'untitled:Untitled-1', 'vscode-vfs://x/y.c', 'not a uri', '']) {
      await notify('textDocument/didOpen', { textDocument: { uri: strange, languageId: 'c', version: 1, text: SOURCE } });
      await client.connection.sendRequest('textDocument/diagnostic', { textDocument: { uri: strange } });
    }
    await client.change(source, 4, [{ text: SOURCE }]);
    buffer((await client.pull(source)).items);
  });

  it('is there after bytes that are no message', async () => {
    await client.initialize({ textDocument: { diagnostic: {} } });
    await client.open(source);
    const raw = (body: string): void => {
      client.server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    };
    raw('{ this is no JSON');
    raw('[1, 2]');
    raw('"text"');
    raw('null');
    raw('{}');
    raw('{"jsonrpc":"2.0","id":{},"method":7}');
    client.server.stdin.write('Content-Type: nonsense\r\nContent-Length: 2\r\n\r\n{}');
    buffer((await client.pull(source)).items);
  });

  it('needs no watcher of the client: it sees what changes on disk, appears and goes', async () => {
    await client.initialize({});
    const used = SOURCE.replace('#include <linux/module.h>', '#include <linux/module.h>\n#include "own.h"').replace(ARGUMENT, 'ADDRESS');
    const kernelBuffers = async (): Promise<number> => (await client.pushed(source)).filter(({ code }) => code === 'kernel-buffer').length;
    await client.open(source, used);
    assert.equal(await kernelBuffers(), 0);
    const until = async (count: number): Promise<void> => {
      while ((await kernelBuffers()) !== count);
    };
    fs.writeFileSync(path.join(folder, 'own.h'), '#define ADDRESS (unsigned long)name\n');
    await until(1);
    fs.writeFileSync(path.join(folder, 'own.h'), '#define ADDRESS 0\n');
    await until(0);
    fs.writeFileSync(path.join(folder, 'Kbuild'), 'obj-m := other.o\nccflags-y := -include forced.h\n');
    fs.writeFileSync(path.join(folder, 'forced.h'), '#define regs kept\n');
    fs.writeFileSync(path.join(folder, 'own.h'), '#define ADDRESS (unsigned long)name\n');
    await until(1);
    fs.rmSync(path.join(folder, 'own.h'));
    await until(0);
  });

  it('makes findings anew when a closed file of the module changes, and when one is open and not saved', async () => {
    await client.initialize({ workspace: { didChangeWatchedFiles: { dynamicRegistration: true } } });
    const write = (name: string, text: string): string => {
      fs.writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    const changed = (file: string, type: number): Promise<void> => client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes: [{ uri: pathToFileURL(file).toString(), type }] });
    const main = write('main.c', '#include <linux/module.h>\n#include "pair.h"\nchar shared[8];\nstatic int __init start(void)\n{\n\tput(shared);\n\treturn 0;\n}\nmodule_init(start);\nMODULE_LICENSE(KBUILD_MODNAME);\n');
    write('pair.h', 'long put(const char *p);\n');
    const helper = 'long put(const char *p)\n{\n\tstruct pt_regs r = { .di = 1, .si = (unsigned long)p, .dx = 8 };\n\treturn ((long (**)(const struct pt_regs *))kallsyms_lookup_name("sys_call_table"))[__NR_write](&r);\n}\n';
    const found = async (): Promise<number> => (await client.pushed(main)).filter(({ code }) => code === 'kernel-buffer').length;
    await client.open(main);
    assert.equal(await found(), 0, 'nothing says yet that helper.c is of the module');
    await changed(write('Kbuild', 'obj-m := pair.o\npair-objs := main.o helper.o\n'), 1);
    assert.equal(await found(), 0);
    await changed(write('helper.c', helper), 1);
    assert.equal(await found(), 1);
    await changed(write('helper.c', helper.replace('(unsigned long)p', '0')), 2);
    assert.equal(await found(), 0);
    const open = path.join(folder, 'helper.c');
    await client.open(open, helper);
    assert.equal(await found(), 1);
    await client.connection.sendNotification('textDocument/didClose', { textDocument: { uri: pathToFileURL(open).toString() } });
    assert.equal(await found(), 0);
    fs.rmSync(open);
    await changed(open, 3);
    assert.equal(await found(), 0);
  });
});
