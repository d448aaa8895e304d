// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { headersHere } from '../../core/build/environment';
import { writeIntelliSense } from '../../core/build/intellisense';
import type { BuildEnvironment } from '../../core/hosts/host';
import { guestKernel } from '../../core/hosts/registry';
import { ExitCode } from '../../core/model';
import type { CliContext, Command } from '../context';
import { workplace, type Workplace } from '../context';
import { pickModule, splitParameters } from '../load-arguments';

/** A guest need not run for this. */
async function environmentOf(hostId: string, { packages, progress, open }: Workplace, { signal }: CliContext): Promise<BuildEnvironment | null> {
  const kernel = guestKernel(hostId);
  if (kernel !== null) return (await packages.provideKernel(kernel, { progress, signal })).buildEnvironment;
  const host = await open(hostId, { kind: 'process' });
  try {
    const environment = await host.buildEnvironment({ progress, signal });
    const isThere = environment?.host !== undefined && host.kind !== 'local';
    return isThere ? ((await headersHere(host, packages, { progress, signal })) ?? environment) : environment;
  } finally {
    await host.dispose();
  }
}

export const intellisense: Command = {
  name: 'intellisense',
  usage: 'intellisense [FOLDER] [--module NAME] [--host HOST]',
  summary: "write compile_commands.json and .clangd for a module, with the options of a host's kernel",

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { module: { type: 'string' }, host: { type: 'string', default: 'guest' } },
    });
    const { folder } = splitParameters(positionals);
    const module = await pickModule(folder, values.module, context.cwd, context.signal);
    const place = workplace(context);
    const environment = await environmentOf(values.host, place, context);
    if (!environment) return ExitCode.host;
    const { written, left, sources } = await writeIntelliSense({ module, environment, dirs: place.dirs, progress: place.progress, signal: context.signal });
    place.progress.done();
    for (const { file, why } of left) context.err.write(`${module.folder}/${file} was left as it is. ${why}\n`);
    context.out.write(`${sources} C file${sources === 1 ? '' : 's'} of ${module.folder} described for Linux ${environment.kernel}${written.length === 0 ? '; nothing had changed' : `: ${written.join(', ')}`}.\n`);
    return ExitCode.ok;
  },
};
