// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { discoverModules, type ModuleDescription } from '../../../core/modules/discover';
import { parseKbuild } from '../../../core/modules/kbuild';
import { readSources } from '../../../core/modules/sources';

const modulesOf = (text: string): string[] => parseKbuild(text).modules.map(({ name, objects }) => `${name}: ${objects.join(' ')}`);

describe('Kbuild files', () => {
  it('name modules of one and of several files', () => {
    assert.deepEqual(modulesOf('obj-m := one.o\nobj-m += two.o three.o\ntwo-y := a.o sub/b.o\ntwo-objs += c.o\n'), ['one: one', 'two: c a sub/b', 'three: three']);
  });

  it('may use continuations, comments, variables and $(obj)', () => {
    const text = 'parts = main.o \\\n\tother.o # not this.o\nM := ${base}mod\nbase := my\nobj-m := $(M).o\nmymod-y := $(addition) $(parts) $(obj)/deep.o\naddition :=\n';
    assert.deepEqual(modulesOf(text), ['mymod: main other deep']);
  });

  it('may compute the names of variables, too', () => {
    assert.deepEqual(modulesOf('NAME = my\nSOURCES := src/a.c src/b.c\n$(NAME)-objs = $(SOURCES:.c=.o)\nobj-m := $(NAME).o\n'), ['my: src/a src/b']);
    assert.deepEqual(modulesOf('CONFIG_MINE := m\nobj-$(CONFIG_MINE) += mine.o\n'), ['mine: mine']);
  });

  it('take every branch of a conditional', () => {
    assert.deepEqual(modulesOf('ifneq ($(KERNELRELEASE),)\nobj-m := a.o\nelse\nKDIR := /lib\nall:\n\tmake obj-m=evil.o\nendif\nifdef X\nobj-m := b.o\nendif\n'), ['a: a', 'b: b']);
  });

  it('are never evaluated: what would be is skipped with a reason', () => {
    const { modules, skipped } = parseKbuild('obj-m := ok.o $(shell touch /tmp/evil).o\n');
    assert.deepEqual(modules, []);
    assert.deepEqual(skipped, ['obj-m is computed by make.']);
    assert.deepEqual(parseKbuild('obj-m := a.o b.o\na-y := $(wildcard *.o)\n').skipped, ['a-y is computed by make, so the files of a are not known.']);
    assert.deepEqual(parseKbuild('obj-$(CONFIG_X) += a.o\n').skipped, ["obj-$(CONFIG_X) depends on the kernel's configuration."]);
    assert.match(parseKbuild('include other.mk\nobj-m := a.o\n').skipped[0] ?? '', /is not read/);
    assert.deepEqual(modulesOf('define x\nobj-m := no.o\nendef\nobj-m := yes.o\n'), ['yes: yes']);
  });

  it('cannot reach out of their folder or grow without end', () => {
    assert.deepEqual(modulesOf('obj-m := ../up.o /abs.o a/../../b.o $(src)/ok.o\n'), ['ok: ok']);
    assert.deepEqual(modulesOf('a = $(b)\nb = $(a)\nobj-m := $(a)\n'), []);
    const bomb = ['x0 = aaaaaaaaaa', ...Array.from({ length: 14 }, (_, index) => `x${index + 1} = ${`$(x${index})`.repeat(10)}`), 'obj-m := $(x14).o'].join('\n');
    assert.deepEqual(modulesOf(bomb), []);
  });
});

describe('modules of a folder', () => {
  let root: string;
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'kd-'));
  });
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

  const write = (file: string, text = ''): void => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  };
  const shown = (modules: readonly ModuleDescription[]): string[] => modules.map(({ name, folder, kbuildFile, sources, headers }) => `${path.relative(root, folder)}/${kbuildFile} ${name} [${sources.join(' ')}] [${headers.join(' ')}]`);

  it('are found with their sources and the headers that lie in it or near it', async () => {
    write('drivers/a/Kbuild', 'obj-m := a.o\na-y := main.o sub/part.o gone.o\n');
    write('drivers/a/Makefile', 'obj-m := not_this.o\n');
    write('drivers/a/main.c', '#include "own.h"\n#include <linux/module.h>\n#include "../outside.h"\n#include "missing.h"\n');
    write('drivers/a/sub/part.c', '#include "../own.h"\n');
    write('drivers/a/own.h', '#  include "second.h"\n#include "own.h"\n');
    write('drivers/a/second.h');
    write('drivers/outside.h');
    write('drivers/b/Makefile', 'obj-m := b.o\n');
    write('drivers/b/b.c');
    const skipped: string[] = [];
    const modules = await discoverModules(root, { onSkipped: (_path, reason) => skipped.push(reason) });
    assert.deepEqual(shown(modules), ['drivers/a/Kbuild a [main.c sub/part.c] [../outside.h own.h second.h]', 'drivers/b/Makefile b [b.c] []']);
    assert.deepEqual(skipped, ['a has a part without a C file: gone.o.']);
  });

  it('have sources and headers beside their folder, where the Kbuild file says so, and only such', async () => {
    write('a/b/c/mod/Kbuild', 'obj-m := m.o\nm-y := main.o ../shared/part.o\nccflags-y := -I$(src)/../include -include $(src)/../include/first.h\n');
    write('a/b/c/mod/main.c', '#include <api.h>\n#include "../../../../../../secret.h"\n#include "../include/secret.txt"\n#include "/etc/hosts"\n');
    write('a/b/c/shared/part.c', '#include "near.h"\n');
    for (const file of ['include/api.h', 'include/first.h', 'include/secret.txt', 'shared/near.h', '../../../secret.h']) write(`a/b/c/${file}`);
    const [module] = await discoverModules(root);
    assert.deepEqual(module && shown([module]), ['a/b/c/mod/Kbuild m [main.c ../shared/part.c] [../include/api.h ../include/first.h ../shared/near.h]']);
    const { buildFiles } = await readSources(module!);
    assert.deepEqual([...buildFiles.keys()].sort(), ['../include/api.h', '../include/first.h', '../shared/near.h', '../shared/part.c', 'Kbuild', 'main.c']);
  });

  it('are not looked for in hidden folders, packages or through links', async () => {
    for (const folder of ['node_modules/x', '.git/x', 'dist']) {
      write(`${folder}/Kbuild`, 'obj-m := x.o\n');
      write(`${folder}/x.c`);
    }
    fs.symlinkSync(root, path.join(root, 'loop'));
    assert.deepEqual(await discoverModules(root), []);
  });

  it('are not read from what is no file or too large', async () => {
    fs.mkdirSync(path.join(root, 'Makefile'));
    write('big/Kbuild', `${'#'.repeat(300 * 1024)}\nobj-m := x.o\n`);
    write('big/x.c');
    const skipped: string[] = [];
    assert.deepEqual(await discoverModules(root, { onSkipped: (_path, reason) => skipped.push(reason) }), []);
    assert.equal(skipped.length, 1);
    assert.deepEqual(await discoverModules(path.join(root, 'nowhere')), []);
  });

  it('can be cancelled', async () => {
    await assert.rejects(discoverModules(root, { signal: AbortSignal.abort() }), { code: 'cancelled' });
  });

  it('are read once: the text that is hashed is the text that is built', async () => {
    write('Kbuild', 'obj-m := a.o\n');
    write('a.c', 'int a;\n');
    write('a.mod.c', 'generated');
    write('notes.txt', 'no');
    fs.symlinkSync('/dev/zero', path.join(root, 'endless.h'));
    const [module] = await discoverModules(root);
    const snapshot = await readSources(module!);
    assert.deepEqual([...snapshot.buildFiles.keys()].sort(), ['Kbuild', 'a.c']);
    assert.deepEqual(snapshot.files, [{ path: 'a.c', text: 'int a;\n' }]);
    assert.deepEqual(snapshot.hashes, [{ path: 'a.c', sha256: '386593f1475dc210d45a5f3d4b6bb11c065fc6fe2e08ebdd00ab4cf3a0848744' }]);
    fs.rmSync(path.join(root, 'a.c'));
    await assert.rejects(readSources(module!), { code: 'source-unreadable' });
  });
});
