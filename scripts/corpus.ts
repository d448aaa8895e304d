// SPDX-License-Identifier: MIT
// Sets the analysis against public modules: npm run corpus -- --from FOLDER [--tree FOLDER]…
// FOLDER holds files as OWNER/NAME/COMMIT/path, as test/corpus/calls.json names them; a tree is any folder of C files.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { Finding } from '../core/model';
import { BUFFER_RULES, confirms, judge, readLabels, type LabelledFile } from '../test/corpus/labels';

const ROOT = path.join(import.meta.dirname, '..');
const Report = z.object({ findings: z.array(Finding.extend({ folder: z.string() })) });
type Placed = z.infer<typeof Report>['findings'][number];

const { values } = parseArgs({ options: { from: { type: 'string' }, tree: { type: 'string', multiple: true }, target: { type: 'string' } } });
if (values.from === undefined && values.tree === undefined) {
  console.error('Usage: npm run corpus -- [--from FOLDER] [--tree FOLDER]… [--target KERNEL]');
  process.exit(2);
}

/** What `kmodlab check` says, as a user runs it. */
function check(files: readonly string[], target: { arch: string; kernel: string | null }): Placed[] {
  const options = ['--format', 'json', '--arch', target.arch, ...(target.kernel === null ? [] : ['--target', target.kernel])];
  const run = spawnSync(process.execPath, ['dist/cli.js', 'check', ...options, ...files], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 30 });
  if (run.status !== 0 && run.status !== 1) throw new Error(`check ended with ${String(run.status)}: ${run.stderr}`);
  return Report.parse(JSON.parse(run.stdout)).findings;
}

function line(finding: Placed, base: string): string {
  return `${path.relative(base, path.join(finding.folder, finding.file))}:${finding.range.start.line + 1}: ${finding.message} [${finding.rule}]`;
}

function groupBy<T>(list: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? 'n/a' : `${((100 * part) / whole).toFixed(1)} % (${part} of ${whole})`;
}

function labelled(from: string): boolean {
  const place = (file: LabelledFile): string => path.join(from, file.repository, file.commit, file.path);
  const subject = (file: LabelledFile): string => (file.module === undefined ? place(file) : path.join(from, file.repository, file.commit, file.module));
  const [present, missing] = [[] as LabelledFile[], [] as LabelledFile[]];
  for (const file of readLabels()) (fs.existsSync(place(file)) ? present : missing).push(file);
  const groups = groupBy(present, ({ target }) => `${target.arch} ${target.kernel}`);
  let [right, bad, wrong, calls] = [0, 0, 0, 0];
  const byRule = new Map<string, [number, number]>();
  for (const group of groups.values()) {
    const findings = check([...new Set(group.map(subject))], group[0]?.target ?? { arch: 'x86_64', kernel: null });
    for (const file of group) {
      const own = findings.filter((finding) => path.join(finding.folder, finding.file) === path.resolve(place(file)));
      const result = judge(file, own);
      calls += file.calls.length;
      right += result.found.length;
      bad += result.found.length + result.missed.length;
      wrong += result.wrong.length;
      for (const label of result.missed) console.log(`missed: ${file.repository}/${file.path}:${label.line} ${label.callee}(), argument ${label.argument}: ${label.because}`);
      for (const finding of own) if (result.wrong.includes(finding)) console.log(`false: ${line(finding, path.resolve(from))}`);
      for (const label of file.calls) {
        for (const rule of label.rules) {
          const [hit, all] = byRule.get(rule) ?? [0, 0];
          byRule.set(rule, [hit + Number(confirms(rule, label, own)), all + 1]);
        }
      }
    }
  }
  for (const file of missing) console.log(`not there: ${file.repository}/${file.commit}/${file.path}`);
  console.log(`${calls} labelled calls in ${present.length} files of ${new Set(present.map((file) => file.repository)).size} repositories (${missing.length} files are not there)`);
  console.log(`buffers: precision ${percent(right, right + wrong)}, recall ${percent(right, bad)}`);
  for (const [rule, [hit, all]] of [...byRule].sort()) console.log(`  ${rule} where a label names it: ${percent(hit, all)}`);
  return wrong === 0 && right >= 0.9 * bad;
}

function tree(folder: string): boolean {
  const findings = check([path.resolve(folder)], { arch: 'x86_64', kernel: values.target ?? null });
  const count = groupBy(findings, ({ rule }) => rule);
  for (const finding of findings) console.log(line(finding, folder));
  console.log(`${folder}: ${[...count].map(([rule, list]) => `${rule} ${list.length}`).sort().join(', ') || 'no findings'}`);
  return !findings.some(({ rule }) => BUFFER_RULES.has(rule) || rule === 'calling-convention');
}

const passed = [...(values.from === undefined ? [] : [labelled(values.from)]), ...(values.tree ?? []).map(tree)];
process.exitCode = passed.every(Boolean) ? 0 : 1;
