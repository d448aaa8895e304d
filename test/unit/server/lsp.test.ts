// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic, PublishDiagnosticsParams } from 'vscode-languageserver/node';
import { Analysis } from '../../../core/model';
import { copyOfModule, ROOT } from '../../support/cli';
import { LspClient } from '../../support/lsp-client';

const PULL = { textDocument: { diagnostic: {} } };
const buffers = (diagnostics: Diagnostic[]): Diagnostic[] => diagnostics.filter(({ code }) => code === 'kernel-buffer');

describe('language server over stdio', () => {
  let client: LspClient;
  let folder: string;
  let source: string;
  beforeEach(() => {
    client = new LspClient();
    folder = copyOfModule();
    source = path.join(folder, 'device2_kernel_buffer.c');
  });
  afterEach(async () => {
    fs.rmSync(folder, { recursive: true });
    assert.equal(await client.stop(), 0);
  });

  it('pushes the kernel buffer at its argument, with its page and the places that lead to it', async () => {
    const { capabilities } = await client.initialize({});
    assert.equal(capabilities.diagnosticProvider, undefined);
    await client.open(source);
    const found = buffers(await client.pushed(source));
    assert.equal(found.length, 1);
    const { range, codeDescription, relatedInformation } = found[0]!;
    const line = fs.readFileSync(source, 'utf8').split('\n')[range.start.line]!;
    assert.match(line.slice(range.start.character, range.end.character), /buf/);
    assert.match(line, /param\.si/);
    const page = /docs\/rules\/[\w-]+\.md$/.exec(codeDescription!.href)![0];
    assert.ok(fs.existsSync(path.join(ROOT, page)), page);
    assert.ok(relatedInformation!.length > 0);
  });

  it('answers a pull and pushes nothing besides', async () => {
    const { capabilities } = await client.initialize(PULL);
    assert.deepEqual(capabilities.diagnosticProvider, { identifier: 'kmodlab', interFileDependencies: true, workspaceDiagnostics: false });
    const pushed: string[] = [];
    client.connection.onNotification('textDocument/publishDiagnostics', ({ uri }: PublishDiagnosticsParams) => {
      pushed.push(uri);
    });
    await client.open(source);
    assert.equal(buffers((await client.pull(source)).items).length, 1);
    assert.deepEqual(pushed, []);
  });

  it('follows an edit, incremental and across the files of the module', async () => {
    await client.initialize(PULL);
    await client.open(source);
    const text = fs.readFileSync(source, 'utf8').split('\n');
    const line = text.findIndex((candidate) => candidate.includes('param.si'));
    const start = text[line]!.indexOf('(unsigned long)buf');
    const range = { start: { line, character: start }, end: { line, character: start + '(unsigned long)buf'.length } };
    await client.change(source, 2, [{ range, text: '0' }]);
    assert.equal(buffers((await client.pull(source)).items).length, 0);

    const header = path.join(folder, 'device2.h');
    await client.open(header, `${fs.readFileSync(header, 'utf8')}\n#define CLEAN_ADDRESS ((unsigned long)device2_shared)\nextern char device2_shared[8];\n`);
    await client.change(source, 3, [{ range: { start: range.start, end: { line, character: start + 1 } }, text: 'CLEAN_ADDRESS' }]);
    assert.equal(buffers((await client.pull(source)).items).length, 1);
  });

  it('says of a document over 4 MB only that it is not analysed', async () => {
    await client.initialize(PULL);
    const huge = path.join(folder, 'huge.c');
    await client.open(huge, 'int x;\n'.repeat(700_000));
    assert.deepEqual((await client.pull(huge)).items.map(({ code }) => code), ['not-analysed']);
  });

  it('survives text that is no C, a BOM, CRLF and NULs', async () => {
    await client.initialize(PULL);
    const odd = path.join(folder, 'odd.c');
    await client.open(odd, '\uFEFF#include <linux/module.h>\r\n\0\0}}}{{{((( \uD800 ');
    const { items } = await client.pull(odd);
    assert.deepEqual(items.filter(({ code }) => code === 'kernel-buffer'), []);
    await client.open(source);
    assert.equal(buffers((await client.pull(source)).items).length, 1);
  });

  it('predicts the calls of sources that it is handed', async () => {
    await client.initialize(PULL);
    const sources = fs.readdirSync(folder).filter((name) => /\.[ch]$/.test(name)).map((name) => ({ path: name, text: fs.readFileSync(path.join(folder, name), 'utf8') }));
    const analysis = Analysis.parse(await client.connection.sendRequest('kmodlab/predictions', { moduleFolder: folder, sources, target: { arch: 'x86_64', kernel: '6.1' } }));
    assert.deepEqual(
      analysis.predictions.map(({ syscall, expect }) => [syscall, expect.kind]),
      [['write', 'errno'], ['dup', 'exact'], ['close', 'exact'], ['dup', 'exact'], ['write', 'argument']],
    );
  });

  it('shows prototype, registers and result on a call', async () => {
    await client.initialize(PULL);
    await client.open(source);
    const lines = fs.readFileSync(source, 'utf8').split('\n');
    const line = lines.findIndex((text) => text.includes('write_syscall(&param)'));
    const uri = pathToFileURL(source).toString();
    const hover = await client.connection.sendRequest<{ contents: { value: string } } | null>('textDocument/hover', { textDocument: { uri }, position: { line, character: lines[line]!.indexOf('write_syscall') + 2 } });
    assert.match(hover!.contents.value, /write\(unsigned int fd \[di\], const char __user \*buf \[si\], size_t count \[dx\]\)/);
    assert.match(hover!.contents.value, /Returns \*\*-EFAULT\*\* \(-14\)/);
    assert.equal(await client.connection.sendRequest('textDocument/hover', { textDocument: { uri }, position: { line: 0, character: 0 } }), null);
  });

  it('looks at a header with each module that includes it, apart', async () => {
    await client.initialize(PULL);
    const header = path.join(folder, 'shared.h');
    const unit = (name: string): string => `#include <linux/module.h>\n#include "shared.h"\nstatic char ${name}[4];\nstatic int start(void)\n{\n\tput(${name});\n\treturn 0;\n}\nmodule_init(start);\n`;
    fs.writeFileSync(path.join(folder, 'Kbuild'), 'obj-m := one.o two.o\n');
    fs.writeFileSync(path.join(folder, 'one.c'), unit('first'));
    fs.writeFileSync(path.join(folder, 'two.c'), unit('second'));
    await client.open(header, 'static char common[4];\nstatic long put(const char *p)\n{\n\tstruct pt_regs r = { .di = 1, .si = (unsigned long)common };\n\treturn ((long (**)(const struct pt_regs *))kallsyms_lookup_name("sys_call_table"))[__NR_write](&r);\n}\n');
    assert.equal(buffers((await client.pull(header)).items).length, 1);
  });

  it('clears the pushed diagnostics of a closed document', async () => {
    await client.initialize({});
    await client.open(source);
    assert.equal(buffers(await client.pushed(source)).length, 1);
    await client.connection.sendNotification('textDocument/didClose', { textDocument: { uri: pathToFileURL(source).toString() } });
    assert.deepEqual(await client.pushed(source), []);
  });
});
