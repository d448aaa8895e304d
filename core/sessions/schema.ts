// SPDX-License-Identifier: MIT
import * as z from 'zod';
import { LoadSession, SESSION_VERSION } from '../model';

/** The JSON schema of a load session, as docs/session.schema.json publishes it; made from the one that the code checks with. */
export function sessionJsonSchema(): string {
  const schema = z.toJSONSchema(LoadSession, { target: 'draft-2020-12' });
  const titled = { ...schema, title: 'Kernel Module Lab load session', description: `Version ${SESSION_VERSION}: one insmod…rmmod of one kernel module on one host.` };
  return `${JSON.stringify(titled, null, 2)}\n`;
}
