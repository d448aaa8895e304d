// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readDeclaredParameters } from '../../core/modules/describe-parameters';
import { readModuleInfo } from '../../core/modules/modinfo';
import { lastGiven } from '../../core/modules/parameter-memory';
import { ExitCode, printable } from '../../core/model';
import { userDirs } from '../../core/platform/dirs';
import type { Command } from '../context';
import { pickTarget } from '../load-arguments';

export const parameters: Command = {
  name: 'parameters',
  usage: 'parameters [FOLDER|FILE.ko] [--module NAME] [--json]',
  summary: 'the parameters of a module, with their types and the values given last, here or in the editor',

  async run(args, context) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { module: { type: 'string' }, json: { type: 'boolean' } } });
    const { module, prebuilt } = await pickTarget(positionals[0] ?? '.', values.module, context);
    const known = prebuilt === null ? (await readDeclaredParameters(module)).parameters : readModuleInfo(await fs.readFile(prebuilt)).parameters;
    const last = lastGiven(userDirs(context.env).state, module);
    const rows = known.map((parameter) => ({ ...parameter, last: last[parameter.name] ?? null }));
    if (values.json) context.out.write(`${JSON.stringify(rows, null, 2)}\n`);
    else if (rows.length === 0) context.out.write(`${module.name} has no parameters.\n`);
    else for (const { name, type, description, last: value } of rows) context.out.write(`${printable([`${name}${value === null ? '' : `=${value}`}`, `(${type ?? 'type not said'})`, description ?? ''].join('  ').trimEnd())}\n`);
    return ExitCode.ok;
  },
};
