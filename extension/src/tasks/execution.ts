// SPDX-License-Identifier: MIT
import * as z from 'zod';
import { ExitCode, Failure, visibleText } from '../../../core/model';

/** A parameter's value: the kernel reads 1 and 0 for every type that true and false may be meant for. */
const Value = z.union([z.string(), z.number(), z.boolean()], { error: 'expected a text, a number, true or false' }).transform((value) => String(typeof value === 'boolean' ? Number(value) : value));

/** A task of type `kmodlab`, as tasks.json holds it. */
export const KmodlabTask = z.object({
  type: z.literal('kmodlab'),
  command: z.enum(['build', 'clean', 'load', 'unload', 'reload', 'check']),
  module: z.string().min(1),
  host: z.string().min(1).optional(),
  parameters: z.record(z.string().regex(/^[A-Za-z_]\w*$/, { error: 'expected the name of a parameter' }), Value).optional(),
});
export type KmodlabTask = z.infer<typeof KmodlabTask>;

/** Why a task of tasks.json is not understood. */
export function badTask(name: string, { issues }: z.ZodError): Failure {
  const [issue] = issues;
  const place = issue?.path.map(String).join('.') ?? '';
  const message = (issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message) ?? '';
  return new Failure({
    code: 'bad-task',
    what: `The task ${JSON.stringify(visibleText(name).slice(0, 80))} was not run.`,
    why: `Its ${JSON.stringify(visibleText(place).slice(0, 80))} is not understood: ${message.replace(/^Invalid (?:input|option): /, '')}.`,
    next: 'Correct it in tasks.json.',
    exitCode: ExitCode.usage,
  });
}

export interface TaskPlace {
  readonly cliPath: string;
  /** A Node: the editor's own binary, run as Node. */
  readonly execPath: string;
  /** The host of the setting, for a task that names none. */
  readonly defaultHost: string;
  /** Options of the settings for what loads a module. */
  readonly loadOptions: readonly string[];
  /** Environment that hands the guest's settings to the CLI. */
  readonly env: Readonly<Record<string, string>>;
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
  return { program: place.execPath, args: [place.cliPath, task.command, ...argumentsOf(task, place)], env: { ELECTRON_RUN_AS_NODE: '1', ...place.env } };
}

/** `check` looks at a whole folder and needs no host. */
function argumentsOf({ command, host, parameters }: KmodlabTask, { module, defaultHost, loadOptions }: TaskPlace): string[] {
  if (command === 'check') return [module.folder];
  const loads = command === 'load' || command === 'reload';
  const values = loads ? Object.entries(parameters ?? {}).map(([name, value]) => `${name}=${value}`) : [];
  const name = module.name === null ? [] : ['--module', module.name];
  return [module.folder, ...values, ...name, '--host', host ?? defaultHost, ...(loads ? loadOptions : [])];
}

/** The problem matchers that read what a task prints. */
export function matchersOf(command: KmodlabTask['command']): string[] {
  return command === 'check' ? ['$kmodlab-check'] : ['$kmodlab-gcc', '$kmodlab-modpost'];
}

/** Whether a task stands among those of *Run Build Task*: it looks for mistakes in the source. */
export function isBuildTask(command: KmodlabTask['command']): boolean {
  return command === 'build' || command === 'check';
}

/** `build device2`: what the person reads in the list of tasks. */
export function taskName(task: Pick<KmodlabTask, 'command'>, moduleName: string): string {
  return `${task.command} ${moduleName}`;
}
