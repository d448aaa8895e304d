// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { GraphTracer } from '../../core/calls/graph-tracer';
import { KernelPath, type LoadSession } from '../../core/model';
import { copyOfModule, kmodlab, notOffered, parseSession } from '../support/cli';
import { withGuest } from './support';

const TRACING = '/sys/kernel/tracing';
const EFAULT = BigInt.asUintN(64, -14n);

async function why(session: LoadSession, number: string): Promise<KernelPath> {
  const result = await kmodlab(['why', session.id, number, '--json']);
  assert.equal(result.exitCode, 0, result.stderr);
  return KernelPath.parse(JSON.parse(result.stdout));
}

/** Functions on the way to the origin. */
function way(path: KernelPath): string[] {
  assert.notEqual(path.origin, null);
  const names: string[] = [];
  let depth = Number.POSITIVE_INFINITY;
  for (const entry of path.functions.slice(0, path.origin! + 1).reverse()) {
    if (entry.depth >= depth) continue;
    ({ depth } = entry);
    names.unshift(entry.name);
    assert.ok(entry.value !== null && [EFAULT, EFAULT & 0xffffffffn].includes(BigInt(entry.value)), `${entry.name} returned ${entry.value}`);
  }
  return names;
}

describe("the kernel's path to a result", function () {
  for (const kernel of ['5.10-cloud', '6.1-cloud', 'newest-cloud']) {
    it(`on ${kernel}: down to the function with the inlined check, which is inferred`, async function () {
      const demo = await kmodlab(['demo', '--kernel', kernel, '--json']);
      if (notOffered(demo)) this.skip();
      const session = parseSession(demo);
      const path = await why(session, '1');
      assert.deepEqual(way(path), ['__x64_sys_write', 'ksys_write', 'vfs_write']);
      assert.equal(path.inferred?.check, 'access_ok(buf, count)');
      assert.equal(path.kernel, session.host.kernel);
      assert.ok(path.functions.some(({ name }) => name.startsWith('__fdget') || name.startsWith('fdget')), 'what was called on the way is there too');
      const { stdout } = await kmodlab(['calls', session.id, '--json']);
      assert.deepEqual(stdout.trim().split('\n').map((line) => 'kernelPath' in (JSON.parse(line) as object)), [true, false, false, false, false, false]);
    });
  }

  it('goes down to the copy of a path name, which no tracer shows', async () => {
    const folder = copyOfModule({ 'device2_kernel_buffer.c': [['__NR_write', '__NR_openat']] });
    const demo = parseSession(await kmodlab(['demo', '--module', folder, '--json']));
    const path = await why(demo, '1');
    assert.match(way(path).at(-1)!, /^getname_flags/);
    assert.match(path.inferred!.check, /^strncpy_from_user/);
    assert.equal(path.inferred!.line, 150);
    fs.appendFileSync(`${folder}/device2_main.c`, '\n');
    const changed = await kmodlab(['why', demo.id, '1']);
    fs.rmSync(folder, { recursive: true });
    assert.equal(changed.exitCode, 3);
    assert.match(changed.stderr, /The source has changed since that load/);
  });

  it('goes through a call that was made while a device was written to', async () => {
    const session = parseSession(await kmodlab(['demo', '--json']));
    const echo = session.calls.findIndex(({ action }) => action === 1);
    const path = await why(session, String(echo + 1));
    assert.equal(path.functions[0]?.name, '__x64_sys_write');
    assert.equal(path.functions[0].value, `0x${session.calls[echo]!.result!.toString(16)}`);
    assert.equal(path.origin, null);
  });
});

describe('the function-graph tracer on a guest', () => {
  const guest = withGuest('6.1-cloud');
  const sh = async (script: string): Promise<string> => {
    const result = await guest().host.script(script, []);
    assert.equal(result.exitCode, 0, result.stderr);
    return result.stdout;
  };
  const start = (): Promise<GraphTracer> => {
    const { host } = guest();
    return GraphTracer.start({ host, arch: 'x86_64', kernel: host.kernelRelease, moduleName: 'nothing', caller: 'start+0x10', syscall: 'write', functions: ['vfs_write'] });
  };
  const STATE = `cd ${TRACING}; cat current_tracer set_graph_function set_graph_notrace set_ftrace_pid set_event_pid kprobe_events tracing_on; grep . options/funcgraph-* options/function-fork options/event-fork`;

  it('leaves everything as it was', async () => {
    const before = await sh(`[ -d ${TRACING}/events ] || mount -t tracefs tracefs ${TRACING}; ${STATE}`);
    const tracer = await start();
    assert.match(await sh(`cat ${TRACING}/current_tracer`), /^function_graph$/m);
    assert.deepEqual(await tracer.finish(), []);
    assert.equal(await sh(STATE), before);
  });

  it("does not take a tracer that somebody else uses", async () => {
    await sh(`echo function >${TRACING}/current_tracer`);
    await assert.rejects(start(), { code: 'no-kernel-path', why: 'Another tracer is in use on the host.' });
    assert.match(await sh(`cat ${TRACING}/current_tracer`), /^function$/m);
    await sh(`echo nop >${TRACING}/current_tracer`);
  });
});
