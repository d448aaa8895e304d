// SPDX-License-Identifier: MIT
// npm run bench [-- --json] [-- --runs N] [-- --only NAME]: figures of this machine, ours and theirs measured in turn.
import os from 'node:os';
import { parseArgs } from 'node:util';
import { analysisFigures } from './analysis';
import { editingFigures } from './editing';
import { guestFigures } from './guest';
import { loadFigures } from './load';
import type { Bound, Figure, NotMeasured } from './measure';
import { otherToolsFigures } from './other-tools';
import { recorderFigures } from './recorder';
import { viewFigures } from './view';

const PARTS: Readonly<Record<string, (runs: number) => Promise<(Figure | NotMeasured)[]>>> = {
  editing: editingFigures,
  analysis: analysisFigures,
  tools: otherToolsFigures,
  guest: guestFigures,
  load: loadFigures,
  recorder: recorderFigures,
  view: viewFigures,
};

const told = ({ of, atMost, isKept }: Bound): string => `, ${of} at most ${atMost}: ${isKept ? 'kept' : 'EXCEEDED'}`;

function line(figure: Figure | NotMeasured): string {
  if ('missing' in figure) return `${figure.name}: ${figure.missing}`;
  const { name, value, min, max, unit, beside, bound, stages } = figure;
  const parts = stages ? `\n    until: ${Object.entries(stages).map(([stage, taken]) => `${stage} ${taken}`).join(', ')} ${unit}` : '';
  const compared = beside ? `\n    beside ${beside.name}: ${beside.value} ${unit} (${beside.min} to ${beside.max}), ratio ${beside.ratio}` : '';
  return `${name}: ${value} ${unit} (${min} to ${max})${parts}${compared}${bound ? told(bound) : ''}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, runs: { type: 'string', default: '5' }, only: { type: 'string', multiple: true } } });
  const runs = Math.max(1, Number(values.runs) || 5);
  const names = values.only ?? Object.keys(PARTS);
  const unknown = names.find((name) => !(name in PARTS));
  if (unknown !== undefined) throw new Error(`There is no part ${unknown}: ${Object.keys(PARTS).join(', ')}`);
  const figures: (Figure | NotMeasured)[] = [];
  for (const name of names) {
    process.stderr.write(`Measuring: ${name}…\n`);
    const made = await PARTS[name]!(runs);
    figures.push(...made);
    if (!values.json) for (const figure of made) console.log(line(figure));
  }
  const machine = { cpus: os.cpus().length, model: os.cpus()[0]?.model ?? '', node: process.version };
  if (values.json) console.log(JSON.stringify({ machine, runs, figures }, null, 2));
}

void main();
