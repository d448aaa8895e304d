// SPDX-License-Identifier: MIT
import { ExitCode, Failure } from '../model/failure';

/** A setting that is a whole number, as the environment names it. */
export interface NumberSetting {
  readonly variable: string;
  readonly min: number;
  readonly max: number;
}

/** The number that the environment gives; undefined when it gives none. @throws Failure `setting-bad` */
export function numberFrom(env: NodeJS.ProcessEnv, { variable, min, max }: NumberSetting): number | undefined {
  const text = env[variable];
  if (text === undefined || text === '') return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new Failure({
    code: 'setting-bad',
    what: `${variable} cannot be used.`,
    why: `"${text.slice(0, 40)}" is no whole number from ${min} to ${max}.`,
    next: 'Correct or unset it.',
    exitCode: ExitCode.usage,
  });
}
