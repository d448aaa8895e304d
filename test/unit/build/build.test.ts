// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { buildModule, type ModuleBuild } from '../../../core/build/build';
import type { BuildEnvironment } from '../../../core/hosts/host';
import { discoverModules, type ModuleDescription } from '../../../core/modules/discover';
import { FakeHost, FakeKernel } from '../../support/fake-kernel';

describe('building a module', () => {
  let kernel: FakeKernel;
  let environment: BuildEnvironment;
  let folder: string;
  let module: ModuleDescription;

  beforeEach(async () => {
    kernel = new FakeKernel();
    environment = await new FakeHost(kernel).buildEnvironment();
    folder = path.join(kernel.root, 'workspace');
    fs.mkdirSync(folder);
    write('Kbuild', 'obj-m := unit.o\n');
    write('unit.c', '#include "unit.h"\nint value(void) { return VALUE; }\n');
    write('unit.h', '#define VALUE 1\n');
    [module] = (await discoverModules(folder)) as [ModuleDescription];
  });
  afterEach(() => kernel.dispose());

  const write = (file: string, text: string): void => fs.writeFileSync(path.join(folder, file), text);
  const build = (changes: Partial<BuildEnvironment> = {}, signal?: AbortSignal): Promise<ModuleBuild> =>
    buildModule({ module, environment: { ...environment, ...changes }, dirs: kernel.dirs, ...(signal ? { signal } : {}) });
  const objectTime = ({ buildDir }: ModuleBuild): bigint => fs.statSync(path.join(buildDir, 'unit.o'), { bigint: true }).mtimeNs;

  it('leaves the folder of the sources as it is', async () => {
    const before = fs.statSync(folder).mtimeMs;
    const built = await build();
    assert.ok(built.ok);
    assert.ok(built.koPath?.startsWith(kernel.dirs.cache));
    assert.deepEqual(fs.readdirSync(folder).sort(), ['Kbuild', 'unit.c', 'unit.h']);
    assert.equal(fs.statSync(folder).mtimeMs, before);
  });

  it('builds again what changed, also when an older file came back, and nothing else', async () => {
    const first = objectTime(await build());
    assert.equal(objectTime(await build()), first);
    write('unit.c', 'int value(void) { return 2; }\n');
    fs.utimesSync(path.join(folder, 'unit.c'), 1, 1);
    assert.ok(objectTime(await build()) > first);
  });

  it('forgets files that were deleted', async () => {
    await build();
    fs.rmSync(path.join(folder, 'unit.h'));
    write('unit.c', '#include "unit.h"\n');
    module = { ...module, headers: [] };
    const built = await build();
    assert.equal(built.ok, false);
    assert.match(built.diagnostics[0]?.message ?? '', /unit\.h: No such file/);
  });

  it('keeps the kernels apart, and lets two builds of one wait for each other', async () => {
    const [one, same, other] = await Promise.all([build(), build(), build({ kernel: '8.0' })]);
    assert.deepEqual([one.ok, same.ok, other.ok], [true, true, true]);
    assert.equal(one.buildDir, same.buildDir);
    assert.notEqual(one.buildDir, other.buildDir);
  });

  it('names an error for every failed build', async () => {
    const kernelDir = path.join(kernel.root, 'silent');
    fs.mkdirSync(kernelDir);
    fs.writeFileSync(path.join(kernelDir, 'Makefile'), 'modules:\n\t@echo something odd; false\n');
    const built = await build({ kernelDir });
    assert.equal(built.ok, false);
    assert.deepEqual(built.diagnostics.map(({ message, severity, file }) => [message, severity, file]), [['something odd', 'error', null]]);
  });

  it('says what is missing, or that the disk is full, or that it was stopped', async () => {
    await assert.rejects(build({ wrap: () => ({ argv: ['/nonexistent/make'], env: {} }) }), { code: 'make-missing' });
    await assert.rejects(build({ wrap: () => ({ argv: ['sh', '-c', 'echo "unit.s: No space left on device" >&2; exit 1'], env: process.env }) }), { code: 'disk-full' });
    const cancel = new AbortController();
    const stopped = buildModule({
      module,
      environment: { ...environment, wrap: () => ({ argv: ['sh', '-c', 'echo started; exec sleep 60'], env: process.env }) },
      dirs: kernel.dirs,
      signal: cancel.signal,
      onLine: () => cancel.abort(),
    });
    await assert.rejects(stopped, { code: 'cancelled' });
  });

  it('does not hand on the variables of an outer make', async () => {
    const lines: string[] = [];
    const wrap = (): { argv: string[]; env: NodeJS.ProcessEnv } => ({ argv: ['sh', '-c', 'echo "$LC_ALL,$MAKEFLAGS,$KBUILD_OUTPUT,$KEPT"'], env: { ...process.env, LC_ALL: 'de_DE', MAKEFLAGS: 'n', KBUILD_OUTPUT: '/x', KEPT: 'kept' } });
    await buildModule({ module, environment: { ...environment, wrap }, dirs: kernel.dirs, onLine: (line) => lines.push(line) });
    assert.deepEqual(lines, ['C,,,kept']);
  });
});
