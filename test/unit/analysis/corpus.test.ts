// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Finding } from '../../../core/model/analysis';
import { judge, readLabels, type LabelledFile } from '../../corpus/labels';

const FILE: LabelledFile = {
  repository: 'owner/name', commit: '0'.repeat(40), path: 'a.c', target: { arch: 'x86_64', kernel: '6.1' },
  calls: [
    { line: 10, callee: 'orig', syscall: 'rename', argument: 1, verdict: 'user', rules: [], because: 'passed on' },
    { line: 10, callee: 'orig', syscall: 'rename', argument: 2, verdict: 'kernel', rules: ['kernel-buffer'], because: 'a literal' },
  ],
};

function finding(rule: string, line: number, message: string, calledAt = line): Finding {
  const range = (at: number): Finding['range'] => ({ start: { line: at - 1, character: 0 }, end: { line: at - 1, character: 5 } });
  return { rule, severity: 'error', file: 'a.c', range: range(line), message, related: [{ file: 'a.c', range: range(calledAt), message: 'called here' }] };
}

describe('the labelled calls', () => {
  const files = readLabels();

  it('are enough, from many places, with something to find and much that is right', () => {
    const calls = files.flatMap((file) => file.calls);
    assert.ok(calls.length >= 200, `${calls.length} calls`);
    assert.ok(new Set(files.map((file) => file.repository)).size >= 40);
    assert.ok(calls.filter((call) => call.verdict === 'kernel').length >= 60);
    assert.ok(calls.filter((call) => call.verdict === 'user').length >= 100);
    for (const arch of ['x86_64', 'arm64', 'i386']) assert.ok(files.some((file) => file.target.arch === arch), arch);
  });

  it('stand once each', () => {
    const names = files.flatMap((file) => file.calls.map((call) => [file.repository, file.path, file.target.kernel, call.line, call.callee, call.argument].join(' ')));
    assert.equal(new Set(names).size, names.length);
  });
});

describe('what is judged by labels', () => {
  it('is right at the call, or at the store that leads there', () => {
    const result = judge(FILE, [finding('kernel-buffer', 7, "rename(): argument 2 ('newname', …) gets a kernel address", 10)]);
    assert.deepEqual([result.found.length, result.missed.length, result.wrong.length], [1, 0, 0]);
  });

  it('is wrong at an argument that is right, and where nothing is labelled', () => {
    const result = judge(FILE, [finding('kernel-buffer', 10, 'rename(): argument 1 gets'), finding('mixed-buffer', 12, 'write(): argument 2 gets'), finding('table-hook', 12, 'no buffer rule')]);
    assert.deepEqual([result.found.length, result.missed.length, result.wrong.length], [0, 1, 2]);
  });
});
