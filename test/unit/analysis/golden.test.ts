// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { AnalysisTarget, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { assertGolden } from '../../support/golden';
import { brief, fixture, loadAnalyzer } from './helper';

const FIXTURES = path.join(import.meta.dirname, '../../fixtures/analysis');
/** The text that the sample modules follow, where a checkout has it beside it. */
const ARTICLE = path.join(import.meta.dirname, '../../../../shared/reference/seed.txt');
const TARGETS: readonly AnalysisTarget[] = [null, '5.10', '6.1', '6.12', '7.3'].map((kernel) => ({ arch: 'x86_64', kernel }));
const SILENT = /buffer|kernel-pointer|convention|register/;

/** The article's three modules: the second is the first with another init. */
function articleModules(text: string): SourceFile[][] {
  const modules = [...text.matchAll(/^#include <linux\/version\.h>$[^]*?^module_exit\(device2_exit\);$/gm)].map(([code]) => code);
  const [first = '', third = ''] = modules;
  const init = /with:\s*(static int __init device2_init\(void\) \{[^]*?^\}$)/m.exec(text)?.[1] ?? '';
  const second = first.replace(/static int __init device2_init\(void\) \{[^]*?^\}$/m, () => init);
  return [first, second, third].map((code) => [{ path: 'device2.c', text: code }]);
}

describe('all findings in modules of the known shapes', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  for (const name of ['refused-write', 'descriptor-numbers', 'echo-device']) {
    it(`are what they were, on each target: ${name}`, () => {
      const sources = fixture(name);
      const sections = TARGETS.map((target) => {
        const { findings } = analyzer.analyze(sources, target);
        const lines = findings.map(({ rule, severity, range, message }) => `${range.start.line + 1}:${range.start.character + 1} ${severity} ${rule}: ${message}`);
        return `# ${target.kernel ?? 'no target'}\n${lines.join('\n')}\n`;
      });
      assertGolden(sections.join('\n'), path.join(FIXTURES, name, 'findings.golden'));
    });
  }

  const expected: readonly (readonly [name: string, buffers: readonly string[]])[] = [
    ['refused-write', ['kernel-buffer (unsigned long)message']],
    ['descriptor-numbers', ['kernel-buffer (unsigned long)message']],
    ['echo-device', []],
  ];
  for (const [name, buffers] of expected) {
    it(`name the buffer once, or are silent about it, on each target: ${name}`, () => {
      const sources = fixture(name);
      for (const target of TARGETS) assert.deepEqual(brief(analyzer.analyze(sources, target).findings.filter(({ rule }) => SILENT.test(rule)), sources), buffers, String(target.kernel));
    });
  }

  if (fs.existsSync(ARTICLE)) {
    it('name the buffer once in the first two modules of the article, and not in the third', () => {
      const modules = articleModules(fs.readFileSync(ARTICLE, 'utf8'));
      assert.equal(modules.length, 3);
      for (const target of TARGETS) {
        const found = modules.map((sources) => brief(analyzer.analyze(sources, target).findings.filter(({ rule }) => SILENT.test(rule)), sources));
        assert.deepEqual(found, [['kernel-buffer (unsigned long)buf'], ['kernel-buffer (unsigned long)buf'], []], String(target.kernel));
      }
    });
  }
});
