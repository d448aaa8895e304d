// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { exportedNames, exportOf } from '../../core/abi/exports';
import { BuildOutput } from '../../core/build/output';
import type { AnalysisTarget, Finding, SourceFile } from '../../core/model/analysis';
import { run } from '../../core/platform/process';
import type { Analyzer } from '../../server/src/analysis';
import { pastedText } from '../../server/src/analysis/fixes';
import { applyEdits } from '../support/apply-edits';
import { ROOT } from '../support/cli';
import { loadAnalyzer } from '../unit/analysis/helper';
import { withGuest } from './support';

const FIXTURES = path.join(ROOT, 'test', 'fixtures', 'fixes');
const TABLE = { path: 'table.h', text: fs.readFileSync(path.join(FIXTURES, 'table.h'), 'utf8') };

/** What loading a module did. */
interface Loaded {
  readonly exitCode: number;
  readonly stdout: string;
  /** The kernel log's lines of the module, without their times. */
  readonly log: readonly string[];
  /** What the case's own commands printed while the module was loaded. */
  readonly then: string;
}

interface Case {
  readonly fixture: string;
  /** The fixes that are taken, one after the other; `pasted-text` has no finding. */
  readonly fixes: readonly string[];
  /** What insmod writes to; a file of its own if not said. */
  readonly stdout?: string;
  /** Shell commands that run after insmod. */
  readonly then?: string;
  readonly check: (loaded: Loaded) => void;
}

const says = (...log: string[]) => (loaded: Loaded): void => {
  assert.deepEqual(loaded.log, log);
  assert.equal(loaded.exitCode, 0);
};
const wrote = ({ exitCode, stdout, log }: Loaded): void => {
  assert.equal(stdout, 'from the kernel\n');
  assert.deepEqual([exitCode, log], [0, ['write() = 16', 'dup() = 4']]);
};
/** As the fix's note says: that file has no write_iter. */
const refused = ({ log }: Loaded): void => assert.deepEqual(log.filter((line) => line.includes('write() =')), ['write() = -22']);
const read = says('read() = 11', 'text = typed text');
const placed = ({ stdout, log }: Loaded): void => assert.deepEqual([stdout, log], ['\0\0\0\0PLACED', ['pwrite64() = 6']]);
/** As the fix's note says: the second file has no write_iter and no read_iter. */
const handled = ({ log }: Loaded): void => {
  const supported = log.filter((line) => !/^kernel (?:write|read) not supported/.test(line));
  assert.deepEqual(supported, ['write() = 9, at 9, read() = 9, to a file', 'write() = -22, at 0, read() = -22, nothing']);
};
const opened = ({ exitCode, then }: Loaded): void => assert.deepEqual([exitCode, then], [0, '-rw-------\n']);
const OPENED = { fixture: 'open', then: "stat -c %A /tmp/opened; rm /tmp/opened", check: opened };
const bound = says('bind() = 0');
const notFound = says('openat() = -2');

const CASES: readonly Case[] = [
  { fixture: 'write', fixes: ['in-kernel-api'], check: wrote },
  { fixture: 'write', fixes: ['in-kernel-api'], stdout: '/proc/self/oom_score_adj', check: refused },
  { fixture: 'write', fixes: ['user-copy'], check: wrote },
  { fixture: 'read', fixes: ['in-kernel-api'], check: read },
  { fixture: 'read', fixes: ['user-copy'], check: read },
  { fixture: 'pwrite', fixes: ['in-kernel-api'], check: placed },
  { fixture: 'pwrite', fixes: ['user-copy'], check: placed },
  { ...OPENED, fixes: ['in-kernel-api'] },
  { ...OPENED, fixes: ['user-copy'] },
  { fixture: 'openat', fixes: ['in-kernel-api'], check: notFound },
  { fixture: 'openat', fixes: ['user-copy'], check: notFound },
  { fixture: 'readlink', fixes: ['user-copy'], check: says('readlink() = 11 /the/target') },
  { fixture: 'bind', fixes: ['in-kernel-api'], check: bound },
  { fixture: 'bind', fixes: ['user-copy'], check: bound },
  { fixture: 'convention', fixes: ['to-registers'], check: says('dup2() = 9') },
  { fixture: 'arguments', fixes: ['to-arguments'], check: says('ksys_write() = 0') },
  { fixture: 'fourth', fixes: ['fourth-argument'], check: says('sync_file_range() = -22') },
  { fixture: 'annotation', fixes: ['user-annotation'], then: 'echo four >/proc/annotation', check: says('5 bytes at 1') },
  { fixture: 'lookup', fixes: ['kprobe-lookup'], check: says('dup() = 4') },
  { fixture: 'unset', fixes: ['initialise-registers'], check: says('write() = 0') },
  { fixture: 'unset', fixes: ['set-registers'], check: says('write() = 0') },
  { fixture: 'unchecked', fixes: ['null-check', 'null-check', 'kprobe-lookup'], check: ({ exitCode, log }) => assert.deepEqual([exitCode === 0, log], [false, []]) },
  { fixture: 'limit', fixes: ['kernel-file-io'], then: 'cat /tmp/limit', check: ({ then, log }) => assert.deepEqual([then, log], ['without a limit', ['vfs_write() = 15']]) },
  { fixture: 'limit_call', fixes: ['in-kernel-api'], check: ({ stdout, log }) => assert.deepEqual([stdout, log], ['under a limit\n', ['write() = 14']]) },
  { fixture: 'handler', fixes: ['kernel-file-io', 'kernel-file-io'], check: handled },
  { fixture: 'pasted', fixes: ['pasted-text'], check: says('dup() = 4, not ¶m') },
];

const nameOf = ({ fixture, fixes }: Case): string => `${fixture}_${fixes.at(-1)?.replaceAll('-', '_') ?? ''}`;

function fixtureOf({ fixture }: Case): SourceFile[] {
  return [{ path: `${fixture}.c`, text: fs.readFileSync(path.join(FIXTURES, `${fixture}.c`), 'utf8') }, TABLE];
}

/** Takes one fix, as an editor does. */
function take(analyzer: Analyzer, sources: readonly SourceFile[], target: AnalysisTarget, id: string): SourceFile[] {
  const [source] = sources;
  const fixes = id === 'pasted-text' ? [pastedText(source!)] : analyzer.follow(target).fixes(sources, () => true).flatMap((found) => found.fixes);
  const fix = fixes.find((candidate) => candidate?.id === id);
  assert.ok(fix, `${id} is offered for ${source?.path}`);
  return applyEdits(sources, fix.edits);
}

describe('quick fixes', function () {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  for (const kernel of ['5.10-cloud', '6.1-cloud', 'newest-cloud']) {
    describe(`on ${kernel}`, () => {
      const guest = withGuest(kernel);
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-fixes-'));
      const left = new Map<string, Finding[]>();
      after(() => fs.rmSync(folder, { recursive: true }));

      it('build without a warning of W=1', async () => {
        const { host } = guest();
        const environment = await host.buildEnvironment();
        const target: AnalysisTarget = { arch: 'x86_64', kernel: host.kernelRelease };
        const files = new Map<string, string>([[TABLE.path, TABLE.text], ['Kbuild', `obj-m := ${[...new Set(CASES.map((item) => `${nameOf(item)}.o`))].join(' ')}\n`]]);
        for (const item of CASES) {
          const fixed = item.fixes.reduce((sources, id) => take(analyzer, sources, target, id), fixtureOf(item));
          files.set(`${nameOf(item)}.c`, fixed[0]!.text);
          left.set(nameOf(item), analyzer.analyze(fixed, target).findings);
        }
        for (const [name, text] of files) fs.writeFileSync(path.join(folder, name), text);
        const output = new BuildOutput({ sources: [...files].map(([name, text]) => ({ path: name, text })), isBuildFile: (name) => files.has(name), compiler: '' });
        output.runsIn(folder);
        const { argv, env } = environment.wrap(['make', '-C', environment.kernelDir, `M=${folder}`, `-j${os.availableParallelism()}`, ...environment.makeArgs, 'W=1', 'modules'], [folder]);
        const onLine = (line: string): void => output.push(line);
        const { exitCode, stderr } = await run(argv, { env, onStdoutLine: onLine, onStderrLine: onLine });
        output.end();
        assert.deepEqual(output.diagnostics.map(({ file, line, message }) => `${String(file)}:${String(line)} ${message}`), []);
        assert.equal(exitCode, 0, stderr);
      });

      it('call what the kernel exports', async () => {
        const { kernelDir } = await guest().host.buildEnvironment();
        const lines = fs.readFileSync(path.join(kernelDir, 'Module.symvers'), 'utf8').split('\n').map((line) => line.split('\t'));
        const kinds = new Map(lines.map(([, name = '', , kind = '']) => [name, kind]));
        const expected = exportedNames().map((name) => [name, exportOf(name)?.gplOnly ? 'EXPORT_SYMBOL_GPL' : 'EXPORT_SYMBOL']);
        assert.deepEqual(exportedNames().map((name) => [name, kinds.get(name)]), expected);
      });

      it('call what a kprobe found without an indirect call', async () => {
        const environment = await guest().host.buildEnvironment();
        const { argv, env } = environment.wrap(['objdump', '-dr', '--no-show-raw-insn', '--disassemble=lookup_symbol', path.join(folder, 'lookup_kprobe_lookup.ko')], [folder]);
        const { stdout, stderr } = await run(argv, { env });
        assert.match(stdout, /\b(?:call|jmp)q?\b[^\n]*\n[^\n]*__SCT__lookup_symbol_call/, stderr);
        assert.doesNotMatch(stdout, /\b(?:call|jmp)q?\s+\*|__x86_indirect_thunk/);
      });

      for (const item of CASES) {
        it(`${item.fixture} after ${item.fixes.join(', ')}${item.stdout ? ` to ${item.stdout}` : ''}`, async () => {
          assert.deepEqual(left.get(nameOf(item)), []);
          const loaded = await load(guest(), path.join(folder, `${nameOf(item)}.ko`), item);
          item.check(loaded);
        });
      }
    });
  }
});

/** Loads a module with a file as its standard input and output, runs the case's commands, and takes it out again. */
async function load({ host }: ReturnType<ReturnType<typeof withGuest>>, ko: string, item: Case): Promise<Loaded> {
  const name = nameOf(item);
  await host.put(ko, '/tmp/fixed.ko');
  const script = `printf 'typed text\\n' >/tmp/in
ln -sf /the/target /tmp/link
echo "begin case $4" >/dev/kmsg
insmod /tmp/fixed.ko </tmp/in >"$3" 2>/tmp/err
echo $?
sh -c "$2" >/tmp/then
dmesg | sed "1,/begin case $4\\$/d" | sed 's/^[^]]*\\] //' | grep -v -e 'out-of-tree' -e 'module verification'
rmmod "$1" 2>/dev/null || true`;
  const { stdout, stderr } = await host.script(script, [name, item.then ?? ':', item.stdout ?? '/tmp/out', String(CASES.indexOf(item))]);
  const [exitCode, ...log] = stdout.trimEnd().split('\n');
  assert.equal(stderr, '');
  const text = async (file: string): Promise<string> => (await host.get(file)).toString();
  return { exitCode: Number(exitCode), stdout: await text('/tmp/out'), log, then: await text('/tmp/then') };
}
