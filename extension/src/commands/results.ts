// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { Context } from '../context';

/** A call of a session, as a link in an editor names it. */
const CallLink = z.object({ session: z.string(), call: z.string() });

/** Opens Syscall Results, at one call when a link names it. */
export async function showResults(context: Context, argument: unknown): Promise<void> {
  const link = CallLink.safeParse(argument);
  if (link.success) await context.results.showCall(link.data.session, link.data.call);
  else context.results.show(true);
}
