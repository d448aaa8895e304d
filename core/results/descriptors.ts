// SPDX-License-Identifier: MIT
import type { SyscallAbi } from '../abi';
import { decodeArguments } from '../calls/decode';
import { descriptorStory, type ObservedStep, type ObservedStory } from '../calls/descriptors';
import type { ObservedDescriptors } from '../calls/descriptor-table';
import { visibleText, type Call } from '../model';
import type { DescriptorCell, DescriptorRow, DescriptorStep, DescriptorStory } from './types';
import { shownResult, taskText, valueText } from './values';

export { descriptorStory };

/** Rows of one picture: a task with very many descriptors shows the ones that matter. */
const MAX_ROWS = 24;

/** The story in the words and rows that are shown. */
export function shownStory(story: ObservedStory, abi: SyscallAbi): DescriptorStory {
  const numbers = rowNumbers(story.steps);
  const [first] = story.steps;
  return {
    task: (first && taskText(first.call)) ?? 'one task',
    steps: story.steps.map((step) => shownStep(step, numbers, abi)),
    current: story.current,
    earlier: story.earlier,
    hasLater: story.hasLater,
  };
}

/** The same rows for every step, so that nothing jumps: what changes or is used, then the lowest that are known. */
function rowNumbers(steps: readonly ObservedStep[]): number[] {
  const important = new Set(steps.flatMap(({ effect }) => [...effect.uses, ...(effect.opens === null ? [] : [effect.opens])]));
  const known = new Set(steps.flatMap(({ before, after }) => [...before.numbers(), ...after.numbers()]));
  const chosen = [...new Set([...important, ...[...known].sort((a, b) => a - b)])].slice(0, MAX_ROWS);
  return chosen.sort((a, b) => a - b);
}

function shownStep({ call, effect, before, after, describe }: ObservedStep, numbers: readonly number[], abi: SyscallAbi): DescriptorStep {
  return {
    callId: call.id,
    call: visibleText(callText(call, abi)),
    source: call.source,
    rows: numbers.map((number): DescriptorRow => {
      const row = { number, before: cell(before, number), after: cell(after, number), used: effect.uses.includes(number) };
      return { ...row, changed: effect.opens === number || row.before.state !== row.after.state };
    }),
    text: visibleText(describe()),
  };
}

function cell(table: ObservedDescriptors, number: number): DescriptorCell {
  const entry = table.get(number);
  if (!entry) return { state: 'unknown', text: 'not known', basis: null };
  return { state: entry.state, text: entry.state === 'free' ? 'free' : entry.what || 'open', basis: entry.basis };
}

/** `dup(1) = 4` with the arguments that are numbers; pointers are left out. */
function callText(call: Call, abi: SyscallAbi): string {
  const decoded = decodeArguments(call, { arch: abi.arch, levels: null }, abi);
  const list = decoded === null ? '' : decoded.map(({ text, pointer, name }) => (pointer ? name : text)).join(', ');
  return `${call.syscall}(${list})${call.result === null ? '' : ` = ${valueText(shownResult(call.result))}`}`;
}
