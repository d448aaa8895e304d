// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../../core/model/failure';
import { PackageStore } from '../../core/packages';
import { userDirs } from '../../core/platform/dirs';
import { generateAbi, headersOf, SERIES } from '../../scripts/abi/generate';
import { ROOT } from '../support/cli';

it('the committed syscall tables are what the kernel packages give', async function () {
  const store = new PackageStore(userDirs());
  const kernels = [];
  for (const series of SERIES) {
    try {
      kernels.push({ series, headers: headersOf(await store.provideKernel(`${series}-cloud`)) });
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'kernel-not-offered') throw error;
      console.log(`      ${series} is not offered now: the tables cannot be made again`);
      this.skip();
    }
  }
  for (const { arch, text } of generateAbi(kernels)) {
    const committed = fs.readFileSync(path.join(ROOT, 'core/abi/generated', `${arch}.json`), 'utf8');
    assert.equal(committed === text, true, `${arch}.json differs: run scripts/generate-abi.ts, and look at what changed`);
  }
});
