// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { addressesSvg, report, timelineSvg } from '../../../core/results/export';
import { call, prediction, record, session } from '../extension/sample-session';

const HOSTILE = '<script>alert(1)</script>"\'&\u001b[31m\u202e';
const registers = ['di', 'si', 'dx', 'r10', 'r8', 'r9'].map((name, index) => ({ name, value: ['0x1', '0xffffffffc0284060', '0x1c'][index] ?? '0x0' }));
const sample = session({
  module: { name: HOSTILE, folder: '/w', sources: [], koBuildId: null },
  parameters: { mode: HOSTILE },
  end: { state: 'refused', reason: HOSTILE },
  predictions: [{ ...prediction('p', 'write', { kind: 'errno', name: 'EFAULT', value: -14 }), because: HOSTILE }, prediction('q', 'dup', { kind: 'exact', value: 4 })],
  calls: [call('a', 'write', -14, { errno: 'EFAULT', registers, evidence: 'probe', predictionId: 'p', task: HOSTILE }), call('b', HOSTILE, 1, { caller: '=cmd|" /C calc"!A0', source: { file: '@file, with comma.c', line: 3 } })],
  records: [record(1, `first\n${HOSTILE}`)],
  actions: [{ argv: ['sh', '-c', HOSTILE], stdin: '', stdout: HOSTILE, stderr: '', exitCode: 1, at: '2026-01-01T00:00:00Z', deviceWrite: null }],
});

describe('the HTML report', () => {
  const html = report(sample, 'html');

  it('lets nothing of the session become markup', () => {
    assert.doesNotMatch(html, /<script|\u001b|\u202e/);
    assert.ok(html.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
    assert.doesNotMatch(html, / (?:on\w+|style)=/);
  });

  it('asks for nothing from outside, by its own policy too', () => {
    const style = /<style>([^]*?)<\/style>/.exec(html)?.[1];
    assert.ok(style);
    const hash = createHash('sha256').update(style).digest('base64');
    assert.ok(html.includes(`content="default-src 'none'; style-src 'sha256-${hash}'"`));
    assert.doesNotMatch(html, /(?:src|href)=|url\(|@import/);
  });

  it('tells the whole story: summary, calls, why, pictures, log', () => {
    for (const text of ['The module was not loaded', '-14 EFAULT', 'write() takes it for an address of user space', 'aria-label="Timeline', 'aria-label="Address space', 'Kernel log', 'not predicted']) assert.ok(html.includes(text), text);
  });

  it('stays readable with 100,000 calls, and says what it leaves out', () => {
    const calls = Array.from({ length: 100_000 }, (_, index) => call(`c${index}`, 'dup', index === 99_000 ? 5 : 4, { predictionId: 'q', usec: 1_000_000 + index }));
    const large = report(session({ calls, predictions: [prediction('q', 'dup', { kind: 'exact', value: 4 })] }), 'html');
    assert.ok(large.length < 3_000_000);
    assert.ok(large.includes('2,000 of 100,000 calls: all that differ'));
    assert.ok(large.includes('≠ differs</td>'));
  });

  it('is made of a session without anything', () => assert.ok(report(session(), 'html').includes('No call observed yet')));
});

describe('the CSV', () => {
  const lines = report(sample, 'csv').split('\r\n');

  it('has a line for each call, then for what was not made', () => {
    assert.equal(lines.length, 5);
    assert.equal(lines[0]?.split(',').length, 22);
    assert.ok(lines[1]?.startsWith('a,1002000,,'));
    assert.ok(lines[1]?.includes(',write,fd=1 buf=0xffffffffc0284060 count=28,\'-14 EFAULT,-14,EFAULT,returned,agree,probe,sample.c,10,'));
    assert.ok(lines[3]?.includes('neverMade'));
  });

  it('gives a spreadsheet no formula, but leaves numbers be', () => {
    assert.ok(lines[2]?.includes(`"'=cmd|"" /C calc""!A0"`));
    assert.ok(lines[2]?.includes(`"'@file, with comma.c"`));
    assert.ok(lines[1]?.includes(',-14,'));
    for (const cell of ['+1', '-1+1', '\t=1', '@SUM(1)']) {
      const [, line] = report(session({ calls: [call('a', cell, 1)] }), 'csv').split('\r\n');
      assert.match(line ?? '', /,'/, cell);
    }
  });
});

describe('the pictures as files', () => {
  it('are SVG that needs nothing beside it', () => {
    for (const svg of [timelineSvg(sample), addressesSvg(sample, sample.calls[0]!)]) {
      assert.match(svg ?? '', /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      assert.ok(svg?.includes('<style>') && !svg.includes('@style@'));
      assert.doesNotMatch(svg ?? '', /<script|\u001b|\u202e/);
    }
  });

  it('are none where there is nothing to draw', () => {
    assert.equal(timelineSvg(session()), null);
    assert.equal(addressesSvg(sample, sample.calls[1]!), null);
  });
});

describe('the JSON', () => {
  it('is the session itself', () => assert.deepEqual(JSON.parse(report(sample, 'json')), sample));
});
