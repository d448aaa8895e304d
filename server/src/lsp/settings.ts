// SPDX-License-Identifier: MIT
import * as z from 'zod';
import { AnalysisSettings, KernelRelease, RuleLevel } from '../../../core/model/project-settings';
import { isRuleId } from '../../../core/model/rules';
import { AnalysisTarget, Architecture } from '../../../core/model/analysis';
import type { OtherSettings } from '../workspace/project';

/** Each value by itself: one that is of no use counts as not set, and does not take the others with it. */
const ClientSection = z.object({
  analysis: z.object({ targetKernel: KernelRelease.optional().catch(undefined), arch: AnalysisSettings.shape.arch.catch(undefined) }).catch({}),
  rules: z.record(z.string(), RuleLevel.optional().catch(undefined)).catch({}),
  inlayHints: z.object({ arguments: z.boolean().catch(true) }).partial().catch({}),
  completion: z.object({ enabled: z.boolean().catch(true) }).partial().catch({}),
});

/** What the editor shows besides diagnostics. */
export interface EditorSettings {
  readonly inlayHints: boolean;
  readonly completion: boolean;
}

export interface ClientSettings extends OtherSettings {
  readonly editor: EditorSettings;
}

/** Section `kmodlab` of the client's configuration, whatever the client sends. */
export function clientSettings(section: unknown): ClientSettings {
  const { analysis = {}, rules = {}, inlayHints, completion } = ClientSection.partial().catch({}).parse(section);
  return { analysis, rules: Object.fromEntries(Object.entries(rules).filter(([id, level]) => isRuleId(id) && level !== undefined)), editor: { inlayHints: inlayHints?.arguments ?? true, completion: completion?.enabled ?? true } };
}

/** `kmodlab/didChangeTarget`: the kernel of the host that the user selected, as far as it is known. */
export const TargetParams = z.object({
  kernel: z.string().max(256).nullable(),
  arch: Architecture.optional(),
  dispatch: AnalysisTarget.shape.dispatch,
  /** Folder of that kernel's headers on this machine: its configuration is read there. */
  headers: z.string().nullish(),
});
export type TargetParams = z.infer<typeof TargetParams>;
