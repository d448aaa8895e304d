// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { BuildOutput } from '../../../core/build/output';
import { characterAt } from '../../../core/build/parsers/columns';
import { findSymbol, maskC } from '../../../core/build/parsers/place';
import type { BuildDiagnostic, SourceFile } from '../../../core/model';
import { assertGolden } from '../../support/golden';

const OUTPUTS = path.resolve('test/fixtures/build-output');
const MODULES = path.resolve('test/fixtures/modules');

function readModule(name: string): SourceFile[] {
  const folder = path.join(MODULES, name);
  return fs.readdirSync(folder).sort().map((file) => ({ path: file, text: fs.readFileSync(path.join(folder, file), 'utf8') }));
}

function parse(lines: readonly string[], files: readonly SourceFile[]): { diagnostics: BuildDiagnostic[]; diskFull: boolean } {
  const output = new BuildOutput({
    sources: files.filter((file) => /\.[ch]$/.test(file.path)),
    isBuildFile: (relative) => files.some((file) => file.path === relative),
    compiler: 'gcc-12 12.2.0',
  });
  output.runsIn('/build');
  for (const line of lines) output.push(line);
  output.end();
  return output;
}

function show({ file, line, column, severity, tool, message, related = [] }: BuildDiagnostic): string {
  const notes = related.map((note) => `\n  ${note.file}:${note.line}:${note.column ?? '-'} ${note.message}`);
  return `${file ?? '-'}:${line ?? '-'}:${column ?? '-'} ${severity} [${tool}] ${message}${notes.join('')}`;
}

const one = (line: string, files: readonly SourceFile[] = []): string[] => parse([line], files).diagnostics.map(show);

describe('build output', () => {
  for (const name of fs.readdirSync(OUTPUTS).filter((file) => file.endsWith('.txt')).sort()) {
    it(`places what the tools say of ${name}`, () => {
      const module = /-([a-z]+)\.txt$/.exec(name)?.[1] ?? '';
      const { diagnostics } = parse(fs.readFileSync(path.join(OUTPUTS, name), 'utf8').split('\n'), readModule(module));
      assertGolden(`${diagnostics.map(show).join('\n')}\n`, path.join(OUTPUTS, name.replace('.txt', '.golden')));
    });
  }

  it('counts columns as editors do, whichever way the compiler counts them', () => {
    const files = [{ path: 'a.c', text: 'int a;\n\tint\tb; /* ü€ */ c\n' }];
    const columnOf = (compiler: string, column: number, more: readonly string[] = []): number | null | undefined => {
      const output = new BuildOutput({ sources: files, isBuildFile: (file) => file === 'a.c', compiler });
      for (const line of [`a.c:2:${column}: error: wrong`, ...more]) output.push(line);
      output.end();
      return output.diagnostics[0]?.column;
    };
    assert.deepEqual([9, 17, 29].map((column) => columnOf('gcc (Debian 12.2.0-14+deb12u1) 12.2.0', column)), [2, 6, 18]);
    assert.deepEqual([2, 6, 21].map((column) => columnOf('gcc (Debian 10.2.1-6) 10.2.1 20210110', column)), [2, 6, 18]);
    assert.deepEqual([2, 6, 21].map((column) => columnOf('gcc 12.2.0', column, ['1 warning and 2 errors generated.'])), [2, 6, 18]);
    assert.equal(columnOf('gcc 12.2.0', 100_000), 19);
  });

  it('counts wide, combining and undecodable characters as gcc does', () => {
    const said: readonly (readonly [before: string, screen: number, bytes: number])[] = [ // by gcc 12.2 with either -fdiagnostics-column-unit
      ['a', 30, 30], [' \t\t', 44, 32], ['é', 30, 31], ['漢字', 33, 35], ['😀', 31, 33], ['e\u0301', 30, 32], ['👩\u200d👩', 33, 40], ['\u00a0', 30, 31], ['\u200b', 29, 32],
      ['Ａ', 31, 32], ['\u1100\u1161', 31, 35], ['α', 30, 31], ['❤\ufe0f', 30, 35], ['\u00ad', 30, 31], ['\u{e0041}', 29, 33], ['\ufeff', 29, 32], ['\t漢\té', 45, 36], ['\ufffd\ufffd', 31, 31],
    ];
    for (const [before, screen, bytes] of said) {
      const line = `int f(void) { /* ${before} */ return missing; }`;
      const place = line.indexOf('missing') + 1;
      assert.deepEqual([characterAt(line, screen, 'screen'), characterAt(line, bytes, 'bytes')], [place, place], JSON.stringify(before));
    }
  });

  it('resolves a relative path against the folder that make entered', () => {
    const files = [{ path: 'sub/part.c', text: '' }];
    const lines = ["make[1]: Entering directory '/build/sub'", 'part.c:3:1: error: inside', "make[1]: Leaving directory '/build/sub'", 'part.c:4:1: error: outside'];
    assert.deepEqual(parse(lines, files).diagnostics.map(show), ['sub/part.c:3:1 error [gcc] inside', '/build/part.c:4:1 error [gcc] outside']);
  });

  it('knows the words of modpost before 5.8 and of namespaces', () => {
    const files = [{ path: 'a.c', text: 'int f(void)\n{\n\treturn dma_buf_get(3) + old_one();\n}\n' }];
    assert.deepEqual(one('ERROR: "old_one" [/build/a.ko] undefined!', files), ['a.c:3:26 error [modpost] "old_one" [a.ko] undefined! Neither the kernel nor a module that was built before exports it.']);
    assert.deepEqual(one('ERROR: modpost: module a uses symbol dma_buf_get from namespace DMA_BUF, but does not import it.', files), [
      'a.c:3:9 error [modpost] module a uses symbol dma_buf_get from namespace DMA_BUF, but does not import it. Add MODULE_IMPORT_NS(DMA_BUF), from Linux 6.13 on MODULE_IMPORT_NS("DMA_BUF").',
    ]);
  });

  it('reads clang, whose notes go with its message', () => {
    const files = [{ path: 'a.c', text: '' }];
    const lines = ["/build/a.c:7:11: error: use of undeclared identifier 'x'", '        return MAX(x);', '               ^', "/build/a.c:3:16: note: expanded from macro 'MAX'", "/build/a.c:5:5: note: 'y' declared here", '/build/a.c:9:1: warning: unused function [-Wunused-function]', '2 errors generated.'];
    assert.deepEqual(parse(lines, files).diagnostics.map(show), ["a.c:7:11 error [gcc] use of undeclared identifier 'x'\n  a.c:5:5 'y' declared here", 'a.c:9:1 warning [gcc] unused function [-Wunused-function]']);
  });

  it('says what the module must use instead of a symbol that it cannot use', () => {
    const said = (symbol: string): string => one(`ERROR: modpost: x.ko: symbol '${symbol}' undefined!`)[0] ?? '';
    assert.match(said('vfs_write'), /is not exported to modules since Linux 4\.14\. Use kernel_read\(\) and kernel_write\(\)/);
    assert.match(said('__x64_sys_write'), /__x64_sys_write is not exported to modules\. Use the kernel's own interface/);
  });

  it('names a program that is not installed', () => {
    assert.deepEqual(one('/bin/sh: 1: gcc-10: not found'), ['-:-:- error [make] The program gcc-10 is not installed.']);
  });

  it('says what the compiler says without a place', () => {
    assert.deepEqual(one("gcc-12: error: unrecognized command-line option '-fmin-function-alignment=16'"), [
      "-:-:- error [gcc] unrecognized command-line option '-fmin-function-alignment=16'",
    ]);
  });

  it('places what objtool and an old linker say', () => {
    const files = [{ path: 'b.c', text: 'void looping(void) {}\n' }];
    assert.deepEqual(one('b.o: warning: objtool: looping+0x4: unreachable instruction', files), ['b.c:1:6 warning [objtool] looping+0x4: unreachable instruction']);
    assert.deepEqual(one("b.c:(.text+0x0): multiple definition of `looping'; a.o:a.c:(.text+0x0): first defined here", files), [
      "b.c:1:6 error [ld] multiple definition of `looping'; a.o:a.c:(.text+0x0): first defined here",
    ]);
  });

  it('notices a full disk', () => {
    assert.equal(parse(['/build/a.s: Error: cannot write: No space left on device'], []).diskFull, true);
    assert.equal(parse(['fine'], []).diskFull, false);
  });

  it('survives hostile lines and keeps their number bounded', () => {
    const lines = ['x'.repeat(1_000_000), `${'a:'.repeat(200_000)} error: x`, `In file included from ${'y'.repeat(100_000)}:1:`, "make: Entering directory '", '::: error:', `ERROR: modpost: "${'('.repeat(1000)}" [a] undefined!`];
    const many = Array.from({ length: 5_000 }, (_, index) => `a.c:${index + 1}:1: warning: again`);
    assert.equal(parse([...lines, ...many], []).diagnostics.length, 2_000);
  });
});

describe('symbols in sources', () => {
  const source = (text: string): SourceFile[] => [{ path: 'a.c', text }];

  it('looks past comments, strings and declarations', () => {
    const text = '/* wanted\n */ // wanted\nchar *s = "wanted \\" wanted";\nextern int wanted(void);\nint x = wanted();\n';
    assert.deepEqual(findSymbol(source(text), 'wanted'), { file: 'a.c', line: 5, column: 9 });
    for (const declared of ['int used(void);', 'static inline const char *\nused(int (*f)(void), char c) __printf(1, 2);', '#define A (1 == 1)\nextern struct a used, *b;']) {
      const lines = declared.split('\n').length;
      assert.deepEqual(findSymbol(source(`${declared}\nint f(void) { return used(3); }`), 'used'), { file: 'a.c', line: lines + 1, column: 22 }, declared);
    }
    for (const [use, column] of [['int (*f)(void) = used;', 18], ['EXPORT_SYMBOL(used);', 15], ['int used(void) { return 0; }', 5], ['used(1);', 1]] as const) assert.deepEqual(findSymbol(source(`${use}\nint g(void) { used(); }`), 'used'), { file: 'a.c', line: 1, column }, use);
    assert.deepEqual(findSymbol(source('extern int only(void);'), 'only'), { file: 'a.c', line: 1, column: 12 });
  });

  it('wants the whole word and an identifier', () => {
    assert.equal(findSymbol(source('int unwanted, wanted2;'), 'wanted'), null);
    assert.equal(findSymbol(source('a.*'), '.*'), null);
  });

  it('keeps lines and columns when it masks', () => {
    const text = 'a /* b\nc */ d "e\\"" \'\\\'\' f /* open';
    assert.equal(maskC(text).length, text.length);
    assert.equal(maskC(text).split('\n').length, 2);
    assert.equal(maskC(text).replaceAll(/\s+/g, ' ').trim(), 'a d f');
  });
});
