// SPDX-License-Identifier: MIT
import path from 'node:path';
import { run } from '../platform/process';
import type { AptSource } from './apt';
import { packageFailure } from './apt-failures';
import { archivesFromUris, debianKeyring, unsupportedSystem, type DebianArchives } from './machine';
import type { SuiteFamily } from './suites';
import { cancelOf, type WorkOptions } from './work';

/** A Debian release, from the mirrors that this machine's own apt sources name, by Debian's keys. */
export function debianSource({ codename, main, security }: SuiteFamily, env: NodeJS.ProcessEnv): AptSource {
  return {
    title: `Debian ${codename}`,
    label: codename,
    suites: [...main, ...security],
    mainSuite: codename,
    entries: async (dir, work) => {
      const archives = await machineArchives(dir, env, work);
      const keyring = debianKeyring();
      const lines = (bases: readonly string[], suites: readonly string[]): string[] => bases.flatMap((base) => suites.map((suite) => `deb [signed-by=${keyring}] ${base} ${suite} main`));
      return [...lines(archives.main, main), ...lines(archives.security, security)];
    },
  };
}

/** The Debian archives that the machine's own apt sources name. @throws Failure `unsupported-system` */
async function machineArchives(dir: string, env: NodeJS.ProcessEnv, work: WorkOptions): Promise<DebianArchives> {
  if (process.arch !== 'x64') throw unsupportedSystem('Only x86-64 machines are supported.');
  const result = await run(['apt-get', 'update', '--print-uris', '-o', `Dir::State::lists=${path.join(dir, 'state/lists')}/`, '-o', 'Debug::NoLocking=1'], { ...cancelOf(work), env: { ...env, LC_ALL: 'C' } });
  if (result.exitCode !== 0) throw packageFailure('The apt sources of this machine cannot be read.', result, work.signal);
  const archives = archivesFromUris(result.stdout);
  if (archives.main.length === 0) throw unsupportedSystem('The apt sources of this machine name no Debian archive.');
  return archives;
}
