// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildModule } from '../../core/build/build';
import { buildRoot } from '../../core/build/mirror';
import { ModuleCode } from '../../core/calls/module-code';
import { CallRecorder, RecorderUnavailable, type RecorderOptions, type Wanted } from '../../core/calls/recorder';
import { SourceLines } from '../../core/calls/source-lines';
import type { Call, LoadSession, SessionEvent } from '../../core/model';
import { discoverModules, type ModuleDescription } from '../../core/modules/discover';
import { startLoad, type LoadPlan } from '../../core/modules/load';
import { takeOver, unloadModule } from '../../core/modules/unload';
import { SessionStore } from '../../core/sessions/store';
import { copyOfModule, kmodlab, notOffered, parseSession, ROOT } from '../support/cli';
import { withGuest } from './support';

const FIXTURE = path.join(ROOT, 'test', 'fixtures', 'calls');
const TRACING = '/sys/kernel/tracing';

/** Line (from 1) of the only line of a file that holds a text. */
function lineOf(file: string, text: string): number {
  const lines = fs.readFileSync(file, 'utf8').split('\n').flatMap((line, index) => (line.includes(text) ? [index + 1] : []));
  assert.equal(lines.length, 1, `${text} in ${file}`);
  return lines[0]!;
}
const fixtureLine = (comment: string): { file: string; line: number } => ({ file: 'calls.c', line: lineOf(path.join(FIXTURE, 'calls.c'), `/* ${comment} */`) });
const valuesOf = (call: Call | undefined): bigint[] => call?.registers?.map(({ value }) => BigInt(value)) ?? [];

describe('device2 recorded without a word in the log', function () {
  for (const kernel of ['5.10-cloud', '6.1-cloud', '6.12-cloud', 'newest-cloud']) {
    it(`on ${kernel}: lines, registers, results, predictions`, async function () {
      const silence = [['printk(', 'no_printk(']] as const;
      const folder = copyOfModule({ 'device2_main.c': silence, 'device2_kernel_buffer.c': silence, 'device2_descriptors.c': silence, 'device2_echo.c': silence, 'device2_table.c': silence });
      const result = await kmodlab(['demo', '--kernel', kernel, '--module', folder, '--json']);
      const at = (file: string, text: string): string => `${file}:${lineOf(path.join(folder, file), text)}`;
      const lines = [at('device2_kernel_buffer.c', 'rc = write_syscall(&param)'), at('device2_descriptors.c', 'rc = close_syscall(&param)'), at('device2_echo.c', 'rc = write_syscall(&param)')];
      fs.rmSync(folder, { recursive: true });
      if (notOffered(result)) this.skip();
      assert.equal(result.exitCode, 0, result.stderr);
      const session = parseSession(result);
      assert.deepEqual(session.records.filter(({ text }) => text.includes('[DEVICE2]')), []);
      assert.deepEqual(session.loaderDescriptors?.map(({ number }) => number), [0, 1, 2]);
      const [stdin, stdout, stderr] = session.loaderDescriptors.map(({ target }) => target);
      assert.equal(stdin, '/dev/null');
      for (const target of [stdout, stderr]) assert.match(target ?? '', /^(?:pipe|socket):\[\d+\]$/);
      assert.deepEqual(session.recorder.mode, 'probe');
      assert.equal(session.recorder.lost, 0, session.recorder.reason);
      assert.deepEqual(session.calls.map(({ syscall, result: value, errno, evidence, action }) => [syscall, value, errno, evidence, action]), [
        ['write', -14, 'EFAULT', 'probe', null],
        ['dup', 4, null, 'probe', null],
        ['close', 0, null, 'probe', null],
        ['dup', 0, null, 'probe', null],
        ['write', 25, null, 'probe', 0],
        ['write', 15, null, 'probe', 1],
      ]);
      const places = session.calls.map(({ source }) => `${source?.file}:${source?.line}`);
      assert.deepEqual([places[0], places[2], places[4], places[5]], [lines[0], lines[1], lines[2], lines[2]]);
      assert.ok(session.calls.every(({ predictionId }) => predictionId !== null));
      const [fd, buffer, length, ...rest] = valuesOf(session.calls[0]);
      assert.deepEqual([fd, length, rest], [1n, BigInt('[DEVICE2]String from driver\n'.length), [0n, 0n, 0n]]);
      assert.ok(buffer! >= 0xffffffffc0000000n, 'the buffer lies in the module');
      assert.ok(valuesOf(session.calls[4])[1]! < 1n << 47n, "the writer's buffer is the user's");
      assert.deepEqual(session.calls.map(({ task }) => task), ['insmod', 'insmod', 'insmod', 'insmod', 'sh', 'sh']);
    });
  }
});

it('a log line that lies changes nothing, and both clocks are one', async () => {
  const folder = copyOfModule({ 'device2_kernel_buffer.c': [[', rc);', ', 1L);']] });
  const session = parseSession(await kmodlab(['demo', '--module', folder, '--json']));
  fs.rmSync(folder, { recursive: true });
  const said = session.records.findIndex(({ text }) => text.endsWith('kernel space buffer = 1'));
  assert.ok(said > 0);
  const writes = session.calls.filter(({ source }) => source?.file === 'device2_kernel_buffer.c');
  assert.deepEqual(writes.map(({ result, evidence }) => [result, evidence]), [[-14, 'probe']]);
  assert.ok(session.records[said - 1]!.usec <= writes[0]!.usec && writes[0]!.usec <= session.records[said]!.usec, 'the call lies between the records around it');
});

describe('the recorder on a guest', () => {
  const guest = withGuest('6.1-cloud');
  let module: ModuleDescription;
  before(async () => {
    [module] = (await discoverModules(FIXTURE)) as [ModuleDescription];
  });

  const sh = async (script: string, ...args: string[]): Promise<string> => {
    const result = await guest().host.script(script, args);
    assert.equal(result.exitCode, 0, result.stderr);
    return result.stdout;
  };
  const ours = (): Promise<string> => sh(`{ ls ${TRACING}/instances; cat ${TRACING}/kprobe_events; } | grep kmodlab || true`);
  const load = (more: Partial<LoadPlan>): ReturnType<typeof startLoad> => {
    const { host, dirs } = guest();
    const plan = { module, host, parameters: {}, predict: null, record: { syscalls: ['write', 'dup', 'close'] }, ...more };
    return startLoad(plan, { store: new SessionStore(dirs.state), dirs });
  };
  const latest = (): Promise<LoadSession> => new SessionStore(guest().dirs.state).read('latest');
  const prepare = (more: Partial<RecorderOptions>): CallRecorder => {
    const { host } = guest();
    return CallRecorder.prepare({ host, sessionId: 's-1', arch: 'x86_64', kernel: host.kernelRelease, moduleName: 'calls', onCall: () => undefined, ...more });
  };
  const recorder = async ({ syscalls = ['write', 'close', 'dup'], ...more }: Partial<RecorderOptions & Wanted>): Promise<CallRecorder> => {
    const prepared = prepare(more);
    await prepared.record({ syscalls, predictions: [] }).catch(async (error: unknown) => {
      await prepared.stop();
      throw error;
    });
    return prepared;
  };

  it('shows no registers where the entry was given no register block', async () => {
    const loaded = await load({ record: { syscalls: ['getpid'] } });
    await loaded.exercise(['sh', '-c', 'echo hi >/proc/calls_bare']);
    const { calls, host } = await loaded.unload();
    assert.deepEqual(calls.map(({ syscall, registers, source, unknownBecause }) => [syscall, registers, source, unknownBecause]), [
      ['getpid', null, fixtureLine('bare'), 'Its register block could not be read.'],
    ]);
    assert.ok(calls[0]!.result! > 1);
    assert.ok(host.levels === 4 || host.levels === 5);
  });

  it('records calls within calls, each with its parent and the line inside an inlined helper', async () => {
    const loaded = await load({});
    await loaded.exercise(['sh', '-c', 'echo hi >/proc/calls_outer 2>/proc/calls_inner']);
    const { calls, recorder: summary } = await loaded.unload();
    const [outer] = calls.filter(({ syscall }) => syscall === 'write');
    assert.deepEqual(outer?.source, fixtureLine('outer'));
    assert.deepEqual([outer.result, outer.parentId, outer.action], [3, null, 0]);
    assert.deepEqual(calls.filter((call) => call !== outer).map(({ syscall, parentId, source }) => [syscall, parentId, source]), [
      ['dup', outer.id, fixtureLine('inlined')],
      ['close', outer.id, fixtureLine('inlined')],
    ]);
    assert.equal(summary.lost, 0, summary.reason);
    const [, inner] = calls;
    const functions = outer.stack?.map(({ function: name }) => name.replace(/\+0x[0-9a-f]+$/, '')) ?? [];
    assert.equal(functions[0], 'outer_write');
    assert.ok(functions.includes('vfs_write'), functions.join(' '));
    assert.deepEqual(outer.stack?.[0]?.source, fixtureLine('outer'));
    assert.deepEqual(inner?.stack?.flatMap(({ source }) => source ?? []), [fixtureLine('inlined'), fixtureLine('outer')]);
    assert.equal(await ours(), '');
  });

  it('records a call that the compiler made a jump', async () => {
    const loaded = await load({});
    const action = await loaded.exercise(['sh', '-c', 'echo hello >/proc/calls_jump']);
    assert.match(action.stderr, /Bad file descriptor/);
    const { calls } = await loaded.unload();
    assert.deepEqual(calls.map(({ syscall, result, errno, source, status }) => ({ syscall, result, errno, source, status })), [
      { syscall: 'write', result: -9, errno: 'EBADF', source: fixtureLine('jump'), status: 'returned' },
    ]);
    assert.match(calls[0]!.caller ?? '', /^jump_write\+0x/);
    assert.deepEqual(valuesOf(calls[0]).filter((_, index) => index !== 1), [1000n, 6n, 0n, 0n, 0n]);
  });

  it('places the calls of an init that failed, whose code is gone', async () => {
    await assert.rejects(load({ parameters: { fail: '1' } }), { code: 'insmod-refused' });
    const { calls } = await latest();
    assert.ok(calls.length >= 1);
    for (const { result, errno, source, registers } of calls) {
      assert.deepEqual([result, errno, source, registers?.[0]?.value], [-9, 'EBADF', fixtureLine('inlined'), '0x1092']);
    }
    assert.equal(await ours(), '');
  });

  it('reads the log and says so when recording is off', async () => {
    const loaded = await load({ record: false });
    await loaded.exercise(['sh', '-c', 'echo hi >/proc/calls_inner']);
    const session = await loaded.unload();
    assert.deepEqual([session.recorder.mode, session.calls], ['log', []]);
    assert.match(session.recorder.reason, /^Recording is turned off/);
  });

  it('leaves foreign probes as they were, also on the same syscall', async () => {
    await sh(`cd ${TRACING}; echo 'p:foreign/in __x64_sys_write' >>kprobe_events; echo 'r:foreign/out __x64_sys_write' >>kprobe_events; echo 1 >events/foreign/enable`);
    const before = await sh(`grep foreign ${TRACING}/kprobe_events`);
    const loaded = await load({});
    await loaded.exercise(['sh', '-c', 'echo hi >/proc/calls_outer']);
    const { calls } = await loaded.unload();
    assert.deepEqual(calls.map(({ syscall, result }) => [syscall, result]), [['write', 3]]);
    assert.equal(await sh(`grep foreign ${TRACING}/kprobe_events; cat ${TRACING}/events/foreign/enable`), `${before}1\n`);
    assert.equal(await ours(), '');
    await sh(`cd ${TRACING}; echo 0 >events/foreign/enable; echo -:foreign/in >>kprobe_events; echo -:foreign/out >>kprobe_events; echo >trace`);
  });

  it('takes the recorder of a module that is replaced away behind the load, with nothing of what it recorded lost', async () => {
    const first = await load({});
    await first.exercise(['sh', '-c', 'echo hi >/proc/calls_inner']);
    const second = await load({ replaces: first });
    const { calls, end, recorder: summary } = await first.unload();
    assert.deepEqual([end?.state, calls.map(({ syscall, action }) => [syscall, action]), summary.lost], ['unloaded', [['dup', 0], ['close', 0]], 0]);
    const left = await ours();
    assert.ok(left.includes(second.sessionId.slice(-6)) && !left.includes(first.sessionId.slice(-6)), left);
    await second.exercise(['sh', '-c', 'echo hi >/proc/calls_inner']);
    assert.deepEqual((await second.unload()).calls.map(({ syscall }) => syscall), ['dup', 'close']);
    assert.equal(await ours(), '');
  });

  it('goes on recording a module that was left loaded, in the same session', async () => {
    const { host, dirs } = guest();
    const first = await load({ record: { syscalls: ['write', 'dup', 'close', 'getpid'] } });
    await first.exercise(['sh', '-c', 'echo hi >/proc/calls_inner']);
    const left = await first.detach();
    assert.equal(await ours(), '');
    await sh('echo hi >/proc/calls_inner');
    const second = await takeOver({ name: module.name, host }, { store: new SessionStore(dirs.state), dirs });
    await second.exercise(['sh', '-c', 'echo hello >/proc/calls_jump']);
    await second.exercise(['sh', '-c', 'echo hi >/proc/calls_outer 2>/proc/calls_inner']);
    await second.exercise(['sh', '-c', 'echo hi >/proc/calls_bare']);
    const { id, calls, recorder: summary } = await second.unload();
    assert.equal(id, left.id);
    assert.deepEqual(calls.slice(0, 2), left.calls);
    assert.deepEqual(calls.map(({ syscall, action }) => [syscall, action]), [['dup', 0], ['close', 0], ['write', 1], ['dup', 2], ['close', 2], ['write', 2], ['getpid', 3]]);
    assert.equal(new Set(calls.map((call) => call.id)).size, calls.length);
    const [, , jumped, inner, , outer] = calls;
    assert.deepEqual([jumped?.source, outer?.source, inner?.source], [fixtureLine('jump'), fixtureLine('outer'), fixtureLine('inlined')]);
    assert.equal(inner?.parentId, outer?.id);
    assert.match(summary.reason, / Calls that it made since it was left in the kernel, until it was used again, are not recorded\.$/);
    assert.deepEqual([summary.lost, await ours()], [0, '']);
  });

  it('says so where the .ko that was loaded is not there any more, and where somebody else unloads', async () => {
    const { host, dirs } = guest();
    const deps = { store: new SessionStore(dirs.state), dirs };
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-recorder-'));
    fs.cpSync(FIXTURE, folder, { recursive: true });
    const [copy] = (await discoverModules(folder)) as [ModuleDescription];
    await (await load({ module: copy })).detach();
    fs.rmSync(buildRoot(dirs.cache, folder), { recursive: true });
    const taken = await takeOver({ name: copy.name, host }, deps);
    await taken.exercise(['sh', '-c', 'echo hi >/proc/calls_inner']);
    const kept = await taken.detach();
    assert.deepEqual([kept.calls, kept.recorder.mode], [[], 'probe']);
    assert.match(kept.recorder.reason, /^Kernel probes on .* Calls that it made since it was left in the kernel are not recorded: the \.ko that was loaded is not there any more\.$/);
    const session = await unloadModule({ name: copy.name, host }, deps);
    assert.equal(session?.recorder.reason, kept.recorder.reason);
    await (await load({ module: copy })).detach();
    assert.match((await unloadModule({ name: copy.name, host }, deps))?.recorder.reason ?? '', /directly\. Calls that it made since it was left in the kernel are not recorded\.$/);
    for (const each of [folder, buildRoot(dirs.cache, folder)]) fs.rmSync(each, { recursive: true });
    assert.equal(await ours(), '');
  });

  it('sweeps what a dead session left, never what a live one uses', async () => {
    await sh(`cd ${TRACING}; mkdir instances/kmodlab_4194304_dead; echo 'p:kmodlab_4194304_dead/e_dup __x64_sys_dup' >>kprobe_events; echo 1 >instances/kmodlab_4194304_dead/events/kmodlab_4194304_dead/enable`);
    const first = await recorder({ sessionId: 'one' });
    const second = await recorder({ sessionId: 'two' });
    const both = await ours();
    assert.doesNotMatch(both, /dead/);
    assert.match(both, /kmodlab_\d+_one\n/);
    await first.stop();
    assert.match(await ours(), /^kmodlab_\d+_two\n/);
    await second.stop();
    assert.equal(await ours(), '');
  });

  it('counts every loss: a buffer too small, return probes with one instance', async () => {
    const { host, dirs } = guest();
    const environment = await host.buildEnvironment();
    const { koPath } = await buildModule({ module, environment, dirs });
    const calls: Call[] = [];
    const small = await recorder({ bufferKib: 8, maxActive: 1, onCall: (call) => calls.push(call) });
    await small.watch(new ModuleCode(fs.readFileSync(koPath!)), new SourceLines({ environment, koPath: koPath! }));
    await host.put(koPath!, '/tmp/calls.ko');
    const COUNT = 20_000;
    small.located(await sh('insmod /tmp/calls.ko count="$1" && for file in /sys/module/calls/sections/.*text*; do echo "${file##*/} $(cat "$file")"; done', String(COUNT)));
    await sh('echo hi >/proc/calls_many; echo hi >/proc/calls_outer; rmmod calls');
    const summary = await small.stop();
    const complete = calls.filter(({ status, registers }) => status === 'returned' && registers !== null).length;
    assert.ok(complete < COUNT + 1, 'something was lost, or this test shows nothing');
    // a lost call is up to two lost events, and at least one
    assert.ok(summary.lost >= COUNT + 1 - complete, `${summary.lost} counted, ${complete} complete`);
    assert.deepEqual(calls.filter(({ status }) => status === 'entryOnly').map(({ result }) => result).filter((result) => result !== null), []);
  });

  it('leaves nothing where it was made ready and nothing is recorded', async () => {
    const unused = prepare({ sessionId: 'unused' });
    await unused.stop();
    assert.equal(await ours(), '');
    const why = new Error('no analysis');
    await assert.rejects(load({ predict: () => Promise.reject(why) }), /no analysis/);
    assert.equal(await ours(), '');
    const { host, dirs } = guest();
    const stop = new AbortController();
    const deps = { store: new SessionStore(dirs.state), dirs, signal: stop.signal, onEvent: ({ type }: SessionEvent) => type === 'started' && setImmediate(() => stop.abort()) };
    await assert.rejects(startLoad({ module, host, parameters: {}, predict: null, record: { syscalls: ['dup'] } }, deps), { code: 'cancelled' });
    assert.equal(await ours(), '');
  });

  it('records what the kernel has, and names what it has not', async () => {
    const some = await recorder({ syscalls: ['dup', 'mseal'] });
    assert.match((await some.stop()).reason, /^Kernel probes on dup\. This kernel has no entry for mseal\./);
    await assert.rejects(recorder({ syscalls: ['mseal'] }), new RecorderUnavailable('The kernel refused the probes'));
    assert.equal(await ours(), '');
  });

  it('says why it cannot record', async () => {
    await assert.rejects(recorder({ tracefs: ['/nowhere'] }), new RecorderUnavailable('The host has no trace filesystem that can be mounted'));
    await assert.rejects(recorder({ syscalls: ['no_such_call', 'write; reboot'] }), RecorderUnavailable);
    await assert.rejects(recorder({ arch: 'i386' }), /No probes are known for i386/);
    assert.equal(await ours(), '');
  });

  it('reads the log where the kernel hides its addresses, and says so', async () => {
    await sh('echo 2 >/proc/sys/kernel/kptr_restrict');
    const loaded = await load({});
    await sh('echo 0 >/proc/sys/kernel/kptr_restrict');
    const { recorder: summary } = await loaded.unload();
    assert.equal(summary.mode, 'log');
    assert.match(summary.reason, /^The kernel hides its addresses \(kernel\.kptr_restrict\), so calls are read from the module's own log lines/);
  });

  // The last one: the kernel does not go back from a lockdown.
  it('says that a locked down kernel forbids it', async () => {
    await sh('mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security; echo confidentiality >/sys/kernel/security/lockdown');
    await assert.rejects(recorder({}), new RecorderUnavailable('The kernel is locked down (confidentiality), which forbids kernel probes'));
  });
});
