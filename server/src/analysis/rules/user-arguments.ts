// SPDX-License-Identifier: MIT
import { setFsGone } from '../../../../core/abi/hidden-symbols';
import { declare, type AbiArgument } from '../../../../core/abi';
import type { Finding, RelatedPlace, Severity } from '../../../../core/model/analysis';
import type { Origin } from '../flow/objects';
import type { RecordedCall, Visit } from '../flow/recorder';
import { spaceOf, stepsOf } from '../flow/values';
import { PlaceMemory, type Places } from '../place-memory';
import { rangeOf, sameSpan, textOf, type Span } from '../syntax/source';
import type { TargetFacts } from '../syntax/target';
import type { Brought, UserArgument } from './user-argument';
import { isBehind, lineText, related } from './rule';

/** Where an ioctl number says in which directions it copies: include/uapi/asm-generic/ioctl.h. */
const IOC_DIRECTION = 30;

/** The arguments that are user pointers, of calls whose syscall or function is known. What it found of a call it remembers, and what a rule says of an argument. */
export class UserArguments {
  private readonly known = new WeakMap<RecordedCall, readonly UserArgument[]>();
  private readonly said = new Map<string, PlaceMemory<UserArgument, Finding | null>>();
  private list: readonly UserArgument[] = [];
  private places: Places = {};

  /** Takes over the calls of a run. */
  take(calls: readonly RecordedCall[], places: Places): void {
    this.places = places;
    this.list = calls.flatMap((call) => {
      const found = this.known.get(call) ?? userArgumentsOf(call);
      this.known.set(call, found);
      return found;
    });
  }

  /** What a rule finds of the arguments one by one, going by nothing else: once for each place, syscall and argument, however many paths and callers lead there. */
  findings(rule: string, find: (subject: UserArgument) => Finding | null): Finding[] {
    const said = this.said.get(rule) ?? new PlaceMemory();
    this.said.set(rule, said);
    const findings = new Map<string, Finding>();
    for (const subject of this.list) {
      const finding = said.of(subject, this.places, find);
      if (!finding) continue;
      const { file, range } = finding;
      const key = [file, range.start.line, range.start.character, subject.callee.name, subject.index].join(' ');
      if (!findings.has(key)) findings.set(key, finding);
    }
    return [...findings.values()];
  }
}

function userArgumentsOf(call: RecordedCall): readonly UserArgument[] {
  const { callee } = call;
  if (!callee) return [];
  const visits = visitsThatCount(call);
  return (callee.arguments ?? []).flatMap((argument, index): UserArgument[] => {
    if (!isUserAddress(argument, visits)) return [];
    const brought = visits.flatMap((visit): Brought[] => {
      const value = visit.arguments[index];
      return value ? [{ ...value, space: spaceOf(value.value), underSetFs: visit.kernelAddressesAllowed }] : [];
    });
    return brought.length === visits.length ? [{ call, callee, index, argument, brought }] : [];
  });
}

/** Whether the kernel takes the argument for an address of user space, with the command that every path gives. */
function isUserAddress({ user, address, pointerFor }: AbiArgument, visits: readonly Visit[]): boolean {
  if (user || address || !pointerFor) return user || address === true;
  const { command, values, encoded } = pointerFor;
  const known = Object.values(values);
  return visits.every((visit) => {
    const given = visit.arguments[command]?.value;
    if (given?.kind !== 'integer') return false;
    const number = Number(BigInt.asUintN(32, given.value));
    return known.includes(number) || (encoded === true && number >>> IOC_DIRECTION !== 0);
  });
}

/** The expected paths, without those that contradict themselves; where there are none, the others. */
export function visitsThatCount({ visits }: RecordedCall): readonly Visit[] {
  const sure = visits.filter((visit) => !visit.doubtful);
  const expected = sure.filter((visit) => !visit.aside);
  return [expected, sure, visits].find((list) => list.length > 0) ?? [];
}

/** A kernel address on each path (or NULL), on one at least without set_fs(KERNEL_DS): on all, where the target may have set_fs(). */
export function kernelWithoutSetFs(subject: UserArgument, target: TargetFacts): Brought | undefined {
  const kernel = kernelOnEveryPath(subject);
  const without = kernel?.filter(({ underSetFs }) => underSetFs === false) ?? [];
  return isBehind(setFsGone(target.arch), target) === 'yes' || without.length === kernel?.length ? without[0] : undefined;
}

/** A kernel address on each path (or NULL) under set_fs(KERNEL_DS); where the target has no set_fs(), also where that is not known. */
export function kernelUnderSetFs(subject: UserArgument, target: TargetFacts): Brought | undefined {
  const kernel = kernelOnEveryPath(subject);
  const isGone = isBehind(setFsGone(target.arch), target) === 'yes';
  return kernel?.every(({ underSetFs }) => underSetFs ?? isGone) ? kernel[0] : undefined;
}

function kernelOnEveryPath({ brought }: UserArgument): Brought[] | undefined {
  return brought.every(({ space }) => space === 'kernel' || space === 'null') ? brought.filter(({ space }) => space === 'kernel') : undefined;
}

/** A finding at what brings the kernel address, with the places that lead there. */
export function describe(rule: string, severity: Severity, subject: UserArgument, brought: Brought, gets: string, effect: string, more: readonly RelatedPlace[] = []): Finding {
  const { call, callee, index, argument } = subject;
  const at = placeOf(subject, brought);
  const { origin } = brought;
  return {
    rule,
    severity,
    file: at.file.path,
    range: rangeOf(at),
    message: `${callee.name}(): argument ${index + 1} ('${argument.name}', ${argument.type}) gets ${gets}. ${effect}`,
    related: [
      ...(origin.span ? [related(origin.span, `The address is that of ${origin.text}.`)] : []),
      ...more,
      ...wayOf(brought, at, subject),
      related(call.expression, `${callee.name}() is called here: ${oneLine(textOf(call.expression))}`),
    ],
  };
}

/** The places that the address went through on its way to the call. */
function wayOf({ value }: Brought, at: Span, { call, argument }: UserArgument): RelatedPlace[] {
  const steps = stepsOf(value);
  const given = `It is given to ${declare(argument)}.`;
  const places = steps.map(({ span, text }, index) => ({ span, text: call.used === 'regs' && index === steps.length - 1 ? given : text }));
  const isShown = sameSpan(at, call.expression) || places.some(({ span }) => sameSpan(span, at));
  return [...places, ...(isShown ? [] : [{ span: at, text: given }])].map(({ span, text }) => related(span, text));
}

/** Where a finding about what a path brings stands. */
export function placeOf({ call }: UserArgument, { broughtBy }: Brought): Span {
  return broughtBy ?? call.expression;
}

/** `static array 'text', line 11`. */
export function originText({ text, span }: Origin, from: Span): string {
  return span ? `${text}, ${lineText(span, from)}` : text;
}

/** Text in one line, shortened. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
