// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CompletionItem, Hover, InlayHint, MarkupContent } from 'vscode-languageserver/node';
import { LspClient } from '../../support/lsp-client';
import { moduleOf } from '../analysis/helper';

/** `‸` marks the cursor; the text that is opened is without it. */
const CURSOR = '‸';

describe('hovers, completions and inlay hints over stdio', () => {
  let client: LspClient;
  let root: string;
  let source: string;
  beforeEach(async () => {
    client = new LspClient();
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-features-'));
    source = path.join(root, 'sample.c');
    await client.initialize({ workspace: { inlayHint: { refreshSupport: true } } });
  });
  afterEach(async () => {
    assert.equal(await client.stop(), 0);
    fs.rmSync(root, { recursive: true });
  });

  const settings = (kmodlab: object): Promise<void> => client.connection.sendNotification('workspace/didChangeConfiguration', { settings: { kmodlab } });
  const init = (statements: string, before = ''): string => moduleOf(`${before}\nstatic char data[8];\nstatic int __init start(void)\n{\n\tstruct pt_regs regs = { };\n\tlong rc;\n\n\ttable = (entry_t *)lookup("sys_call_table");\n${statements}\n\treturn 0;\n}`)[0]!.text;
  const place = async (marked: string): Promise<object> => {
    const before = marked.slice(0, marked.indexOf(CURSOR)).split('\n');
    await client.open(source, marked.replace(CURSOR, ''));
    return { textDocument: { uri: pathToFileURL(source).toString() }, position: { line: before.length - 1, character: before.at(-1)!.length } };
  };
  const hover = async (marked: string): Promise<{ text: string; covered: string } | null> => {
    const found = await client.connection.sendRequest<Hover | null>('textDocument/hover', await place(marked));
    if (!found) return null;
    const { start, end } = found.range!;
    return { text: (found.contents as MarkupContent).value, covered: marked.replace(CURSOR, '').split('\n')[start.line]!.slice(start.character, start.line === end.line ? end.character : undefined) };
  };
  const complete = async (marked: string): Promise<CompletionItem[]> => client.connection.sendRequest('textDocument/completion', await place(marked));
  const hints = async (text: string): Promise<string[]> => {
    await client.open(source, text);
    const lines = text.split('\n');
    const found = await client.connection.sendRequest<InlayHint[]>('textDocument/inlayHint', { textDocument: { uri: pathToFileURL(source).toString() }, range: { start: { line: 0, character: 0 }, end: { line: lines.length, character: 0 } } });
    return found.map(({ label, position }) => `${label as string} ${lines[position.line]!.slice(position.character).replace(/[;,}].*/, '').trim()}`);
  };

  it('a call: its prototype, number, user pointers, and what it returns', async () => {
    const found = await hover(init('\tregs.di = 1; regs.si = (unsigned long)data; regs.dx = 8;\n\trc = tab‸le[__NR_write](&regs);'));
    assert.match(found!.text, /write\(unsigned int fd \[di\], const char __user \*buf \[si\], size_t count \[dx\]\)/);
    assert.match(found!.text, /System call 1\./);
    assert.match(found!.text, /`buf` is a user pointer: the kernel reads from it, `count` bytes\. A kernel address there returns -EFAULT: access_ok\(\) refuses it/);
    assert.match(found!.text, /Returns \*\*-EFAULT\*\* \(-14\)/);
    assert.equal(found!.covered, 'table[__NR_write](&regs)');
  });

  it('a register: which argument it is for the syscall that reads it', async () => {
    const found = await hover(init('\tregs.di = 1; regs.s‸i = (unsigned long)data; regs.dx = 8;\n\trc = table[__NR_write](&regs);'));
    assert.match(found!.text, /^`si`: argument 2 of `write\(\)`, `const char __user \*buf`/);
    assert.equal(found!.covered, 'si');
    const designated = await hover(init('\trc = table[__NR_dup2](&(struct pt_regs){ .di = 1, .s‸i = 5 });'));
    assert.match(designated!.text, /^`si`: argument 2 of `dup2\(\)`, `unsigned int newfd`/);
  });

  it('a register that two syscalls read, each', async () => {
    const { text } = (await hover(init('\tregs.d‸i = 1;\n\trc = table[__NR_dup](&regs);\n\trc = table[__NR_close](&regs);')))!;
    assert.match(text, /argument 1 of `dup\(\)`[^]*argument 1 of `close\(\)`/);
  });

  it('a register of a hook, whose syscall is not known', async () => {
    const found = await hover(init('', 'static asmlinkage long hook(const struct pt_regs *given)\n{\n\treturn given->r1‸0;\n}'));
    assert.equal(found!.text, '`r10`: argument 4 of a system call on x86_64.');
    assert.equal(await hover(init('', 'struct other { long di; };\nstatic long hook(struct other *o)\n{\n\treturn o->d‸i;\n}')), null);
  });

  it('registers of arm64', async () => {
    await settings({ analysis: { arch: 'arm64' } });
    const found = await hover(init('\tregs.regs[0] = 1; regs.regs[‸1] = (unsigned long)data; regs.regs[2] = 1;\n\trc = table[__NR_write](&regs);'));
    assert.match(found!.text, /^`regs\[1\]`: argument 2 of `write\(\)`/);
    assert.equal(found!.covered, 'regs[1]');
  });

  it('a number of a syscall, and an errno by its name or value', async () => {
    assert.match((await hover(init('\trc = __NR_mun‸map;')))!.text, /munmap\(.*\n```\nSystem call 11\.\n\n- `addr` is an address of the process/);
    assert.match((await hover(init('\tif (rc == -EF‸AULT)\n\t\treturn rc;')))!.text, /\*\*EFAULT\*\* \(14\): Bad address\. A syscall returns it as -14/);
    assert.match((await hover(init('\tif (rc == -1‸4)\n\t\treturn rc;')))!.text, /EFAULT/);
    assert.equal(await hover(init('\trc = 3 -1‸4;')), null);
    assert.equal(await hover(init('\trc = EXAM‸PLE;')), null);
  });

  it('says nothing in a program of user space', async () => {
    const program = '#include <stdio.h>\n#include <errno.h>\nint main(void)\n{\n\treturn syscall(SYS_wri‸te) == -EFAULT;\n}\n';
    assert.equal(await hover(program), null);
    assert.deepEqual(await complete(program), []);
  });

  it('completes syscall numbers behind __NR_ and SYS_', async () => {
    const items = await complete(init('\trc = table[__NR_wr‸](&regs);'));
    const write = items.find(({ label }) => label === '__NR_write');
    assert.match(write!.detail!, /^write\(unsigned int fd \[di\]/);
    assert.equal((write!.textEdit as { range: { start: { character: number } } }).range.start.character, '\trc = table['.length);
    assert.ok(items.length > 340 && items.every(({ label }) => label.startsWith('__NR_')));
    assert.ok(!items.some(({ label }) => label === '__NR_vserver'));
  });

  for (const [title, statement] of [['a variable', '\tregs.‸'], ['a pointer', '\tstruct pt_regs *other = &regs; other->r‸'], ['an initialiser', '\tstruct pt_regs other = { .di = 1,\n\t\t.‸ };'], ['a compound literal', '\ttable[1](&(struct pt_regs){ .s‸ });']] as const) {
    it(`completes registers of ${title}`, async () => {
      assert.deepEqual((await complete(init(statement))).map(({ label, labelDetails }) => `${label} ${labelDetails!.description}`), ['di argument 1', 'si argument 2', 'dx argument 3', 'r10 argument 4', 'r8 argument 5', 'r9 argument 6']);
    });
  }

  it('completes nothing anywhere else', async () => {
    for (const statement of ['\tother.‸', '\t‸', '\tNR_‸', '\tstruct other o = { .‸ };', '\tmy__NR_‸']) assert.deepEqual(await complete(init(statement)), [], statement);
  });

  it('hints at the argument before each value of a register', async () => {
    assert.deepEqual(await hints(init('\tregs.di = 1;\n\tregs.si = (unsigned long)data;\n\tregs.dx = sizeof(data);\n\trc = table[__NR_write](&regs);\n\trc = table[__NR_dup2](&(struct pt_regs){ .di = 1, .si = newfd });')), ['fd: 1', 'buf: (unsigned long)data', 'count: sizeof(data)', 'oldfd: 1']);
  });

  it('hints and completions can be switched off', async () => {
    const asked = client.asked('workspace/inlayHint/refresh');
    await settings({ inlayHints: { arguments: false }, completion: { enabled: false } });
    await asked;
    assert.deepEqual(await hints(init('\tregs.di = 1;\n\trc = table[__NR_dup](&regs);')), []);
    assert.deepEqual(await complete(init('\tregs.‸')), []);
    await settings({ inlayHints: { arguments: 'what' }, completion: 5 });
    assert.deepEqual(await hints(init('\tregs.di = 1;\n\trc = table[__NR_dup](&regs);')), ['fildes: 1']);
  });
});
