// SPDX-License-Identifier: MIT
// Writes what is made from the schemas in core/: those that docs/ publishes, and the rules in package.json. npx tsx scripts/schemas.ts
import fs from 'node:fs';
import path from 'node:path';
import { projectJsonSchema } from '../core/model';
import { sessionJsonSchema } from '../core/sessions/schema';

const docs = path.join(import.meta.dirname, '..', 'docs');
fs.writeFileSync(path.join(docs, 'session.schema.json'), sessionJsonSchema());
fs.writeFileSync(path.join(docs, 'kmodlab.schema.json'), projectJsonSchema());

const manifestPath = path.join(docs, '..', 'package.json');
const manifest = JSON.parse(fs.readFileSync(manifestPath, 'utf8')) as { contributes: { configuration: { properties: { 'kmodlab.rules': { properties: unknown } } } } };
const { properties } = (JSON.parse(projectJsonSchema()) as { properties: { rules: { properties: unknown } } }).properties.rules;
manifest.contributes.configuration.properties['kmodlab.rules'].properties = properties;
fs.writeFileSync(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
