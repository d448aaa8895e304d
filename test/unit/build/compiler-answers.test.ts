// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { buildModule } from '../../../core/build/build';
import { discoverModules, type ModuleDescription } from '../../../core/modules/discover';
import { FakeHost, FakeKernel } from '../../support/fake-kernel';

/** Takes every option but -fbad, and tells what it was asked. */
const COMPILER = '#!/bin/sh\necho "$*" >>"${0%/bin/*}/asked"\ncase "$*" in *-fbad*) exit 1 ;; esac\n';
/** Asks as the kernel's cc-option does. */
const MAKEFILE = `probe = $(shell if $(CC) -Werror -DA="it's" $(1) -c -x c /dev/null -o "$(M)/tmp" >/dev/null 2>&1; then echo yes; else echo no; fi)
plain = $(shell if $(CC) -Werror $(1) -c -x c /dev/null -o "$(M)/tmp" >/dev/null 2>&1; then echo yes; else echo no; fi)
modules:
	@echo good $(call plain,-fgood), bad $(call plain,-fbad), quoted $(call probe,-fgood)
	@$(CC) -c unit.c
`;

describe('what the compiler was asked before', () => {
  let kernel: FakeKernel;
  let module: ModuleDescription;
  beforeEach(async () => {
    kernel = new FakeKernel();
    const folder = path.join(kernel.root, 'workspace');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'Kbuild'), 'obj-m := unit.o\n');
    fs.writeFileSync(path.join(folder, 'unit.c'), '');
    fs.mkdirSync(path.join(kernel.root, 'headers'));
    kernel.write('headers/Makefile', MAKEFILE);
    install(COMPILER);
    [module] = (await discoverModules(folder)) as [ModuleDescription];
  });
  afterEach(() => kernel.dispose());

  const install = (text: string): void => fs.writeFileSync(path.join(kernel.root, 'bin', 'fakecc'), text, { mode: 0o755 });

  /** What make found out, and what the compiler was asked for that. */
  async function make(makeArgs: readonly string[] = ['CC=fakecc']): Promise<{ found: string | undefined; asked: string[] }> {
    fs.rmSync(path.join(kernel.root, 'asked'), { force: true });
    const lines: string[] = [];
    const environment = await new FakeHost(kernel).buildEnvironment();
    const env = { ...process.env, PATH: `${path.join(kernel.root, 'bin')}:${process.env['PATH'] ?? ''}` };
    await buildModule({ module, environment: { ...environment, kernelDir: path.join(kernel.root, 'headers'), makeArgs, wrap: (argv) => ({ argv: [...argv], env }) }, dirs: kernel.dirs, onLine: (line) => lines.push(line) });
    const asked = fs.existsSync(path.join(kernel.root, 'asked')) ? kernel.read('asked').split('\n').slice(0, -1) : [];
    return { found: lines.find((line) => line.startsWith('good')), asked: asked.map((line) => line.replaceAll(/ -c -x .*| -o .*/g, '')) };
  }

  const FOUND = 'good yes, bad no, quoted yes';
  const ALL = ['-Werror -fgood', '-Werror -fbad', "-Werror -DA=it's -fgood", '-c unit.c'];

  it('is not asked again when the answer was yes; all else reaches the compiler', async () => {
    assert.deepEqual(await make(), { found: FOUND, asked: ALL });
    assert.deepEqual(await make(), { found: FOUND, asked: ALL.slice(1) });
    assert.deepEqual(await make(), { found: FOUND, asked: ALL.slice(1) });
  });

  it('is asked again when the compiler is another one', async () => {
    await make();
    install(`${COMPILER.replace('-fbad', '-fgood')}# newer\n`);
    assert.deepEqual(await make(), { found: 'good no, bad yes, quoted no', asked: ALL });
  });

  it('is left alone where the compiler has no plain name', async () => {
    const direct = [`CC=${path.join(kernel.root, 'bin', 'fakecc')}`];
    await make(direct);
    assert.deepEqual(await make(direct), { found: FOUND, asked: ALL });
  });
});
