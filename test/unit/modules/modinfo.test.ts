// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure } from '../../../core/model';
import { readModuleInfo } from '../../../core/modules/modinfo';

/** A relocatable object with a .modinfo section, made by the machine's own tools. */
function makeModule(modinfo: string): Buffer {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ki-'));
  try {
    fs.writeFileSync(path.join(folder, 'a.c'), 'int value = 1;\n');
    fs.writeFileSync(path.join(folder, 'modinfo'), modinfo);
    const options = { cwd: folder, stdio: 'pipe' as const };
    execFileSync('gcc', ['-c', '-o', 'a.o', 'a.c'], options);
    execFileSync('objcopy', ['--add-section', '.modinfo=modinfo', 'a.o'], options);
    execFileSync('ld', ['-r', '--build-id=0x0123456789abcdef', '-o', 'a.ko', 'a.o'], options);
    return fs.readFileSync(path.join(folder, 'a.ko'));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

describe('what a .ko says of itself', () => {
  let ko: Buffer;
  before(() => {
    ko = makeModule('name=sample\0vermagic=6.1.0 SMP mod_unload \0depends=one,two\0parm=count:how many\0parmtype=count:int\0parmtype=quiet:bool\0\0broken\0=x\0license=GPL v2=');
  });

  it('is read without running anything', () => {
    const info = readModuleInfo(ko);
    assert.deepEqual([info.name, info.vermagic, info.depends, info.machine], ['sample', '6.1.0 SMP mod_unload ', ['one', 'two'], process.arch === 'arm64' ? 'arm64' : 'x86_64']);
    assert.deepEqual(info.parameters, [
      { name: 'count', type: 'int', description: 'how many' },
      { name: 'quiet', type: 'bool', description: null },
    ]);
    assert.equal(info.buildId, '0123456789abcdef');
    assert.deepEqual(info.entries.at(-1), { key: 'license', value: 'GPL v2=' });
  });

  it('is refused when the file is something else', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('text'), Buffer.alloc(10_000, 0xff), fs.readFileSync('/bin/sh')]) {
      assert.throws(() => readModuleInfo(bytes), { code: 'not-a-module' });
    }
  });

  it('survives every cut and every damaged byte of the headers', () => {
    const survives = (bytes: Buffer): void => {
      try {
        readModuleInfo(bytes);
      } catch (error) {
        assert.ok(error instanceof Failure, String(error));
      }
    };
    for (let length = 0; length < ko.length; length += 7) survives(ko.subarray(0, length));
    const table = Number(ko.readBigUInt64LE(0x28));
    const headers = [...Array.from({ length: 64 }, (_, at) => at), ...Array.from({ length: ko.length - table }, (_, at) => table + at)];
    for (const at of headers) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const damaged = Buffer.from(ko);
        damaged[at] = value;
        survives(damaged);
      }
    }
  });
});
