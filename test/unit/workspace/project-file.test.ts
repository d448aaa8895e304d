// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import Ajv from 'ajv';
import { parse } from 'jsonc-parser';
import { projectJsonSchema, RULE_IDS } from '../../../core/model';
import { optionsFor } from '../../../server/src/workspace/project';
import { parseProjectFile } from '../../../server/src/workspace/project-file';

const problems = (text: string): string[] =>
  parseProjectFile(text).problems.map(({ severity, range: { start, end }, message }) => `${severity} ${start.line}:${start.character}-${end.line}:${end.character} ${message}`);

describe('.kmodlab', () => {
  it('says the target and the levels of rules, with comments', () => {
    const text = '{\n  // old boards\n  "analysis": { "targetKernel": "5.10", "arch": "arm64" },\n  "rules": { "unset-register": "off", "kernel-buffer": "warning", },\n}\n';
    const { settings } = parseProjectFile(text);
    assert.deepEqual(settings, { analysis: { targetKernel: '5.10', arch: 'arm64' }, rules: { 'unset-register': 'off', 'kernel-buffer': 'warning' } });
    assert.deepEqual(problems(text), []);
  });

  it('may be empty', () => {
    for (const text of ['', '{}', '  \n', '// nothing yet\n']) assert.deepEqual(parseProjectFile(text), { settings: {}, problems: [] });
  });

  it('shows each mistake at its place, and the rest of it counts', () => {
    const text = '{\n  "analysis": { "targetKernel": 6.12, "arch": "sparc", "kernel": "6" },\n  "rules": { "no-such": "off", "kernel-buffer": "fatal", "unset-register": "hint" },\n  "other": 1\n}\n';
    assert.deepEqual(parseProjectFile(text).settings, { analysis: {}, rules: { 'unset-register': 'hint' } });
    assert.deepEqual(
      problems(text).map((line) => line.replace(/ Rules: .*/, '')).toSorted(),
      [
        'warning 1:32-1:36 This must be a string.',
        'warning 1:46-1:53 Write "x86_64", "arm64" or "i386".',
        'warning 1:55-1:63 There is no setting "kernel" here.',
        'warning 2:13-2:22 There is no rule "no-such".',
        'warning 2:48-2:55 Write "off", "error", "warning", "information" or "hint".',
        'warning 3:2-3:9 There is no setting "other" here.',
      ],
    );
  });

  it('counts as far as it can be read when it is no JSON', () => {
    const { settings } = parseProjectFile('{ "rules": { "kernel-buffer": "off" }');
    assert.deepEqual(settings, { rules: { 'kernel-buffer': 'off' } });
    assert.match(problems('{ "rules": { "kernel-buffer": "off" }')[0] ?? '', /^error 0:\d+-0:\d+ This is not JSON: close brace expected\.$/);
    assert.deepEqual(problems('[]'), ['warning 0:0-0:2 This must be an object.']);
  });

  it('cannot hurt: deep, large, odd, or with names of the language', () => {
    assert.equal(parseProjectFile('['.repeat(100_000)).problems.length, 1);
    assert.deepEqual(parseProjectFile('{"__proto__": {"rules": 1}, "constructor": 2}').settings, {});
    assert.equal(({} as Record<string, unknown>)['rules'], undefined);
    assert.ok(parseProjectFile('\u0000\uFEFF{"rules": nul').problems.length > 0);
    assert.ok(parseProjectFile('{"a'.repeat(5_000)).problems.length <= 200);
  });

  it('has a schema that is published as it is (npx tsx scripts/schemas.ts writes it), and that says the same', () => {
    assert.equal(fs.readFileSync('docs/kmodlab.schema.json', 'utf8'), projectJsonSchema());
    const validate = new Ajv({ strict: false }).compile(JSON.parse(projectJsonSchema()) as object);
    for (const good of ['{}', '{"$schema": "x", "rules": {"kernel-buffer": "off"}}', '{"analysis": {"targetKernel": "6.1.0-56-cloud-amd64"}}']) {
      assert.ok(validate(parse(good)), good);
      assert.deepEqual(problems(good), []);
    }
    for (const bad of ['{"rule": {}}', '{"rules": {"kernel-buffer": "no"}}', '{"analysis": {"targetKernel": "new"}}', '{"analysis": {"arch": "mips"}}', '3']) {
      assert.ok(!validate(parse(bad)), bad);
      assert.equal(problems(bad).length, 1, bad);
    }
  });

  it('comes after a known target and before the settings of the editor, rule by rule', () => {
    const file = parseProjectFile('{"analysis": {"targetKernel": "5.10"}, "rules": {"kernel-buffer": "hint"}}');
    const editor = { analysis: { targetKernel: '6.6', arch: 'arm64' as const }, rules: { 'kernel-buffer': 'off' as const, 'unset-register': 'off' as const } };
    const levels = { 'kernel-buffer': 'hint', 'unset-register': 'off' };
    assert.deepEqual(optionsFor({}, file, editor), { target: { arch: 'arm64', kernel: '5.10' }, levels });
    assert.deepEqual(optionsFor({ kernel: '6.12.3', arch: 'x86_64' }, file, editor), { target: { arch: 'x86_64', kernel: '6.12.3' }, levels });
    assert.deepEqual(optionsFor({}, null, { analysis: {}, rules: {} }), { target: { arch: 'x86_64', kernel: null }, levels: {} });
  });
});

describe('the rules', () => {
  it('have a page each, and each page is one of a rule', () => {
    const pages = fs.readdirSync('docs/rules').filter((name) => name !== 'README.md').map((name) => name.replace(/\.md$/, ''));
    assert.deepEqual(pages.toSorted(), [...RULE_IDS].toSorted());
  });

  it('stand in the manifest with the levels that they can have (npx tsx scripts/schemas.ts writes it)', () => {
    const manifest = JSON.parse(fs.readFileSync('package.json', 'utf8')) as { contributes: { configuration: { properties: { 'kmodlab.rules': { properties: unknown } } } } };
    const schema = JSON.parse(projectJsonSchema()) as { properties: { rules: { properties: unknown } } };
    assert.deepEqual(manifest.contributes.configuration.properties['kmodlab.rules'].properties, schema.properties.rules.properties);
  });
});
