// SPDX-License-Identifier: MIT

/** A module as its Kbuild file names it. */
export interface KbuildModule {
  readonly name: string;
  /** Objects without `.o`, relative to the folder: the parts of the module, or its own name when it has one file. */
  readonly objects: readonly string[];
}

export interface KbuildFile {
  readonly modules: readonly KbuildModule[];
  /** What was not understood, one sentence each. */
  readonly skipped: readonly string[];
}

const ASSIGNMENT = /^\s*(?:export\s+|override\s+)*([^\s:=+?#]+)\s*(\+=|::?=|\?=|=)\s*(.*)$/;
const CONDITIONAL = /^\s*(ifeq|ifneq|ifdef|ifndef|else|endif)\b/;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,55}$/;
const REFERENCE = /\$(?:\(([^()${}]*)\)|\{([^(){}$]*)\}|(.))/g;
const MAX_EXPANSION = 64 * 1024;

/** Lines with continuations joined and comments removed. */
function logicalLines(text: string): string[] {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|[^\\])#.*$/, '$1'));
}

/** The simple variables of a Kbuild file. Functions (`$(shell …)`) and unknown variables make a value unusable. */
class Variables {
  private readonly values = new Map<string, string>([
    ['obj', '.'],
    ['src', '.'],
  ]);

  /** Inside a conditional nothing is overwritten: every branch may be the one that is taken. */
  assign(name: string, operator: string, value: string, conditional: boolean): void {
    const old = this.values.get(name);
    if (old === undefined) this.values.set(name, value);
    else if (operator === '+=' || (conditional && operator !== '?=')) this.values.set(name, `${old} ${value}`);
    else if (operator !== '?=') this.values.set(name, value);
  }

  names(): string[] {
    return [...this.values.keys()];
  }

  /** The words of a variable; null when it uses something that would have to be evaluated. */
  words(name: string): string[] | null {
    const text = this.values.has(name) ? this.expand(name, new Map()) : '';
    return text === null ? null : text.split(/\s+/).filter((word) => word !== '');
  }

  /** @param known what was expanded before, null also while it is being expanded: each variable is expanded once */
  private expand(name: string, known: Map<string, string | null>): string | null {
    const before = known.get(name);
    const value = this.values.get(name);
    if (before !== undefined || value === undefined) return before ?? null;
    known.set(name, null);
    const unusable = '\0';
    const text = value.replaceAll(REFERENCE, (_all, round: string | undefined, curly: string | undefined, single: string | undefined) => this.expand(round ?? curly ?? single ?? '', known) ?? unusable);
    const expanded = text.length > MAX_EXPANSION || text.includes('$') || text.includes(unusable) ? null : text;
    known.set(name, expanded);
    return expanded;
  }
}

function readVariables(text: string, skipped: string[]): Variables {
  const variables = new Variables();
  let conditionals = 0;
  let inDefine = false;
  for (const line of logicalLines(text)) {
    if (inDefine || /^\s*define\b/.test(line)) {
      inDefine = !/^\s*endef\b/.test(line);
      continue;
    }
    if (line.startsWith('\t')) continue;
    const conditional = CONDITIONAL.exec(line)?.[1];
    if (conditional?.startsWith('if')) conditionals++;
    else if (conditional === 'endif') conditionals = Math.max(0, conditionals - 1);
    else if (/^\s*-?include\s/.test(line)) skipped.push(`It includes ${line.trim().slice(0, 80)}, which is not read.`);
    const assignment = conditional ? null : ASSIGNMENT.exec(line);
    if (assignment) variables.assign(assignment[1] ?? '', assignment[2] ?? '=', (assignment[3] ?? '').trim(), conditionals > 0);
  }
  return variables;
}

/** `a.o` and `./a.o` → `a`; null for what is not an object below the folder. */
function objectName(word: string): string | null {
  const object = /^(?:\.\/)*([^/].*)\.o$/.exec(word)?.[1];
  return object === undefined || object.split('/').some((part) => part === '..' || part === '') ? null : object;
}

function partsOf(name: string, variables: Variables, skipped: string[]): string[] | null {
  const objects: string[] = [];
  for (const suffix of ['objs', 'y', 'm']) {
    const words = variables.words(`${name}-${suffix}`);
    if (words === null) {
      skipped.push(`${name}-${suffix} is computed by make, so the files of ${name} are not known.`);
      return null;
    }
    for (const word of words) {
      const object = objectName(word);
      if (object === null) {
        skipped.push(`${name} is not understood: ${word.slice(0, 80)} is no object of its folder.`);
        return null;
      }
      objects.push(object);
    }
  }
  return objects.length > 0 ? [...new Set(objects)] : [name];
}

/** Reads the modules out of the text of a Kbuild file or Makefile. Nothing is evaluated. */
export function parseKbuild(text: string): KbuildFile {
  const skipped: string[] = [];
  const variables = readVariables(text, skipped);
  for (const name of variables.names()) {
    if (name.startsWith('obj-$')) skipped.push(`${name} depends on the kernel's configuration.`);
  }
  const words = variables.words('obj-m');
  if (words === null) skipped.push('obj-m is computed by make.');
  const modules: KbuildModule[] = [];
  for (const word of new Set(words ?? [])) {
    if (word.endsWith('/')) continue; // a sub folder with a Kbuild file of its own
    const name = objectName(word);
    if (name === null || !NAME.test(name)) {
      skipped.push(`obj-m names ${word.slice(0, 80)}, which is no object of this folder.`);
      continue;
    }
    const objects = partsOf(name, variables, skipped);
    if (objects) modules.push({ name, objects });
  }
  return { modules, skipped };
}
