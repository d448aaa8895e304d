// SPDX-License-Identifier: MIT
// What it costs a module that its calls are recorded: 100,000 close() calls, timed by the module itself, with and without.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openGuest } from '../../core/hosts/guest';
import type { Host } from '../../core/hosts/host';
import { discoverModules, type ModuleDescription } from '../../core/modules/discover';
import { startLoad } from '../../core/modules/load';
import { PackageStore } from '../../core/packages';
import { userDirs } from '../../core/platform/dirs';
import { SessionStore } from '../../core/sessions/store';
import { ROOT } from '../support/cli';
import { counted, inTurn, type Figure } from './measure';

const CALLS = 100_000;

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

export async function recorderFigures(runs: number): Promise<Figure[]> {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-bench-'));
  const dirs = { ...userDirs(), runtime: path.join(scratch, 'run'), state: path.join(scratch, 'state') };
  const host = await openGuest({ lease: { kind: 'process' }, fresh: true }, { packages: new PackageStore(dirs), dirs, keeperPath: path.join(ROOT, 'dist', 'keeper.js') });
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
    return [time, counted('of these calls, lost', 'calls', lost)];
  } finally {
    await host.dispose();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}
