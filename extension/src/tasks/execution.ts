// SPDX-License-Identifier: MIT
import { z } from 'zod';

/** A task of type `kmodlab`, as tasks.json holds it. */
export const KmodlabTask = z.object({
  type: z.literal('kmodlab'),
  command: z.enum(['build', 'load', 'unload']),
  module: z.string().min(1),
  host: z.string().min(1).optional(),
  parameters: z.record(z.string(), z.string()).optional(),
});
export type KmodlabTask = z.infer<typeof KmodlabTask>;

export interface TaskPlace {
  readonly cliPath: string;
  /** A Node: the editor's own binary, run as Node. */
  readonly execPath: string;
  /** The host of the setting, for a task that names none. */
  readonly defaultHost: string;
  /** Folder of the module (absolute), and its name where it is known. */
  readonly module: { readonly folder: string; readonly name: string | null };
}

export interface TaskCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The process behind a task: the CLI, by argument vector. */
export function taskCommand(task: KmodlabTask, place: TaskPlace): TaskCommand {
  const parameters = task.command === 'load' ? Object.entries(task.parameters ?? {}).map(([name, value]) => `${name}=${value}`) : [];
  const name = place.module.name === null ? [] : ['--module', place.module.name];
  const args = [place.cliPath, task.command, place.module.folder, ...parameters, ...name, '--host', task.host ?? place.defaultHost];
  return { program: place.execPath, args, env: { ELECTRON_RUN_AS_NODE: '1' } };
}

/** `build device2`: what the person reads in the list of tasks. */
export function taskName(task: Pick<KmodlabTask, 'command'>, moduleName: string): string {
  return `${task.command} ${moduleName}`;
}
