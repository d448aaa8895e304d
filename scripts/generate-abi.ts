// SPDX-License-Identifier: MIT
/**
 * Writes core/abi/generated/ARCH.json from the headers of Debian's kernels, which the product's own package cache
 * fetches, and from the facts under scripts/abi:
 *
 *   npx tsx scripts/generate-abi.ts [OUTPUT]
 *
 * Only facts leave the packages: numbers, names, argument names and types.
 */
import fs from 'node:fs';
import path from 'node:path';
import { SERIES, generateAbi, headersOf } from './abi/generate';
import { PackageStore } from '../core/packages';
import { userDirs } from '../core/platform/dirs';

async function main([output = path.join(import.meta.dirname, '../core/abi/generated')]: readonly string[]): Promise<void> {
  const store = new PackageStore(userDirs());
  const kernels = [];
  for (const series of SERIES) kernels.push({ series, headers: headersOf(await store.provideKernel(`${series}-cloud`)) });
  fs.mkdirSync(output, { recursive: true });
  for (const { arch, text, summary } of generateAbi(kernels)) {
    fs.writeFileSync(path.join(output, `${arch}.json`), text);
    console.log(summary);
  }
}

void main(process.argv.slice(2));
