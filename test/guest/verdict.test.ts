// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { buildModule } from '../../core/build/build';
import { openGuest, type GuestHost } from '../../core/hosts/guest';
import { checkLoad } from '../../core/modules/examine';
import { depsOf, load, moduleOf, temporaryModules } from './modules';
import { guestDeps, testDirs } from './support';

const SOURCE = `#include <linux/slab.h>
int verdict_value(void);
int verdict_value(void) { void *memory = kmalloc(100, GFP_KERNEL); kfree(memory); return 3; }
EXPORT_SYMBOL_GPL(verdict_value);`;

/** Each thing that stands in the way is named with its fix, and really stands in the way. */
describe('the verdict before insmod, beside what the kernel does', function () {
  this.timeout(120_000);
  const { dirs, remove } = testDirs();
  const deps = guestDeps(dirs);
  const temporary = temporaryModules();
  const hosts: GuestHost[] = [];
  let folder: string;
  let ko: string;

  /** The guest, with facts that are read anew. */
  async function guest(): Promise<GuestHost> {
    const host = await openGuest({ lease: { kind: 'process' } }, deps);
    hosts.push(host);
    return host;
  }
  async function asRoot(script: string): Promise<void> {
    const result = await (await guest()).script(script, []);
    assert.equal(result.exitCode, 0, result.stderr);
  }
  before('builds a module', async () => {
    folder = temporary('verdict', SOURCE);
    const environment = await (await guest()).buildEnvironment();
    assert.ok(environment);
    ko = (await buildModule({ module: await moduleOf(folder), environment, dirs: { ...dirs, cache: dirs.state } })).koPath ?? '';
  });
  after(async () => {
    for (const host of hosts) await host.dispose();
    remove();
  });

  /** A copy of the .ko with some bytes replaced, `offset` bytes from the place where they are found. */
  function changed(name: string, found: string, offset: number, bytes: string): string {
    const content = fs.readFileSync(ko);
    for (let at = content.indexOf(found, 0, 'latin1'); at >= 0; at = content.indexOf(found, at + 1, 'latin1')) content.write(bytes, at + offset, 'latin1');
    const file = path.join(folder, `${name}.ko`);
    fs.writeFileSync(file, content);
    return file;
  }
  /** What is not ok of a .ko: `check: text → fix`. */
  async function objections(prebuilt: string): Promise<string[]> {
    const host = await guest();
    const lines = await checkLoad({ module: await moduleOf(folder), host, parameters: {}, predict: null, prebuilt }, depsOf({ dirs, deps, host }));
    return lines.filter(({ verdict }) => verdict === 'blocked').map(({ check, text, fix }) => `${check}: ${text} → ${fix}`);
  }
  /** The kernel's own answer, as insmod gives it; null when it takes the module. */
  async function kernelSays(file: string): Promise<string | null> {
    const host = await guest();
    await host.put(file, '/tmp/verdict.ko');
    const result = await host.script('insmod /tmp/verdict.ko && rmmod verdict', []);
    return result.exitCode === 0 ? null : result.stderr;
  }

  it('of a module that fits: nothing, and it is taken', async () => {
    assert.deepEqual([await objections(ko), await kernelSays(ko)], [[], null]);
  });

  it('of one with another version magic, other checksums, a symbol that is not there, or for another machine', async () => {
    const { kernel } = await (await guest()).facts();
    const cases: readonly (readonly [file: string, said: string, kernel: RegExp])[] = [
      [changed('magic', ' SMP preempt ', 0, ' UMP preempt '), `vermagic: The version magic differs: only the kernel has SMP (CONFIG_SMP). → Build it against the headers of ${kernel}.`, /invalid module format|Exec format error/i],
      [changed('crc', 'module_layout\0', -8, '\x01'), `symbol versions: The module was built against other versions of module_layout. → Build it against the headers of ${kernel}, which runs on the host.`, /invalid module format|Exec format error/i],
      [changed('symbol', '\0kfree\0', 5, 'x'), 'symbols: The kernel does not export kfrex. → Use what it exports instead, or load the module that exports it first.', /unknown symbol/i],
      [changed('machine', '\x7fELF', 18, '\xb7'), 'architecture: The module is for arm64 and the host is x86_64. → Build it for x86_64.', /invalid module format|Exec format error/i],
    ];
    for (const [file, said, answer] of cases) {
      assert.ok((await objections(file)).includes(said), `${file}\n${(await objections(file)).join('\n')}`);
      assert.match((await kernelSays(file)) ?? 'taken', answer, file);
    }
  });

  it('of one that is loaded already', async () => {
    const host = await guest();
    const loaded = await load({ dirs, deps, host }, folder);
    assert.deepEqual(await objections(ko), ['not loaded: verdict is loaded already. → Reload it, or unload it first.']);
    assert.match((await kernelSays(ko)) ?? 'taken', /File exists/);
    await loaded.unload();
  });

  it('on a kernel that was started with nomodule, enforces signatures, is locked down, and takes no module any more', async () => {
    await asRoot('echo quiet nomodule >/tmp/cmdline && mount --bind /tmp/cmdline /proc/cmdline');
    assert.deepEqual(await objections(ko), ['modules allowed: The kernel was started with nomodule: it loads no module. → Restart the host without that boot parameter.']);
    await asRoot('umount /proc/cmdline && echo 1 >/sys/module/module/parameters/sig_enforce');
    const byKey = 'Name a key that is enrolled there (mokutil --import) and its certificate, by --sign-key and --sign-cert or the settings kmodlab.signing: the module is then signed here; or';
    assert.deepEqual(await objections(ko), [`signature: The kernel enforces signatures (module.sig_enforce), and the module has no signature. → ${byKey} start it without module.sig_enforce=1.`]);
    assert.match((await kernelSays(ko)) ?? 'taken', /Key was rejected by service|Required key not available/i);
    await asRoot('mkdir -p /sys/kernel/security; mount -t securityfs none /sys/kernel/security; echo integrity >/sys/kernel/security/lockdown');
    assert.deepEqual(await objections(ko), [`signature: The kernel is locked down (integrity), and the module has no signature. → ${byKey} restart it without Secure Boot and without the boot parameter lockdown=.`]);
    await asRoot('echo 1 >/proc/sys/kernel/modules_disabled');
    assert.equal((await objections(ko))[0], 'modules allowed: kernel.modules_disabled is 1: the kernel loads no module any more. → Restart the host; what sets it lies in /etc/sysctl.d or is a service.');
    assert.match((await kernelSays(ko)) ?? 'taken', /Operation not permitted/);
  });
});
