// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import Mocha from 'mocha';

/** What one part of the workbench tests came to. */
export interface PartResult {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly { readonly title: string; readonly message: string }[];
}

/** What the suite puts before a line that is for the person who runs the tests; everything else goes to the log. */
export const TEST_OUTPUT = '[test] ';

/**
 * Runs test files with mocha, telling each test as it ends. A run without a single test counts as one failure:
 * nothing was shown to work.
 * @param say takes one line without its line end
 * @param signal leaves out the tests that have not begun
 */
export function runMocha(files: readonly string[], say: (line: string) => void, timeoutMs: number, signal?: AbortSignal): Promise<PartResult> {
  const mocha = new Mocha({ ui: 'bdd', timeout: timeoutMs, forbidOnly: true, forbidPending: true, reporter: Silent });
  for (const file of files) mocha.addFile(file);
  return new Promise((resolve, reject) => {
    const failures: { title: string; message: string }[] = [];
    let passed = 0;
    let depth = 0;
    const start = (): void => {
      const runner = mocha.run(() => {
        if (passed + failures.length === 0) failures.push({ title: 'there are tests', message: 'not a single test ran' });
        resolve({ passed, failed: failures.length, failures });
      });
      signal?.addEventListener('abort', () => runner.abort());
      runner.on('suite', (suite) => {
        if (suite.title !== '') say(`${'  '.repeat(depth++)}${suite.title}`);
      });
      runner.on('suite end', (suite) => {
        if (suite.title !== '') depth--;
      });
      runner.on('pass', (test) => {
        passed++;
        say(`${'  '.repeat(depth)}✔ ${test.title} (${test.duration ?? 0} ms)`);
      });
      runner.on('fail', (test, error: Error) => {
        failures.push({ title: test.fullTitle(), message: error.stack ?? error.message });
        say(`${'  '.repeat(depth)}✘ ${test.title}`);
        for (const line of (error.stack ?? error.message).split('\n')) say(`${'  '.repeat(depth + 2)}${line}`);
      });
    };
    mocha.loadFilesAsync().then(start, reject);
  });
}

/** Mocha's own reporters write to standard output, which an extension host does not have. */
class Silent extends Mocha.reporters.Base {
  override epilogue(): void {
    // told by runMocha
  }
}

export function writeResult(file: string, result: PartResult): void {
  fs.writeFileSync(file, JSON.stringify({ ...result, skipped: 0, skippedTitles: [] }));
}

/** Reads a result that a runner has written; one that is not there is a failure. */
export function readResult(file: string): PartResult {
  if (!fs.existsSync(file)) return { passed: 0, failed: 1, failures: [{ title: 'the runner comes to its end', message: `${file} was not written` }] };
  return JSON.parse(fs.readFileSync(file, 'utf8')) as PartResult;
}
