// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { buildModule, type ModuleBuild } from '../../../core/build/build';
import type { BuildEnvironment, HostRunOptions } from '../../../core/hosts/host';
import { LocalHost } from '../../../core/hosts/local';
import { discoverModules, type ModuleDescription } from '../../../core/modules/discover';
import { FAKE_RELEASE, FakeKernel } from '../../support/fake-kernel';

describe('building a module on its host', () => {
  let kernel: FakeKernel;
  let environment: BuildEnvironment;
  let folder: string;
  let module: ModuleDescription;
  let temporary: string;
  const { TMPDIR, PATH } = process.env;

  beforeEach(async () => {
    kernel = new FakeKernel();
    temporary = path.join(kernel.root, 'tmp');
    process.env['TMPDIR'] = temporary;
    environment = {
      host: new LocalHost(),
      kernel: FAKE_RELEASE,
      kernelDir: path.resolve('test/fixtures/kernel'),
      makeArgs: [`RELEASE=${FAKE_RELEASE}`],
      compiler: 'gcc',
      wrap: (argv) => ({ argv: [...argv], env: process.env }),
    };
    folder = path.join(kernel.root, "work space's");
    fs.mkdirSync(folder);
    write('Kbuild', 'obj-m := unit.o\n');
    write('unit.c', '#include "unit.h"\nint value(void) { return VALUE; }\nconst char *where = __FILE__;\n');
    write('unit.h', '#define VALUE 1\n');
    [module] = (await discoverModules(folder)) as [ModuleDescription];
  });
  afterEach(() => {
    kernel.dispose();
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
    process.env['PATH'] = PATH;
  });

  const write = (file: string, text: string): void => fs.writeFileSync(path.join(folder, file), text);
  const build = (changes: Partial<BuildEnvironment> = {}, more: { signal?: AbortSignal; onLine?: (line: string) => void } = {}): Promise<ModuleBuild> =>
    buildModule({ module, environment: { ...environment, ...changes }, dirs: kernel.dirs, ...more });
  const kernelThat = (recipe: string): string => {
    const kernelDir = path.join(kernel.root, 'kernel');
    fs.mkdirSync(kernelDir);
    fs.writeFileSync(path.join(kernelDir, 'Makefile'), `modules:\n\t${recipe}\n`);
    return kernelDir;
  };
  const fakeTool = (name: string, body: string): void => {
    fs.writeFileSync(path.join(kernel.root, 'bin', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    process.env['PATH'] = `${path.join(kernel.root, 'bin')}:${PATH ?? ''}`;
  };

  it('brings the .ko here and leaves nothing there', async () => {
    const built = await build();
    assert.ok(built.ok, JSON.stringify(built.diagnostics));
    assert.ok(built.koPath?.startsWith(kernel.dirs.cache));
    assert.deepEqual(fs.readdirSync(temporary), []);
    assert.deepEqual(fs.readdirSync(folder).sort(), ['Kbuild', 'unit.c', 'unit.h']);
  });

  it('makes the same .ko of the same sources, which names no folder of the host', async () => {
    const ko = async (): Promise<Buffer> => fs.readFileSync((await build()).koPath ?? '');
    const first = await ko();
    assert.ok(first.equals(await ko()));
    assert.ok(!first.includes(temporary));
    assert.ok(first.includes('/kmodlab/unit/unit.c'));
  });

  it('asks for debug information where the headers do not, there as well as here', async () => {
    const here = Object.fromEntries(Object.entries(environment).filter(([name]) => name !== 'host')) as unknown as BuildEnvironment;
    const kernelDir = kernelThat('@echo "flags $(KCFLAGS)"');
    const config = path.join(kernelDir, 'include/config/auto.conf');
    fs.mkdirSync(path.dirname(config), { recursive: true });
    const asked: boolean[] = [];
    for (const text of ['CONFIG_DEBUG_INFO_BTF=y\n', 'CONFIG_SMP=y\nCONFIG_DEBUG_INFO=y\n']) {
      fs.writeFileSync(config, text);
      for (const one of [environment, here]) {
        await buildModule({ module, environment: { ...one, kernelDir }, dirs: kernel.dirs, onLine: (line) => line.startsWith('flags') && asked.push(line.endsWith(' -g')) });
      }
    }
    assert.deepEqual(asked, [true, true, false, false]);
  });

  it('places what the compiler says in the own files, notes and all', async () => {
    write('unit.c', '#include "unit.h"\nint value(void) { return missing; }\n');
    write('unit.h', 'int broken(void) { int x; return 0 }\n');
    const built = await build();
    assert.equal(built.ok, false);
    assert.deepEqual(built.diagnostics.filter(({ severity }) => severity === 'error').map(({ file, line }) => [file, line]), [['unit.h', 1], ['unit.c', 2]]);
    assert.ok(built.diagnostics.every(({ message }) => !message.includes(temporary)));
    assert.deepEqual(fs.readdirSync(temporary), []);
  });

  it('finds what lies beside the folder where the module looks for it', async () => {
    fs.mkdirSync(path.join(kernel.root, 'include'));
    fs.writeFileSync(path.join(kernel.root, 'include', 'unit.h'), '#define VALUE missing\n');
    fs.rmSync(path.join(folder, 'unit.h'));
    write('unit.c', '#include "../include/unit.h"\nint value(void) { return VALUE; }\n');
    [module] = (await discoverModules(folder)) as [ModuleDescription];
    const errors = async (): Promise<unknown> => (await build()).diagnostics.flatMap(({ severity, file, line }) => (severity === 'error' ? [[file, line]] : []));
    assert.deepEqual(await errors(), [['../include/unit.h', 1]]);
    fs.writeFileSync(path.join(kernel.root, 'include', 'unit.h'), '#define VALUE 1\n');
    assert.deepEqual(await errors(), []);
  });

  it('ends make and all that it started, and sweeps, when it is cancelled', async () => {
    const cancel = new AbortController();
    const kernelDir = kernelThat('@sleep 60; true\nmodules: started\nstarted:\n\t@echo make $$PPID');
    let make = 0;
    const onLine = (line: string): void => {
      const pid = /^make (\d+)$/.exec(line)?.[1];
      if (pid === undefined) return;
      make = Number(pid);
      cancel.abort();
    };
    await assert.rejects(build({ kernelDir }, { signal: cancel.signal, onLine }), { code: 'cancelled' });
    assert.ok(make > 1);
    assert.throws(() => process.kill(make, 0), { code: 'ESRCH' }); // and sleep has closed our pipe, else we would still wait
    assert.deepEqual(fs.readdirSync(temporary), []);
  });

  it('ends when the connection through which its sources came is gone', async () => {
    const host = new LocalHost();
    const cut = Object.assign(new LocalHost(), { run: (argv: readonly string[], options?: HostRunOptions) => host.run(argv, { ...options, keepStdinOpen: false }) });
    const built = await build({ host: cut, kernelDir: kernelThat('@echo begun; sleep 60; true') });
    assert.equal(built.ok, false);
    assert.deepEqual(fs.readdirSync(temporary), []);
  });

  it('names an error for every failed build', async () => {
    const built = await build({ kernelDir: kernelThat('@echo something odd; false') });
    assert.deepEqual(built.diagnostics.map(({ message, file }) => [message, file]), [['something odd', null]]);
  });

  it('says that the disk of the host is full, that there is no make, or that nothing can be written there', async () => {
    fakeTool('tar', 'cat >/dev/null; echo "tar: unit.c: Cannot write: No space left on device" >&2; exit 2');
    await assert.rejects(build(), { code: 'host-disk-full' });
    assert.deepEqual(fs.readdirSync(temporary), []);
    fs.rmSync(path.join(kernel.root, 'bin', 'tar'));
    fs.rmSync(temporary, { recursive: true });
    await assert.rejects(build(), { code: 'host-not-writable' });
  });

  it('says during the build that the disk of the host is full', async () => {
    await assert.rejects(build({ kernelDir: kernelThat('@echo "as: unit.o: No space left on device" >&2; exit 1') }), { code: 'disk-full' });
  });

  it('removes what builds that were killed left there a day ago, and nothing else', async () => {
    for (const name of ['kmodlab-build.old', 'other', 'kmodlab-build.new']) fs.mkdirSync(path.join(temporary, name));
    for (const name of ['kmodlab-build.old', 'other']) fs.utimesSync(path.join(temporary, name), 1, 1);
    await build();
    assert.deepEqual(fs.readdirSync(temporary).sort(), ['kmodlab-build.new', 'other']);
  });

  it('does not take over variables of an outer make', async () => {
    process.env['MAKEFLAGS'] = 'n';
    try {
      assert.ok((await build()).ok);
    } finally {
      delete process.env['MAKEFLAGS'];
    }
  });

  it('carries files with long and unusual names', async () => {
    const long = `${'deep'.repeat(15)}/${'name'.repeat(20)}.h`;
    fs.mkdirSync(path.join(folder, path.dirname(long)));
    write(long, '#define VALUE 3\n');
    write('größe & co.h', '#define MORE 4\n');
    write('unit.c', `#include "${long}"\n#include "größe & co.h"\nint value(void) { return VALUE + MORE; }\n`);
    assert.ok((await build()).ok);
  });
});
