// SPDX-License-Identifier: MIT
// Warm "Load device2" beside the same steps typed by hand: make, scp, ssh insmod, ssh dmesg, each with a connection of its own.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadAnalyzer, predictWith } from '../../cli/analysis';
import { guestsFolder } from '../../core/guest/manage';
import { GuestLease } from '../../core/guest/owner';
import { openGuest, type GuestHost } from '../../core/hosts/guest';
import { discoverModules } from '../../core/modules/discover';
import { startLoad } from '../../core/modules/load';
import { PackageStore } from '../../core/packages';
import { userDirs } from '../../core/platform/dirs';
import { run } from '../../core/platform/process';
import { SessionStore } from '../../core/sessions/store';
import { copyOfModule, ROOT } from '../support/cli';
import { inTurn, milliseconds, type Figure } from './measure';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-bench-'));
/** The packages are the user's; the guest and the sessions are the benchmark's own. */
const dirs = { ...userDirs(), runtime: path.join(scratch, 'run'), state: path.join(scratch, 'state') };
const packages = new PackageStore(dirs);
const dist = path.join(ROOT, 'dist');

const open = (fresh: boolean): Promise<GuestHost> => openGuest({ lease: { kind: 'process' }, fresh }, { packages, dirs, keeperPath: path.join(dist, 'keeper.js') });

async function must(argv: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const result = await run(argv, env ? { env } : {});
  if (result.exitCode !== 0) throw new Error(`${argv.join(' ')}: exit ${result.exitCode}\n${result.stderr}`);
  return result.stdout;
}

/** An edit, so that both compile: a file that was only touched is not built again by the product, whose copy has the same text. */
function edit(folder: string): void {
  fs.appendFileSync(path.join(folder, 'device2_descriptors.c'), `/* ${process.hrtime.bigint()} */\n`);
}

/** Until the module's first kernel line is there; unloading is not measured. */
async function withProduct(folder: string, host: GuestHost, analyzer: Awaited<ReturnType<typeof loadAnalyzer>>): Promise<number> {
  const [module] = await discoverModules(folder);
  edit(folder);
  const started = performance.now();
  let firstLine = 0;
  const loaded = await startLoad(
    { module: module!, host, parameters: {}, predict: predictWith(analyzer) },
    { store: new SessionStore(dirs.state), dirs, onEvent: (event) => event.type === 'record' && firstLine === 0 && (firstLine = performance.now()) },
  );
  await loaded.unload();
  return firstLine - started;
}

async function byHand(folder: string, host: GuestHost): Promise<number> {
  const build = await host.buildEnvironment();
  const lease = await GuestLease.connect(path.join(guestsFolder(dirs), '6.1-cloud'), { kind: 'process' });
  const { port, keyFile, knownHosts } = await lease!.ready;
  const options = ['-i', keyFile, '-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'HostKeyAlias=kmodlab-guest', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'ControlMaster=no', '-o', 'ControlPath=none'];
  const ssh = (...command: string[]): Promise<string> => must(['ssh', ...options, '-p', String(port), 'root@127.0.0.1', ...command]);
  edit(folder);
  const elapsed = await milliseconds(async () => {
    const make = build.wrap(['make', '-C', build.kernelDir, `M=${folder}`, ...build.makeArgs, 'modules'], [folder]);
    await must(make.argv, make.env);
    await must(['scp', ...options, '-P', String(port), path.join(folder, 'device2.ko'), 'root@127.0.0.1:/tmp/device2.ko']);
    await ssh('insmod', '/tmp/device2.ko');
    await ssh('dmesg');
  });
  await ssh('rmmod', 'device2');
  await lease!.close();
  return elapsed;
}

export async function loadFigures(runs: number): Promise<Figure[]> {
  const ours = copyOfModule();
  const theirs = copyOfModule();
  const analyzer = await loadAnalyzer(dist);
  const host = await open(false);
  try {
    const warm = await inTurn('warm Load device2, to its first kernel line', () => withProduct(ours, host, analyzer), 'make, scp, ssh insmod, ssh dmesg', () => byHand(theirs, host), runs);
    return [warm];
  } finally {
    await host.dispose();
    analyzer.dispose();
    for (const folder of [ours, theirs, scratch]) fs.rmSync(folder, { recursive: true });
  }
}
