// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { removeIntelliSense } from '../../core/build/intellisense';
import { removeBuilds } from '../../core/build/mirror';
import { ExitCode } from '../../core/model';
import type { Command } from '../context';
import { workplace } from '../context';
import { pickModule, splitParameters } from '../load-arguments';

export const clean: Command = {
  name: 'clean',
  usage: 'clean [FOLDER] [--module NAME] [--intellisense]',
  summary: "remove what was built of a module's folder, for all kernels; its own files stay",

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { module: { type: 'string' }, host: { type: 'string' }, intellisense: { type: 'boolean' } },
    });
    const { folder } = splitParameters(positionals);
    const module = await pickModule(folder, values.module, context.cwd, context.signal);
    const bytes = removeBuilds(workplace(context).dirs.cache, module.folder);
    context.out.write(bytes === 0 ? `Nothing was built of ${module.folder}.\n` : `What was built of ${module.folder} is removed (${Math.ceil(bytes / 1024)} KiB).\n`);
    if (!values.intellisense) return ExitCode.ok;
    const removed = await removeIntelliSense(module.folder);
    if (removed.length > 0) context.out.write(`Taken out of ${module.folder}: ${removed.join(', ')}.\n`);
    return ExitCode.ok;
  },
};
