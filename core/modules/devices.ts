// SPDX-License-Identifier: MIT
import { PROC_DEVICES, PROC_MISC } from './host-scripts';
import type { CharacterDevice } from './types';

const LINE = /^ *(\d{1,4}) (.{1,255})$/;
const MISC_MAJOR = 10;

function numbered(text: string): { number: number; name: string }[] {
  return text.split('\n').flatMap((line) => {
    const [, number, name] = LINE.exec(line) ?? [];
    return name === undefined ? [] : [{ number: Number(number), name }];
  });
}

/** Takes the lines of one file out of what grep printed of several: each begins with its file's name and a colon. */
function linesOf(grepped: string, file: string): string {
  const prefix = `${file}:`;
  return grepped.split('\n').flatMap((line) => (line.includes(prefix) ? line.slice(line.indexOf(prefix) + prefix.length) : [])).join('\n');
}

/** The character devices in what grep printed of /proc/devices and /proc/misc, whose devices share one major number. */
export function readDevices(grepped: string): CharacterDevice[] {
  const section = /Character devices:\n([\s\S]*?)(?:\n\n|\n?Block devices:|$)/.exec(linesOf(grepped, PROC_DEVICES))?.[1] ?? '';
  return [
    ...numbered(section).map(({ number, name }) => ({ name, major: number, minor: 0 })),
    ...numbered(linesOf(grepped, PROC_MISC)).map(({ number, name }) => ({ name, major: MISC_MAJOR, minor: number })),
  ];
}

/** Those of `after` that `before` does not have. */
export function newDevices(before: readonly CharacterDevice[], after: readonly CharacterDevice[]): CharacterDevice[] {
  return after.filter(({ name, major, minor }) => !before.some((old) => old.name === name && old.major === major && old.minor === minor));
}

/** Cuts what a script printed into its parts: a line `@ NAME` begins one. */
export function partsOf(output: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const part of `\n${output}`.split('\n@ ').slice(1)) {
    const end = part.indexOf('\n');
    parts.set(end < 0 ? part : part.slice(0, end), end < 0 ? '' : part.slice(end + 1));
  }
  return parts;
}
