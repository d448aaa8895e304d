// SPDX-License-Identifier: MIT
import type { KernelRecord } from '../model';
import { oopsText } from './oops';

/** As printk writes to a console with `printk.time`; firmware and emulator give no time. */
const LINE = /^\[\s*(\d{1,10})\.(\d{6})\]\s?(?:\[\s*[TC]\d{1,10}\]\s?)?(.*)$/;
const KERN_EMERG = 0;
const KERN_ALERT = 1;
const KERN_DEFAULT = 4;
const KERN_INFO = 6;

function levelOf(text: string, isAfterOops: boolean): number {
  if (text.startsWith('Kernel panic')) return KERN_EMERG;
  if (oopsText(text) !== null) return KERN_ALERT;
  return isAfterOops ? KERN_DEFAULT : KERN_INFO;
}

/**
 * What a kernel said last, from its console, because it died before its log could be read. A console names no numbers and no
 * levels: the numbers go on from the last known record, the levels are those that the kernel gives to the lines of an oops, and
 * `info` before it.
 * @param marker how the markers of the session begin; with no record known, what follows the first of them is given
 */
export function recordsInConsole(console: string, marker: string, known: readonly KernelRecord[]): KernelRecord[] {
  const last = known.at(-1);
  let seq = last?.seq ?? -1;
  let begun = last !== undefined;
  let isAfterOops = false;
  return console.split('\n').flatMap((line): KernelRecord[] => {
    const [, seconds, micros, text = ''] = LINE.exec(line.trimEnd()) ?? [];
    if (seconds === undefined) return [];
    const usec = Number(seconds) * 1_000_000 + Number(micros);
    if (text.startsWith(marker)) {
      begun = true;
      return [];
    }
    if (!begun || (last !== undefined && usec <= last.usec)) return [];
    isAfterOops ||= oopsText(text) !== null;
    return [{ seq: ++seq, usec, level: levelOf(text, isAfterOops), facility: 0, text, continuation: false, dictionary: {} }];
  });
}
