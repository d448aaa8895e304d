// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { SessionEvent } from '../../core/model';
import { unloadModule } from '../../core/modules/unload';
import { SessionStore } from '../../core/sessions/store';
import { depsOf, load, temporaryModules, texts } from './modules';
import { withGuest } from './support';

const LOAD_MS = 120_000;

describe('loading a module on a guest', function () {
  this.timeout(LOAD_MS);
  const guest = withGuest();
  const temporary = temporaryModules();
  const nothingIsLeftOf = async (name: string): Promise<void> => {
    const { stdout } = await guest().host.script('grep "^$1 " /proc/modules; ls /tmp', [name]);
    assert.equal(stdout, '');
  };

  it('keeps the records of init and exit, all of them, and none from before', async () => {
    const count = 500;
    const folder = temporary('chatty', `static int __init chatty_init(void) { int i; for (i = 0; i < ${count}; i++) pr_info("line %d\\n", i); return 0; }\nstatic void __exit chatty_exit(void) { pr_info("gone\\n"); }\nmodule_init(chatty_init);\nmodule_exit(chatty_exit);`);
    const loaded = await load(guest(), folder);
    const session = await loaded.unload();
    const lines = texts(session).filter((text) => text.startsWith('line ') || text === 'gone');
    assert.deepEqual(lines, [...Array.from({ length: count }, (_, index) => `line ${index}`), 'gone']);
    assert.deepEqual(session.gaps, []);
    assert.equal(session.end?.state, 'unloaded');
    assert.ok(!texts(session).some((text) => text.includes('Linux version')));
  });

  it('captures what the device writes on the stderr of the writing shell', async () => {
    const loaded = await load(guest(), path.resolve('module'));
    const [device] = loaded.devices();
    assert.ok(device);
    const node = await loaded.createNode(device);
    const action = await loaded.writeToDevice(node, "it's $HOME `id` \\n");
    assert.equal(action.stderr, "it's $HOME `id` \\n\n");
    assert.deepEqual([action.exitCode, action.stdout, action.deviceWrite?.bytes], [0, '', 19]);
    const session = await loaded.unload();
    assert.deepEqual(session.calls.filter((call) => call.action !== null).map(({ syscall, result, action: index }) => ({ syscall, result, index })), [{ syscall: 'write', result: 19, index: 0 }]);
    assert.equal((await guest().host.script('ls "$1"', [node])).stdout, '');
    await nothingIsLeftOf('device2');
  });

  it('hands parameters over as they are', async () => {
    const folder = temporary('speaker', 'static char *text = "";\nmodule_param(text, charp, 0);\nstatic int __init speaker_init(void) { pr_info("text is <%s>\\n", text); return 0; }\nstatic void __exit speaker_exit(void) { }\nmodule_init(speaker_init);\nmodule_exit(speaker_exit);');
    for (const text of ['two words', "$(id) 'x' ; #", '']) {
      const session = await (await load(guest(), folder, { parameters: { text } })).unload();
      assert.ok(texts(session).includes(`text is <${text}>`), texts(session).join('\n'));
    }
  });

  it("shows the kernel's own reason when insmod is refused, and leaves nothing", async () => {
    const folder = temporary('refuser', 'static int __init refuser_init(void) { pr_err("refuser: no such hardware\\n"); return -ENODEV; }\nmodule_init(refuser_init);');
    const events: SessionEvent[] = [];
    await assert.rejects(load(guest(), folder, {}, { onEvent: (event) => events.push(event) }), { code: 'insmod-refused', why: /^The kernel said: refuser: no such hardware \(insmod: .*refuser\.ko.*: No such device\)\.$/i });
    const last = events.at(-1);
    assert.ok(last?.type === 'ended');
    assert.equal(last.end.state, 'refused');
    await nothingIsLeftOf('refuser');
  });

  it('shows errors of the compiler at their lines, and loads nothing', async () => {
    const events: SessionEvent[] = [];
    await assert.rejects(load(guest(), path.resolve('test/fixtures/modules/compile'), {}, { onEvent: (event) => events.push(event) }), { code: 'build-failed', why: /^(?:own\.h:4|other\.c:7): / });
    const build = events.find((event) => event.type === 'build')?.build;
    const errors = build?.diagnostics.filter(({ severity }) => severity === 'error').map(({ file, line }) => `${file}:${line}`);
    assert.deepEqual([...new Set(errors)].sort(), ['main.c:10', 'main.c:11', 'other.c:7', 'own.h:4']);
    await nothingIsLeftOf('broken');
  });

  it('continues from another process what was left loaded', async () => {
    const left = await (await load(guest(), path.resolve('module'), { parameters: { experiment: 'echo' } })).detach();
    assert.equal(left.end?.state, 'loaded');
    const session = await unloadModule({ name: 'device2', host: guest().host }, depsOf(guest()));
    assert.equal(session?.id, left.id);
    assert.equal(session.end?.state, 'unloaded');
    assert.ok(session.records.length > left.records.length);
  });

  it('ends the session when the guest is killed in the middle', async () => {
    const loaded = await load(guest(), path.resolve('module'), { parameters: { experiment: 'echo' } });
    process.kill(guest().host.pid, 'SIGKILL');
    const session = await loaded.ended;
    assert.equal(session.end?.state, 'hostLost');
    assert.deepEqual((await new SessionStore(guest().dirs.state).read(session.id)).end, session.end);
    assert.equal((await loaded.unload()).end?.state, 'hostLost');
    await guest().host.reset();
  });

  it('says oops, with the line of the kernel, when the module crashes it', async () => {
    const folder = temporary('crasher', 'static int __init crasher_init(void)\n{\n\tpr_info("before\\n");\n\t*(volatile int *)8 = 1;\n\treturn 0;\n}\nmodule_init(crasher_init);');
    const source = { file: 'crasher.c', line: fs.readFileSync(path.join(folder, 'crasher.c'), 'utf8').split('\n').findIndex((text) => text.includes('volatile')) + 1 };
    await assert.rejects(load(guest(), folder), { code: 'oops', why: new RegExp(`^At crasher.c:${source.line} it said: .*NULL pointer dereference`) });
    const store = new SessionStore(guest().dirs.state);
    const session = await store.read((await store.list())[0]?.id ?? '');
    assert.deepEqual([session.end?.state, session.end?.source], ['oops', source]);
    const texts = session.records.map(({ text }) => text);
    assert.deepEqual([texts.filter((text) => text.includes('before')).length, texts.filter((text) => text.startsWith('Kernel panic')).length], [1, 1], 'what the log could not tell any more is there from the console');
    await guest().host.reset();
  });
});
