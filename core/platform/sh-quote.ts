// SPDX-License-Identifier: MIT

/** One word of a POSIX shell command line that the shell reads as exactly this text. */
export function shQuote(word: string): string {
  if (word.includes('\0')) throw new RangeError('an argument cannot hold a NUL character');
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line that runs exactly this argument vector. */
export function shCommand(argv: readonly string[]): string {
  return argv.map(shQuote).join(' ');
}
