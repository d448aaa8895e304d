// SPDX-License-Identifier: MIT
import { ExitCode, Failure } from '../model';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const MAX_VALUE = 1_024;

function refuse(name: string, why: string): never {
  throw new Failure({
    code: 'bad-parameter',
    what: `The parameter ${JSON.stringify(name.slice(0, 64))} cannot be given to a module.`,
    why,
    next: 'Correct it, then load again.',
    exitCode: ExitCode.usage,
  });
}

/**
 * Module parameters as insmod takes them: `name=value`, quoted as the kernel wants (`name="a b"`, kernel/params.c).
 * @throws Failure `bad-parameter`
 */
export function parameterArguments(parameters: Readonly<Record<string, string>>): string[] {
  return Object.entries(parameters).map(([name, value]) => {
    if (!NAME.test(name)) refuse(name, 'A name has letters, digits, dots, dashes and underscores only.');
    if (/[\0\r\n"]/.test(value)) refuse(name, 'A value may hold no double quote, line end or NUL: the kernel has no way to escape them.');
    if (value.length > MAX_VALUE) refuse(name, `A value has at most ${MAX_VALUE} characters.`);
    return /\s/.test(value) ? `${name}="${value}"` : `${name}=${value}`;
  });
}
