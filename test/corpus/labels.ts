// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { Architecture, type Finding } from '../../core/model';

/** A call in a public file, labelled by reading it. Lines and arguments count from 1. */
const Label = z.strictObject({
  line: z.int().positive(),
  callee: z.string().min(1),
  syscall: z.string().min(1),
  argument: z.int().min(1).max(6),
  /** What the argument, a user-space pointer by its prototype, really gets. */
  verdict: z.enum(['kernel', 'user', 'mixed', 'unknown']),
  /** Rules that have something to say here. */
  rules: z.array(z.string()),
  because: z.string().min(1),
});

const LabelledFile = z.strictObject({
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  path: z.string().min(1),
  /** The folder of its module, for a file that is none by itself. */
  module: z.string().optional(),
  target: z.strictObject({ arch: Architecture, kernel: z.string() }),
  calls: z.array(Label).min(1),
});

export type Label = z.infer<typeof Label>;
export type LabelledFile = z.infer<typeof LabelledFile>;

/** The committed list: facts about public files, never the files themselves. */
export function readLabels(): LabelledFile[] {
  const text = fs.readFileSync(path.join(import.meta.dirname, 'calls.json'), 'utf8');
  return z.array(LabelledFile).parse(JSON.parse(text));
}

/** Rules about what lies behind a user-space pointer. */
export const BUFFER_RULES: ReadonlySet<string> = new Set(['kernel-buffer', 'set-fs-buffer', 'vfs-kernel-buffer', 'mixed-buffer', 'nested-kernel-pointer']);

export interface Judgement {
  /** Labels of kernel or mixed memory at which a buffer rule says so. */
  readonly found: readonly Label[];
  /** Labels of kernel or mixed memory at which no buffer rule says anything. */
  readonly missed: readonly Label[];
  /** Buffer findings at which a label says user or unknown, or where nothing is labelled. */
  readonly wrong: readonly Finding[];
}

/** Sets the findings in a labelled file against its labels. */
export function judge(file: LabelledFile, findings: readonly Finding[]): Judgement {
  const found = new Set<Label>();
  const wrong: Finding[] = [];
  for (const finding of findings) {
    if (!BUFFER_RULES.has(finding.rule)) continue;
    const labels = file.calls.filter((label) => isAt(finding, label));
    const right = labels.filter((label) => label.verdict === 'kernel' || label.verdict === 'mixed');
    if (right.length === 0) wrong.push(finding);
    for (const label of right) found.add(label);
  }
  const bad = file.calls.filter((label) => label.verdict === 'kernel' || label.verdict === 'mixed');
  return { found: bad.filter((label) => found.has(label)), missed: bad.filter((label) => !found.has(label)), wrong };
}

/** Whether a rule that a label names says something at its call. */
export function confirms(rule: string, label: Label, findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.rule === rule && isAt(finding, label));
}

/** A finding stands at the call, at what brings the argument, or has the call among its places. */
function isAt(finding: Finding, label: Label): boolean {
  const argument = /\bargument (\d)\b/.exec(finding.message)?.[1];
  if (argument !== undefined && Number(argument) !== label.argument) return false;
  return [finding.range, ...finding.related.map((place) => place.range)].some((range) => range.start.line + 1 <= label.line && label.line <= range.end.line + 1);
}
