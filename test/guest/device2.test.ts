// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { LoadSession } from '../../core/model';
import { copyOfModule, kmodlab, notOffered, parseSession } from '../support/cli';

/** The kernel's own lines that report a result, in order: text before the last `= `, and the number. */
function reported(session: LoadSession): [string, number][] {
  return session.records.flatMap(({ text }) => {
    const match = /^\[DEVICE2\](.*) = (-?\d+)$/.exec(text);
    return match ? [[match[1]!, Number(match[2])] as [string, number]] : [];
  });
}

const ARTICLE: [string, number][] = [
  ['write() with a kernel space buffer', -14],
  ['dup()', 4],
  ['close()', 0],
  ['dup()', 0],
  ['write()', 25],
  ['write()', 15],
];

describe('device2 on real kernels', function () {
  for (const kernel of ['6.1-cloud', '5.10-cloud', '6.12-cloud', 'newest-cloud']) {
    it(`gives the article's numbers on ${kernel}, each as predicted`, async function () {
      const result = await kmodlab(['demo', '--kernel', kernel, '--json']);
      if (notOffered(result)) {
        console.log(`      ${kernel}: ${result.stderr.trim().split('\n')[0]}`);
        this.skip();
      }
      assert.equal(result.exitCode, 0, result.stderr);
      const session = parseSession(result);
      assert.deepEqual(reported(session), ARTICLE);
      assert.deepEqual(
        session.calls.map((call) => [call.syscall, call.result]),
        [['write', -14], ['dup', 4], ['close', 0], ['dup', 0], ['write', 25], ['write', 15]],
      );
      assert.deepEqual(session.actions.map((action) => action.stderr), ['qwerty for test purposes\n', 'another string\n']);
      assert.deepEqual(session.actions.map((action) => action.stdout), ['', '']);
      assert.equal(session.end?.state, 'unloaded');
      assert.deepEqual(session.gaps, []);
      const [buffer] = session.calls[0]?.buffers ?? [];
      assert.equal(Buffer.from(buffer?.bytes ?? '', 'hex').toString(), '[DEVICE2]String from driver\n');
      const findings = session.findings.filter((finding) => finding.rule === 'kernel-buffer');
      assert.deepEqual(findings.map((finding) => finding.file), ['device2_kernel_buffer.c']);
      assert.equal(new Set(session.calls.map((call) => call.predictionId)).size, 5, 'both echoes share a prediction, no others do');
    });
  }
});

describe('nothing is written down', () => {
  it('predictions, observations and the finding follow a changed module', async () => {
    const folder = copyOfModule({
      'device2_kernel_buffer.c': [
        ['write_syscall', 'push'],
        ['param', 'frame'],
        ['(unsigned long)buf', 'address'],
        ['\tlong rc;\n', '\tunsigned long address = (unsigned long)buf;\n\tlong outcome;\n'],
        ['rc', 'outcome'],
        ['"String from driver"', '"A longer text that comes from the driver"'],
        ['write() with a kernel space buffer', 'what write() says of this buffer'],
      ],
      'device2_descriptors.c': [['set_descriptor(&param, 0);', 'set_descriptor(&param, 1);']],
      'device2_echo.c': [['write() = ', 'the echo came to ']],
    });
    const result = await kmodlab(['demo', '--module', folder, '--text', 'x', '--text', 'a text of another length', '--json']);
    const session = parseSession(result);
    const check = await kmodlab(['check', '--format', 'json', folder]);
    fs.rmSync(folder, { recursive: true });

    assert.equal(result.exitCode, 0, result.stderr);
    assert.deepEqual(
      session.calls.map((call) => [call.syscall, call.result]),
      [['write', -14], ['dup', 4], ['close', 0], ['dup', -9], ['write', 2], ['write', 25]],
    );
    const { findings } = JSON.parse(check.stdout) as { findings: { rule: string; file: string }[] };
    assert.deepEqual(findings.filter(({ rule }) => rule === 'kernel-buffer').map(({ file }) => file), ['device2_kernel_buffer.c']);
  });

  it('a module that proves the prediction wrong makes the demo fail', async () => {
    // The descriptor that close() frees is taken again behind the analysis' back, by code it cannot follow.
    const folder = copyOfModule({
      'device2_descriptors.c': [['#include <linux/unistd.h>\n', '#include <linux/unistd.h>\n#include <linux/file.h>\n'], ['\tlong rc;\n', '\tlong rc = get_unused_fd_flags(0);\n']],
    });
    const result = await kmodlab(['demo', '--module', folder, '--json']);
    fs.rmSync(folder, { recursive: true });
    assert.equal(result.exitCode, 1, result.stderr);
  });
});

describe('a module that the command line left loaded', () => {
  let folder: string;
  before(() => (folder = copyOfModule()));
  after(async () => {
    fs.rmSync(folder, { recursive: true });
    await kmodlab(['guest', 'stop']);
  });

  it('has its devices and is exercised from there, in its load session', async () => {
    assert.equal((await kmodlab(['load', folder, 'experiment=echo'])).exitCode, 0);
    assert.match((await kmodlab(['device', 'list', folder])).stdout, /^device2 {2}\d+:0 {2}no node yet\n$/);
    const written = await kmodlab(['device', 'write', 'from the shell', folder]);
    assert.deepEqual([written.exitCode, written.stdout], [0, '! from the shell\n$ echo from the shell > /dev/device2: exit code 0\n'], written.stderr);
    assert.equal((await kmodlab(['device', 'create', folder])).stdout, '/dev/device2\n');
    const exercised = await kmodlab(['exercise', folder, '--exec', 'cat /proc/sys/kernel/ostype', '--exec', 'exit 3']);
    assert.deepEqual([exercised.exitCode, exercised.stdout], [1, '  Linux\n$ cat /proc/sys/kernel/ostype: exit code 0\n$ exit 3: exit code 3\n'], exercised.stderr);
    const session = parseSession(await kmodlab(['unload', folder, '--json']));
    assert.deepEqual(session.actions.map(({ exitCode }) => exitCode), [0, 0, 3]);
    const gone = await kmodlab(['device', 'list', folder]);
    assert.deepEqual([gone.exitCode, gone.stderr.includes('Nothing was done with device2.')], [3, true], gone.stderr);
  });

  it('refuses what it does not understand, before a guest is started', async () => {
    for (const args of [['device'], ['device', 'burn'], ['device', 'write'], ['exercise', folder], ['shell', 'guest', 'guest']]) {
      const { exitCode, stderr } = await kmodlab(args);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /Next: Write, for example: kmodlab /);
    }
  });
});

describe('a module that cannot be loaded', () => {
  after(() => kmodlab(['guest', 'stop']));

  it('that does not compile gives diagnostics at file and line, and nothing is loaded', async () => {
    const folder = copyOfModule({ 'device2_descriptors.c': [['long rc;', 'long rc']] });
    const result = await kmodlab(['load', folder]);
    fs.rmSync(folder, { recursive: true });
    assert.equal(result.exitCode, 1, result.stderr);
    assert.match(result.stderr, /device2_descriptors\.c:\d+:\d+: error: /);
    assert.doesNotMatch(result.stdout, /DEVICE2/);
  });

  for (const kernel of ['6.1-cloud', 'newest-cloud']) {
    it(`has its error where editors count it, behind tabs and wide characters (${kernel}, whose compiler may be a private one)`, async function () {
      const folder = copyOfModule({ 'device2_descriptors.c': [['long rc;', '/* 漢\t😀 e\u0301 */\tlong rc = missing;']] });
      const lines = fs.readFileSync(path.join(folder, 'device2_descriptors.c'), 'utf8').split('\n');
      const at = lines.findIndex((line) => line.includes('missing;'));
      const result = await kmodlab(['build', folder, '--host', `guest:${kernel}`]);
      fs.rmSync(folder, { recursive: true });
      if (notOffered(result)) this.skip();
      assert.ok(result.stderr.includes(`device2_descriptors.c:${at + 1}:${(lines[at] ?? '').indexOf('missing') + 1}: error: `), result.stderr);
    });
  }

  it('whose init refuses shows the reason from the kernel log', async () => {
    const folder = copyOfModule();
    const result = await kmodlab(['load', folder, 'experiment=nonsense']);
    fs.rmSync(folder, { recursive: true });
    assert.equal(result.exitCode, 3, result.stderr);
    assert.match(result.stderr, /unknown experiment "nonsense"/);
  });
});
