// SPDX-License-Identifier: MIT
import * as z from 'zod';
import { Architecture, Severity } from './analysis';
import { RULE_IDS, RULES, type RuleId } from './rules';

/** What a rule's findings count as; `off`: they are not shown. */
export const RuleLevel = z.enum(['off', ...Severity.options]);
export type RuleLevel = z.infer<typeof RuleLevel>;

const levels = Object.fromEntries(RULE_IDS.map((id) => [id, RuleLevel.optional().describe(RULES[id].summary)])) as Record<RuleId, z.ZodOptional<typeof RuleLevel>>;

/** Rules that were switched off or given a severity. */
export const RuleLevels = z.strictObject(levels).describe('Rules to switch off or to give a severity.');
export type RuleLevels = z.infer<typeof RuleLevels>;

/** A kernel release as people write it: `6.12`, `6.1.90`, `6.1.0-56-cloud-amd64`. */
export const KernelRelease = z.string().max(64).regex(/^\d{1,3}\.\d{1,3}(?:[.-][\w.+~-]*)?$/, 'Write a kernel release, for example 6.12.');

export const AnalysisSettings = z.strictObject({
  targetKernel: KernelRelease.optional().describe('Kernel release that findings are for, for example 6.12. Without it: every supported kernel.'),
  arch: Architecture.optional().describe('Architecture that findings are for. The default is x86_64.'),
});
export type AnalysisSettings = z.infer<typeof AnalysisSettings>;

/** The contents of a `.kmodlab` file: the settings of the same names without `kmodlab.`. */
export const ProjectSettings = z.strictObject({
  $schema: z.string().optional(),
  analysis: AnalysisSettings.optional().describe('What the analysis is for.'),
  rules: RuleLevels.optional(),
});
export type ProjectSettings = z.infer<typeof ProjectSettings>;

/** The JSON schema of `.kmodlab`, as docs/kmodlab.schema.json publishes it. */
export function projectJsonSchema(): string {
  const schema = z.toJSONSchema(ProjectSettings, { target: 'draft-07' });
  const titled = { ...schema, title: 'Kernel Module Lab project', description: 'Settings of Kernel Module Lab for the modules below this folder.', allowComments: true, allowTrailingCommas: true };
  return `${JSON.stringify(titled, null, 2)}\n`;
}
