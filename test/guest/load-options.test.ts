// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure } from '../../core/model';
import { buildModule } from '../../core/build/build';
import { discoverModules } from '../../core/modules/discover';
import { checkLoad } from '../../core/modules/examine';
import { lastParameters } from '../../core/modules/parameter-memory';
import { unloadModule } from '../../core/modules/unload';
import { SessionStore } from '../../core/sessions/store';
import { depsOf, load, moduleOf, putModule, temporaryModules, texts } from './modules';
import { withGuest } from './support';

const QUIET = 'static int __init start(void) { return 0; }\nstatic void __exit stop(void) { }\nmodule_init(start);\nmodule_exit(stop);';
const SPEAKER = 'static char *text = "";\nmodule_param(text, charp, 0);\nstatic int __init start(void) { pr_info("text is <%s>\\n", text); return 0; }\nstatic void __exit stop(void) { }\nmodule_init(start);\nmodule_exit(stop);';
const MISC = `#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/uaccess.h>
static ssize_t give(struct file *file, char __user *to, size_t size, loff_t *at) { return simple_read_from_buffer(to, size, at, "some bytes", 10); }
static const struct file_operations operations = { .owner = THIS_MODULE, .read = give };
static struct miscdevice device = { .minor = MISC_DYNAMIC_MINOR, .name = "giver", .fops = &operations };
static int __init start(void) { return misc_register(&device); }
static void __exit stop(void) { misc_deregister(&device); }
module_init(start);
module_exit(stop);`;

describe('what a load can be asked for', function () {
  this.timeout(120_000);
  const guest = withGuest();
  const temporary = temporaryModules();
  const workspace = fs.mkdtempSync(path.join(os.tmpdir(), 'kw-'));
  after(() => fs.rmSync(workspace, { recursive: true }));
  const loadedNow = async (): Promise<string> => (await guest().host.script('cut -d" " -f1 /proc/modules', [])).stdout;

  it('loads the own module that it needs first, and removes both', async () => {
    putModule(path.join(workspace, 'giver'), 'provider', `int provided(int value);\nint provided(int value) { return value + 1; }\nEXPORT_SYMBOL_GPL(provided);\n${QUIET}`);
    const user = putModule(path.join(workspace, 'taker'), 'consumer', 'int provided(int value);\nstatic int __init start(void) { pr_info("provided %d\\n", provided(41)); return 0; }\nstatic void __exit stop(void) { }\nmodule_init(start);\nmodule_exit(stop);');
    const loaded = await load(guest(), user, { workspace: () => discoverModules(workspace) });
    assert.deepEqual(loaded.session().dependencies, [{ name: 'provider', from: 'workspace' }]);
    await assert.rejects(unloadModule({ name: 'consumer', host: guest().host }, depsOf(guest(), { waitForModule: false })), { code: 'host-busy' });
    await loaded.detach();
    await assert.rejects(unloadModule({ name: 'provider', host: guest().host }, depsOf(guest())), { code: 'unload-refused', why: 'consumer uses it.', next: 'Unload consumer first.' });
    const session = await unloadModule({ name: 'consumer', host: guest().host }, depsOf(guest()));
    assert.ok(session && texts(session).includes('provided 42'));
    assert.equal(session.end?.reason, 'rmmod removed it.');
    assert.doesNotMatch(await loadedNow(), /provider|consumer/);
  });

  it("loads what it needs of the kernel's packages first", async () => {
    const folder = temporary('crcuser', '#include <linux/crc7.h>\nstatic const u8 bytes[] = "abc";\nstatic int __init start(void) { pr_info("crc %u\\n", crc7_be(0, bytes, 3)); return 0; }\nstatic void __exit stop(void) { }\nmodule_init(start);\nmodule_exit(stop);');
    const loaded = await load(guest(), folder);
    assert.deepEqual(loaded.session().dependencies, [{ name: 'crc7', from: 'kernel' }]);
    assert.match(await loadedNow(), /^crc7$/m);
    const session = await loaded.unload();
    assert.ok(texts(session).some((text) => /^crc \d+$/.test(text)));
    assert.doesNotMatch(await loadedNow(), /crc7|crcuser/);
  });

  it('names a module that the kernel does not have, and offers the generic flavour', async () => {
    const { host } = guest();
    await assert.rejects(host.kernelModules(['snd_hda_intel'], (name) => new Failure({ code: 'missing', what: '', why: name, next: '' })), { why: 'snd_hda_intel' });
    const folder = temporary('lacking', `MODULE_INFO(depends, "snd_hda_intel");\n${QUIET}`);
    const module = await moduleOf(folder);
    const environment = await host.buildEnvironment();
    const { koPath } = await buildModule({ module, environment, dirs: guest().dirs });
    assert.ok(koPath);
    // modpost writes its own empty "depends=" before ours: take it away, as a module that was built elsewhere has none
    const ko = path.join(folder, 'lacking.ko');
    fs.writeFileSync(ko, Buffer.from(fs.readFileSync(koPath).toString('latin1').replace('depends=\0', 'depend_=\0'), 'latin1'));
    await assert.rejects(load(guest(), folder, { prebuilt: ko }), { code: 'dependency-missing', why: /^It needs snd_hda_intel, /, next: /load on guest:6\.1-generic/ });
  });

  it('takes the place of what is loaded, but only once it is built, with the last parameters', async () => {
    const folder = temporary('again', SPEAKER);
    const module = await moduleOf(folder);
    const first = await (await load(guest(), folder, { parameters: { text: 'one' } })).detach();
    fs.appendFileSync(path.join(folder, 'again.c'), 'broken');
    await assert.rejects(load(guest(), folder, { replaces: 'loaded' }), { code: 'build-failed' });
    assert.match(await loadedNow(), /^again$/m);
    fs.writeFileSync(path.join(folder, 'again.c'), fs.readFileSync(path.join(folder, 'again.c'), 'utf8').replace('broken', '/* mended */'));
    const second = await load(guest(), folder, { replaces: 'loaded', parameters: lastParameters(guest().dirs.state, module) ?? {} });
    assert.ok(texts(second.session()).includes('text is <one>'));
    assert.equal((await new SessionStore(guest().dirs.state).read(first.id)).end?.state, 'unloaded');
    const third = await load(guest(), folder, { replaces: second, parameters: { text: 'three' } });
    assert.equal((await second.ended).end?.state, 'unloaded');
    assert.ok(texts(await third.unload()).includes('text is <three>'));
  });

  it('is unloaded by the watchdog, whether somebody watches or not', async () => {
    const folder = temporary('watched', QUIET);
    const { host } = guest();
    const attached = await (await load(guest(), folder, { watchdogSeconds: 1 })).ended;
    assert.deepEqual([attached.end?.reason, attached.watchdog], ['The watchdog removed it after 1 s.', { seconds: 1, outcome: 'removed' }]);
    await (await load(guest(), folder, { watchdogSeconds: 1 })).detach();
    await host.script('while grep -q "^watched " /proc/modules; do sleep 0.1; done', []);
    const session = await unloadModule({ name: 'watched', host }, depsOf(guest()));
    assert.equal(session?.end?.reason, 'The watchdog removed it after 1 s.');
    await (await load(guest(), folder, { watchdogSeconds: 60 })).unload();
    assert.equal((await host.script('grep -sl "[k]modlab-watchdog" /proc/[0-9]*/cmdline', [])).stdout, '');
  });

  it('reads from a misc device', async () => {
    const loaded = await load(guest(), temporary('giver', MISC));
    const [device] = loaded.devices();
    assert.equal(device?.name, 'giver');
    assert.deepEqual([loaded.devices().length, device.major, device.minor > 0], [1, 10, true]);
    const node = await loaded.createNode(device, 'own-giver', 0o600);
    assert.match((await guest().host.script('ls -l "$1"', [node])).stdout, /^crw-------/);
    assert.deepEqual([(await loaded.readFromDevice(node)).stdout, (await loaded.readFromDevice(node, { maxBytes: 4 })).stdout], ['some bytes', 'some']);
    await loaded.unload();
    assert.equal((await guest().host.script('ls "$1"', [node])).stdout, '');
  });

  it('runs a program of this machine on the host, with its streams and exit code', async () => {
    const folder = temporary('exercised', QUIET);
    const program = path.join(folder, 'try it.sh');
    fs.writeFileSync(program, '#!/bin/sh\necho "$1"; cat; echo bad >&2; exit 3\n');
    const loaded = await load(guest(), folder);
    const action = await loaded.exerciseProgram(program, ['two words'], 'input');
    assert.deepEqual([action.stdout, action.stderr, action.exitCode, action.stdin, action.program], ['two words\ninput', 'bad\n', 3, 'input', program]);
    await loaded.unload();
    assert.equal((await guest().host.script('ls /tmp', [])).stdout, '');
  });

  it('says of a value that does not parse that the kernel will refuse it, and it does', async () => {
    const folder = temporary('counted', `static int count;\nmodule_param(count, int, 0);\n${QUIET}`);
    const plan = { module: await moduleOf(folder), host: guest().host, parameters: { count: '12x' }, predict: null };
    const lines = await checkLoad(plan, depsOf(guest()));
    assert.deepEqual(lines.filter(({ verdict }) => verdict !== 'ok').map(({ text }) => text), ['The kernel will refuse a value: count takes a whole number, not "12x".']);
    await assert.rejects(load(guest(), folder, { parameters: { count: '12x' } }), { code: 'insmod-refused', why: /`12x' invalid for parameter `count'/, next: 'Correct the value of that parameter.' });
  });
});

describe('a kernel that enforces signatures', function () {
  this.timeout(120_000);
  const guest = withGuest();
  const temporary = temporaryModules();

  it('gets a signed module where there is a key, and its refusal of that key is explained', async () => {
    const { host } = guest();
    await host.script('echo 1 >/sys/module/module/parameters/sig_enforce', []);
    const folder = temporary('unsigned', QUIET);
    await assert.rejects(load(guest(), folder), { code: 'preflight-blocked', why: 'The kernel enforces signatures (module.sig_enforce), and the module has no signature.' });
    const [keyFile, certFile, pin] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem'), 'some secret'];
    execFileSync('openssl', ['req', '-new', '-x509', '-newkey', 'rsa:2048', '-passout', 'env:PIN', '-keyout', keyFile, '-out', certFile, '-days', '2', '-subj', '/CN=Test/'], { stdio: 'pipe', env: { ...process.env, PIN: pin } });
    const signing = { keyFile, certFile, passphrase: () => Promise.resolve(pin), signFile: () => assert.fail('the headers are here') };
    const asked: boolean[] = [];
    const wrong = (retry: boolean): Promise<string> => Promise.resolve(`wrong ${asked.push(retry)}`);
    await assert.rejects(load(guest(), folder, { signing: { ...signing, passphrase: wrong } }), { code: 'signing-failed', why: 'The passphrase was wrong.', next: 'Check the key, the certificate and the passphrase.' });
    assert.deepEqual(asked, [false, true, true]);
    // The kernel answers differently for an unsigned module (Loading of unsigned module) than for one whose key it does not know.
    await assert.rejects(load(guest(), folder, { signing }), { code: 'insmod-refused', why: /Loading of module with unavailable key is rejected/, next: /sign it with a key that is enrolled there/ });
  });
});
