// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** What an ssh_config(5) text names: hosts without wildcards, in their order, and the files it includes. */
export interface SshConfigText {
  readonly hosts: readonly string[];
  readonly includes: readonly string[];
}

/** ssh's own limit is 16 (readconf.c). */
const MAX_DEPTH = 16;
const MAX_FILES = 256;
const MAX_BYTES = 1024 * 1024;
const MAX_HOSTS = 2_000;

/** The words of a line: separated by blanks and one `=` behind the keyword, with double quotes; a `#` word begins a comment. */
function words(line: string): string[] {
  const found: string[] = [];
  const rest = line.trim().replace(/^([A-Za-z]+)\s*=\s*/, '$1 ');
  for (const [, quoted, plain] of rest.matchAll(/"([^"]*)"|([^\s"]+)/g)) {
    if (plain?.startsWith('#')) break;
    found.push(quoted ?? plain ?? '');
  }
  return found;
}

/** Reads a configuration's text; what holds only for some hosts (`Match`, an `Include` below a `Host`) counts as well. */
export function parseSshConfig(text: string): SshConfigText {
  const hosts: string[] = [];
  const includes: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword = '', ...values] = words(line);
    if (keyword.toLowerCase() === 'include') includes.push(...values);
    if (keyword.toLowerCase() === 'host') hosts.push(...values.filter((name) => name !== '' && !/^-|[*?!\s]/.test(name)));
  }
  return { hosts, includes };
}

/** Files that a pattern of `Include` names: `*`, `?` and `[…]` in the parts of a path, as glob(7). */
async function expand(pattern: string): Promise<string[]> {
  let folders = ['/'];
  const parts = pattern.split('/').filter((part) => part !== '');
  for (const part of parts) {
    if (!/[*?[]/.test(part)) {
      folders = folders.map((folder) => path.join(folder, part));
      continue;
    }
    const like = globPart(part);
    const next: string[] = [];
    for (const folder of folders) {
      const names = await fs.readdir(folder).catch(() => []);
      next.push(...names.filter((name) => like.test(name) && (part.startsWith('.') || !name.startsWith('.'))).sort().map((name) => path.join(folder, name)));
    }
    folders = next.slice(0, MAX_FILES);
  }
  return folders;
}

function globPart(part: string): RegExp {
  const source = part.replaceAll(/\[!([^\]]*)\]|\[([^\]]*)\]|[*?]|[.+^${}()|\\[\]]/g, (found, not?: string, set?: string) => {
    if (not !== undefined) return `[^${not.replaceAll(/[\\^]/g, '\\$&')}]`;
    if (set !== undefined) return `[${set.replaceAll(/[\\^]/g, '\\$&')}]`;
    return found === '*' ? '[^/]*' : found === '?' ? '[^/]' : `\\${found}`;
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return /^(?!)/; // a set that is none, such as [z-a]
  }
}

export interface SshConfigFiles {
  /** The user's file; default `~/.ssh/config`, and then the system's is read as well. */
  readonly configFile?: string;
  readonly home?: string;
}

/**
 * Names that the user's ssh configuration gives hosts, with what it includes; each once, in the order of the files.
 * A file that cannot be read has none. Nothing is connected to and nothing is run.
 */
export async function listSshHosts(options: SshConfigFiles = {}): Promise<string[]> {
  const home = options.home ?? os.homedir();
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = async (file: string, base: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH || seen.size >= MAX_FILES || seen.has(file)) return;
    seen.add(file);
    const text = await readBounded(file);
    if (text === null) return;
    const { hosts, includes } = parseSshConfig(text);
    for (const name of hosts) if (found.size < MAX_HOSTS) found.add(name);
    for (const include of includes) {
      const absolute = include.startsWith('~/') ? path.join(home, include.slice(2)) : path.resolve(base, include);
      for (const next of await expand(absolute)) await visit(next, base, depth + 1);
    }
  };
  await visit(options.configFile ?? path.join(home, '.ssh', 'config'), path.join(home, '.ssh'), 0);
  if (options.configFile === undefined) await visit('/etc/ssh/ssh_config', '/etc/ssh', 0);
  return [...found];
}

async function readBounded(file: string): Promise<string | null> {
  try {
    const stat = await fs.stat(file);
    return stat.isFile() && stat.size <= MAX_BYTES ? await fs.readFile(file, 'utf8') : null;
  } catch {
    return null;
  }
}
