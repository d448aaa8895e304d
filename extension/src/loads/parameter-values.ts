// SPDX-License-Identifier: MIT
import { Failure, type Architecture } from '../../../core/model';
import type { ModuleParameter } from '../../../core/modules/modinfo';
import { parameterProblem } from '../../../core/modules/preflight-parameters';
import { parameterArguments } from '../../../core/modules/parameters';

export type Values = Readonly<Record<string, string>>;

/** Those of the values that the module still has a parameter for. */
export function knownValues(parameters: readonly ModuleParameter[], values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => parameters.some((parameter) => parameter.name === name)));
}

/** The values with one changed; an empty text leaves that parameter to the module's own default. */
export function withValue(values: Values, name: string, value: string): Values {
  const others = Object.fromEntries(Object.entries(values).filter(([other]) => other !== name));
  return value === '' ? others : { ...others, [name]: value };
}

/** Why a value cannot be given to a parameter; undefined when it can. Empty: not given at all. */
export function valueProblem(parameter: ModuleParameter, value: string, arch: Architecture): string | undefined {
  if (value === '') return undefined;
  try {
    parameterArguments({ [parameter.name]: value });
    return parameterProblem(parameter, value, arch) ?? undefined;
  } catch (error) {
    return Failure.from(error).why;
  }
}

/** The values that a person chooses from where a type has but two; null for a type that is typed in. */
export function choicesOf({ type }: ModuleParameter): readonly string[] | null {
  return type === 'bool' || type === 'invbool' ? ['y', 'n'] : null;
}

export function valuesText(values: Values): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? 'every parameter at its default' : pairs.join(' ');
}
