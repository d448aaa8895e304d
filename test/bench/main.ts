// SPDX-License-Identifier: MIT
// npm run bench [-- --json] [-- --runs N]: figures of this machine, ours and theirs measured in turn.
import os from 'node:os';
import { parseArgs } from 'node:util';
import { analysisFigures } from './analysis';
import { editingFigures } from './editing';
import { loadFigures } from './load';
import { recorderFigures } from './recorder';
import { viewFigures } from './view';
import type { Figure } from './measure';

function line({ name, value, min, max, unit, beside }: Figure): string {
  const ours = `${name}: ${value} ${unit} (${min} to ${max})`;
  return beside ? `${ours}\n    beside ${beside.name}: ${beside.value} ${unit} (${beside.min} to ${beside.max}), ratio ${beside.ratio}` : ours;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, runs: { type: 'string', default: '5' } } });
  const runs = Math.max(1, Number(values.runs) || 5);
  const figures = [...(await editingFigures(runs)), ...(await analysisFigures(runs)), ...(await loadFigures(runs)), ...(await recorderFigures(runs)), ...(await viewFigures(runs))];
  const machine = { cpus: os.cpus().length, model: os.cpus()[0]?.model ?? '', node: process.version };
  if (values.json) console.log(JSON.stringify({ machine, runs, figures }, null, 2));
  else for (const figure of figures) console.log(line(figure));
}

void main();
