// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { buildModule } from '../../core/build/build';
import type { SessionEvent } from '../../core/model';
import { startLoad } from '../../core/modules/load';
import { unloadModule } from '../../core/modules/unload';
import { SessionStore } from '../../core/sessions/store';
import { kmodlab } from '../support/cli';
import { depsOf, load, moduleOf, temporaryModules, texts } from './modules';
import { withGuest } from './support';

const CYCLES = 100;
const WARM_UP = 20;
const QUIET = 'static int __init start(void) { return 0; }\nstatic void __exit stop(void) { }\nmodule_init(start);\nmodule_exit(stop);';
/** Its init waits where no signal reaches it. */
const SLEEPER = '#include <linux/delay.h>\nstatic int __init start(void) { pr_info("asleep\\n"); for (;;) msleep(100); return 0; }\nstatic void __exit stop(void) { }\nmodule_init(start);\nmodule_exit(stop);';
/** Its exit waits where no signal reaches it. */
const STAYER = '#include <linux/delay.h>\nstatic int __init start(void) { return 0; }\nstatic void __exit stop(void) { pr_info("staying\\n"); for (;;) msleep(100); }\nmodule_init(start);\nmodule_exit(stop);';
/** Its exit waits until rmmod is killed. */
const KILLABLE = `#include <linux/wait.h>
static DECLARE_WAIT_QUEUE_HEAD(never);
static int __init start(void) { return 0; }
static void __exit stop(void) { (void)wait_event_killable(never, false); }
module_init(start);
module_exit(stop);`;
/** Strikes in a hard interrupt, which the processor sends to itself. */
const INTERRUPT = `#include <linux/irq_work.h>
static struct irq_work work;
static void strike(struct irq_work *unused) { pr_info("in %s\\n", in_hardirq() ? "hardirq" : "no interrupt"); *(volatile int *)8 = 1; }
static int __init start(void) { init_irq_work(&work, strike); irq_work_queue(&work); return 0; }
static void __exit stop(void) { }
module_init(start);
module_exit(stop);`;
const TIMER = `#include <linux/timer.h>
#include <linux/jiffies.h>
static void fire(struct timer_list *timer) { *(volatile int *)8 = 1; }
static DEFINE_TIMER(bomb, fire);
static int __init start(void) { mod_timer(&bomb, jiffies + HZ / 4); return 0; }
static void __exit stop(void) { }
module_init(start);
module_exit(stop);`;
const DEVICE = `#include <linux/fs.h>
#include <linux/miscdevice.h>
static const struct file_operations operations = { .owner = THIS_MODULE };
static struct miscdevice device = { .minor = MISC_DYNAMIC_MINOR, .name = "held", .fops = &operations };
static int __init start(void) { return misc_register(&device); }
static void __exit stop(void) { misc_deregister(&device); }
module_init(start);
module_exit(stop);`;

/** Of a process that may have ended meanwhile: then 0. */
function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

describe('a load that goes wrong', function () {
  this.timeout(180_000);
  const guest = withGuest();
  const temporary = temporaryModules();
  const newest = async () => (await new SessionStore(guest().dirs.state).list())[0];

  it('is cancelled while init hangs: the guest is reset, and answers', async () => {
    const controller = new AbortController();
    const onEvent = (event: SessionEvent): void => {
      if (event.type === 'record' && event.record.text === 'asleep') controller.abort();
    };
    await assert.rejects(load(guest(), temporary('sleeper', SLEEPER), {}, { signal: controller.signal, onEvent }), { code: 'cancelled', why: /^The init of sleeper has not come back, and cannot be ended, so Guest .* was reset\.$/ });
    const session = await newest();
    assert.equal(session?.end?.state, 'cancelled');
    assert.equal((await guest().host.script('cat /proc/modules; ls /tmp', [])).stdout.includes('sleeper'), false);
  });

  it('cannot unload or load again what hangs in init, and says so', async () => {
    const folder = temporary('hanging', SLEEPER);
    const { host, dirs } = guest();
    const module = await moduleOf(folder);
    const { koPath } = await buildModule({ module, environment: await host.buildEnvironment(), dirs });
    assert.ok(koPath);
    await host.put(koPath, '/tmp/hanging.ko');
    await host.script('insmod /tmp/hanging.ko >/dev/null 2>&1 </dev/null & until grep -q "^hanging " /proc/modules; do sleep 0.1; done', []);
    await assert.rejects(unloadModule({ name: 'hanging', host }, depsOf(guest())), { code: 'unload-refused', why: 'Its init has not come back (state Loading).', next: 'Reset the guest.' });
    await assert.rejects(load(guest(), folder), { code: 'preflight-blocked', why: 'hanging is in the kernel already, in the state Loading.' });
    await host.reset();
  });

  it('says oops, wherever the module runs', async () => {
    const exit = temporary('exiter', 'static int __init start(void) { return 0; }\nstatic void __exit stop(void) { *(volatile int *)8 = 1; }\nmodule_init(start);\nmodule_exit(stop);');
    const left = await (await load(guest(), exit)).unload();
    assert.deepEqual([left.end?.state, left.end?.reason.includes('NULL pointer dereference')], ['oops', true]);
    await guest().host.reset();
    const struck = await (await load(guest(), temporary('bomb', TIMER))).ended;
    assert.deepEqual([struck.end?.state, struck.end?.reason.includes('NULL pointer dereference')], ['oops', true]);
    await guest().host.reset();
  });

  it('says that exit hangs, of a session and without one; the guest can be reset', async () => {
    const unloadLimitMs = 1_500;
    const { host } = guest();
    const loaded = await load(guest(), temporary('stayer', STAYER), {}, { unloadLimitMs });
    await assert.rejects(loaded.unload(), { code: 'unload-refused', why: "rmmod did not come back in time: the module's exit hangs.", next: 'Reset the guest.' });
    assert.equal(loaded.session().end, null);
    assert.equal(texts(loaded.session()).at(-1), 'staying');
    await assert.rejects(loaded.unload(), { code: 'unload-refused', why: 'Its exit has not come back (state Unloading).' });
    assert.equal((await loaded.detach()).end?.state, 'loaded');
    await assert.rejects(unloadModule({ name: 'stayer', host }, depsOf(guest(), { unloadLimitMs })), { code: 'unload-refused', why: 'Its exit has not come back (state Unloading).' });
    await host.reset();
    assert.equal((await host.script('cat /proc/modules', [])).stdout.includes('stayer'), false);
  });

  it('unloads by ending rmmod what waits until that is killed', async () => {
    const loaded = await load(guest(), temporary('killable', KILLABLE), {}, { unloadLimitMs: 1_500 });
    assert.equal((await loaded.unload()).end?.state, 'unloaded');
  });

  it('is lost in a hard interrupt, and the next guest is ready', async () => {
    const { host } = guest();
    await assert.rejects(load(guest(), temporary('striker', INTERRUPT)), { code: 'oops', why: /NULL pointer dereference/ });
    const struck = await new SessionStore(guest().dirs.state).read('latest');
    assert.deepEqual([struck.end?.state, struck.end?.source?.file], ['oops', 'striker.c']);
    const said = texts(struck).join('\n');
    assert.match(said, /^in hardirq$/m);
    assert.match(said, /Fatal exception in interrupt/);
    await host.reset();
    assert.equal((await (await load(guest(), temporary('after', QUIET))).unload()).end?.state, 'unloaded');
  });

  it('names what keeps a module busy, and can unload it afterwards', async () => {
    const loaded = await load(guest(), temporary('busy', DEVICE));
    const [device] = loaded.devices();
    assert.ok(device);
    const node = await loaded.createNode(device);
    const { host } = guest();
    const holder = host.start(['sh', '-c', 'exec <"$1"; echo open; exec sleep 600', 'sh', node]);
    await host.script('until ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q " $1$"; do sleep 0.1; done', [node]);
    await assert.rejects(loaded.unload(), { code: 'unload-refused', why: 'It is in use (1): a process has its device open, or the like.' });
    holder.kill();
    await holder.result;
    assert.equal((await loaded.unload()).end?.state, 'unloaded');
  });

  it("says that the host's disk is full, and leaves nothing there", async () => {
    const folder = temporary('roomy', QUIET);
    const { host } = guest();
    await host.script('mount -t tmpfs -o size=4k none /tmp', []);
    await assert.rejects(load(guest(), folder), { code: 'host-disk-full' });
    assert.equal((await host.script('ls /tmp; umount /tmp', [])).stdout, '');
    assert.equal((await (await load(guest(), folder)).unload()).end?.state, 'unloaded');
  });

  it('does not lose, leak or grow anything in a hundred cycles', async () => {
    const folder = temporary('cycled', DEVICE);
    const { host, dirs } = guest();
    const module = await moduleOf(folder);
    const { koPath } = await buildModule({ module, environment: await host.buildEnvironment(), dirs });
    assert.ok(koPath);
    const children = (): number => fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === process.pid).length;
    /** Descriptors, child processes, and what lies in the runtime folder: locks, sockets. */
    const ours = (): number[] => [fs.readdirSync('/proc/self/fd').length, children(), fs.readdirSync(dirs.runtime, { recursive: true }).length];
    const theirs = async (): Promise<{ slab: number; processes: number; rest: string }> => {
      const { stdout } = await host.script('sync; echo 3 >/proc/sys/vm/drop_caches; sed -n "s/^SUnreclaim: *//p" /proc/meminfo; set -- $(grep -l . /proc/[0-9]*/cmdline 2>/dev/null); echo $#; ls /tmp /dev/held; cat /sys/kernel/tracing/kprobe_events; ls /sys/kernel/tracing/instances', []);
      const [slab = '', processes = '', ...rest] = stdout.split('\n');
      return { slab: Number.parseInt(slab), processes: Number(processes), rest: rest.join('\n').trim() };
    };
    let before = { ours: ours(), theirs: await theirs() };
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      if (cycle === WARM_UP) before = { ours: ours(), theirs: await theirs() };
      const loaded = await startLoad({ module, host, parameters: {}, predict: null, prebuilt: koPath, record: cycle % 10 === 0 && { syscalls: ['write'] } }, depsOf(guest()));
      const [device] = loaded.devices();
      assert.ok(device, `no device in cycle ${cycle}`);
      await loaded.createNode(device);
      const session = await loaded.unload();
      assert.deepEqual([session.end?.state, session.lost.records], ['unloaded', 0]);
    }
    const after = { ours: ours(), theirs: await theirs() };
    console.log(`      slab ${before.theirs.slab} → ${after.theirs.slab} KiB, descriptors, children and runtime files here ${before.ours.join(', ')} → ${after.ours.join(', ')}, processes there ${before.theirs.processes} → ${after.theirs.processes}`);
    assert.deepEqual(after.ours, before.ours);
    assert.deepEqual({ ...after.theirs, slab: 0 }, { ...before.theirs, slab: 0 });
    assert.ok(after.theirs.slab - before.theirs.slab < 8 * (CYCLES - WARM_UP), 'the kernel keeps 8 KiB or more of each load');
  });
});

describe('two programs that load the same module at once', function () {
  this.timeout(180_000);
  const temporary = temporaryModules();

  it('get it once, and the other is told why not', async () => {
    const folder = temporary('wanted', QUIET);
    const results = await Promise.all([1, 2].map(() => kmodlab(['load', folder, '--no-record'])));
    assert.deepEqual(results.map(({ exitCode }) => exitCode).sort(), [0, 3]);
    const refused = results.find(({ exitCode }) => exitCode === 3);
    assert.match(refused?.stderr ?? '', /wanted is in use\.|The host is busy\.|wanted is loaded already\./);
    const unloaded = await kmodlab(['unload', '--module', 'wanted']);
    assert.equal(unloaded.exitCode, 0, unloaded.stderr);
    await kmodlab(['guest', 'stop']);
  });
});
