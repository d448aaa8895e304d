// SPDX-License-Identifier: MIT
import { Failure } from '../../../core/model/failure';
import type { Progress } from '../../../core/platform/progress';

/** Steps on standard error, one line each; `log` lines only where KMODLAB_VERBOSE asks for them. */
export function consoleProgress(): Progress {
  const verbose = process.env['KMODLAB_VERBOSE'] !== undefined;
  return {
    step: (message) => console.error(`Set-up: ${message}…`),
    log: (line) => {
      if (verbose) console.error(`  ${line}`);
    },
  };
}

/** Runs a program's main function; a failure is told in its three sentences and becomes the exit code. */
export async function runMain(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const failure = Failure.from(error);
    console.error(`\n${[failure.what, failure.why, failure.next].join('\n')}`);
    if (failure.detail !== undefined) console.error(`\n${failure.detail.slice(-4000)}`);
    process.exitCode = failure.exitCode;
  }
}
