// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { startLoad } from '../../core/modules/load';
import { ExitCode, printable, type Action, type SessionEvent } from '../../core/model';
import { formatComparison, formatSession } from '../../core/sessions/format';
import { comparePredictions } from '../../core/sessions/compare';
import { DEFAULT_IDLE_SECONDS } from '../../core/guest/lease';
import { loadAnalyzer, predictWith } from '../analysis';
import type { CliContext, Command } from '../context';
import { workplace } from '../context';
import { pickModule, splitParameters, syscallNames } from '../load-arguments';
import { diagnosticLine } from './build';
import { recordLine } from './log';

function showAction({ argv, stdout, stderr, exitCode }: Action, json: boolean, context: CliContext): void {
  const out = json ? context.err : context.out;
  for (const [mark, text] of [[' ', stdout], ['!', stderr]] as const) for (const line of text.split('\n').slice(0, -1)) out.write(`${mark} ${printable(line)}\n`);
  out.write(`$ ${printable(argv.at(-1) ?? '')}: exit code ${exitCode ?? 'none'}\n`);
}

export const load: Command = {
  name: 'load',
  usage: 'load [FOLDER] [NAME=VALUE…] [--module NAME] [--host HOST] [--exec COMMAND]… [--unload] [--record|--no-record] [--syscalls A,B] [--json]',
  summary: 'build and load a module, show its log and its calls',

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        module: { type: 'string' },
        host: { type: 'string', default: 'guest' },
        unload: { type: 'boolean' },
        exec: { type: 'string', multiple: true },
        syscalls: { type: 'string' },
        record: { type: 'boolean' },
        'no-record': { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
    const record = values['no-record'] ? (false as const) : { syscalls: syscallNames(values.syscalls) };
    const { folder, parameters } = splitParameters(positionals);
    const module = await pickModule(folder, values.module, context.cwd, context.signal);
    const analyzer = await loadAnalyzer(context.distDir);
    const { dirs, store, progress, open } = workplace(context);
    const host = await open(values.host, { kind: 'idle', seconds: DEFAULT_IDLE_SECONDS });
    const onEvent = (event: SessionEvent): void => {
      if (event.type === 'build') for (const diagnostic of event.build.diagnostics) context.err.write(`${diagnosticLine(diagnostic, module.folder)}\n`);
      if (event.type !== 'record' || values.json) return;
      progress.done();
      context.out.write(`${recordLine(event.record)}\n`);
    };
    try {
      const loaded = await startLoad({ module, host, parameters, predict: predictWith(analyzer), record }, { store, dirs, progress, signal: context.signal, onEvent });
      for (const command of values.exec ?? []) showAction(await loaded.exercise(['sh', '-c', command]), values.json === true, context);
      const session = values.unload ? await loaded.unload() : await loaded.detach();
      progress.done();
      if (values.json) context.out.write(`${JSON.stringify(session, null, 2)}\n`);
      else context.out.write(`\n${formatSession(session)}\n\n${formatComparison(comparePredictions(session))}\n`);
      return ExitCode.ok;
    } finally {
      progress.done();
      analyzer.dispose();
      await host.dispose();
    }
  },
};
