// SPDX-License-Identifier: MIT
// What it costs a module that its calls are recorded: 100,000 close() calls, timed by the module itself, with and without.
import path from 'node:path';
import { openGuest } from '../../core/hosts/guest';
import type { Host } from '../../core/hosts/host';
import { discoverModules, type ModuleDescription } from '../../core/modules/discover';
import { startLoad } from '../../core/modules/load';
import { PackageStore } from '../../core/packages';
import { userDirs } from '../../core/platform/dirs';
import { SessionStore } from '../../core/sessions/store';
import { ROOT } from '../support/cli';
import { provideBpftrace, traceWith } from './bpftrace';
import { counted, inTurn, scratchFolder, type Figure, type NotMeasured } from './measure';

const CALLS = 100_000;
/** bpftrace brings LLVM along. */
const MEMORY_MIB = 1536;

interface Bench {
  readonly host: Host;
  readonly module: ModuleDescription;
  readonly dirs: ReturnType<typeof userDirs>;
}

/** Milliseconds that the module took, and how many of its calls were seen and lost. */
async function calls({ host, module, dirs }: Bench, isRecorded: boolean): Promise<{ elapsed: number; seen: number; lost: number }> {
  const plan = { module, host, parameters: { count: String(CALLS) }, predict: null, record: isRecorded ? { syscalls: ['close'] } : (false as const) };
  const loaded = await startLoad(plan, { store: new SessionStore(dirs.state), dirs });
  await loaded.exercise(['sh', '-c', 'echo x >/proc/calls_many']);
  const session = await loaded.unload();
  const took = session.records.map(({ text }) => / calls took (\d+) ns$/.exec(text)?.[1]).find((found) => found !== undefined);
  if (took === undefined) throw new Error('the module did not say how long its calls took');
  return { elapsed: Number(took) / 1e6, seen: session.calls.length, lost: session.recorder.lost };
}

export async function recorderFigures(runs: number): Promise<(Figure | NotMeasured)[]> {
  const scratch = scratchFolder();
  const dirs = { ...userDirs(), runtime: path.join(scratch, 'run'), state: path.join(scratch, 'state') };
  const packages = new PackageStore(dirs);
  const host = await openGuest({ lease: { kind: 'process' }, fresh: true }, { packages, dirs, keeperPath: path.join(ROOT, 'dist', 'keeper.js'), guest: { memoryMiB: MEMORY_MIB } });
  try {
    const [module] = await discoverModules(path.join(ROOT, 'test', 'fixtures', 'calls'));
    const bench: Bench = { host, module: module!, dirs };
    const lost: number[] = [];
    const recorded = async (): Promise<number> => {
      const { elapsed, seen, lost: missing } = await calls(bench, true);
      lost.push(CALLS - seen);
      if (missing < CALLS - seen) throw new Error(`${CALLS - seen} calls are missing, and ${missing} are said to be lost`);
      return elapsed;
    };
    const time = await inTurn(`${CALLS} close() calls of a module, recorded`, recorded, 'the same calls, not recorded', async () => (await calls(bench, false)).elapsed, runs);
    const figures = [time, counted('of these calls, lost', 'calls', lost)];
    const missing = await provideBpftrace(host, packages);
    if (missing !== null) return [...figures, { name: 'recording beside bpftrace', missing }];
    const untold: number[] = [];
    const traced = async (): Promise<number> => {
      let elapsed = 0;
      const told = await traceWith(host, async () => void ({ elapsed } = await calls(bench, false)));
      untold.push(Math.max(0, CALLS - told));
      return elapsed;
    };
    const beside = await inTurn(`${CALLS} close() calls of a module, recorded`, recorded, 'the same calls, traced by bpftrace', traced, runs);
    return [...figures, beside, counted('of these calls, lost by bpftrace', 'calls', untold)];
  } finally {
    await host.dispose();
  }
}
