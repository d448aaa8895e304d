// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import tty from 'node:tty';
import type { AskSecret } from '../core/hosts/sudo';

const ENTER = /[\r\n]/;
const END = new Set(['\u0003', '\u0004', '\u001a']); // Ctrl-C, Ctrl-D, Ctrl-Z
const ERASE = new Set(['\u007f', '\b']);

/** Asks on the terminal of this process, without showing what is typed; undefined where there is none. `before` ends what is being printed. */
export function terminalSecrets(before: () => void): AskSecret | undefined {
  const terminal = openTerminal();
  if (terminal === null) return undefined;
  fs.closeSync(terminal);
  return ({ prompt, retry }) => {
    before();
    return readSecret(`${retry ? 'That was wrong. ' : ''}${prompt}: `);
  };
}

function openTerminal(): number | null {
  try {
    return fs.openSync('/dev/tty', 'r+');
  } catch {
    return null; // a service, a pipe, another system
  }
}

function readSecret(prompt: string): Promise<string | null> {
  const descriptor = openTerminal();
  if (descriptor === null) return Promise.resolve(null);
  const terminal = new tty.ReadStream(descriptor);
  terminal.setRawMode(true);
  terminal.setEncoding('utf8');
  fs.writeSync(descriptor, prompt);
  return new Promise((resolve) => {
    let typed = '';
    const finish = (answer: string | null): void => {
      terminal.setRawMode(false);
      fs.writeSync(descriptor, '\n');
      terminal.destroy();
      resolve(answer);
    };
    terminal.on('data', (text: string) => {
      for (const character of text) {
        if (ENTER.test(character) || END.has(character)) {
          finish(END.has(character) ? null : typed);
          return;
        }
        typed = ERASE.has(character) ? typed.replace(/.$/su, '') : typed + character;
      }
    });
    terminal.on('error', () => finish(null));
  });
}
