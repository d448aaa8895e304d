// SPDX-License-Identifier: MIT
import path from 'node:path';
import * as z from 'zod';

/** One entry of compile_commands.json (clang's JSON Compilation Database). */
export const CompileCommand = z.looseObject({ directory: z.string(), file: z.string(), output: z.string().optional() });
export type CompileCommand = z.infer<typeof CompileCommand> & { readonly arguments?: readonly string[] };

/** Begins `output` of the entries that are ours: no compiler writes there. */
export const OUR_OUTPUT = '.kmodlab/';

/** Options whose value is the next word. */
const WITH_VALUE = new Set(['-I', '-isystem', '-iquote', '-idirafter', '-include', '-imacros', '-D', '-U']);
/** Options that decide what the code means, and that clang knows as gcc does. */
const KEPT = /^-(?:[IDU].|isystem.|iquote.|include.|nostdinc$|std=|m(?:32|64)$|f(?:short-wchar|(?:un)?signed-char|ms-extensions|no-builtin.*|no-common)$|W(?:all|extra|undef|unused|no-.+)$)/;
/** On top: clang's own names for what gcc takes silently in the kernel's headers. */
const ADDED = ['-Wno-unknown-warning-option', '-Wno-gnu', '-Wno-microsoft', '-Wno-address-of-packed-member', '-Wno-initializer-overrides', '-Wno-ignored-attributes', '-Wno-unknown-attributes', '-Wno-pointer-sign', '-Wno-unused-parameter'];

/** The words of a command as a shell makes them of it, up to a `;` or the end of the line. */
function shellWords(command: string): string[] {
  const words: string[] = [];
  for (const [text] of command.matchAll(/(?:[^\s"'\\;]|\\[^]|"(?:[^"\\]|\\[^])*"|'[^']*')+|;/g)) {
    if (text === ';') break;
    words.push(text.replaceAll(/\\([^])|"((?:[^"\\]|\\[^])*)"|'([^']*)'/g, (_all, escaped?: string, double?: string, single?: string) => escaped ?? single ?? (double ?? '').replaceAll(/\\(["\\$`])/g, '$1')));
  }
  return words;
}

export interface CompiledFile {
  /** Text of the `.NAME.o.cmd` that kbuild left. */
  readonly cmd: string;
  /** Absolute path of the source that people edit. */
  readonly file: string;
  /** Folder in which kbuild built the module, and the one that people edit. */
  readonly buildDir: string;
  readonly folder: string;
  /** Where the compiler runs that is given an absolute path: the kernel's build folder. */
  readonly kernelDir: string;
}

/**
 * What a C language server is to be told of a file, of the command that kbuild ran for it: the options that decide what the
 * code means, with the paths that people edit. Null when it is no such command.
 */
export function compileCommand({ cmd, file, buildDir, folder, kernelDir }: CompiledFile): CompileCommand | null {
  const command = /^(?:saved)?cmd_\S+ := (.*)$/m.exec(cmd)?.[1];
  if (command === undefined) return null;
  const [, ...words] = shellWords(command.replaceAll('$$', '$').replaceAll('$(pound)', '#'));
  const source = words.at(-1) ?? '';
  if (!source.endsWith('.c')) return null;
  const own = (text: string): string => text.replaceAll(buildDir, folder);
  const kept: string[] = [];
  for (let at = 0; at < words.length - 1; at++) {
    const word = words[at] ?? '';
    if (WITH_VALUE.has(word)) kept.push(word, own(words[++at] ?? ''));
    else if (word === '-o') at++;
    else if (KEPT.test(word)) kept.push(own(word));
  }
  const directory = path.isAbsolute(source) ? kernelDir : folder; // since 6.13 kbuild compiles in the module's folder
  return { directory, file, output: `${OUR_OUTPUT}${path.basename(file, '.c')}.o`, arguments: ['clang', '-xc', ...kept, ...ADDED, '-c', file] };
}

/**
 * A compile_commands.json with our entries in it: those of others stay, also for the same file.
 * @param before the file's text; null when there is none
 * @returns null when that text is no compile_commands.json
 */
export function mergeCompileCommands(before: string | null, ours: readonly CompileCommand[]): string | null {
  const theirs = before === null ? [] : readForeign(before);
  if (theirs === null) return null;
  const taken = new Set(theirs.map(({ directory, file }) => path.resolve(directory, file)));
  const entries = [...theirs, ...ours.filter(({ file }) => !taken.has(file))];
  return entries.length === 0 ? '' : `${JSON.stringify(entries, null, 1)}\n`;
}

function readForeign(text: string): CompileCommand[] | null {
  try {
    const parsed = z.array(CompileCommand).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.filter(({ output }) => output?.startsWith(OUR_OUTPUT) !== true) : null;
  } catch {
    return null;
  }
}
