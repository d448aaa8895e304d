// SPDX-License-Identifier: MIT
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startLoad, type LoadedModule } from '../../core/modules/load';
import { ExitCode, printable, type Action, type LoadSession } from '../../core/model';
import { comparePredictions, type ComparisonRow } from '../../core/sessions/compare';
import { formatComparison, formatSession } from '../../core/sessions/format';
import { loadAnalyzer, predictWith } from '../analysis';
import type { CliContext, Command } from '../context';
import { workplace } from '../context';
import { pickModule } from '../load-arguments';

/** What the demo writes to a module's character device, unless --text says otherwise. */
const TEXTS = ['qwerty for test purposes', 'another string'];

async function writeToDevices(loaded: LoadedModule, texts: readonly string[]): Promise<void> {
  for (const device of loaded.devices()) {
    const node = await loaded.createNode(device);
    for (const text of texts) await loaded.writeToDevice(node, text);
  }
}

/** An echo agrees when what was handed to the device came back on the writer's stderr, and nothing else. */
function echoAgrees(action: Action): boolean {
  return action.deviceWrite === null || (action.exitCode === 0 && action.stderr === action.deviceWrite.text);
}

function echoLines(session: LoadSession): string[] {
  return session.actions.flatMap((action) => {
    if (!action.deviceWrite) return [];
    const { device, bytes, text } = action.deviceWrite;
    const shown = (value: string): string => JSON.stringify(printable(value.replace(/\n$/, '')));
    return [
      `  wrote ${bytes} bytes to ${device}: ${shown(text)}`,
      `  on the writer's stderr:  ${shown(action.stderr)}  ${echoAgrees(action) ? '✔ the same' : '✘ not the same'}`,
    ];
  });
}

/** What a module prints of its calls may be forged: only what the kernel's probes saw counts. */
function allAgree(rows: readonly ComparisonRow[], session: LoadSession): boolean {
  return rows.length > 0 && session.calls.every((call) => call.evidence === 'probe') && rows.every((row) => row.verdict === 'agree') && session.actions.every(echoAgrees) && session.end?.state === 'unloaded';
}

function print(session: LoadSession, rows: readonly ComparisonRow[], context: CliContext): void {
  const agreeing = rows.filter((row) => row.verdict === 'agree').length;
  context.out.write(`\n${formatSession(session)}\n\n${formatComparison(rows)}\n`);
  const echoes = echoLines(session);
  if (echoes.length > 0) context.out.write(`\nThe character device\n${echoes.join('\n')}\n`);
  if (session.recorder.mode !== 'probe') context.out.write(`\n${session.recorder.reason} That proves nothing.\n`);
  context.out.write(`\n${agreeing} of ${rows.length} calls as predicted.\n`);
}

export const demo: Command = {
  name: 'demo',
  usage: 'demo [--module FOLDER] [--kernel KERNEL] [--text TEXT]… [--json]',
  summary: 'device2 on a disposable guest: predicted beside observed',

  async run(args, context) {
    const { values } = parseArgs({
      args: [...args],
      options: { module: { type: 'string' }, kernel: { type: 'string' }, text: { type: 'string', multiple: true }, json: { type: 'boolean' } },
    });
    const folder = values.module ?? path.join(context.distDir, '..', 'module');
    const module = await pickModule(folder, undefined, context.cwd, context.signal);
    const analyzer = await loadAnalyzer(context.distDir);
    const { dirs, store, progress, open } = workplace(context);
    try {
      const host = await open(values.kernel === undefined ? 'guest' : `guest:${values.kernel}`, { kind: 'process' });
      try {
        const loaded = await startLoad({ module, host, parameters: {}, predict: predictWith(analyzer) }, { store, dirs, progress, signal: context.signal, waitForModule: true });
        progress.step('Writing to the character device');
        await writeToDevices(loaded, values.text ?? TEXTS);
        progress.step('Unloading');
        const session = await loaded.unload();
        progress.done();
        const rows = comparePredictions(session);
        if (values.json) context.out.write(`${JSON.stringify(session, null, 2)}\n`);
        else print(session, rows, context);
        return allAgree(rows, session) ? ExitCode.ok : ExitCode.findings;
      } finally {
        await host.dispose();
      }
    } finally {
      progress.done();
      analyzer.dispose();
    }
  },
};
