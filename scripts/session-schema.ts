// SPDX-License-Identifier: MIT
// Writes docs/session.schema.json: npx tsx scripts/session-schema.ts
import fs from 'node:fs';
import path from 'node:path';
import { sessionJsonSchema } from '../core/sessions/schema';

fs.writeFileSync(path.join(import.meta.dirname, '..', 'docs', 'session.schema.json'), sessionJsonSchema());
