// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Diagnostic, Range } from 'vscode-languageserver/node';
import { writeIntelliSense } from '../../core/build/intellisense';
import { discoverModules } from '../../core/modules/discover';
import { PackageStore } from '../../core/packages';
import { userDirs } from '../../core/platform/dirs';
import { ROOT } from '../support/cli';
import { LspClient } from '../support/lsp-client';

/** What Kbuild gives a compiler for 6.1 and newer, as far as clangd can take it. */
function compilerFlags(headers: string): string {
  const common = path.join(path.dirname(headers), `${path.basename(headers).replace(/^(linux-headers-[\d.]+(?:-\d+)?(?:\+\w+)?).*$/, '$1')}-common`);
  const folders = [`${common}/arch/x86/include`, `${headers}/arch/x86/include/generated`, `${common}/include`, `${headers}/include`, `${common}/arch/x86/include/uapi`, `${headers}/arch/x86/include/generated/uapi`, `${common}/include/uapi`, `${headers}/include/generated/uapi`];
  const first = ['compiler-version.h', 'kconfig.h', 'compiler_types.h'].flatMap((name) => ['-include', `${common}/include/linux/${name}`]);
  return ['-xc', '-std=gnu11', '-nostdinc', ...folders.map((folder) => `-I${folder}`), ...first, '-D__KERNEL__', '-DMODULE', '-DCC_USING_FENTRY', '-Wno-gnu', '-DKBUILD_MODNAME="sample"', '-DKBUILD_BASENAME="sample"', '-Wall', '-Wextra', '-Wno-unused-parameter'].join('\n');
}

function overlap(a: Range, b: Range): boolean {
  const before = (left: Range, right: Range): boolean => left.end.line < right.start.line || (left.end.line === right.start.line && left.end.character <= right.start.character);
  return !before(a, b) && !before(b, a);
}

it('the language server says nothing at the places that clangd speaks of, and finds what clangd does not', async () => {
  const store = new PackageStore(userDirs());
  const { buildEnvironment } = await store.provideKernel('6.1-cloud');
  const tree = await store.provideTree({ packages: ['clangd'], suite: 'bookworm' });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-clangd-'));
  const fixtures = fs.readdirSync(path.join(ROOT, 'test/fixtures/analysis'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => path.join(ROOT, 'test/fixtures/analysis', name));
  const { argv, env } = tree.wrap(['clangd', '--background-index=false', '--log=error'], { bind: [folder, userDirs().cache], cwd: folder });
  const clients = [new LspClient(argv as [string, ...string[]], env), new LspClient()] as const;
  try {
    for (const client of clients) await client.initialize({});
    let found = 0;
    for (const from of [path.join(ROOT, 'module'), ...fixtures]) {
      const copy = path.join(folder, path.basename(from));
      fs.cpSync(from, copy, { recursive: true });
      fs.writeFileSync(path.join(copy, 'compile_flags.txt'), compilerFlags(buildEnvironment.kernelDir));
      for (const name of fs.readdirSync(copy).filter((each) => each.endsWith('.c'))) {
        const file = path.join(copy, name);
        for (const client of clients) await client.open(file);
        const [theirs, ours] = (await Promise.all(clients.map((client) => client.pushed(file)))) as [Diagnostic[], Diagnostic[]];
        assert.deepEqual(theirs.filter(({ severity }) => severity === 1).map(({ message }) => message), [], `${file}: clangd does not understand it`);
        for (const our of ours) for (const their of theirs) assert.ok(!overlap(our.range, their.range), `${file}: ${JSON.stringify([our, their])}`);
        found += ours.filter(({ code }) => code === 'kernel-buffer').length;
      }
    }
    assert.ok(found > 0);
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
    fs.rmSync(folder, { recursive: true });
  }
});

for (const kernel of ['6.1-cloud', 'newest-cloud']) {
  it(`clangd has nothing to say of this project's module with what intellisense writes for ${kernel}`, async () => {
    const store = new PackageStore(userDirs());
    const { buildEnvironment } = await store.provideKernel(kernel);
    const tree = await store.provideTree({ packages: ['clangd'], suite: 'bookworm' });
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-intellisense-'));
    const copy = path.join(folder, 'module');
    fs.cpSync(path.join(ROOT, 'module'), copy, { recursive: true });
    const dirs = { ...userDirs(), cache: path.join(folder, 'cache') };
    const [module] = await discoverModules(copy);
    const { written, sources } = await writeIntelliSense({ module: module!, environment: buildEnvironment, dirs });
    assert.deepEqual([written, sources], [['compile_commands.json', '.clangd'], module!.sources.length]);
    const { argv, env } = tree.wrap(['clangd', '--background-index=false', '--log=error'], { bind: [folder, userDirs().cache], cwd: copy });
    const client = new LspClient(argv as [string, ...string[]], env);
    try {
      await client.initialize({});
      for (const name of module!.sources) {
        const file = path.join(copy, name);
        await client.open(file);
        const diagnostics = ((await client.pushed(file))).filter(({ severity = 1 }) => severity <= 2);
        assert.deepEqual(diagnostics.map(({ range, message }) => [name, range.start.line + 1, message]), []);
      }
    } finally {
      await client.stop();
      fs.rmSync(folder, { recursive: true });
    }
  });
}
