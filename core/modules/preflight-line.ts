// SPDX-License-Identifier: MIT
import type { PreflightLine } from '../model';

export const ok = (check: string, text: string): PreflightLine => ({ check, verdict: 'ok', text, fix: null });
export const blocked = (check: string, text: string, fix: string): PreflightLine => ({ check, verdict: 'blocked', text, fix });
export const warning = (check: string, text: string, fix: string): PreflightLine => ({ check, verdict: 'warning', text, fix });

const SHOWN = 4;

/** `a, b, c, d and 3 more` */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}
