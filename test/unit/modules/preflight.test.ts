// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readSymvers } from '../../../core/build/symvers';
import type { HostFacts } from '../../../core/hosts/host';
import type { PreflightLine } from '../../../core/model';
import type { ModuleInfo } from '../../../core/modules/modinfo';
import { preflight, type PreflightInputs } from '../../../core/modules/preflight';

const RELEASE = '6.1.0-56-amd64';
const CONFIG = { SMP: 'y', PREEMPT_BUILD: 'y', MODULE_UNLOAD: 'y', MODVERSIONS: 'y' };
const SYMVERS = [
  '0x11111111\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t',
  '0x22222222\tkmalloc\tvmlinux\tEXPORT_SYMBOL\t',
  '0x33333333\tgpl_only\tvmlinux\tEXPORT_SYMBOL_GPL\t',
  '0x44444444\tin_namespace\tdrivers/base/thing\tEXPORT_SYMBOL\tTHING',
  '0x55555555\treserved\tvmlinux\tEXPORT_SYMBOL_GPL\tmodule:kvm,kvm-*',
].join('\n');

const facts: HostFacts = {
  name: 'box', kind: 'ssh', kernel: RELEASE, arch: 'x86_64', bootId: 'b', uid: 1000, user: 'me', rights: 'sudo', sudoSaid: null, tainted: 0, kptrRestrict: 0,
  dmesgRestrict: false, lockdown: 'none', sigEnforce: false, modulesDisabled: false, nomodule: false, tracefs: true, kernelBuildDir: null, compiler: null,
};

function info(more: Partial<ModuleInfo> & { needed?: readonly string[]; versions?: Record<string, number> | null; license?: string; imports?: readonly string[] } = {}): ModuleInfo {
  const { needed = ['kmalloc'], versions = { module_layout: 0x11111111, kmalloc: 0x22222222 }, license = 'GPL', imports = [], ...rest } = more;
  return {
    name: 'mine',
    vermagic: `${RELEASE} SMP preempt mod_unload modversions `,
    depends: [],
    parameters: [],
    buildId: null,
    machine: 'x86_64',
    entries: [{ key: 'license', value: license }, ...imports.map((value) => ({ key: 'import_ns', value }))],
    symbols: { needed: needed.map((name) => ({ name, weak: name.startsWith('weak') })), versions: versions && new Map(Object.entries(versions)), exported: [] },
    signed: false,
    ...rest,
  };
}

function verdict(more: Partial<PreflightInputs> = {}): PreflightLine[] {
  const kernel = { config: CONFIG, exported: readSymvers(SYMVERS) };
  return preflight({ facts, info: info(), kernelName: 'mine', procModules: '', parameters: {}, kernel, provided: new Set(), willBeSigned: false, replaces: false, builtBefore: null, ...more });
}

/** The only line that is not ok. */
function problem(more: Partial<PreflightInputs>): string {
  const lines = verdict(more).filter((line) => line.verdict !== 'ok');
  assert.deepEqual(lines.map(({ fix }) => fix === null || fix === ''), lines.map(() => false), 'every problem has a fix');
  return lines.map(({ verdict: is, text }) => `${is}: ${text}`).join('\n');
}

const withFacts = (more: Partial<HostFacts>): Partial<PreflightInputs> => ({ facts: { ...facts, ...more } });

describe('the verdict before insmod', () => {
  it('is all ok where nothing is wrong, each line for itself', () => {
    assert.deepEqual([...new Set(verdict().map(({ verdict: is, fix }) => `${is} ${fix}`))], ['ok null']);
    assert.deepEqual(verdict().map(({ check }) => check), ['rights', 'modules allowed', 'architecture', 'vermagic', 'symbols', 'symbol versions', 'signature', 'not loaded', 'parameters']);
  });

  it('names what differs in the version magic', () => {
    const magic = (vermagic: string | null, more: Partial<PreflightInputs> = {}): string => problem({ info: info({ vermagic }), ...more });
    assert.equal(magic(`${RELEASE} SMP mod_unload modversions `), 'blocked: The version magic differs: only the kernel has preempt (CONFIG_PREEMPT).');
    assert.equal(magic(`${RELEASE} preempt mod_unload modversions `), 'blocked: The version magic differs: only the kernel has SMP (CONFIG_SMP).');
    assert.equal(magic(`${RELEASE} SMP preempt_rt mod_unload modversions `), 'blocked: The version magic differs: only the module has preempt_rt (CONFIG_PREEMPT_RT), only the kernel has preempt (CONFIG_PREEMPT).');
    assert.match(magic('6.1.0-50-amd64 SMP preempt mod_unload modversions '), /^warning: The release differs: the module is built for 6\.1\.0-50-amd64 .* compares checksums instead\.$/);
    assert.match(magic(null), /^blocked: /);
    const without = { ...CONFIG, MODVERSIONS: 'n' };
    const symvers = readSymvers(SYMVERS.replaceAll(/0x\d+/g, '0x00000000'));
    assert.match(magic('6.1.0-50-amd64 SMP preempt mod_unload ', { kernel: { config: without, exported: symvers }, info: info({ vermagic: '6.1.0-50-amd64 SMP preempt mod_unload ', versions: null }) }), /^blocked: The release differs/);
    assert.equal(magic('6.1.0-50-amd64 SMP ', { kernel: { config: null, exported: null }, info: info({ vermagic: '6.1.0-50-amd64 SMP ', versions: null }) }), `blocked: The release differs: the module is built for 6.1.0-50-amd64 and the host runs ${RELEASE}.`);
  });

  it('compares checksums, and says where there are none', () => {
    assert.equal(problem({ info: info({ versions: { module_layout: 0x11111111, kmalloc: 0x29999999 } }) }), 'blocked: The module was built against other versions of kmalloc.');
    assert.match(problem({ info: info({ versions: null }) }), /^blocked: The module carries no checksums/);
    assert.match(problem({ info: info({ versions: null }), kernel: { config: { ...CONFIG, MODULE_FORCE_LOAD: 'y' }, exported: readSymvers(SYMVERS) } }), /^warning: The module carries no checksums .* taints the kernel \(F\)\.$/);
    const off = verdict({ kernel: { config: CONFIG, exported: readSymvers(SYMVERS.replaceAll(/0x\d+/g, '0x00000000')) } }).find(({ check }) => check === 'symbol versions');
    assert.match(off?.text ?? '', /CONFIG_MODVERSIONS is off/);
  });

  it('finds symbols that are missing, GPL-only, in a namespace or reserved', () => {
    assert.equal(problem({ info: info({ needed: ['kmalloc', 'gone', 'weak_one', '_GLOBAL_OFFSET_TABLE_', '__this_module'] }) }), 'blocked: The kernel does not export gone.');
    assert.equal(problem({ info: info({ needed: ['a', 'b', 'c', 'd', 'e', 'f'] }) }), 'blocked: The kernel does not export a, b, c, d and 2 more.');
    assert.equal(problem({ info: info({ needed: ['own'] }), provided: new Set(['own']) }), '');
    assert.equal(problem({ info: info({ needed: ['own'], depends: ['other-one'] }), procModules: 'other_one 1 0 - Live 0x0\n' }), '');
    assert.equal(problem({ info: info({ needed: ['gpl_only'], license: 'Proprietary' }) }), "blocked: gpl_only may be used by GPL-compatible modules only, and this one's license is Proprietary.");
    assert.equal(problem({ info: info({ needed: ['gpl_only'], license: 'Dual MIT/GPL' }) }), '');
    assert.equal(problem({ info: info({ needed: ['in_namespace'] }) }), 'blocked: in_namespace is in the namespace THING, which the module does not import.');
    assert.equal(problem({ info: info({ needed: ['in_namespace'], imports: ['THING'] }) }), '');
    assert.match(problem({ info: info({ needed: ['reserved'] }) }), /^blocked: The kernel exports reserved only for kvm, kvm-\*\.$/);
    assert.equal(problem({ info: info({ needed: ['reserved'] }), kernelName: 'kvm_intel' }), '');
    assert.match(verdict({ kernel: { config: null, exported: null }, info: info({ needed: ['gone'] }) }).find(({ check }) => check === 'symbols')?.text ?? '', /not known here/);
  });

  it('tells in each fix what to do on this very host', () => {
    const fix = (more: Partial<PreflightInputs>): string | null | undefined => verdict(more).find(({ verdict: is }) => is === 'blocked')?.fix;
    assert.equal(fix({ info: info({ needed: ['gone', 'kallsyms_lookup_name'] }) }), 'kallsyms_lookup_name is not exported to modules since Linux 5.7. Take its address from a kprobe on its name (register_kprobe(), then the addr field, which is NULL when it fails).');
    assert.match(fix({ info: info({ needed: ['gone'] }) }) ?? '', /^Use what it exports instead/);
    assert.equal(fix({ info: info({ versions: { kmalloc: 1 } }) }), `Build it against the headers of ${RELEASE}, which runs on the host.`);
    assert.equal(fix({ info: info({ versions: null }) }), `Build it against the headers of ${RELEASE}.`);
    assert.match(fix(withFacts({ sigEnforce: true })) ?? '', /--sign-key and --sign-cert or the settings kmodlab\.signing: the module is then signed here; or start it without module\.sig_enforce=1\.$/);
    assert.match(fix(withFacts({ lockdown: 'integrity' })) ?? '', /signed here; or restart it without Secure Boot and without the boot parameter lockdown=\.$/);
    assert.match(fix({ procModules: 'mine 16384 2 - Live 0x0\n' }) ?? '', /^Close what uses it \(a process has its device open/);
  });

  it('knows who may load what', () => {
    assert.match(problem(withFacts({ rights: 'none' })), /^blocked: Only root may insert modules, and me cannot become root there\.$/);
    assert.equal(problem(withFacts({ rights: 'sudoPassword' })), '');
    assert.match(problem(withFacts({ nomodule: true, modulesDisabled: true })), /^blocked: The kernel was started with nomodule/);
    assert.match(problem(withFacts({ modulesDisabled: true })), /^blocked: kernel\.modules_disabled is 1/);
    assert.match(problem(withFacts({ arch: 'arm64' })), /^blocked: The module is for x86_64 and the host is arm64\.$/m);
  });

  it('asks for a signature where the kernel does', () => {
    assert.equal(problem(withFacts({ sigEnforce: true })), 'blocked: The kernel enforces signatures (module.sig_enforce), and the module has no signature.');
    assert.equal(problem(withFacts({ lockdown: 'integrity', sigEnforce: true })), 'blocked: The kernel is locked down (integrity), and the module has no signature.');
    assert.equal(problem({ ...withFacts({ lockdown: 'confidentiality' }), info: info({ signed: true }) }), '');
    assert.equal(problem({ ...withFacts({ sigEnforce: true }), willBeSigned: true }), '');
    assert.equal(problem(withFacts({ lockdown: null, sigEnforce: null })), '');
  });

  it('sees what is loaded already, and by whom it is used', () => {
    assert.equal(problem({ procModules: 'mine 16384 0 - Live 0x0\n' }), 'blocked: mine is loaded already.');
    assert.equal(problem({ procModules: 'mine_too 1 0 - Live 0x0\nmine 16384 2 - Live 0x0 (OE)\n' }), 'blocked: mine is loaded already and in use (2).');
    assert.equal(problem({ procModules: 'mine 16384 2 first,second, Live 0x0\n' }), 'blocked: mine is loaded already and used by first, second.');
    assert.equal(problem({ procModules: 'mine 16384 1 - Unloading 0x0\n', replaces: true }), 'blocked: mine is in the kernel already, in the state Unloading.');
    assert.equal(problem({ procModules: 'mine 16384 0 - Live 0x0\n', replaces: true }), '');
    assert.match(problem({ procModules: 'mine 16384 1 user, Live 0x0\n', replaces: true }), /used by user/);
  });

  it('checks values as the kernel would parse them', () => {
    const types = { i: 'int', u: 'uint', b: 'bool', x: 'hexint', y: 'byte', l: 'ulong', s: 'charp', a: 'array of int', own: 'mytype' };
    const parameters = Object.entries(types).map(([name, type]) => ({ name, type, description: null }));
    const given = (values: Record<string, string>): string => problem({ info: info({ parameters }), parameters: values });
    for (const values of [{ i: '-0x10' }, { i: '2147483647' }, { u: '017' }, { b: 'yes' }, { b: 'oN' }, { b: '' }, { x: '0xff' }, { y: '255' }, { l: '18446744073709551615' }, { s: 'any thing' }, { a: '1,-2,0x3' }, { own: '??' }]) {
      assert.equal(given(values), '', JSON.stringify(values));
    }
    for (const values of [{ i: '' }, { i: '1 ' }, { i: '2147483648' }, { u: '-1' }, { u: '08' }, { b: 'maybe' }, { y: '256' }, { a: '1,,2' }, { i: '1e3' }]) {
      assert.match(given(values), /^warning: The kernel will refuse a value: \w+ takes .*, not ".*"\.$/, JSON.stringify(values));
    }
    assert.equal(given({ nosuch: '1' }), 'warning: The module has no parameter nosuch: the kernel will ignore it.');
  });

  it('says when a file is older than its sources', () => {
    assert.equal(problem({ builtBefore: { builtAt: 0, newerSources: ['a.c'] } }), 'warning: The file is older than a.c: what is loaded is not what you see.');
    assert.equal(problem({ builtBefore: { builtAt: 0, newerSources: [] } }), '');
  });
});
