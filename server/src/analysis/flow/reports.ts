// SPDX-License-Identifier: MIT
import type { Span } from '../syntax/source';
import type { Argument } from './machine';
import type { ResultReport } from './recorder';

/** Kernel functions that print to the log, with the position of their format. */
const FORMAT_POSITION: Readonly<Record<string, number>> = {
  printk: 0, _printk: 0, printk_once: 0, printk_ratelimited: 0, pr_info_once: 0, pr_info_ratelimited: 0, pr_err_ratelimited: 0, pr_warn_ratelimited: 0,
  dev_emerg: 1, dev_alert: 1, dev_crit: 1, dev_err: 1, dev_warn: 1, dev_notice: 1, dev_info: 1, dev_printk: 2,
};

/** The results of calls that a function of the kernel prints. */
export function findReport(name: string | null, list: readonly Argument[], site: Span): { result: string; report: ResultReport }[] {
  const position = name === null ? undefined : FORMAT_POSITION[name];
  if (position === undefined) return [];
  const format = list[position]?.value;
  if (format?.kind !== 'string' || format.text === null) return [];
  const conversions = conversionArguments(format.text);
  return list.slice(position + 1).flatMap(({ value }, index) => {
    const conversion = conversions.indexOf(index);
    if (value.result === undefined || conversion < 0) return [];
    return [{ result: value.result, report: { site, format: format.text ?? '', conversion } }];
  });
}

/** For each conversion of a format, which argument it prints; `*` takes arguments of its own. */
export function conversionArguments(format: string): number[] {
  const list: number[] = [];
  let argument = 0;
  for (const [all, width = '', precision = '', kind = ''] of format.matchAll(/%[-+ #0]*(\*|\d+)?(?:\.(\*|\d+)?)?(?:hh|h|ll|l|L|q|z|Z|t|j)?([a-zA-Z%])/g)) {
    if (kind === '%' && all === '%%') continue;
    if (width === '*') argument++;
    if (precision === '*') argument++;
    list.push(argument++);
  }
  return list;
}
