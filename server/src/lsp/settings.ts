// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { AnalysisTarget } from '../../../core/model/analysis';

/** Section `kmodlab.analysis` of the client's configuration. */
const Settings = z.object({
  /** Kernel release that findings are for, e.g. `6.12`; empty: every supported kernel. */
  targetKernel: z.string().max(64).nullish(),
});

/** The target that the client's settings ask for; anything unusable counts as not set. */
export function targetOf(settings: unknown): AnalysisTarget {
  const parsed = Settings.safeParse(settings);
  const kernel = parsed.success ? parsed.data.targetKernel?.trim() : undefined;
  return { arch: 'x86_64', kernel: kernel === undefined || kernel === '' ? null : kernel };
}
