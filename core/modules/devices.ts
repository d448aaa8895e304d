// SPDX-License-Identifier: MIT
import type { CharacterDevice } from './types';

const LINE = /^ *(\d{1,4}) (.{1,255})$/;

/** The character devices of a /proc/devices text. */
export function readDevices(text: string): CharacterDevice[] {
  const section = /Character devices:\n([\s\S]*?)(?:\n\n|\n?Block devices:|$)/.exec(text)?.[1] ?? '';
  return section.split('\n').flatMap((line) => {
    const [, major, name] = LINE.exec(line) ?? [];
    return name === undefined ? [] : [{ name, major: Number(major) }];
  });
}

/** Those of `after` that `before` does not have. */
export function newDevices(before: readonly CharacterDevice[], after: readonly CharacterDevice[]): CharacterDevice[] {
  return after.filter(({ name, major }) => !before.some((old) => old.name === name && old.major === major));
}
