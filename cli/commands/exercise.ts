// SPDX-License-Identifier: MIT
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ExitCode, Failure, type Action } from '../../core/model';
import type { Command } from '../context';
import { readInput, splitParameters } from '../load-arguments';
import { LOADED_OPTIONS, showAction, withLoaded } from '../loaded';

export const exercise: Command = {
  name: 'exercise',
  usage: 'exercise [FOLDER] [--module NAME] [--host HOST] [--exec COMMAND]… [--run PROGRAM]… [--root] [--stdin FILE] [--json]',
  summary: 'run something on the host of a module that is loaded; what it prints and its exit code are kept with its load session',

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...LOADED_OPTIONS, exec: { type: 'string', multiple: true }, run: { type: 'string', multiple: true }, root: { type: 'boolean' }, stdin: { type: 'string' } },
    });
    const commands = values.exec ?? [];
    const programs = (values.run ?? []).map((program) => path.resolve(context.cwd, program));
    if (commands.length + programs.length === 0) {
      throw new Failure({ code: 'usage', what: 'Nothing was run.', why: 'No command and no program is named.', next: "Write, for example: kmodlab exercise --exec 'cat /proc/devices'", exitCode: ExitCode.usage });
    }
    const { folder } = splitParameters(positionals);
    const stdin = values.stdin === undefined ? '' : await readInput(path.resolve(context.cwd, values.stdin));
    const as = { asRoot: values.root === true };
    const actions: Action[] = [];
    const done = (action: Action): void => {
      actions.push(action);
      if (!values.json) showAction(action, context.out);
    };
    await withLoaded(positionals.length === 0 ? undefined : folder, values, context, async (loaded) => {
      for (const command of commands) done(await loaded.exercise(['sh', '-c', command], stdin, as));
      for (const program of programs) done(await loaded.exerciseProgram(program, [], stdin, as));
    });
    if (values.json) context.out.write(`${JSON.stringify(actions, null, 2)}\n`);
    return actions.every(({ exitCode }) => exitCode === 0) ? ExitCode.ok : ExitCode.findings;
  },
};
