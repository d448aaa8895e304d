// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import Ajv from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { RULE_IDS } from '../../../core/model';
import { kmodlab, ROOT } from '../../support/cli';
import { initOf } from '../analysis/helper';

interface Physical {
  physicalLocation: { artifactLocation: { uri: string; uriBaseId?: string }; region: { startLine: number; startColumn: number; endColumn: number } };
}
interface Sarif {
  runs: [
    {
      tool: { driver: { rules: { id: string }[] } };
      originalUriBaseIds: Record<string, { uri: string }>;
      results: { ruleId: string; ruleIndex: number; locations: Physical[]; codeFlows?: { threadFlows: { locations: unknown[] }[] }[]; partialFingerprints: object; suppressions: { justification: string }[] }[];
      invocations: { toolExecutionNotifications: unknown[] }[];
    },
  ];
}

describe('kmodlab check', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-check-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const write = (name: string, content: string | Uint8Array): string => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, content);
    return file;
  };

  it('finds the kernel buffer of module/ and exits with 1', async () => {
    const result = await kmodlab(['check', path.join(ROOT, 'module')]);
    assert.equal(result.exitCode, 1, result.stderr);
    assert.match(result.stdout, /device2_kernel_buffer\.c:\d+:\d+: error: .*\[kernel-buffer\]/);
  });

  it('answers a missing file with three sentences and exit code 2', async () => {
    const result = await kmodlab(['check', path.join(folder, 'missing.c')]);
    assert.equal(result.exitCode, 2);
    assert.match(result.stderr, /missing\.c cannot be read\.\n {2}Why: {2}There is no such file.*\n {2}Next: /);
  });

  it('accepts an empty file', async () => {
    const result = await kmodlab(['check', write('empty.c', '')]);
    assert.equal(result.exitCode, 0, result.stderr);
    assert.match(result.stderr, /^0 findings/m);
  });

  it('says that a binary file is not analysed', async () => {
    const result = await kmodlab(['check', write('binary.c', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]))]);
    assert.equal(result.exitCode, 0, result.stderr);
    assert.match(result.stderr, /binary\.c: not analysed: a binary file/);
  });

  it('says that a file of 50 MB is not analysed', async () => {
    const result = await kmodlab(['check', '--format', 'json', write('huge.c', Buffer.alloc(50 * 1024 * 1024, 'int x;\n'))]);
    assert.equal(result.exitCode, 0, result.stderr);
    const { notes } = JSON.parse(result.stdout) as { notes: { message: string }[] };
    assert.deepEqual(notes.map(({ message }) => message), ['not analysed: larger than 4 MB']);
  });

  const BUFFER = initOf('\tregs.si = (unsigned long)name;\n\trc = table[__NR_write](&regs);', 'static char name[8];')[0]!.text;
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '').map((line) => line.replace(/: error: .*/, ''));

  it('walks folders in a stable order, past links, loops and what cannot be read, whatever a file is called', async () => {
    fs.mkdirSync(path.join(folder, 'b/deep'), { recursive: true });
    fs.mkdirSync(path.join(folder, '.hidden'));
    for (const name of ['z.c', 'a b%.c', 'b/own.c', 'b/deep/end.c', '.hidden/no.c', 'ü.c', 'line\nbreak\u001b.c']) write(name, BUFFER);
    fs.symlinkSync('..', path.join(folder, 'b/loop'));
    fs.symlinkSync('gone.c', path.join(folder, 'dangling.c'));
    const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0x2e, 0x63)]);
    fs.writeFileSync(odd, BUFFER);
    const [first, second] = [await kmodlab(['check', folder, path.join(folder, 'b')], { cwd: folder }), await kmodlab(['check', folder], { cwd: folder })];
    assert.equal(first.exitCode, 1, first.stderr);
    assert.equal(first.stdout, second.stdout, 'a finding that was reported is not reported again');
    assert.deepEqual(lines(first.stdout), ['a b%.c:17:12', 'line\\x0abreak\\x1b.c:17:12', 'z.c:17:12', 'ü.c:17:12', '\ufffd.c:17:12', 'b/own.c:17:12', 'b/deep/end.c:17:12']);
    assert.match(first.stderr, /^dangling\.c: not analysed: there is no such file$/m);
    const sarif = JSON.parse((await kmodlab(['check', '--format', 'sarif', folder], { cwd: folder })).stdout) as Sarif;
    assert.deepEqual(sarif.runs[0].results.slice(0, 5).map(({ locations }) => locations[0]!.physicalLocation.artifactLocation.uri), ['a%20b%25.c', 'line%0Abreak%1B.c', 'z.c', '%C3%BC.c', '%FF.c']);
  });

  it('exits with 2 when a file could not be read and nothing else was wrong', async () => {
    fs.symlinkSync('gone.c', path.join(folder, 'dangling.c'));
    assert.equal((await kmodlab(['check', folder])).exitCode, 2);
    write('good.c', '');
    assert.equal((await kmodlab(['check', path.join(folder, 'good.c')])).exitCode, 0);
  });

  it('goes by the project file, below the command line, and tells what is wrong in it', async () => {
    fs.mkdirSync(path.join(folder, 'sub'));
    const uses = BUFFER.replace('regs.si', 'kallsyms_lookup_name("x"); regs.si').replace('static char name', 'extern unsigned long kallsyms_lookup_name(const char *);\nstatic char name');
    const file = write('sub/sample.c', uses);
    const rules = async (...args: string[]): Promise<string[]> => [...(await kmodlab(['check', ...args])).stdout.matchAll(/: (\w+): .*\[([\w-]+)\]$/gm)].map(([, severity, rule]) => `${String(severity)} ${String(rule)}`);
    assert.deepEqual(await rules(file), ['error unexported-symbol', 'error kernel-buffer']);
    write('.kmodlab', '{ "analysis": { "targetKernel": "5.4" }, "rules": { "kernel-buffer": "warning", "none": "off" } }');
    for (const argument of [file, folder]) assert.deepEqual(await rules(argument), ['warning kernel-buffer']);
    assert.deepEqual(await rules('--target', '6.12', file), ['error unexported-symbol', 'warning kernel-buffer']);
    const { stderr, exitCode } = await kmodlab(['check', file], { cwd: folder });
    assert.match(stderr, /^\.kmodlab:1: There is no rule "none"/m);
    assert.equal(exitCode, 0);
  });

  it('takes the files of a module together, with its options and headers', async () => {
    write('Kbuild', 'obj-m := pair.o\npair-y := main.o sub/helper.o\nccflags-y := -DWITH_BUFFER -I$(src)/include\n');
    fs.mkdirSync(path.join(folder, 'sub'));
    fs.mkdirSync(path.join(folder, 'include'));
    write('include/shared.h', 'extern char shared[8];\nlong put(const char *p);\n');
    write('main.c', '#include <linux/module.h>\n#include <shared.h>\nchar shared[8];\nstatic int __init start(void)\n{\n#ifdef WITH_BUFFER\n\tput(shared);\n#endif\n\treturn 0;\n}\nmodule_init(start);\n');
    write('sub/helper.c', '#include <shared.h>\nlong put(const char *p)\n{\n\tstruct pt_regs r = { .di = 1, .si = (unsigned long)p, .dx = 8 };\n\treturn ((long (**)(const struct pt_regs *))kallsyms_lookup_name("sys_call_table"))[__NR_write](&r);\n}\n');
    for (const argument of ['.', 'main.c', 'main.c sub/helper.c']) {
      const { stdout } = await kmodlab(['check', '--target', '5.4', ...argument.split(' ')], { cwd: folder });
      assert.deepEqual(stdout.match(/^main\.c:7:6: error: .*\[kernel-buffer\]$/gm)?.length, 1, stdout);
    }
    assert.doesNotMatch((await kmodlab(['check', '--target', '5.4', 'sub/helper.c'], { cwd: folder })).stdout, /main\.c/);
    write('Kbuild', 'obj-m := pair.o\npair-y := main.o sub/helper.o\nccflags-y := -I$(src)/include\n');
    assert.doesNotMatch((await kmodlab(['check', '--target', '5.4', '.'], { cwd: folder })).stdout, /kernel-buffer/);
  });

  it('writes SARIF that its schema takes, with rules, provenance, fingerprints and suppressions', async () => {
    fs.mkdirSync(path.join(folder, '.git'));
    fs.mkdirSync(path.join(folder, 'src dir'));
    write('src dir/bad.c', BUFFER);
    write('src dir/shown.c', BUFFER.replace('(unsigned long)name;', '(unsigned long)name; /* kmodlab: ignore[kernel-buffer] shows it */'));
    write('src dir/binary.c', '\0');
    const { stdout, exitCode } = await kmodlab(['check', '--format', 'sarif', '.'], { cwd: path.join(folder, 'src dir') });
    assert.equal(exitCode, 1);
    const sarif = JSON.parse(stdout) as Sarif;
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats(ajv);
    const validate = ajv.compile(JSON.parse(fs.readFileSync(path.join(ROOT, 'test/fixtures/sarif/sarif-2.1.0.schema.json'), 'utf8')) as object);
    assert.ok(validate(sarif), JSON.stringify(validate.errors, null, 1));
    const [run] = sarif.runs;
    assert.equal(run.originalUriBaseIds['SRCROOT']!.uri, `${pathToFileURL(folder).toString()}/`);
    assert.deepEqual(run.tool.driver.rules.map(({ id }) => id), [...RULE_IDS]);
    assert.deepEqual(run.results.map(({ ruleId, suppressions }) => [ruleId, suppressions.map(({ justification }) => justification)]), [['kernel-buffer', []], ['kernel-buffer', ['shows it']]]);
    const [result] = run.results;
    const { artifactLocation, region } = result!.locations[0]!.physicalLocation;
    assert.deepEqual(artifactLocation, { uri: 'src%20dir/bad.c', uriBaseId: 'SRCROOT' });
    const line = BUFFER.split('\n')[region.startLine - 1]!;
    assert.equal(line.slice(region.startColumn - 1, region.endColumn - 1), '(unsigned long)name');
    assert.equal(run.tool.driver.rules[result!.ruleIndex]?.id, result!.ruleId);
    assert.ok(result!.codeFlows![0]!.threadFlows[0]!.locations.length >= 2);
    assert.equal(run.invocations[0]!.toolExecutionNotifications.length, 1);
    const moved = write('src dir/bad.c', `\n\n${BUFFER}`);
    const after = JSON.parse((await kmodlab(['check', '--format', 'sarif', moved], { cwd: folder })).stdout) as Sarif;
    assert.deepEqual(after.runs[0].results[0]!.partialFingerprints, result!.partialFingerprints, 'the same when lines move');
  });

  it('explains wrong usage with exit code 2', async () => {
    for (const args of [['check'], ['check', '--format', 'xml', folder], ['check', '--nonsense', folder], ['check', '--target', 'latest', folder], ['check', '--arch', 'mips', folder], ['nonsense']]) {
      const result = await kmodlab(args);
      assert.equal(result.exitCode, 2, args.join(' '));
      assert.match(result.stderr, /Usage|kmodlab: /);
    }
  });
});
