// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { compileCommand, mergeCompileCommands, type CompileCommand } from '../../../core/build/compile-commands';
import { removeIntelliSense } from '../../../core/build/intellisense';
import { temporaryFolder } from '../guest/support';

const place = { file: '/w/mod/a.c', buildDir: '/cache/b', folder: '/w/mod', kernelDir: '/headers' };
const command = (cmd: string): CompileCommand | null => compileCommand({ ...place, cmd });
/** What is passed on, without what is always added. */
const passed = (words: string): string[] => {
  const all = command(`cmd_/cache/b/a.o := gcc-12 ${words} -c -o /cache/b/a.o /cache/b/a.c\n`)?.arguments ?? [];
  return all.slice(2, all.indexOf('-Wno-unknown-warning-option'));
};
const theirs = { directory: '/w', command: 'cc a.c', file: '/w/mod/a.c' };
const ours = (file: string): CompileCommand => ({ directory: '/w', file, output: '.kmodlab/a.o', arguments: ['clang'] });

describe('compile commands', () => {
  it('keep what decides the meaning, and drop what only gcc knows', () => {
    assert.deepEqual(passed('-Wp,-MMD,/cache/b/.a.o.d -nostdinc -I./include -include /h/kconfig.h -isystem /gcc -D__KERNEL__ -std=gnu11 -funsigned-char -fms-extensions -mcmodel=kernel -m64 -fconserve-stack -fmin-function-alignment=16 -pg -mfentry -O2 -Wall -Wno-main -Werror=date-time -g'), [
      '-nostdinc', '-I./include', '-include', '/h/kconfig.h', '-isystem', '/gcc', '-D__KERNEL__', '-std=gnu11', '-funsigned-char', '-fms-extensions', '-m64', '-Wall', '-Wno-main',
    ]);
  });

  it('name the folder that people edit, and read quotes as a shell and make do', () => {
    assert.deepEqual(passed(`-I/cache/b/../include -include /cache/b/own.h -DNAME='"a"' -DPRICE="5$$" -DTEXT=a\\ b`), ['-I/w/mod/../include', '-include', '/w/mod/own.h', '-DNAME="a"', '-DPRICE=5$', '-DTEXT=a b']);
  });

  it('run where kbuild ran: in the kernel, from 6.13 on in the module', () => {
    assert.equal(command('cmd_/cache/b/a.o := gcc -c -o /cache/b/a.o /cache/b/a.c ; ./tools/objtool/objtool a.o\n')?.directory, '/headers');
    assert.equal(command('savedcmd_a.o := gcc -c -o a.o a.c \n\nsource_a.o := a.c\n')?.directory, '/w/mod');
  });

  it('are made of nothing else', () => {
    for (const cmd of ['', 'rubbish', 'cmd_a.o := ld -r -o a.o', `cmd_a.o := ${"'".repeat(9_999)}`]) assert.equal(command(cmd), null);
  });

  it('of others stay, also for the same file', () => {
    assert.deepEqual(JSON.parse(mergeCompileCommands(JSON.stringify([theirs, ours('/w/gone.c')]), [ours('/w/mod/a.c'), ours('/w/mod/b.c')]) ?? ''), [theirs, ours('/w/mod/b.c')]);
    assert.equal(mergeCompileCommands(JSON.stringify([ours('/w/mod/b.c')]), []), '');
    for (const text of ['', '{}', '[1]', 'not json']) assert.equal(mergeCompileCommands(text, [ours('/w/a.c')]), null);
  });
});

describe('what intellisense wrote', () => {
  it('is taken out, and nothing else', async () => {
    const { folder, remove } = temporaryFolder();
    const write = (name: string, text: string): void => fs.writeFileSync(path.join(folder, name), text);
    try {
      assert.deepEqual(await removeIntelliSense(folder), []);
      write('.clangd', 'CompileFlags:\n  Add: [-DMINE]\n');
      write('compile_commands.json', JSON.stringify([theirs]));
      assert.deepEqual(await removeIntelliSense(folder), []);
      write('.clangd', '# Written by Kernel Module Lab. Without this line it stays as you make it.\n');
      write('compile_commands.json', JSON.stringify([theirs, ours('/w/mod/b.c')]));
      assert.deepEqual(await removeIntelliSense(folder), ['compile_commands.json', '.clangd']);
      assert.deepEqual(JSON.parse(fs.readFileSync(path.join(folder, 'compile_commands.json'), 'utf8')), [theirs]);
      write('compile_commands.json', JSON.stringify([ours('/w/mod/b.c')]));
      await removeIntelliSense(folder);
      assert.deepEqual(fs.readdirSync(folder), []);
    } finally {
      remove();
    }
  });
});
