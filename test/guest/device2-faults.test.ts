// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Failure, type LoadSession } from '../../core/model';
import { discoverModules } from '../../core/modules/discover';
import { startLoad, type LoadedModule } from '../../core/modules/load';
import { SessionStore } from '../../core/sessions/store';
import { copyOfModule } from '../support/cli';
import { withGuest } from './support';

type Edits = NonNullable<Parameters<typeof copyOfModule>[0]>;

const texts = (session: LoadSession): string[] => session.records.map(({ text }) => text);

describe("device2's answers to what goes wrong", function () {
  this.timeout(120_000);
  const guest = withGuest();

  async function load(edits: Edits = {}, parameters: Record<string, string> = {}): Promise<LoadedModule> {
    const folder = copyOfModule(edits);
    try {
      const [module] = await discoverModules(folder);
      const { host, dirs } = guest();
      return await startLoad({ module: module!, host, parameters, predict: null }, { store: new SessionStore(dirs.state), dirs });
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }

  /** A load that init must refuse: its saved session, once the guest is seen to be as before. */
  async function refused(edits: Edits, parameters: Record<string, string> = {}): Promise<LoadSession> {
    const failure = await load(edits, parameters).then(() => assert.fail('it was loaded'), (error: unknown) => Failure.from(error));
    assert.equal(failure.code, 'insmod-refused');
    const { stdout } = await guest().host.script('grep device2 /proc/modules /proc/devices; cat /sys/kernel/debug/kprobes/list 2>/dev/null', []);
    assert.equal(stdout, '');
    const { dirs } = guest();
    return new SessionStore(dirs.state).read('latest');
  }

  it('an unknown experiment', async () => {
    const session = await refused({}, { experiment: 'nonsense' });
    assert.ok(texts(session).some((text) => text.includes('unknown experiment "nonsense": use kernel_buffer, descriptors, echo or all')));
  });

  it('a table without a symbol', async () => {
    const session = await refused({ 'device2_table.c': [['lookup("sys_call_table")', 'lookup("no_such_table")']] });
    assert.ok(texts(session).some((text) => text.includes('sys_call_table has no symbol')));
  });

  it('a lookup that no probe finds', async () => {
    const session = await refused({ 'device2_table.c': [['.symbol_name = "kallsyms_lookup_name"', '.symbol_name = "no_such_function"']] });
    assert.ok(texts(session).some((text) => text.includes('kallsyms_lookup_name cannot be found: register_kprobe() = -2')));
  });

  it('no device number', async () => {
    const session = await refused({ 'device2_echo.c': [['alloc_chrdev_region(&device_number, 0, 1,', 'alloc_chrdev_region(&device_number, 0, MINORMASK + 2,']] });
    assert.ok(texts(session).some((text) => text.includes('no device number: alloc_chrdev_region() = -22')));
  });

  it('no character device', async () => {
    // device number 0:0 is the kernel's own (WHITEOUT_DEV)
    const session = await refused({ 'device2_echo.c': [['cdev_add(&device_cdev, device_number, 1)', 'cdev_add(&device_cdev, 0, 1)']] });
    assert.ok(texts(session).some((text) => text.includes('no character device: cdev_add() = -16')));
  });

  it('the device as its own stderr is refused, and the module goes on working', async () => {
    const loaded = await load({}, { experiment: 'echo' });
    const node = await loaded.createNode(loaded.devices()[0]!);
    const own = await loaded.exercise(['sh', '-c', 'exec 2>"$1"; cat /nonexistent; echo "exit $?"', 'sh', node]);
    assert.equal(own.exitCode, 0);
    assert.match(own.stdout, /^exit [1-9]/);
    const echo = await loaded.writeToDevice(node, 'still here');
    assert.equal(echo.stderr, 'still here\n');
    const session = await loaded.unload();
    assert.ok(texts(session).includes("[DEVICE2]refused: the device is its writer's own stderr"));
    assert.equal(session.end?.state, 'unloaded');
  });

  it('opening the device after the module has gone', async () => {
    const loaded = await load({}, { experiment: 'echo' });
    const [device] = loaded.devices();
    await loaded.unload();
    const { host } = guest();
    const { stdout, stderr, exitCode } = await host.script('mknod /tmp/late c "$1" 0 && cat /tmp/late; status=$?; rm -f /tmp/late; grep "$1" /proc/devices; exit $status', [String(device!.major)]);
    assert.deepEqual([stdout, exitCode], ['', 1]);
    assert.match(stderr, /No such device/);
    assert.equal((await host.run(['true'])).exitCode, 0);
  });

  it('each experiment runs alone', async () => {
    const reported: Record<string, string[]> = {};
    for (const experiment of ['kernel_buffer', 'descriptors', 'echo']) {
      const session = await (await load({}, { experiment })).unload();
      reported[experiment] = texts(session).filter((text) => / = -?\d+$|initialized/.test(text)).map((text) => text.replace(/\d+\)$/, 'N)'));
    }
    assert.deepEqual(reported, {
      kernel_buffer: ['[DEVICE2]write() with a kernel space buffer = -14'],
      descriptors: ['[DEVICE2]dup() = 4', '[DEVICE2]close() = 0', '[DEVICE2]dup() = 0'],
      echo: ['[DEVICE2]initialized (major number is N)'],
    });
  });
});
