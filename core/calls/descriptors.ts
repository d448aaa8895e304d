// SPDX-License-Identifier: MIT
import type { SyscallAbi } from '../abi';
import type { Assumption, Call, LoadSession } from '../model';
import { LOADER } from './assumptions';
import { DescriptorEffects, type DescriptorEffect } from './descriptor-effects';
import { ObservedDescriptors, type DescriptorEntry } from './descriptor-table';

/** One call of a task that concerns its descriptors, with the table around it. */
export interface ObservedStep {
  readonly call: Call;
  readonly effect: DescriptorEffect;
  readonly before: ObservedDescriptors;
  readonly after: ObservedDescriptors;
  /** What happened, in one or two sentences: put together only when it is shown. */
  readonly describe: () => string;
  /** The sentences say why the result is what it is. */
  readonly explains: boolean;
}

export interface ObservedStory {
  readonly steps: readonly ObservedStep[];
  /** The step of the call that was asked for. */
  readonly current: number;
  readonly earlier: number;
  readonly hasLater: boolean;
}

/** Steps kept on each side of the one that was asked for. */
const NEIGHBOURS = 20;

/**
 * What the calls of one task did to its descriptors, told around one of them: from what was seen before the load, or else
 * the predictions take for granted, through every recorded call. Null when the call has nothing to do with descriptors.
 */
export function descriptorStory(session: LoadSession, call: Call, abi: SyscallAbi): ObservedStory | null {
  const effects = new DescriptorEffects(abi);
  if (!effects.of(call)) return null;
  let table = ObservedDescriptors.assumed(assumptionsOf(session, call)).seen(call.task === LOADER ? (session.loaderDescriptors ?? []) : []);
  const steps: ObservedStep[] = [];
  let current = -1;
  let earlier = 0;
  for (const next of session.calls) {
    if (!sameTask(next, call)) continue;
    const effect = effects.of(next);
    if (!effect) continue;
    if (current >= 0 && steps.length - current > NEIGHBOURS) return { steps, current, earlier, hasLater: true };
    const step = take(next, effect, table);
    table = step.after;
    if (next.id === call.id) current = steps.length;
    steps.push(step);
    if (current < 0 && steps.length > NEIGHBOURS) {
      steps.shift();
      earlier++;
    }
  }
  return current < 0 ? null : { steps, current, earlier, hasLater: false };
}

function sameTask(one: Call, other: Call): boolean {
  return one.pid === other.pid && (one.pid !== null || one.task === other.task);
}

/** What the predictions of a task's calls take for granted. */
function assumptionsOf(session: LoadSession, call: Call): Assumption[] {
  const ids = new Set<string | null>();
  for (const other of session.calls) if (sameTask(other, call)) ids.add(other.predictionId);
  return session.predictions.filter(({ id }) => ids.has(id)).flatMap(({ assumes }) => assumes);
}

const OPEN: DescriptorEntry = { state: 'open', what: '', basis: null, freedBy: null };
const FREE: DescriptorEntry = { state: 'free', what: '', basis: null, freedBy: null };

/** Applies one call to the table, and says what happened. */
function take(call: Call, effect: DescriptorEffect, before: ObservedDescriptors): ObservedStep {
  if (effect.forgets) return { call, effect, before, after: ObservedDescriptors.unknown, describe: () => `Which descriptors ${call.syscall}() changed was not recorded.`, explains: false };
  if (effect.closes) return closing(call, effect, effect.closes, before);
  if (effect.opens !== null) return opening(call, effect, effect.opens, before);
  const [first] = effect.uses;
  if (call.errno === 'EBADF') return { call, effect, before, after: before, describe: () => refusal(call, first, before), explains: true };
  const seen = (call.result ?? -1) >= 0;
  const after = seen ? effect.uses.reduce((table, number) => table.with(number, { ...OPEN, what: before.get(number)?.what ?? '' }), before) : before;
  return { call, effect, before, after, describe: () => (first === undefined ? '' : `${call.syscall}() works on descriptor ${named(first, before)}; the table stays as it is.`), explains: false };
}

function refusal(call: Call, number: number | undefined, table: ObservedDescriptors): string {
  if (number === undefined) return `The kernel takes a descriptor of ${call.syscall}() for none.`;
  const entry = table.get(number);
  if (entry?.state === 'free') return `Descriptor ${number} was not open${entry.freedBy === null ? '' : `: ${entry.freedBy} had closed it`}.`;
  return `Descriptor ${number} is not open, or not in a way that ${call.syscall}() can use.`;
}

function closing(call: Call, effect: DescriptorEffect, { from, to }: { from: number; to: number }, before: ObservedDescriptors): ObservedStep {
  const numbers = from === to ? [from] : before.numbers().filter((number) => number >= from && number <= to);
  const free = { ...FREE, freedBy: placeOf(call) };
  const failed = (call.result ?? 0) < 0;
  const after = numbers.reduce((table, number) => table.with(number, failed ? FREE : free), before);
  const range = from === to ? `Descriptor ${named(from, before)}` : `Descriptors ${from} to ${to}`;
  const describe = (): string => (failed ? refusal(call, from, before.with(from, before.get(from) ?? FREE)) : `${range} ${from === to ? 'is' : 'are'} free from here on: the next call that opens something gets the lowest free number.`);
  return { call, effect, before, after, describe, explains: true };
}

/** The kernel hands out the lowest free number: that also says something of the lower ones. */
function opening(call: Call, effect: DescriptorEffect, number: number, before: ObservedDescriptors): ObservedStep {
  const source = effect.sameAs === null ? null : before.get(effect.sameAs);
  const what = effect.sameAs === null ? effect.what : source?.what ? `${source.what}, as ${effect.sameAs}` : `as ${effect.sameAs}`;
  let after = before.with(number, { ...OPEN, what: what.replace(/, as \d+(?=, as)/, '') });
  const lower = effect.placed ? [] : Array.from({ length: Math.min(number, 64) }, (_, index) => index);
  for (const other of lower) if (before.get(other)?.state !== 'open') after = after.with(other, { ...OPEN, basis: 'inferred' });
  const describe = (): string => {
    const sentences = effect.placed ? [`${call.syscall}() made descriptor ${number}.`] : reasons(number, before, lower);
    if (effect.sameAs !== null) sentences.push(`It refers to the same open file as ${named(effect.sameAs, before)}.`);
    return sentences.join(' ');
  };
  return { call, effect, before, after, describe, explains: true };
}

function reasons(number: number, before: ObservedDescriptors, lower: readonly number[]): string[] {
  const passedOver = lower.filter((other) => before.get(other)?.state === 'free');
  const lowerOpen = lower.every((other) => before.get(other)?.state === 'open');
  const entry = before.get(number);
  const below = number === 0 ? '' : number === 1 ? '0 was open' : `0 to ${number - 1} were open`;
  const surprise = passedOver.length > 0 ? [`Descriptor ${passedOver.join(', ')} was taken for free, but the kernel passed over it: it was open.`] : [];
  if (entry?.state === 'open') return [...surprise, `Descriptor ${number} was ${entry.basis === 'assumed' ? 'assumed to be' : 'taken for'} open, but the kernel handed it out: it was free.`];
  if (surprise.length > 0) return surprise;
  if (entry?.freedBy) return [`The kernel hands out the lowest free descriptor: that was ${number}, which ${entry.freedBy} had freed.`];
  if (number === 0) return ['The kernel hands out the lowest free descriptor, and 0 was free.'];
  return [lowerOpen ? `The kernel hands out the lowest free descriptor: ${below}, so it was ${number}.` : `The kernel hands out the lowest free descriptor, so ${below}.`];
}

function named(number: number, table: ObservedDescriptors): string {
  const what = table.get(number)?.what.split(',')[0] ?? '';
  return what === '' ? String(number) : `${number} (${what})`;
}

/** `close() at file.c:32` */
function placeOf({ syscall, source, caller }: Call): string {
  if (source) return `${syscall}() at ${source.file}:${source.line}`;
  return caller === null ? `an earlier ${syscall}()` : `${syscall}() in ${caller}`;
}
