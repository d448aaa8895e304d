// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import type { Command } from '../context';
import { splitParameters } from '../load-arguments';
import { LOAD_OPTIONS, runLoad } from '../loading';

export const load: Command = {
  name: 'load',
  usage:
    'load [FOLDER|FILE.ko] [NAME=VALUE…] [--module NAME] [--host HOST] [--dry-run] [--yes] [--watchdog SECONDS] [--sign-key FILE --sign-cert FILE]\n      [--exec COMMAND]… [--run PROGRAM]… [--root] [--stdin FILE] [--unload] [--record|--no-record] [--syscalls A,B] [--json]',
  summary: 'build and load a module, show its log and its calls; --dry-run: only say whether it would load',

  async run(args, context) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: LOAD_OPTIONS });
    const { folder, parameters } = splitParameters(positionals);
    return runLoad({ target: folder, parametersOf: () => parameters, replaces: false }, values, context);
  },
};
