// SPDX-License-Identifier: MIT
import { DEFAULT_IDLE_SECONDS } from '../core/guest/lease';
import { printable, type Action } from '../core/model';
import type { LoadedModule } from '../core/modules/load';
import { takeOver } from '../core/modules/unload';
import { workplace, type CliContext } from './context';
import { pickModule } from './load-arguments';

/** Options that name a module that is loaded, for `parseArgs`. */
export const LOADED_OPTIONS = { module: { type: 'string' }, host: { type: 'string', default: 'guest' }, json: { type: 'boolean' } } as const;

export interface LoadedValues {
  readonly module?: string | undefined;
  readonly host: string;
  readonly json?: boolean | undefined;
}

/** Does something with a module that an earlier load left in the kernel of a host, where it stays. @throws Failure of `takeOver`, of opening the host and of `work` */
export async function withLoaded<T>(folder: string | undefined, values: LoadedValues, context: CliContext, work: (loaded: LoadedModule) => Promise<T>): Promise<T> {
  const name = folder === undefined && values.module !== undefined ? values.module : (await pickModule(folder ?? '.', values.module, context.cwd, context.signal)).name;
  const { dirs, store, progress, open } = workplace(context);
  const host = await open(values.host, { kind: 'idle', seconds: DEFAULT_IDLE_SECONDS });
  try {
    const loaded = await takeOver({ name, host }, { store, dirs, progress, signal: context.signal });
    progress.done();
    try {
      return await work(loaded);
    } finally {
      await loaded.detach();
    }
  } finally {
    progress.done();
    await host.dispose();
  }
}

/** What was run on the host, and what came of it. */
export function showAction({ argv, stdout, stderr, exitCode, asRoot }: Action, out: NodeJS.WritableStream): void {
  for (const [mark, text] of [[' ', stdout], ['!', stderr]] as const) {
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const line of lines) out.write(`${mark} ${printable(line)}\n`);
  }
  const line = argv[0] === 'sh' ? (argv.at(-1) ?? '') : argv.join(' ');
  out.write(`${asRoot ? '#' : '$'} ${printable(line)}: exit code ${exitCode ?? 'none'}\n`);
}
