// SPDX-License-Identifier: MIT
// Mocha's spec reporter; besides, it leaves the counts in the file that KMODLAB_RESULT names, for scripts/test.mjs, and
// ends a run in which something is still open after the last test: a failure, but not one to wait for.
const fs = require('node:fs');
const { reporters, Runner } = require('mocha');

const LINGER_MS = 180_000;

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.on(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const file = process.env.KMODLAB_RESULT;
      if (file) fs.writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending, skippedTitles: skipped }));
      setTimeout(() => {
        console.error('Something that a test opened is still open.');
        process.exit(1);
      }, LINGER_MS).unref();
    });
  }
};
