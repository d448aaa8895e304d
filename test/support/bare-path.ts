// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';

/** What a plain Debian base does not have: compilers and their tools, make, ssh, QEMU, a browser. */
const notInBase = /^(?:(?:x86_64-linux-gnu-)?(?:gcc|g\+\+|cpp|c\+\+|cc|c89|c99|ld|as|ar|nm|objcopy|objdump|strip|clang)\b.*|g?make|ssh.*|qemu-.*|chromium.*)$/;

/** Fills a folder with links to the programs of PATH but those, as PATH of a bare machine. */
export function barePath(folder: string): string {
  fs.mkdirSync(folder);
  for (const dir of (process.env['PATH'] ?? '').split(':').concat('/usr/sbin', '/sbin')) {
    for (const name of fs.existsSync(dir) ? fs.readdirSync(dir) : []) {
      const link = path.join(folder, name);
      if (!notInBase.test(name) && !fs.existsSync(link)) fs.symlinkSync(path.join(dir, name), link);
    }
  }
  return folder;
}
