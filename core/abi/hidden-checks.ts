// SPDX-License-Identifier: MIT
import { errnoName } from './errno';

/** A check that no tracer shows: compiled into its caller, or in code that is built without tracing (lib/). */
interface HiddenCheck {
  readonly check: string;
  readonly because: string;
  readonly file: string;
  /** Where it stands, by the release (`6.1`) whose source was read; stable updates rarely move it. */
  readonly lines: Readonly<Record<string, number>>;
}

const BUFFER = 'access_ok() is inlined and refuses a buffer that does not lie in user space';
const STRING = 'strncpy_from_user() is built without tracing and refuses a string that does not lie in user space';
const PATH: Omit<HiddenCheck, 'lines'> = { check: 'strncpy_from_user(kname, filename, …)', because: STRING, file: 'fs/namei.c' };

/** By the function that the check is part of, for -EFAULT. Lines read in Debian's linux-source-6.1 and linux-source-6.12. */
const FAULTS: Readonly<Record<string, HiddenCheck>> = {
  vfs_write: { check: 'access_ok(buf, count)', because: BUFFER, file: 'fs/read_write.c', lines: { '6.1': 572, '6.12': 671 } },
  vfs_read: { check: 'access_ok(buf, count)', because: BUFFER, file: 'fs/read_write.c', lines: { '6.1': 458, '6.12': 557 } },
  getname_flags: { ...PATH, lines: { '6.1': 150, '6.12': 155 } },
  do_getname: { ...PATH, lines: {} },
};

/**
 * The hidden check that explains why a function returned an error that none of its callees returned; null when none is
 * known. @param kernel `uname -r`
 */
export function hiddenCheck(name: string, result: number, kernel: string): { check: string; because: string; file: string; line: number | null } | null {
  if (errnoName(result) !== 'EFAULT') return null;
  const found = FAULTS[name.replace(/\.(?:part|isra|constprop|cold).*$/, '')];
  if (!found) return null;
  const release = /^\d+\.\d+/.exec(kernel)?.[0] ?? '';
  const { check, because, file, lines } = found;
  return { check, because, file, line: lines[release] ?? null };
}
