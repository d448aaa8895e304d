// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { shCommand, shQuote } from '../../../core/platform/sh-quote';

describe('shell quoting', () => {
  const words = ['plain', '', ' ', "it's", '"double"', '$HOME', '`id`', '$(id)', 'a\nb', 'a\tb', '*', '~', '-n', '\\', "'\\''", '!x', '#', 'é…', ';', '&&', 'a=b', '{a,b}', '\u0001'];

  it('gives every word back unchanged, through a real shell', () => {
    const output = execFileSync('sh', ['-c', shCommand(['printf', '%s\\0', ...words])]).toString('utf8');
    assert.deepEqual(output.split('\0').slice(0, -1), words);
  });

  it('leaves harmless words as they are', () => {
    assert.equal(shQuote('/lib/modules/6.1.0-56-cloud-amd64'), '/lib/modules/6.1.0-56-cloud-amd64');
  });

  it('refuses what no argument can hold', () => {
    assert.throws(() => shQuote('a\0b'), RangeError);
  });
});
