// SPDX-License-Identifier: MIT
// Warm "Load device2" beside the same steps typed by hand: make, scp, ssh insmod, ssh dmesg, each with a connection of its own.
import fs from 'node:fs';
import path from 'node:path';
import { loadAnalyzer, predictWith } from '../../cli/analysis';
import { guestsFolder } from '../../core/guest/manage';
import { GuestLease } from '../../core/guest/owner';
import { openGuest, type GuestHost } from '../../core/hosts/guest';
import type { BuildEnvironment, Host } from '../../core/hosts/host';
import type { SessionEvent } from '../../core/model';
import { discoverModules } from '../../core/modules/discover';
import { startLoad } from '../../core/modules/load';
import { PackageStore } from '../../core/packages';
import { userDirs } from '../../core/platform/dirs';
import { run } from '../../core/platform/process';
import { SessionStore } from '../../core/sessions/store';
import { copyOfModule, ROOT } from '../support/cli';
import { bounded, counted, inTurn, median, milliseconds, scratchFolder, type Figure } from './measure';

const scratch = scratchFolder();
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

type Change = (folder: string) => void;

const SOURCE = 'device2_descriptors.c';

/** Makes both compile it. */
const edit: Change = (folder) => fs.appendFileSync(path.join(folder, SOURCE), `/* ${process.hrtime.bigint()} */\n`);

/** The text stays the same: the product, which builds a copy, has nothing to compile. */
const touch: Change = (folder) => fs.utimesSync(path.join(folder, SOURCE), new Date(), new Date());

/** What a load goes through until the module's first kernel line, each named by what ends it. */
const STAGES = ['make begins', 'make ends', 'verdict', 'probes and stripped copy ready', 'insmod begins', 'first line'] as const;
type Stages = Record<(typeof STAGES)[number], number>;

/** The host, with somebody told when make begins, and insmod. */
function watched(host: GuestHost, reach: (stage: keyof Stages) => void): Host {
  const buildEnvironment = async (): Promise<BuildEnvironment> => {
    const environment = await host.buildEnvironment();
    return {
      ...environment,
      wrap: (argv, folders) => {
        if (argv[0] === 'make') reach('make begins');
        return environment.wrap(argv, folders);
      },
    };
  };
  const start: Host['start'] = (argv, options) => {
    const onStdoutLine = (line: string): void => {
      if (line === '@ insmod') reach('insmod begins');
      options?.onStdoutLine?.(line);
    };
    return host.start(argv, { ...options, onStdoutLine });
  };
  return new Proxy<Host>(host, {
    get: (target, name) => {
      if (name === 'buildEnvironment') return buildEnvironment;
      if (name === 'start') return start;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Milliseconds of each stage; unloading is not measured. */
async function withProduct(folder: string, host: GuestHost, analyzer: Awaited<ReturnType<typeof loadAnalyzer>>, change: Change): Promise<Stages> {
  const [module] = await discoverModules(folder);
  change(folder);
  const reached: Partial<Stages> = {};
  let last = performance.now();
  const reach = (stage: keyof Stages): void => {
    if (stage in reached) return;
    const now = performance.now();
    reached[stage] = now - last;
    last = now;
  };
  const ends: Partial<Record<SessionEvent['type'], keyof Stages>> = { build: 'make ends', preflight: 'verdict', recorder: 'probes and stripped copy ready', record: 'first line' };
  const loaded = await startLoad(
    { module: module!, host: watched(host, reach), parameters: {}, predict: predictWith(analyzer) },
    { store: new SessionStore(dirs.state), dirs, onEvent: ({ type }) => ends[type] && reach(ends[type]) },
  );
  await loaded.unload();
  return reached as Stages;
}

async function byHand(folder: string, host: GuestHost, change: Change): Promise<number> {
  const build = await host.buildEnvironment();
  const lease = await GuestLease.connect(path.join(guestsFolder(dirs), '6.1-cloud'), { kind: 'process' });
  const { port, keyFile, knownHosts } = await lease!.ready;
  const options = ['-i', keyFile, '-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'HostKeyAlias=kmodlab-guest', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'ControlMaster=no', '-o', 'ControlPath=none'];
  const ssh = (...command: string[]): Promise<string> => must(['ssh', ...options, '-p', String(port), 'root@127.0.0.1', ...command]);
  change(folder);
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

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export async function loadFigures(runs: number): Promise<Figure[]> {
  const ours = copyOfModule();
  const theirs = copyOfModule();
  const analyzer = await loadAnalyzer(dist);
  const host = await open(false);
  const compare = async (how: string, change: Change): Promise<Figure[]> => {
    const taken: Stages[] = [];
    const ofProduct = async (): Promise<number> => {
      const stages = await withProduct(ours, host, analyzer, change);
      taken.push(stages);
      return sum(Object.values(stages));
    };
    const warm = await inTurn(`warm Load device2, its source ${how}, to its first kernel line`, ofProduct, 'make, scp, ssh insmod, ssh dmesg', () => byHand(theirs, host, change), runs);
    const counting = taken.slice(1); // the first pair is not counted
    const without = (each: Stages, ...left: (keyof Stages)[]): number => Math.round(sum(Object.values(each)) - sum(left.map((stage) => each[stage])));
    const stages = Object.fromEntries(STAGES.map((stage) => [stage, Math.round(median(counting.map((each) => each[stage])))]));
    const share = counted('of it, everything but make and insmod', 'ms', counting.map((each) => without(each, 'make ends', 'first line')));
    return [bounded(warm, 'ratio', 0.75), { ...bounded(share, 'value', 150), stages }, counted('of it, everything but make', 'ms', counting.map((each) => without(each, 'make ends')))];
  };
  try {
    return [...(await compare('edited', edit)), ...(await compare('touched', touch))];
  } finally {
    await host.dispose();
    analyzer.dispose();
    for (const folder of [ours, theirs]) fs.rmSync(folder, { recursive: true });
  }
}
