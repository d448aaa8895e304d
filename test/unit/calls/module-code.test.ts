// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PredictionMatcher } from '../../../core/calls/match-predictions';
import { ModuleCode, ModuleLayout } from '../../../core/calls/module-code';
import { parseAddr2line, SourceLines } from '../../../core/calls/source-lines';
import { LocalHost } from '../../../core/hosts/local';
import { predictionOf } from '../../support/session';

const SOURCE = `typedef long (*entry_t)(void *);
extern entry_t entry;
static inline __attribute__((always_inline)) long helper(void *regs)
{
	return entry(regs); /* inlined */
}
long calls(void *regs)
{
	long first = helper(regs); /* used */
	return first + entry(regs); /* plain */
}
long jumps(void *regs)
{
	return entry(regs); /* jump */
}
__attribute__((section(".init.text"))) int init_module(void) { return 0; }
`;
const lineOf = (mark: string): number => SOURCE.split('\n').findIndex((line) => line.includes(`/* ${mark} */`)) + 1;

describe('the code of a module', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-code-'));
  const objects = { thunks: path.join(folder, 'thunks.o'), plain: path.join(folder, 'plain.o') };
  before(() => {
    fs.writeFileSync(path.join(folder, 'a.c'), SOURCE);
    for (const [file, flags] of [[objects.thunks, ['-mindirect-branch=thunk-extern', '-mindirect-branch-register']], [objects.plain, []]] as const) {
      execFileSync('gcc', ['-c', '-O2', '-g', '-m64', '-mcmodel=kernel', '-fno-pic', '-fno-pie', '-fcf-protection=none', ...flags, 'a.c', '-o', file], { cwd: folder });
    }
  });
  after(() => fs.rmSync(folder, { recursive: true }));
  const read = (file: string): ModuleCode => new ModuleCode(fs.readFileSync(file));
  const lines = (file: string): SourceLines => new SourceLines({ koPath: file, environment: { makeArgs: [], wrap: (argv) => ({ argv: [...argv], env: process.env }) } });

  it('finds the functions that jump, with and without retpolines', () => {
    for (const file of Object.values(objects)) assert.deepEqual(read(file).tailJumpers.map(({ symbol, jumps }) => [symbol, jumps.length]), [['jumps', 1]]);
  });

  it('finds the lines of calls, with the frames of inlined functions, and of jumps', async () => {
    const code = read(objects.thunks);
    const source = lines(objects.thunks);
    const before = code.callReturns.map(({ section, offset }) => ({ section, offset: offset - 1 }));
    source.prefetch(before);
    const frames = await Promise.all(before.map((place) => source.at(place)));
    assert.deepEqual(frames.map((places) => places.map(({ line }) => line)), [[lineOf('inlined'), lineOf('used')], [lineOf('plain')]]);
    assert.deepEqual(await source.at(code.tailJumpers[0]!.jumps[0]!), [{ file: 'a.c', line: lineOf('jump') }]);
    const onHost = new SourceLines({ koPath: objects.thunks, sourceRoot: folder, environment: { host: new LocalHost(), makeArgs: [], wrap: () => ({ argv: ['false'], env: {} }) } });
    onHost.prefetch(before);
    assert.deepEqual(await Promise.all(before.map((place) => onHost.at(place))), frames);
    assert.match(code.describe(code.callReturns[0]!) ?? '', /^calls\+0x[0-9a-f]+$/);
  });

  it('gives no line where the tool is missing or knows nothing', async () => {
    const broken = new SourceLines({ koPath: objects.thunks, environment: { makeArgs: ['CROSS_COMPILE=/nowhere/'], wrap: (argv) => ({ argv: [...argv], env: process.env }) } });
    assert.deepEqual(await broken.at({ section: '.text', offset: 1 }), []);
    assert.deepEqual([...parseAddr2line('0x00000000000000a5\nf\n/k/a.c:32 (discriminator 2)\nouter\n??:0\n0x1\n??\n??:0\n')], [[0xa5, ['/k/a.c:32', '??:0']], [1, ['??:0']]]);
  });

  it('places addresses by sections, by a probed function, or by the symbol that the kernel printed', () => {
    const code = read(objects.thunks);
    const layout = new ModuleLayout(code, 'a');
    const printed = { name: 'calls', offset: 9, size: 40, module: 'a' };
    assert.equal(layout.locate(0xffffffffc0001009n, null), null);
    assert.deepEqual(layout.locate(0xffffffffc0001009n, printed), { section: '.text', offset: code.placeOf('calls', 9, 40)!.offset });
    assert.equal(layout.locate(0xffffffffc0001009n, { ...printed, module: 'other' }), null);
    layout.addSections('.text 0xffffffffc0001000\n.text.none 0xffffffffc0009000\n.init.text 0x0000000000000000\nnonsense');
    layout.addBase('.init.text', 0xffffffffc0005000n);
    layout.addBase('.text', 0x1000n);
    assert.deepEqual(layout.locate(0xffffffffc0001009n, null), { section: '.text', offset: 9 });
    assert.deepEqual(layout.locate(0xffffffffc0005001n, null), { section: '.init.text', offset: 1 });
    assert.equal(layout.locate(0xffffffffc0009001n, null), null);
  });
});

describe('predictions of recorded calls', () => {
  it('are found by line and syscall, where an inlined helper is used as well', () => {
    const matcher = new PredictionMatcher([predictionOf({ id: 'used', source: { file: 'a.c', line: 9 } })]);
    const frames = [{ file: 'a.c', line: 5 }, { file: 'a.c', line: 9 }];
    assert.deepEqual(matcher.match('write', 'f+0x1', frames), { prediction: predictionOf({ id: 'used', source: { file: 'a.c', line: 9 } }), source: frames[1] });
    assert.deepEqual(matcher.match('dup', 'f+0x1', frames), { prediction: null, source: frames[0] });
    assert.deepEqual(matcher.match('write', 'f+0x1', []), { prediction: null, source: null });
  });

  it('of one line are taken in program order, and kept by their return address', () => {
    const matcher = new PredictionMatcher(['one', 'two'].map((id) => predictionOf({ id })));
    const at = (caller: string): string | undefined => matcher.match('write', caller, [{ file: 'a.c', line: 7 }]).prediction?.id;
    assert.deepEqual([at('f+0x1'), at('f+0x9'), at('f+0x1'), at('f+0x9'), at('f+0x20')], ['one', 'two', 'one', 'two', undefined]);
  });
});
