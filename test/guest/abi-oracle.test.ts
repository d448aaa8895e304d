// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildModule } from '../../core/build/build';
import { syscallAbi } from '../../core/abi';
import { discoverModules, type ModuleDescription } from '../../core/modules/discover';
import { ROOT } from '../support/cli';
import { observe, type Observed } from './oracle/classify';
import { EXCLUDED } from './oracle/excluded';
import { oracleHeader, oracleRows } from './oracle/header';
import { WITH_CHILD } from './oracle/rows';
import { withGuest } from './support';

const KERNELS = ['5.10-cloud', 'newest-cloud'] as const;
const rows = oracleRows();
const abi = syscallAbi('x86_64');

/** Every argument that may be a user pointer: `write#1`. */
const pointers = abi.syscalls.flatMap(({ name, arguments: list }) => (list ?? []).flatMap((argument, index) => (argument.failure === undefined ? [] : [`${name}#${index}`])));

/** One call at a time, each in a process of its own that is killed when it waits, in a folder made anew. */
const RUN = `set -u
mkdir -p /tmp/oracle && mount -t tmpfs oracle /tmp/oracle && insmod /tmp/oracle.ko || exit 1
export GLIBC_TUNABLES=glibc.pthread.rseq=0
while read -r row argument child; do
  rm -rf /tmp/oracle/*
  mkdir /tmp/oracle/dir
  echo content >/tmp/oracle/file
  ln -s file /tmp/oracle/link
  timeout -s KILL 10 sh -c 'if [ -n "$3" ]; then (:) & fi; echo "$1 $2" >/proc/oracle' sh "$row" "$argument" "$child" </dev/null
done </tmp/oracle.list >/dev/null 2>&1
dd if=/proc/oracle bs=65536 2>/dev/null
rmmod oracle
`;

async function moduleWithRows(folder: string): Promise<ModuleDescription> {
  fs.cpSync(path.join(ROOT, 'test/fixtures/oracle'), folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'oracle_rows.h'), oracleHeader(rows));
  const [module] = await discoverModules(folder);
  assert.ok(module);
  return module;
}

describe('what kernels do with a kernel address in each user pointer', () => {
  const observed = new Map<string, Map<string, Set<Observed>>>();

  for (const kernel of KERNELS) {
    describe(kernel, () => {
      const guest = withGuest(kernel);

      it('is what the syscall tables say', async function () {
        this.timeout(20 * 60_000);
        const { host, dirs } = guest();
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-oracle-'));
        const environment = await host.buildEnvironment();
        const { koPath } = await buildModule({ module: await moduleWithRows(folder), environment, dirs });
        await host.put(koPath!, '/tmp/oracle.ko');
        const calls = rows.flatMap(({ tried, onlyBad }, row) => [...(onlyBad ? [] : [-1]), ...tried].map((argument) => `${row} ${argument}`));
        const list = path.join(folder, 'oracle.list');
        fs.writeFileSync(list, calls.map((call) => `${call}${WITH_CHILD.has(rows[Number(call.split(' ')[0])]?.key ?? '') ? ' child' : ''}\n`).join(''));
        await host.put(list, '/tmp/oracle.list');
        fs.rmSync(folder, { recursive: true });

        const { stdout, stderr, exitCode } = await host.script(RUN, []);
        assert.equal(exitCode, 0, stderr);
        const results = new Map(stdout.trim().split('\n').map((line) => /^(\d+ -?\d+) (.*)$/.exec(line)).map((match) => [match?.[1] ?? '', match?.[2] ?? '']));
        assert.deepEqual(calls.filter((call) => !/^-?\d+$/.test(results.get(call) ?? '')).map((call) => `${rows[Number(call.split(' ')[0])]?.key} ${call} ${results.get(call)}`), [], 'calls that did not return');

        const seen = new Map<string, Set<Observed>>();
        for (const [row, { key, syscall, tried, onlyBad }] of rows.entries()) {
          const valid = onlyBad ? null : BigInt(results.get(`${row} -1`) ?? '');
          for (const argument of tried) {
            const name = `${syscall}#${argument}`;
            const result = BigInt(results.get(`${row} ${argument}`) ?? '');
            seen.set(name, (seen.get(name) ?? new Set()).add(observe(syscall, valid, result)));
            if (process.env.KMODLAB_ORACLE_VERBOSE === '1') console.log(`      ${key} ${argument}: ${valid} → ${result} ${observe(syscall, valid, result)}`);
          }
        }
        observed.set(kernel, seen);
        const second = rows.flatMap(({ key, tried }, row) => (key.endsWith('nothing else valid') ? tried.filter((argument) => results.get(`${row} ${argument}`) !== '-14').map((argument) => `${key}: ${argument}`) : []));
        assert.deepEqual(second, [], 'other arguments are looked at before these');
        const wrong = [...seen].flatMap(([name, all]) => {
          const [syscall = '', index = ''] = name.split('#');
          const said = abi.byName(syscall)?.arguments?.[Number(index)]?.failure ?? 'no pointer';
          return [...all].filter((one) => one !== 'absent' && one !== 'unreached' && one !== said).map((one) => `${name}: the kernel ${one}, the table says ${said}`);
        });
        assert.deepEqual(wrong, []);
      });
    });
  }

  describe('on all of them', () => it('is known of every user pointer, or there is a reason why not', function () {
    if (observed.size < KERNELS.length) this.skip();
    const decided = new Set([...observed.values()].flatMap((seen) => [...seen].filter(([, all]) => [...all].some((one) => one !== 'absent' && one !== 'unreached')).map(([name]) => name)));
    const excluded = (name: string): boolean => EXCLUDED[name] !== undefined || EXCLUDED[name.split('#')[0] ?? ''] !== undefined;
    assert.deepEqual(pointers.filter((name) => !decided.has(name) && !excluded(name)), [], 'neither seen nor excluded');
    assert.deepEqual([...decided].filter(excluded), [], 'excluded, but seen');
    assert.deepEqual(Object.keys(EXCLUDED).filter((name) => !pointers.some((pointer) => pointer === name || pointer.startsWith(`${name}#`))), [], 'excluded, but no user pointer');
  }));
});
