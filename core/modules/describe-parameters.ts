// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { SourceFile } from '../model';
import { readText, type ModuleDescription } from './discover';
import type { ModuleParameter } from './modinfo';

/** The parameters that a module's files declare now. */
export interface DeclaredParameters {
  readonly parameters: readonly ModuleParameter[];
  /** The same as long as those files hold the same text. */
  readonly digest: string;
}

const MAX_TEXT = 4 * 1024 * 1024;
const COMMENT_OR_STRING = /\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"/g;
const NAME = '\\s*(\\w{1,64})\\s*';
const TYPE = '\\s*(\\w{1,32})\\s*';
const PLAIN = new RegExp(`\\bmodule_param(?:_unsafe|_hw)?\\(${NAME},${TYPE}[,)]`, 'g');
const NAMED = new RegExp(`\\bmodule_param_named(?:_unsafe)?\\(${NAME},[^,]{1,200},${TYPE},`, 'g');
const ARRAY = new RegExp(`\\bmodule_param_array\\(${NAME},${TYPE},`, 'g');
const ARRAY_NAMED = new RegExp(`\\bmodule_param_array_named\\(${NAME},[^,]{1,200},${TYPE},`, 'g');
const STRING = new RegExp(`\\bmodule_param_string\\(${NAME},`, 'g');
const CALLBACK = new RegExp(`\\bmodule_param_cb\\(${NAME},`, 'g');
const DESCRIPTION = new RegExp(`\\bMODULE_PARM_DESC\\(${NAME},\\s*((?:"(?:[^"\\\\\\n]|\\\\.)*"\\s*)+)\\)`, 'g');

/**
 * The parameters that a module's sources declare by the macros of linux/moduleparam.h, in the order of their declarations, for a
 * module that has not been built yet. What other macros declare is not found.
 */
export function parametersOfSources(sources: readonly SourceFile[]): ModuleParameter[] {
  const found: { at: number; name: string; type: string | null }[] = [];
  const descriptions = new Map<string, string>();
  for (const [index, { text }] of sources.entries()) {
    const bounded = text.slice(0, MAX_TEXT);
    const code = bounded.replaceAll(COMMENT_OR_STRING, (token) => ' '.repeat(token.length));
    const uncommented = bounded.replaceAll(COMMENT_OR_STRING, (token) => (token.startsWith('"') ? token : ' '.repeat(token.length)));
    const collect = (pattern: RegExp, typeOf: (type: string | undefined) => string | null): void => {
      for (const { index: at, 1: name = '', 2: type } of code.matchAll(pattern)) found.push({ at: index * MAX_TEXT + at, name, type: typeOf(type) });
    };
    collect(PLAIN, (type) => type ?? null);
    collect(NAMED, (type) => type ?? null);
    collect(ARRAY, (type) => `array of ${type ?? ''}`);
    collect(ARRAY_NAMED, (type) => `array of ${type ?? ''}`);
    collect(STRING, () => 'string');
    collect(CALLBACK, () => null);
    for (const [, name = '', literal = ''] of uncommented.matchAll(DESCRIPTION)) descriptions.set(name, unquote(literal));
  }
  const first = found.sort((a, b) => a.at - b.at).filter(({ name }, place) => found.findIndex((other) => other.name === name) === place);
  return first.map(({ name, type }) => ({ name, type, description: descriptions.get(name) ?? null }));
}

/** Reads a module's files and finds what {@link parametersOfSources} finds in them; a file that cannot be read declares nothing. */
export async function readDeclaredParameters(module: Pick<ModuleDescription, 'folder' | 'sources' | 'headers'>): Promise<DeclaredParameters> {
  const names = [...module.sources, ...module.headers];
  const files = await Promise.all(names.map(async (name) => ({ path: name, text: (await readText(path.join(module.folder, name), MAX_TEXT)) ?? '' })));
  return { parameters: parametersOfSources(files), digest: createHash('sha256').update(JSON.stringify(files)).digest('hex') };
}

/** The text of adjacent string literals, with the escapes that descriptions have. */
function unquote(literals: string): string {
  const parts = literals.match(/"(?:[^"\\\n]|\\.)*"/g) ?? [];
  return parts.map((part) => part.slice(1, -1).replaceAll(/\\(.)/g, (_, escaped: string) => ({ n: '\n', t: '\t' })[escaped] ?? escaped)).join('');
}
