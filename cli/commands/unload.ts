// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { unloadModule } from '../../core/modules/unload';
import { ExitCode } from '../../core/model';
import { DEFAULT_IDLE_SECONDS } from '../../core/guest/lease';
import { formatSession } from '../../core/sessions/format';
import type { Command } from '../context';
import { workplace } from '../context';
import { pickModule } from '../load-arguments';
import { recordLine } from './log';

export const unload: Command = {
  name: 'unload',
  usage: 'unload [FOLDER] [--module NAME] [--host HOST] [--json]',
  summary: 'unload a module and end its load session',

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { module: { type: 'string' }, host: { type: 'string', default: 'guest' }, json: { type: 'boolean' } },
    });
    const name = positionals.length === 0 && values.module !== undefined ? values.module : (await pickModule(positionals[0] ?? '.', values.module, context.cwd, context.signal)).name;
    const { dirs, store, progress, open } = workplace(context);
    const host = await open(values.host, { kind: 'idle', seconds: DEFAULT_IDLE_SECONDS });
    try {
      const session = await unloadModule(
        { name, host },
        {
          store,
          dirs,
          progress,
          signal: context.signal,
          onEvent: (event) => {
            if (event.type !== 'record' || values.json) return;
            progress.done();
            context.out.write(`${recordLine(event.record)}\n`);
          },
        },
      );
      progress.done();
      if (values.json) context.out.write(`${JSON.stringify(session, null, 2)}\n`);
      else context.out.write(session ? `${formatSession(session)}\n` : `${name} is unloaded.\n`);
      return ExitCode.ok;
    } finally {
      progress.done();
      await host.dispose();
    }
  },
};
