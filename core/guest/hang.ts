// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import type { Machine } from './machine';

/** Of the processor time that QEMU itself uses without an answer. A soft lockup, which says more, comes after about 20 s. */
export const DEFAULT_HANG_SECONDS = 30;

const TICKS_PER_SECOND = 100;
const QUESTIONS_PER_LIMIT = 6;
/** A guest that halted with interrupts off uses no processor time. */
const STILL_FACTOR = 4;

/**
 * Watches whether a guest still runs programs. Its limit counts processor time that QEMU used, so a machine that is busy
 * otherwise, or was suspended, makes no guest hang; one that uses none and is silent for four times as long hangs as well.
 * @returns ends the watch
 */
export function watchForHang(machine: Pick<Machine, 'pid' | 'agent'>, seconds: number, onHang: (how: string) => void): () => void {
  const ask = (): { answered: boolean; usedBefore: number; since: number } => {
    const question = { answered: false, usedBefore: processorSeconds(machine.pid), since: performance.now() };
    void machine.agent.answer().then(() => (question.answered = true));
    return question;
  };
  // It has just come up.
  let question = { answered: true, usedBefore: 0, since: 0 };
  const timer = setInterval(
    () => {
      if (question.answered) {
        question = ask();
        return;
      }
      const used = processorSeconds(machine.pid) - question.usedBefore;
      const elapsed = (performance.now() - question.since) / 1000;
      if (used < seconds && elapsed < seconds * STILL_FACTOR) return;
      clearInterval(timer);
      onHang(`it ran no program for ${Math.round(elapsed)} s, in which it used ${Math.round(used)} s of processor time`);
    },
    (seconds * 1000) / QUESTIONS_PER_LIMIT,
  );
  return () => clearInterval(timer);
}

/** User and system time of a process so far; 0 when it is gone. Source: proc(5), /proc/PID/stat. */
export function processorSeconds(pid: number): number {
  try {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
