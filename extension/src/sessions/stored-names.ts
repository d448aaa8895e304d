// SPDX-License-Identifier: MIT
import { visibleText, type LoadSession } from '../../../core/model';

/** What tells two sessions apart in a word: their kernels, else their parameters, else the times they began. */
export function namesOf(first: LoadSession, second: LoadSession): { first: string; second: string } {
  const parameters = ({ parameters: given }: LoadSession): string => Object.entries(given).map(([name, value]) => `${name}=${value}`).join(' ') || 'no parameters';
  const kernels = ({ host }: LoadSession): string => /^\d+\.\d+/.exec(host.kernel)?.[0] ?? host.kernel;
  const times = ({ startedAt }: LoadSession): string => {
    const date = new Date(startedAt);
    return Number.isNaN(date.getTime()) ? startedAt : date.toLocaleTimeString();
  };
  for (const name of [kernels, ({ host }: LoadSession): string => host.kernel, parameters]) {
    if (name(first) !== name(second)) return { first: visibleText(name(first)).slice(0, 40), second: visibleText(name(second)).slice(0, 40) };
  }
  return { first: visibleText(times(first)), second: visibleText(times(second)) };
}
