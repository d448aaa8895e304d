// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { lastParameters } from '../../core/modules/parameter-memory';
import type { Command } from '../context';
import { splitParameters } from '../load-arguments';
import { LOAD_OPTIONS, runLoad } from '../loading';

export const reload: Command = {
  name: 'reload',
  usage: 'reload [FOLDER|FILE.ko] [NAME=VALUE…] [as load]',
  summary: 'build a module and load it in place of the one that is loaded, with the parameters of the last load where none are given',

  async run(args, context) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: LOAD_OPTIONS });
    const { folder, parameters } = splitParameters(positionals);
    const areGiven = Object.keys(parameters).length > 0;
    return runLoad({ target: folder, parametersOf: ({ module }, stateDir) => (areGiven ? parameters : (lastParameters(stateDir, module) ?? {})), replaces: true }, values, context);
  },
};
