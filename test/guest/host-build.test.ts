// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { buildModule, type ModuleBuild } from '../../core/build/build';
import { findBuildEnvironment } from '../../core/build/environment';
import { ModuleCode } from '../../core/calls/module-code';
import { SourceLines } from '../../core/calls/source-lines';
import { LocalHost } from '../../core/hosts/local';
import { discoverModules } from '../../core/modules/discover';
import { readModuleInfo } from '../../core/modules/modinfo';
import { PackageStore } from '../../core/packages';
import { testDirs } from './support';

/** This machine as a host that runs another kernel, whose headers are there: building is not loading. */
async function hostWith(kernel: string, kernelBuildDir: string): Promise<LocalHost> {
  const host = new LocalHost();
  const facts = { ...(await host.facts()), kernel, kernelBuildDir, compiler: 'gcc' };
  return Object.assign(host, { facts: () => Promise.resolve(facts) });
}

describe('building on a host that has headers and a compiler', () => {
  const { dirs, remove } = testDirs();
  const folder = path.join(dirs.runtime, 'workspace');
  const { PATH, KMODLAB_TEST_PATH = PATH } = process.env;
  before(() => {
    fs.mkdirSync(folder, { recursive: true });
    process.env['PATH'] = KMODLAB_TEST_PATH; // with a make and a gcc, also where this machine has none
  });
  after(() => {
    process.env['PATH'] = PATH;
    remove();
  });

  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      fs.writeFileSync(path.join(folder, name), text);
    }
  };

  async function build(name: string): Promise<ModuleBuild & { kernel: string }> {
    const { offer, buildEnvironment } = await new PackageStore(dirs).provideKernel('6.1-cloud');
    const host = await hostWith(offer.release, buildEnvironment.kernelDir);
    const workspace = await discoverModules(folder);
    const module = workspace.find((each) => each.name === name);
    assert.ok(module);
    const environment = await findBuildEnvironment(host, null);
    assert.equal(environment.host, host);
    const built = await buildModule({ module, environment, dirs: { ...dirs, cache: dirs.state }, workspace: () => Promise.resolve(workspace) });
    return { ...built, kernel: offer.release };
  }

  it("builds this project's module, whose lines can be looked up", async () => {
    fs.cpSync(path.resolve('module'), path.join(folder, 'device2'), { recursive: true });
    const built = await build('device2');
    assert.deepEqual(built.diagnostics, []);
    const ko = fs.readFileSync(built.koPath ?? '');
    assert.match(readModuleInfo(ko).vermagic ?? '', new RegExp(`^${built.kernel.replaceAll('+', '\\+')} `));
    const code = new ModuleCode(ko);
    const lines = new SourceLines({ environment: { host: new LocalHost(), makeArgs: [], wrap: () => ({ argv: ['false'], env: {} }) }, koPath: built.koPath ?? '', sourceRoot: built.sourceRoot });
    const frames = await Promise.all(code.callReturns.slice(0, 20).map(({ section, offset }) => lines.at({ section, offset: offset - 1 })));
    assert.ok(frames.flat().some(({ file }) => /^device2_\w+\.c$/.test(file)), JSON.stringify(frames));
  });

  it('finds sources and headers beside the folder, and builds the modules that it uses before it', async () => {
    write({
      'base/Kbuild': 'obj-m := base.o\nccflags-y := -I$(src)/../include\n',
      'base/base.c': '#include <linux/module.h>\n#include "shared.h"\nint base_value(void) { return SHARED; }\nEXPORT_SYMBOL_GPL(base_value);\nMODULE_LICENSE("GPL");\nMODULE_DESCRIPTION("base");\n',
      'include/shared.h': '#define SHARED 3\nint base_value(void);\nint common(void);\n',
      'common/common.c': '#include "../include/shared.h"\nint common(void) { return SHARED; }\n',
      'user/Kbuild': 'obj-m := user.o\nuser-y := main.o ../common/common.o\nccflags-y := -I$(src)/../include\n',
      'user/main.c': '#include <linux/module.h>\n#include <shared.h>\nstatic int __init user_init(void) { return base_value() + common() > 6; }\nmodule_init(user_init);\nMODULE_LICENSE("GPL");\nMODULE_DESCRIPTION("user");\n',
    });
    const first = await build('user');
    assert.deepEqual(first.diagnostics, []);
    assert.deepEqual(first.dependencies.map(({ module, build: { ok } }) => [module.name, ok]), [['base', true]]);
    assert.deepEqual(readModuleInfo(fs.readFileSync(first.koPath ?? '')).depends, ['base']);
    write({ 'base/base.c': 'int broken(\nEXPORT_SYMBOL_GPL(base_value);\n' });
    assert.deepEqual((await build('user')).diagnostics.map(({ file }) => file)[0], '../base/base.c');
  });
});
