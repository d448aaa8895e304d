// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Analysis, LoadSession, Prediction, SessionEvent } from '../../../core/model';
import { LoadSession as LoadSessionSchema } from '../../../core/model';
import { discoverModules, type ModuleDescription } from '../../../core/modules/discover';
import { startLoad, type FirstLoad, type LoadDeps, type LoadedModule, type LoadPlan } from '../../../core/modules/load';
import { lastGiven, lastParameters, rememberGiven } from '../../../core/modules/parameter-memory';
import { takeOver, unloadModule } from '../../../core/modules/unload';
import { silentProgress } from '../../../core/platform/progress';
import { comparePredictions } from '../../../core/sessions/compare';
import { SessionStore } from '../../../core/sessions/store';
import { FAKE_RELEASE, FakeHost, FakeKernel } from '../../support/fake-kernel';

const SOURCE = '// SPDX-License-Identifier: MIT\n#include "echo.h"\nint main_of_module(void) { return VALUE; }\n';

function predictionOf(id: string, caller: string, syscall: string, expect: Prediction['expect'], format: string): Prediction {
  const source = { file: 'echo.c', line: 3 };
  return { id, source, caller, syscall, expect, assumes: [], because: 'Because.', report: { source, format, conversion: 0 } };
}

const PREDICTIONS: Prediction[] = [
  predictionOf('p1', 'start', 'write', { kind: 'errno', name: 'EFAULT', value: -14 }, '[M]result %d\n'),
  predictionOf('p2', 'handler', 'write', { kind: 'argument', index: 2, value: 'len' }, '[M]echoed %d\n'),
];

describe('loading a module', () => {
  let kernel: FakeKernel;
  let host: FakeHost;
  let store: SessionStore;
  let events: SessionEvent[];
  let folder: string;
  let module: ModuleDescription;

  beforeEach(async () => {
    kernel = new FakeKernel();
    host = new FakeHost(kernel);
    store = new SessionStore(kernel.dirs.state);
    events = [];
    folder = path.join(kernel.root, 'workspace');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'Kbuild'), 'obj-m := echo.o\n');
    fs.writeFileSync(path.join(folder, 'echo.c'), SOURCE);
    fs.writeFileSync(path.join(folder, 'echo.h'), '#define VALUE 1\n');
    [module] = (await discoverModules(folder)) as [ModuleDescription];
  });
  afterEach(() => kernel.dispose());

  const deps = (more: Partial<LoadDeps> = {}): LoadDeps => ({ store, dirs: kernel.dirs, onEvent: (event) => events.push(event), ...more });
  const predict = (predictions: Prediction[]): LoadPlan['predict'] => () => Promise.resolve<Analysis>({ findings: [], predictions });
  const load = (plan: Partial<LoadPlan> = {}, more: Partial<LoadDeps> = {}): Promise<LoadedModule> => startLoad({ module, host, parameters: {}, predict: predict(PREDICTIONS), ...plan }, deps(more));

  async function onlySession(): Promise<LoadSession> {
    const sessions = await store.list();
    assert.equal(sessions.length, 1);
    return store.read(sessions[0]!.id);
  }

  it('keeps everything of one load, from the sources to the end', async () => {
    kernel.print('<6>long before');
    kernel.onInsmod("kernel '<6>[M]loaded'; kernel '<6>[M]result -14'; printf 'Character devices:\\n  1 mem\\n244 [ECHO]\\n\\nBlock devices:\\n' >$root/proc/devices");
    kernel.onRmmod("kernel '<6>[M]gone'");
    const loaded = await load({ parameters: { text: 'two words', count: '2' } });
    assert.deepEqual(loaded.devices(), [{ name: '[ECHO]', major: 244, minor: 0, node: null }]);
    const node = await loaded.createNode(loaded.devices()[0]!);
    assert.equal(node, '/dev/echo');
    const written = await loaded.writeToDevice(node, 'some text');
    assert.deepEqual(written.deviceWrite, { device: '/dev/echo', bytes: 10, text: 'some text\n' });
    assert.equal(written.exitCode, 0);
    assert.match(kernel.read('mknod.args'), /^-m 666 \S*\/dev\/echo c 244 0\n$/);
    const session = await loaded.unload();
    kernel.print('<6>long after');

    assert.equal(LoadSessionSchema.safeParse(session).success, true);
    assert.deepEqual(session.end, { state: 'unloaded', reason: 'rmmod removed it.' });
    assert.deepEqual(session.records.map(({ text }) => text), ['[M]loaded', '[M]result -14', '[M]gone']);
    assert.deepEqual(session.module.sources.map((source) => source.path), ['echo.c', 'echo.h']);
    assert.match(session.module.koBuildId ?? '', /^[0-9a-f]{40}$/);
    assert.deepEqual(session.preflight.map(({ check, verdict }) => `${check} ${verdict}`), ['rights ok', 'modules allowed ok', 'architecture ok', 'vermagic ok', 'symbols ok', 'symbol versions ok', 'signature ok', 'not loaded ok', 'parameters warning']);
    assert.deepEqual(session.calls.map(({ syscall, result, errno, predictionId, action, registers }) => ({ syscall, result, errno, predictionId, action, registers })), [
      { syscall: 'write', result: -14, errno: 'EFAULT', predictionId: 'p1', action: null, registers: null },
    ]);
    assert.deepEqual(kernel.read('insmod.args').split('\n').slice(1, 3), ['text="two words"', 'count=2']);
    assert.deepEqual(await onlySession(), session);
    const order = events.map(({ type }) => type);
    assert.equal(order[0], 'started');
    assert.ok(order.includes('analysis') && order.indexOf('analysis') < order.indexOf('preflight'), 'predictions are stored before anything is loaded');
    assert.equal(events.at(-1)?.type, 'ended');
  });

  it('knows the nodes that the host made by itself, and keeps them with the session', async () => {
    kernel.onInsmod(`printf 'Character devices:\\n  1 mem\\n244 pair\\n245 single\\n' >$root/proc/devices
      for number in 0 1; do mkdir -p $root/sys/dev/char/244:$number; echo "DEVNAME=pair$number" >$root/sys/dev/char/244:$number/uevent; ln -s /dev/null $root/dev/pair$number; done
      mkdir -p $root/sys/dev/char/245:0; echo "DEVNAME=gone" >$root/sys/dev/char/245:0/uevent`);
    const loaded = await load();
    const [pair0, pair1] = [0, 1].map((minor) => ({ name: 'pair', major: 244, minor, node: `/dev/pair${minor}` }));
    const single = { name: 'single', major: 245, minor: 0, node: null };
    assert.deepEqual(loaded.devices(), [pair0, pair1, single]);
    assert.equal(await loaded.createNode(single), '/dev/single');
    const left = await loaded.detach();
    assert.deepEqual(left.devices, [pair0, pair1, { ...single, node: '/dev/single' }]);
    assert.deepEqual(left.nodes, ['/dev/single']);
  });

  it('takes over a module that was left loaded, with its devices and nodes', async () => {
    kernel.onInsmod("kernel '<6>[M]result -14'; printf 'Character devices:\\n  1 mem\\n244 echo\\n' >$root/proc/devices");
    const first = await load();
    await first.createNode(first.devices()[0]!);
    await assert.rejects(takeOver({ name: 'echo', host }, deps()), { code: 'host-busy' });
    await first.detach();
    const second = await takeOver({ name: 'echo', host }, deps());
    assert.equal(second.sessionId, first.sessionId);
    assert.deepEqual(second.devices(), [{ name: 'echo', major: 244, minor: 0, node: '/dev/echo' }]);
    await second.writeToDevice('/dev/echo', 'again');
    const session = await second.unload();
    assert.deepEqual([session.end?.state, session.actions.length], ['unloaded', 1]);
    assert.ok(!kernel.exists('dev/echo'));
    await assert.rejects(takeOver({ name: 'echo', host }, deps()), { code: 'not-loaded', what: 'Nothing was done with echo.' });
    assert.deepEqual((await (await load({ replaces: 'loaded' })).unload()).end?.state, 'unloaded', 'the lock was given back');
  });

  it('leaves nothing behind: no file, no node, no module', async () => {
    const loaded = await load();
    await loaded.createNode({ name: 'x', major: 245, minor: 0 }, 'kept');
    assert.deepEqual(kernel.list('tmp'), []);
    assert.ok(kernel.exists('dev/kept'));
    await loaded.unload();
    assert.ok(!kernel.exists('dev/kept'));
    assert.ok(!kernel.read('proc/modules').includes('echo'));
    assert.deepEqual(fs.readdirSync(folder).sort(), ['Kbuild', 'echo.c', 'echo.h']);
  });

  it('hands insmod the standard descriptors and none that it would count', async () => {

    await (await load()).unload();
    const descriptors = kernel.read('insmod.fds').trim().split(' ').map((name) => Number(path.basename(name)));
    // 3 is the listing's own; from 10 on the shell keeps its own, closed for what it starts.
    assert.deepEqual(descriptors.filter((fd) => fd < 10), [0, 1, 2, 3]);
  });

  it('gives the calls of an action their action, and compares by what it handed over', async () => {
    const loaded = await load();
    const node = await loaded.createNode({ name: 'x', major: 245, minor: 0 });
    await loaded.exercise(['sh', '-c', 'printf "KERNEL<6>[M]echoed 4\\n" >"$1"; cat; echo oops >&2; exit 3', 'sh', '/dev/kmsg'], 'in');
    const session = await loaded.unload();
    const [exercise] = session.actions;
    assert.deepEqual([exercise?.stdout, exercise?.stderr, exercise?.exitCode, exercise?.stdin], ['in', 'oops\n', 3, 'in']);
    assert.deepEqual(session.calls.map(({ predictionId, result, action }) => ({ predictionId, result, action })), [{ predictionId: 'p2', result: 4, action: 0 }]);
    const rows = comparePredictions(session);
    assert.deepEqual(rows.map(({ verdict }) => verdict), ['unknown', 'neverMade']);
    assert.equal(node, '/dev/echo');
  });

  it('shows what a module that does not compile needs, and loads nothing', async () => {
    fs.writeFileSync(path.join(folder, 'echo.c'), 'int broken(void) { return 1 }\n');
    await assert.rejects(load(), { code: 'build-failed', exitCode: 1, why: /^echo\.c:1: expected ';' before/ });
    const session = await onlySession();
    assert.equal(session.end?.state, 'refused');
    assert.deepEqual(session.build?.diagnostics.map(({ file, line }) => `${file}:${line}`), ['echo.c:1']);
    assert.ok(!kernel.exists('insmod.args'));
    assert.deepEqual(kernel.list('tmp'), []);
  });

  it("says the kernel's own reason when insmod is refused", async () => {
    kernel.onInsmod("kernel '<6>echo: loading out-of-tree module taints kernel.'; kernel '<3>echo: Unknown symbol foo (err -2)'; echo \"insmod: can't insert '$1': unknown symbol\" >&2; exit 2");
    await assert.rejects(load(), { code: 'insmod-refused', why: "The kernel said: echo: Unknown symbol foo (err -2) (insmod: can't insert 'echo.ko': unknown symbol)." });
    const session = await onlySession();
    assert.equal(session.end?.state, 'refused');
    assert.match(session.end.reason, /Unknown symbol foo/);
    assert.equal(session.records.length, 2);
    assert.deepEqual(kernel.list('tmp'), []);
  });

  it('stops before insmod when the module is loaded already', async () => {
    kernel.write('proc/modules', 'echo 16384 2 - Live 0x0\n');
    await assert.rejects(load(), { code: 'preflight-blocked', why: 'echo is loaded already and in use (2).', next: 'Close what uses it (a process has its device open, or the like), then reload it.' });
    assert.ok(!kernel.exists('insmod.args'));
  });

  it('ends the session when the host dies while insmod runs', async () => {
    kernel.onInsmod("kernel '<6>[M]loaded'; : >$root/asked; exec sleep 60 >/dev/null 2>&1");
    const loading = load({}, { onEvent: (event) => event.type === 'record' && host.lose('') });
    await assert.rejects(loading, { code: 'host-lost' });
    const session = await onlySession();
    assert.equal(session.end?.state, 'hostLost');
    assert.deepEqual(session.records.map(({ text }) => text), ['[M]loaded']);
  });

  it('says oops when the lost host said so on its console', async () => {
    const loaded = await load();
    const acting = loaded.exercise(['sh', '-c', 'printf "KERNEL<6>acting\\n" >"$1"; exec sleep 60 >/dev/null 2>&1', 'sh', '/dev/kmsg']);
    const failed = assert.rejects(acting, { code: 'oops', why: 'It said: BUG: unable to handle page fault for address: 0000000000000010' });
    host.lose('[   12.1] <1>\n[   12.345678] BUG: unable to handle page fault for address: 0000000000000010\n');
    await failed;
    assert.equal((await loaded.ended).end?.state, 'oops');
    assert.equal((await loaded.unload()).end?.state, 'oops');
  });

  it('ends a session by itself when the host dies between actions', async () => {
    const loaded = await load();
    host.lose('');
    assert.equal((await loaded.ended).end?.state, 'hostLost');
    await assert.rejects(loaded.writeToDevice('/dev/echo', 'x'), { code: 'host-lost' });
  });

  it('knows an oops that the host survives', async () => {
    kernel.onInsmod("kernel '<1>BUG: kernel NULL pointer dereference, address: 0000000000000000'; echo \"$name 16384 1 - Live 0x0\" >>$root/proc/modules; kill -9 $$");
    kernel.onRmmod('exit 1');
    await assert.rejects(load(), { code: 'oops' });
    assert.deepEqual((await onlySession()).end, { state: 'oops', reason: 'BUG: kernel NULL pointer dereference, address: 0000000000000000' });
  });

  it('unloads again what was inserted when it is cancelled', async () => {
    const cancel = new AbortController();
    kernel.onInsmod("kernel '<6>[M]loaded'; echo \"$name 16384 0 - Live 0x0\" >>$root/proc/modules; exec sleep 60 >/dev/null 2>&1");
    const loading = load({}, { signal: cancel.signal, onEvent: (event) => event.type === 'record' && cancel.abort() });
    await assert.rejects(loading, { code: 'cancelled', exitCode: 130 });
    assert.equal((await onlySession()).end?.state, 'cancelled');
    assert.ok(!kernel.read('proc/modules').includes('echo'));
    assert.deepEqual(kernel.list('tmp'), []);
  });

  it('calls a load that was cancelled meanwhile cancelled, and unloads it', async () => {
    const cancel = new AbortController();
    const loaded = await load({}, { signal: cancel.signal });
    cancel.abort();
    assert.equal((await loaded.unload()).end?.state, 'cancelled');
    assert.ok(!kernel.read('proc/modules').includes('echo'));
  });

  it('lets a refused unload be tried again', async () => {
    const loaded = await load();
    kernel.onRmmod("echo \"rmmod: can't unload '$1': Resource temporarily unavailable\" >&2; exit 1");
    await assert.rejects(loaded.unload(), { code: 'unload-refused', why: /Resource temporarily unavailable/ });
    kernel.onRmmod(':');
    assert.equal((await loaded.unload()).end?.state, 'unloaded');
  });

  it('lets one process at a time have a module of a host: others are told, or wait', async () => {
    const first = await load();
    await assert.rejects(load(), { code: 'host-busy', what: 'echo is in use.', why: 'It is in use here: keeping echo loaded.' });
    await assert.rejects(unloadModule({ name: 'echo', host }, deps()), { code: 'host-busy' });
    const second = load({}, { waitForModule: true });
    await first.unload();
    assert.equal((await (await second).unload()).end?.state, 'unloaded');
    assert.equal((await store.list()).length, 2);
  });

  it('loads another module beside one that it keeps loaded, one load after the other', async () => {
    const beside = path.join(kernel.root, 'beside');
    fs.mkdirSync(beside);
    fs.writeFileSync(path.join(beside, 'Kbuild'), 'obj-m := second.o\n');
    fs.writeFileSync(path.join(beside, 'second.c'), SOURCE.replace('#include "echo.h"', '#define VALUE 2'));
    const [other] = (await discoverModules(beside)) as [ModuleDescription];
    const steps: string[] = [];
    const progress = { ...silentProgress, step: (text: string) => void steps.push(text) };
    const both = await Promise.all([load(), load({ module: other, predict: null }, { progress })]);
    assert.ok(steps.includes(`Waiting for its turn (loading echo, from process ${process.pid})`), steps.join());
    assert.match(kernel.read('proc/modules'), /^echo [^]*^second /m);
    for (const loaded of both) assert.equal((await loaded.unload()).end?.state, 'unloaded');
  });

  it('continues the session of a process that ended without a word', async () => {
    const loaded = await load();
    const { id } = loaded.session();
    const copy = fs.readFileSync(path.join(store.folder, `${id}.jsonl`));
    await loaded.detach();
    fs.writeFileSync(path.join(store.folder, `${id}.jsonl`), copy);
    fs.rmSync(path.join(store.folder, `${id}.json`));
    const session = await unloadModule({ name: 'echo', host }, deps());
    assert.deepEqual([session?.id, session?.end?.state], [id, 'unloaded']);
  });

  it('continues the session of a module that was left loaded', async () => {
    kernel.onInsmod("kernel '<6>[M]result -14'");
    const loaded = await load();
    await loaded.createNode({ name: 'x', major: 245, minor: 0 });
    const left = await loaded.detach();
    assert.equal(left.end?.state, 'loaded');
    kernel.print('<6>[M]echoed 7');
    kernel.onRmmod("kernel '<6>[M]gone'");
    const session = await unloadModule({ name: 'echo', host }, deps());
    assert.equal(session?.id, left.id);
    assert.equal(session.end?.state, 'unloaded');
    assert.deepEqual(session.records.map(({ text }) => text), ['[M]result -14', '[M]echoed 7', '[M]gone']);
    assert.deepEqual(session.calls.map(({ predictionId }) => predictionId), ['p1', 'p2']);
    assert.equal(new Set(session.calls.map(({ id }) => id)).size, 2);
    assert.ok(!kernel.exists('dev/echo'));
    await assert.rejects(unloadModule({ name: 'echo', host }, deps()), { code: 'not-loaded' });
  });

  it('unloads what it has no session of', async () => {
    assert.equal(await unloadModule({ name: 'other', host }, deps()), null);
    assert.equal(kernel.read('proc/modules'), '');
  });

  it('ends a session whose host was started anew', async () => {
    await (await load()).detach();
    kernel.write('proc/modules', '');
    host.bootId = 'boot-2';
    await assert.rejects(unloadModule({ name: 'echo', host }, deps()), { code: 'not-loaded' });
    assert.deepEqual((await onlySession()).end, { state: 'hostLost', reason: 'The host was started anew.' });
  });

  it('refuses this machine while that is forbidden', async () => {
    const local = new FakeHost(kernel, 'local');
    const before = process.env['KMODLAB_FORBID_LOCAL'];
    process.env['KMODLAB_FORBID_LOCAL'] = '1';
    try {
      await assert.rejects(load({ host: local }), { code: 'local-forbidden' });
      await assert.rejects(unloadModule({ name: 'other', host: local }, deps()), { code: 'local-forbidden' });
    } finally {
      if (before === undefined) delete process.env['KMODLAB_FORBID_LOCAL'];
      else process.env['KMODLAB_FORBID_LOCAL'] = before;
    }
    assert.deepEqual(await store.list(), []);
    assert.ok(kernel.read('proc/modules').includes('other'));
  });

  it('refuses parameters that the kernel has no way to take', async () => {
    for (const parameters of [{ text: 'a"b' }, { text: 'a\nb' }, { text: 'a\0b' }, { 'bad name': 'x' }, { text: 'x'.repeat(2000) }]) {
      await assert.rejects(load({ parameters: parameters as unknown as Record<string, string> }), { code: 'bad-parameter', exitCode: 2 });
    }
  });

  it('refuses texts and node names that it cannot hand over', async () => {
    const loaded = await load();
    for (const text of ['two\nlines', 'nul\0', 'x'.repeat(5000)]) await assert.rejects(loaded.writeToDevice('/dev/echo', text), { code: 'bad-device-text' });
    for (const name of ['../etc', '', '.', '..', 'a/b', 'x'.repeat(100)]) await assert.rejects(loaded.createNode({ name: 'x', major: 1, minor: 0 }, name), { code: 'bad-node-name' });
    kernel.write('dev/taken', '');
    await assert.rejects(loaded.createNode({ name: 'x', major: 1, minor: 0 }, 'taken'), { code: 'node-failed' });
    await loaded.unload();
    assert.ok(kernel.exists('dev/taken'));
  });

  it('asks once before it loads into a kernel that is no guest', async () => {
    const box = new FakeHost(kernel, 'ssh');
    await assert.rejects(load({ host: box }), { code: 'host-not-confirmed', why: /nobody has said yet that modules may be loaded into its kernel \(9\.9\.9-fake\)/ });
    await assert.rejects(load({ host: box }, { confirmFirstLoad: () => Promise.resolve(false) }), { code: 'cancelled' });
    assert.deepEqual(await store.list(), []);
    const questions: FirstLoad[] = [];
    const confirmFirstLoad = (question: FirstLoad): Promise<boolean> => {
      questions.push(question);
      return Promise.resolve(true);
    };
    await (await load({ host: box }, { confirmFirstLoad })).unload();
    await (await load({ host: new FakeHost(kernel, 'ssh') }, { confirmFirstLoad })).unload();
    assert.deepEqual(questions, [{ module: 'echo', host: 'Fake', kernel: FAKE_RELEASE }]);
  });

  it('forgets no host that was agreed to elsewhere while it asked', async () => {
    const file = 'state/agreed-hosts.json';
    const confirmFirstLoad = (): Promise<boolean> => {
      kernel.write(file, JSON.stringify({ hosts: [{ id: 'ssh:other', at: '' }] }));
      return Promise.resolve(true);
    };
    fs.mkdirSync(kernel.dirs.state, { recursive: true });
    const box = new FakeHost(kernel, 'ssh');
    await (await load({ host: box }, { confirmFirstLoad })).unload();
    const { hosts } = JSON.parse(kernel.read(file)) as { hosts: { id: string }[] };
    assert.deepEqual(hosts.map(({ id }) => id), ['ssh:other', box.id]);
  });

  it('remembers the parameters of the last load that came about, of each module', async () => {
    assert.equal(lastParameters(kernel.dirs.state, module), null);
    await (await load({ parameters: { one: '1' } })).unload();
    kernel.onInsmod('exit 1');
    await assert.rejects(load({ parameters: { two: '2' } }), { code: 'insmod-refused' });
    assert.deepEqual(lastParameters(kernel.dirs.state, module), { one: '1' });
    assert.equal(lastParameters(kernel.dirs.state, { ...module, name: 'other' }), null);
    kernel.write('state/parameters.json', '{ damaged');
    assert.equal(lastParameters(kernel.dirs.state, module), null);
    assert.deepEqual(lastGiven(kernel.dirs.state, module), {});
  });

  it('remembers apart from that what was given last: a load without parameters, or one that fails, does not take it away', async () => {
    const { state } = kernel.dirs;
    await (await load({ parameters: { one: '1' } })).unload();
    await (await load()).unload();
    assert.deepEqual([lastParameters(state, module), lastGiven(state, module)], [{}, { one: '1' }]);
    rememberGiven(state, module, { two: '2' });
    assert.deepEqual([lastParameters(state, module), lastGiven(state, module)], [{}, { two: '2' }]);
    rememberGiven(state, module, {});
    assert.deepEqual(lastGiven(state, module), {}, 'every parameter was left to its default');
    kernel.write('state/parameters.json', JSON.stringify({ modules: [{ folder: module.folder, name: module.name, parameters: { old: '3' } }] }));
    assert.deepEqual(lastGiven(state, module), { old: '3' });
  });

  it('loads a .ko as it is, and says that its sources are newer', async () => {
    const ko = path.join(folder, 'echo.ko');
    const loaded = await load();
    const built = fs.readdirSync(kernel.dirs.cache, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('echo.ko'));
    await loaded.unload();
    fs.copyFileSync(path.join(kernel.dirs.cache, built ?? ''), ko);
    fs.utimesSync(ko, 1, 1);
    const session = await (await load({ prebuilt: ko })).unload();
    assert.deepEqual([session.build, session.end?.state], [null, 'unloaded']);
    assert.deepEqual(session.preflight.at(-1), { check: 'age', verdict: 'warning', text: 'The file is older than echo.c, echo.h: what is loaded is not what you see.', fix: 'Build the module again.' });
    assert.deepEqual(fs.readdirSync(folder).sort(), ['Kbuild', 'echo.c', 'echo.h', 'echo.ko']);
  });

  it('keeps what is loaded when what would replace it does not build', async () => {
    const loaded = await load();
    fs.writeFileSync(path.join(folder, 'echo.c'), 'int broken(void) { return 1 }\n');
    await assert.rejects(load({ replaces: loaded }), { code: 'build-failed' });
    assert.ok(kernel.read('proc/modules').includes('echo'));
    await assert.rejects(load(), { code: 'host-busy' });
    fs.writeFileSync(path.join(folder, 'echo.c'), SOURCE);
    const second = await load({ replaces: loaded });
    assert.equal((await loaded.ended).end?.state, 'unloaded');
    await assert.rejects(load(), { code: 'host-busy' });
    await second.unload();
    await (await load({ replaces: 'loaded' })).unload();
  });

  it('refuses a watchdog that would never or at once bark', async () => {
    for (const watchdogSeconds of [0, -1, 1.5, 100_000, Number.NaN]) await assert.rejects(load({ watchdogSeconds }), { code: 'bad-watchdog', exitCode: 2 });
  });
});
