// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { introduction } from '../../../core/guest/agent-program';
import { call, data, elfProgram, jump, jumpIf, jumpUnless, keep, label, type Instruction } from '../../../core/guest/elf';
import { run, type ProcessResult } from '../../../core/platform/process';
import { NOBODY, temporaryFolder } from './support';

const [READ, WRITE, OPEN, EXIT] = [0, 1, 2, 60];

describe('a program of system calls', () => {
  let folder: string;
  let remove: () => void;
  beforeEach(() => ({ folder, remove } = temporaryFolder()));
  afterEach(() => remove());

  function runProgram(instructions: Instruction[], stdin = ''): Promise<ProcessResult> {
    const file = path.join(folder, 'program');
    fs.writeFileSync(file, elfProgram(instructions), { mode: 0o755 });
    return run([file], { stdin });
  }

  it('reads, answers and ends', async () => {
    const echo = [call(WRITE, 1, { at: 'greeting' }, 3), label('again'), call(READ, 0, { stack: 8 }, 100), jumpIf('not positive', 'end'), keep, call(WRITE, 1, { stack: 8 }, 'kept'), jump('again')];
    const result = await runProgram([...echo, label('end'), call(EXIT, 7), data('greeting', 'hi ')], 'some words');
    assert.deepEqual([result.stdout, result.exitCode], ['hi some words', 7]);
  });

  it('looks at results', async () => {
    const opens = (file: string): Instruction[] => [call(OPEN, { at: 'file' }, 0), jumpIf('negative', 'no'), call(EXIT, 1), label('no'), call(EXIT, 2), data('file', `${file}\0`)];
    assert.equal((await runProgram(opens('/dev/null'))).exitCode, 1);
    assert.equal((await runProgram(opens('/nowhere'))).exitCode, 2);
    const counts = [call(WRITE, 1, { at: 'text' }, 3), jumpUnless(3, 'wrong'), call(WRITE, 1, { at: 'text' }, 0), jumpIf('not zero', 'wrong'), jumpIf('not negative', 'right'), label('wrong'), call(EXIT, 1), label('right'), keep, call(EXIT, 'kept'), data('text', 'abc')];
    assert.equal((await runProgram(counts)).exitCode, 0);
  });

  it('is not made with a label that is nowhere', () => {
    assert.throws(() => elfProgram([jump('nowhere')]), RangeError);
  });
});

describe('the introduction of a guest', () => {
  it('is the time, entropy with its size, and the keys', () => {
    const text = introduction(1_700_000_000_250, Buffer.alloc(32, 1), { hostKey: Buffer.alloc(83, 2), authorizedKey: Buffer.alloc(89, 3) });
    assert.deepEqual([text.readBigInt64LE(0), text.readBigInt64LE(8), text.readInt32LE(16), text.readInt32LE(20)], [1_700_000_000n, 250_000_000n, 256, 32]);
    assert.deepEqual([text[24], text[55], text[56], text[138], text[139], text.at(-1), text.length], [1, 1, 2, 2, 3, 3, 228]);
  });

  it('is refused with keys of another size than the guest reads', () => {
    assert.throws(() => introduction(0, Buffer.alloc(32), { ...NOBODY, hostKey: Buffer.alloc(84) }), RangeError);
    assert.throws(() => introduction(0, Buffer.alloc(31), NOBODY), RangeError);
  });
});
