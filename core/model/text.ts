// SPDX-License-Identifier: MIT

/** Text of a kernel or host made safe for a terminal: control characters (but tab) become `\xNN`. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
