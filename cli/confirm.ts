// SPDX-License-Identifier: MIT
import readline from 'node:readline/promises';
import type { FirstLoad } from '../core/modules/load';
import { printable } from '../core/model';
import type { CliContext } from './context';

/** Asks on the terminal before the first load on a host that is no guest; undefined where nobody can be asked. */
export function terminalConfirmation(context: CliContext, before: () => void): ((question: FirstLoad) => Promise<boolean>) | undefined {
  if (!process.stdin.isTTY) return undefined;
  return async ({ module, host, kernel }) => {
    before();
    const terminal = readline.createInterface({ input: process.stdin, output: context.err });
    try {
      context.err.write(`${printable(`${module} goes into the kernel of ${host} (Linux ${kernel}), which is no disposable guest: a fault in it can take that machine down.`)}\n`);
      return /^y(es)?$/i.test((await terminal.question('Load modules there from now on? [y/N] ', { signal: context.signal })).trim());
    } catch {
      return false; // Ctrl-C, Ctrl-D
    } finally {
      terminal.close();
    }
  };
}
