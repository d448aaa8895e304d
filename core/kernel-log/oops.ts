// SPDX-License-Identifier: MIT

const OOPS_LINES: readonly RegExp[] = [
  /^BUG: /,
  /^kernel BUG at /,
  /^Unable to handle kernel /,
  /^Internal error: /,
  /^(?:Oops|general protection fault|double fault|stack segment|divide error|invalid opcode)\b.*\[#\d+\]/,
  /^Oops: /,
  /^Kernel panic - not syncing/,
  /^watchdog: BUG: /,
];

/** How a console line may begin: its level, its time, the task or processor that printed it. */
const CONSOLE_PREFIX = /^(?:<\d{1,3}>)?(?:\[\s*\d{1,10}\.\d{1,6}\]\s?)?(?:\[\s*[TC]\d{1,10}\]\s?)?/;

/** The text of a line that says that the kernel met a fatal error of its own, null for any other line. */
export function oopsText(line: string): string | null {
  const text = line.slice(0, 1024).replace(CONSOLE_PREFIX, '');
  return OOPS_LINES.some((pattern) => pattern.test(text)) ? text.trimEnd() : null;
}

/** The first such line of a console's text, null when there is none. */
export function oopsInConsole(console: string): string | null {
  for (const line of console.split('\n')) {
    const text = oopsText(line.trimEnd());
    if (text !== null) return text;
  }
  return null;
}
