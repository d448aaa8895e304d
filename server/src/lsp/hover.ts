// SPDX-License-Identifier: MIT
import type { Hover, Position, Range } from 'vscode-languageserver/node';
import { syscallAbi, type SyscallAbi } from '../../../core/abi';
import { versionCode } from '../../../core/abi/kernel-version';
import type { AnalysisTarget, Architecture, Expectation } from '../../../core/model/analysis';
import type { FixedFinding, Inspection } from '../analysis';
import { describeArgument, describeSyscall } from '../analysis/features/describe';
import { argumentOfField } from '../analysis/features/registers';
import { errnoAt, fieldAt, registerVariables, syscallNumberAt, type Word } from '../analysis/features/words';

/** What a hover is made of. */
export interface HoverSubject {
  readonly inspection: Inspection;
  /** The document among the module's files. */
  readonly file: string;
  readonly text: string;
  /** The line under the cursor. */
  readonly line: string;
  readonly position: Position;
  readonly target: AnalysisTarget;
}

/** The tables of each architecture, made when they are first asked for. */
export class Abis {
  private readonly made = new Map<Architecture, SyscallAbi>();

  of(arch: Architecture): SyscallAbi {
    const known = this.made.get(arch) ?? syscallAbi(arch);
    this.made.set(arch, known);
    return known;
  }
}

/** A part of a hover. */
export interface Shown {
  readonly range: Range;
  readonly markdown: string;
}

/** Parts as one hover, at the range of the first; null when there is none. */
export function toHover(parts: readonly Shown[]): Hover | null {
  const [first] = parts;
  return first ? { range: first.range, contents: { kind: 'markdown', value: parts.map(({ markdown }) => markdown).join('\n\n') } } : null;
}

/** What is shown on an errno, on a syscall's number, on a register of its arguments, and on a call through the table. */
export function syscallShown(subject: HoverSubject, abis: Abis): Shown | null {
  return onErrno(subject) ?? onRegister(subject, abis) ?? onNumber(subject, abis) ?? onCall(subject, abis);
}

function onErrno({ line, position }: HoverSubject): Shown | null {
  const found = errnoAt(line, position.character);
  return found && show(found.text, wordRange(position, found));
}

/** A register that is stored to for a syscall we know, else one of a `struct pt_regs`. */
function onRegister({ inspection, file, text, line, position, target }: HoverSubject, abis: Abis): Shown | null {
  const stores = inspection.registerStores.filter((store) => store.file === file && contains(store.field, position));
  const [first] = stores;
  if (first) {
    const parts = stores.flatMap(({ arch, syscall, index }) => {
      const abi = abis.of(arch);
      const found = abi.byName(syscall);
      return found ? [describeArgument(abi, found, index, versionOf(target))] : [];
    });
    return show(parts.join('\n\n'), first.field);
  }
  const field = fieldAt(line, position.character);
  if (!field || !registerVariables(text).has(field.base)) return null;
  const index = argumentOfField(abis.of(target.arch), field.field);
  return index === null ? null : show(`\`${field.field}\`: argument ${index + 1} of a system call on ${target.arch}.`, wordRange(position, field));
}

function onNumber({ line, position, target }: HoverSubject, abis: Abis): Shown | null {
  const found = syscallNumberAt(line, position.character);
  const abi = abis.of(target.arch);
  const syscall = found && abi.byName(found.name);
  return syscall ? show(describeSyscall(abi, syscall, versionOf(target)), wordRange(position, found)) : null;
}

function onCall({ inspection, file, position, target }: HoverSubject, abis: Abis): Shown | null {
  const [call] = inspection.calls.filter((site) => site.file === file && contains(site.range, position)).sort((a, b) => extent(a.range) - extent(b.range));
  const abi = call && abis.of(call.arch);
  const syscall = call && abi?.byName(call.syscall);
  if (!call || !abi || !syscall) return null;
  const line = call.range.start.line + 1;
  const predictions = inspection.predictions.filter((item) => item.source.file === file && item.source.line === line && item.syscall === call.syscall);
  const [prediction] = predictions;
  const outcome = prediction && predictions.length === 1 ? `\n\n${describe(prediction.expect)} ${prediction.because}` : '';
  return show(`${describeSyscall(abi, syscall, versionOf(target))}${outcome}`, call.range);
}

/** What the quick fixes there cannot do. */
export function notesShown(fixed: readonly FixedFinding[]): Shown | null {
  const notes = new Set(fixed.flatMap(({ fixes }) => fixes.flatMap(({ title, note }) => (note === null ? [] : [`- ${title}: ${note}`]))));
  const [first] = fixed;
  return first && notes.size > 0 ? { range: first.finding.range, markdown: `Quick fixes:\n${[...notes].join('\n')}` } : null;
}

function versionOf({ kernel, version }: AnalysisTarget): number | null {
  return versionCode(version ?? kernel);
}

function describe(expect: Expectation): string {
  switch (expect.kind) {
    case 'exact':
      return `Returns **${expect.value}**.`;
    case 'errno':
      return `Returns **-${expect.name}** (${expect.value}).`;
    case 'argument':
      return `Returns **${expect.value}**.`;
    case 'unknown':
      return 'What it returns is not predicted.';
  }
}

function show(markdown: string, range: Range): Shown {
  return { range, markdown };
}

function wordRange({ line }: Position, { start, end }: Word): Range {
  return { start: { line, character: start }, end: { line, character: end } };
}

export function contains(range: Range, { line, character }: Position): boolean {
  const afterStart = line > range.start.line || (line === range.start.line && character >= range.start.character);
  const beforeEnd = line < range.end.line || (line === range.end.line && character <= range.end.character);
  return afterStart && beforeEnd;
}

function extent(range: Range): number {
  return (range.end.line - range.start.line) * 10_000 + range.end.character - range.start.character;
}
