// SPDX-License-Identifier: MIT
import * as z from 'zod';
import { Failure } from '../../../core/model';
import { withWork } from '../progress';
import type { Context } from '../context';

/** A call of a session, as a link in an editor names it. */
const CallLink = z.object({ session: z.string(), call: z.string() });

/** Traces the kernel's own path to a call's result in fresh guests: of the call that a link names, else of one that is chosen. */
export async function explainCall(context: Context, argument: unknown): Promise<void> {
  const link = CallLink.safeParse(argument);
  const chosen = link.success ? link.data : await context.results.pickFailedCall();
  if (!chosen) return;
  const session = (await context.stored.open(chosen.session)).session();
  const call = session.calls.find(({ id }) => id === chosen.call);
  if (!call) throw new Failure({ code: 'no-call', what: 'There is no such call.', why: 'The load session does not hold it.', next: 'Choose a call in Syscall Results.' });
  await withWork(`Finding the kernel's path to the result of ${call.syscall}()`, context.log, (work) => context.explainer.explain(session, call, work));
  await context.results.showCall(session.id, call.id);
}

/** Opens Syscall Results, at one call when a link names it. */
export async function showResults(context: Context, argument: unknown): Promise<void> {
  const link = CallLink.safeParse(argument);
  if (link.success) await context.results.showCall(link.data.session, link.data.call);
  else context.results.show(true);
}
