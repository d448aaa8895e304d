// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { BuildEnvironment } from '../hosts/host';
import { onPath } from '../platform/on-path';
import { writeWhole } from '../platform/whole-file';

/** A make that is about to run, as `BuildEnvironment.wrap` gave it. */
interface Wrapped {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const FOLDER = '.kmodlab-compiler';
/** Sourced by {@link WRAPPER}: `exit 0` for each question that was answered yes. Begins with whose answers these are. */
const ANSWERS = 'answers';
/** Questions that got a yes since. */
const ASKED = 'asked';
const MAX_ASKED_BYTES = 1024 * 1024;
const MAX_QUESTIONS = 500;
/** Debian's headers of today call the compiler by it, too. */
const TRIPLET = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
const PROGRAM = /^[A-Za-z0-9._+-]+$/;
/** Text that single quotes can hold in one line. */
const QUOTABLE = /^[ -&(-~]+$/;

/** Stands before the compiler on PATH. Where a yes is known it ends with it, all else is the compiler's. */
const WRAPPER = `#!/bin/sh
program=\${0##*/}
own=\${0%/*}
before=\${PATH%%"$own:"*}
PATH=$before\${PATH#"$before$own:"}
case :$PATH: in *":$own:"*) exit 127 ;; esac # else it would find itself
case $* in
*' -c -x c /dev/null -o '*)
  question=\${*% -o *}
  . "$own/${ANSWERS}"
  "$program" "$@"
  status=$?
  [ "$status" -ne 0 ] || printf '%s\\n' "$question" >>"$own/${ASKED}"
  exit "$status"
  ;;
esac
exec "$program" "$@"
`;

/**
 * At every make, Kbuild asks the compiler some thirty times whether it knows an option, by having it compile nothing
 * (`cc-option` in the kernel's scripts/Makefile.compiler): a third of the time that a small module takes. What the compiler
 * takes once it always takes, so a yes is kept beside the module's build until the compiler is another one. A no is asked
 * again each time: it may have had another reason.
 */
export class CompilerAnswers {
  private constructor(
    private readonly folder: string,
    private readonly owner: string,
  ) {}

  /** Null where the compiler is not known by a plain name. @param buildFolder private, and visible to the wrapped make at the same path */
  static beside(buildFolder: string, { makeArgs, compiler }: Pick<BuildEnvironment, 'makeArgs' | 'compiler'>, wrapped: Wrapped): CompilerAnswers | null {
    const program = makeArgs.find((argument) => argument.startsWith('CC='))?.slice('CC='.length) ?? compiler.split(' ')[0] ?? '';
    const folder = path.join(buildFolder, FOLDER);
    if (!PROGRAM.test(program) || folder.includes(':') || makeArgs.some((argument) => argument.startsWith('LLVM='))) return null;
    const owner = JSON.stringify([program, wrapped.argv.slice(0, wrapped.argv.indexOf('make')), identity(program, wrapped.env)]);
    try {
      fs.mkdirSync(folder, { recursive: true });
      for (const name of [program, `${TRIPLET}-${program}`]) fs.writeFileSync(path.join(folder, name), WRAPPER, { mode: 0o755 });
      const answers = new CompilerAnswers(folder, owner);
      if (answers.read(ANSWERS).split('\n')[0] !== `# ${owner}`) answers.write([]);
      fs.rmSync(path.join(folder, ASKED), { force: true });
      return answers;
    } catch {
      return null; // then the compiler is asked
    }
  }

  /** What make needs in its environment. */
  env(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return { ...env, PATH: `${this.folder}:${env['PATH'] ?? '/usr/bin:/bin'}` };
  }

  /** Remembers what was asked while make ran. */
  keep(): void {
    try {
      const asked = this.read(ASKED).split('\n').slice(0, -1).filter((question) => QUOTABLE.test(question));
      if (asked.length > 0) this.write([...this.known(), ...asked]);
    } catch {
      return; // it is asked again next time
    }
  }

  private known(): string[] {
    return [...this.read(ANSWERS).matchAll(/^\[ "\$question" = '([^']+)' \] && exit 0$/gm)].map(([, question = '']) => question);
  }

  private read(name: string): string {
    const file = path.join(this.folder, name);
    const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    return size === 0 || size > MAX_ASKED_BYTES ? '' : fs.readFileSync(file, 'utf8');
  }

  /** Half a file would be a syntax error, which is no yes. */
  private write(questions: readonly string[]): void {
    const lines = [...new Set(questions)].slice(-MAX_QUESTIONS).map((question) => `[ "$question" = '${question}' ] && exit 0\n`);
    writeWhole(path.join(this.folder, ANSWERS), `# ${this.owner}\n${lines.join('')}`);
  }
}

/** Of the program that PATH leads to: another one has another size or time. */
function identity(program: string, env: NodeJS.ProcessEnv): string {
  const file = onPath(program, env);
  if (file === null) return '';
  const { size, mtimeMs } = fs.statSync(file);
  return [fs.realpathSync(file), size, mtimeMs].join(' ');
}
