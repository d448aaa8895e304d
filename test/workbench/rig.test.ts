// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { run, type ProcessResult } from '../../core/platform/process';
import { provideChromium } from './rig/browser';
import { CodeHostExit, parseArguments } from './rig/code-host';
import { Lifetime } from './rig/lifetime';
import { provideVsCode } from './rig/provision';
import { consoleProgress } from './rig/report';

const PROBE = path.join(__dirname, 'fixtures/probe');

const lifetime = new Lifetime().stopOnSignals();
const shots = lifetime.temporaryFolder('kmodlab-shots');

/** Runs the probe's tests through the stand-in; they end in the way that is named. */
function probe(end: string, limitSeconds = 120): Promise<ProcessResult> {
  return run([process.execPath, path.join(__dirname, 'code-host.mjs'), `--extensionDevelopmentPath=${PROBE}`, `--extensionTestsPath=${path.join(PROBE, 'runs.js')}`], {
    signal: lifetime.signal,
    env: { ...process.env, PROBE_END: end, KMODLAB_SHOTS_DIR: shots, KMODLAB_WORKBENCH_LIMIT: String(limitSeconds) },
  });
}

describe('the stand-in for the code executable', () => {
  before('VS Code and Chromium are here', async () => {
    const work = { progress: consoleProgress(), signal: lifetime.signal };
    await provideVsCode(work);
    await provideChromium(work);
  });
  after(() => lifetime.end());

  it('reads the arguments that @vscode/test-electron passes', () => {
    const read = parseArguments(['/folder', '--no-sandbox', '--user-data-dir=/u', '--extensionTestsPath=/t/index.js', '--extensionDevelopmentPath=/a', '--extensionDevelopmentPath=/b']);
    assert.deepEqual(read, { folder: '/folder', extensionDevelopmentPaths: ['/a', '/b'], extensionTestsPath: '/t/index.js' });
  });

  it('succeeds when the tests do', async () => {
    const { exitCode, stderr } = await probe('pass');
    assert.equal(exitCode, 0, stderr);
  });

  it('fails, with the reason, when a test does', async () => {
    const { exitCode, stderr } = await probe('fail');
    assert.equal(exitCode, 1, stderr);
    assert.match(stderr, /a test failed/);
    const [kept] = fs.readdirSync(shots);
    assert.ok(kept !== undefined && fs.existsSync(path.join(shots, kept, 'server.log')), 'the logs are kept');
  });

  it('fails when the extension host dies, of which the workbench says nothing', async () => {
    const { exitCode, stderr } = await probe('die');
    assert.equal(exitCode, CodeHostExit.noProof, stderr);
    assert.match(stderr, /the extension host died/);
  });

  it('fails when the tests do not end', async () => {
    const { exitCode, stderr } = await probe('hang', 12);
    assert.equal(exitCode, CodeHostExit.timedOut, stderr);
  });
});
