// SPDX-License-Identifier: MIT
import * as z from 'zod';
import { Failure } from '../../../core/model';

const Launch = z.object({
  module: z.string().min(1),
  host: z.string().min(1).optional(),
  parameters: z.record(z.string(), z.string()).optional(),
});
export type Launch = z.infer<typeof Launch>;

/** Reads the arguments of a launch request. @throws Failure `bad-launch` */
export function parseLaunch(configuration: unknown): Launch {
  const parsed = Launch.safeParse(configuration);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Failure({
    code: 'bad-launch',
    what: 'The debug session was not started.',
    why: `The launch configuration is not valid: ${issue?.path.join('.') ?? 'it'}: ${issue?.message ?? 'not understood'}.`,
    next: 'Correct it in launch.json.',
  });
}
