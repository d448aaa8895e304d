// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { sessionJsonSchema } from '../../../core/sessions/schema';

describe('session schema', () => {
  it('is published as it is (npx tsx scripts/schemas.ts writes it)', () => {
    assert.equal(fs.readFileSync('docs/session.schema.json', 'utf8'), sessionJsonSchema());
  });
});
