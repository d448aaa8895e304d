// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildModule } from '../../core/build/build';
import { ModuleCode } from '../../core/calls/module-code';
import { CallRecorder } from '../../core/calls/recorder';
import { SourceLines } from '../../core/calls/source-lines';
import type { Call, LoadSession, Prediction } from '../../core/model';
import { discoverModules } from '../../core/modules/discover';
import { comparePredictions } from '../../core/sessions/compare';
import type { Analyzer } from '../../server/src/analysis';
import { loadAnalyzer } from '../unit/analysis/helper';
import { withGuest } from './support';
import { generateVariant, Random, type Variant } from './variants/generate';

const COUNT = 32;
/** As the product's own loader: three standard descriptors, and the module's file. Then something is written to its file in /proc. */
const LOAD = `ko=$1 name=$2
insmod "$ko" </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- || exit 1
for file in /sys/module/"$name"/sections/.*text*; do
  [ -r "$file" ] && echo "\${file##*/} $(cat "$file")"
done
if [ -e /proc/"$name" ]; then echo written here >/proc/"$name" 2>/tmp/written; fi
exit 0
`;

describe('modules with random calls', () => {
  const guest = withGuest('6.1-cloud');
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const predict = ({ name, text }: Variant): readonly Prediction[] => analyzer.analyze([{ path: `${name}.c`, text }], { arch: 'x86_64', kernel: guest().host.kernelRelease }).predictions;

  /** Loads one and gives its calls, with the prediction of each. */
  const observe = async ({ name }: Variant, koPath: string, predictions: readonly Prediction[]): Promise<Call[]> => {
    const { host } = guest();
    const calls: Call[] = [];
    const syscalls = [...new Set(predictions.map(({ syscall }) => syscall))];
    const recorder = CallRecorder.prepare({ host, sessionId: name, arch: 'x86_64', kernel: host.kernelRelease, moduleName: name, onCall: (call) => calls.push(call) });
    await recorder.record({ syscalls, predictions });
    const environment = await host.buildEnvironment();
    await recorder.watch(new ModuleCode(fs.readFileSync(koPath)), new SourceLines({ environment, koPath }));
    await host.put(koPath, `/tmp/${name}.ko`);
    const result = await host.script(LOAD, [`/tmp/${name}.ko`, name]);
    assert.equal(result.exitCode, 0, `${name}: ${result.stderr}`);
    recorder.located(result.stdout);
    assert.equal((await host.script('rmmod "$1"; rm "/tmp/$1.ko"', [name])).exitCode, 0);
    const summary = await recorder.stop();
    assert.equal(summary.lost, 0, summary.reason);
    return calls;
  };

  it(`${COUNT} of them return what was predicted`, async function () {
    this.timeout(20 * 60_000);
    const seed = Number(process.env.KMODLAB_SEED ?? randomInt(0x7fffffff));
    console.log(`      KMODLAB_SEED=${seed} makes the same modules again`);
    const random = new Random(seed);
    const variants = Array.from({ length: COUNT }, (_, index) => generateVariant(random, index));
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-variants-'));
    fs.writeFileSync(path.join(folder, 'Kbuild'), variants.map(({ name }) => `obj-m += ${name}.o\n`).join(''));
    for (const { name, text } of variants) fs.writeFileSync(path.join(folder, `${name}.c`), text);
    const [module] = await discoverModules(folder);
    const environment = await guest().host.buildEnvironment();
    const { koPath, buildDir, diagnostics } = await buildModule({ module: module!, environment, dirs: guest().dirs });
    assert.ok(koPath, JSON.stringify(diagnostics));
    fs.rmSync(folder, { recursive: true });

    const wrong: string[] = [];
    for (const variant of variants) {
      const predictions = predict(variant);
      const calls = await observe(variant, path.join(buildDir, `${variant.name}.ko`), predictions);
      const rows = comparePredictions({ predictions, calls, actions: [] } as unknown as LoadSession);
      for (const { line, syscall, knowable } of variant.calls) {
        const row = rows.find(({ prediction }) => prediction?.source.line === line && prediction.syscall === syscall);
        const verdict = row?.verdict ?? 'no prediction';
        if (verdict !== 'agree' && (knowable || verdict !== 'unknown')) wrong.push(`${variant.name}:${line} ${syscall}: ${verdict}, predicted ${row?.predicted}, observed ${row?.observed}: ${row?.prediction?.because}\n${variant.text.split('\n').filter((text) => text.includes('__NR_') || text.includes('CALL(')).join('\n')}`);
      }
    }
    fs.rmSync(buildDir, { recursive: true });
    assert.deepEqual(wrong, []);
  });
});
