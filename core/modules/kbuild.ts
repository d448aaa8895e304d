// SPDX-License-Identifier: MIT

/** A module as its Kbuild file names it. */
export interface KbuildModule {
  readonly name: string;
  /** Objects without `.o`, relative to the folder (`../` for one beside it): the parts of the module, or its own name when it has one file. */
  readonly objects: readonly string[];
}

/** Words for the compiler from one variable. */
export interface KbuildFlags {
  /** The object that they are for, without `.o`; null for all of the folder. */
  readonly object: string | null;
  /** The `CONFIG_…` symbol that must be set, with its prefix; null for always. */
  readonly config: string | null;
  /** As the compiler gets them; a word that make would have to compute is left out. */
  readonly words: readonly string[];
}

export interface KbuildFile {
  /** What `obj-m` names. */
  readonly modules: readonly KbuildModule[];
  /** What `obj-y` and `obj-$(CONFIG_…)` name, as in the kernel's own tree. */
  readonly configured: readonly KbuildModule[];
  readonly flags: readonly KbuildFlags[];
  /** What was not understood, one sentence each. */
  readonly skipped: readonly string[];
}

const ASSIGNMENT = /^\s*(?:export\s+|override\s+)*([^\s:=+?#]+)\s*(\+=|::?=|\?=|=)\s*(.*)$/;
const CONDITIONAL = /^\s*(ifeq|ifneq|ifdef|ifndef|else|endif)\b\s*(.*)$/;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,55}$/;
const REFERENCE = /\$(?:\(([^()${}]*)\)|\{([^(){}$]*)\}|(.))/g;
const MAX_EXPANSION = 64 * 1024;
/** The folder of the Kbuild file by its several names. */
const HERE = ['obj', 'src', 'M', 'PWD', 'CURDIR', 'KBUILD_EXTMOD'];
/** Stands for what make would have to compute. */
const UNUSABLE = '\0';
const FLAG_VARIABLE = /^(?:ccflags-(?:y|m|\$[({](CONFIG_\w+)[)}])|subdir-ccflags-y|EXTRA_CFLAGS|CFLAGS_MODULE|KBUILD_CFLAGS_MODULE|KCFLAGS|CFLAGS_(?!REMOVE_)(.+)\.o)$/;

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
  private readonly values = new Map<string, string>(HERE.map((name) => [name, '.']));

  /** Inside a conditional nothing is overwritten: every branch may be the one that is taken. */
  assign(name: string, operator: string, value: string, conditional: boolean): void {
    if (HERE.includes(name) && /^\$[({](?:shell\s+pwd|CURDIR|PWD)[)}]$/.test(value)) return;
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

  /** The words of a variable as a shell would split them, without those that would have to be evaluated. */
  shellWords(name: string): string[] {
    const text = this.substitute((this.values.get(name) ?? '').replaceAll(/\$[({]srctree[)}]\/(?=\$[({]src[)}])/g, ''), new Map());
    const words = text.match(/(?:[^\s"'\\]|\\[^]|"(?:[^"\\]|\\[^])*"|'[^']*')+/g) ?? [];
    return words.filter((word) => !word.includes(UNUSABLE) && !word.includes('$')).map((word) => word.replaceAll(/\\([^])|"((?:[^"\\]|\\[^])*)"|'([^']*)'/g, (_all, escaped?: string, double?: string, single?: string) => escaped ?? single ?? (double ?? '').replaceAll(/\\(["\\])/g, '$1')));
  }

  /** The text with its references replaced; null where something in it would have to be evaluated. What was never set is empty. */
  value(text: string): string | null {
    const expanded = this.substitute(text, new Map());
    return expanded.includes(UNUSABLE) || expanded.includes('$') ? null : expanded.trim();
  }

  isSet(name: string): boolean {
    return this.values.has(name);
  }

  /** @param known what was expanded before, null also while it is being expanded: each variable is expanded once */
  private expand(name: string, known: Map<string, string | null>): string | null {
    const before = known.get(name);
    const value = this.values.get(name);
    if (before !== undefined || value === undefined) return before ?? null;
    known.set(name, null);
    const text = this.substitute(value, known);
    const expanded = text.length > MAX_EXPANSION || text.includes('$') || text.includes(UNUSABLE) ? null : text;
    known.set(name, expanded);
    return expanded;
  }

  private substitute(text: string, known: Map<string, string | null>): string {
    return text.replaceAll(REFERENCE, (_all, round: string | undefined, curly: string | undefined, single: string | undefined) => {
      const [, name = '', from, to] = /^([^:]*)(?::(\.\w+)=(\.\w+))?$/.exec(round ?? curly ?? single ?? '') ?? [];
      const value = this.expand(name, known);
      if (value === null) return UNUSABLE;
      return from === undefined ? value : value.split(/\s+/).map((word) => (word.endsWith(from) ? word.slice(0, -from.length) + (to ?? '') : word)).join(' ');
    });
  }
}

interface Branch {
  /** Whether this branch is the one that is taken; null when that is not known. */
  taken: boolean | null;
  /** A branch before it was, or may have been. */
  before: boolean | null;
}

/** What an `ifeq`, `ifneq`, `ifdef` or `ifndef` comes to when kbuild reads the file; null when that is not known. */
function decide(directive: string, rest: string, variables: Variables): boolean | null {
  if (/\bCONFIG_|\$[({](?:shell|wildcard)\b/.test(rest)) return null;
  if (directive === 'ifdef' || directive === 'ifndef') return (rest.trim() === 'KERNELRELEASE' || variables.isSet(rest.trim())) === (directive === 'ifdef');
  const [, round1, round2, double1, double2] = /^\((.*?),\s*(.*)\)\s*$|^["'](.*?)["']\s+["'](.*?)["']\s*$/.exec(rest) ?? [];
  const [left, right] = [round1 ?? double1, round2 ?? double2].map((side) => {
    const known = side?.replaceAll(/\$[({]KERNELRELEASE[)}]/g, 'release').replaceAll(/\$[({](\w+)[)}]/g, (all, name: string) => (variables.isSet(name) ? all : ''));
    return known === undefined ? null : variables.value(known);
  });
  if (left === null || right === null || left === undefined || right === undefined) return null;
  return (left === right) === (directive === 'ifeq');
}

function readVariables(text: string, skipped: string[]): { variables: Variables; flags: Variables } {
  const variables = new Variables();
  const flags = new Variables(); // only of branches that may be taken: a define from another one would change the code
  const branches: Branch[] = [];
  let inDefine = false;
  for (const line of logicalLines(text)) {
    if (inDefine || /^\s*define\b/.test(line)) {
      inDefine = !/^\s*endef\b/.test(line);
      continue;
    }
    if (line.startsWith('\t')) continue;
    const [, conditional, rest = ''] = CONDITIONAL.exec(line) ?? [];
    if (conditional !== undefined) {
      follow(conditional, rest, branches, variables);
      continue;
    }
    if (/^\s*-?include\s/.test(line)) skipped.push(`It includes ${line.trim().slice(0, 80)}, which is not read.`);
    const assignment = ASSIGNMENT.exec(line);
    if (!assignment) continue;
    const [, written = '', operator = '=', value = ''] = assignment;
    const name = variables.value(written) ?? written;
    variables.assign(name, operator, value.trim(), branches.length > 0);
    if (branches.every(({ taken }) => taken !== false)) flags.assign(name, operator, value.trim(), branches.some(({ taken }) => taken === null));
  }
  return { variables, flags };
}

/** Enters, changes or leaves a branch. */
function follow(conditional: string, rest: string, branches: Branch[], variables: Variables): void {
  const branch = branches.at(-1);
  if (conditional === 'endif') branches.pop();
  else if (conditional !== 'else') {
    const taken = decide(conditional, rest, variables);
    branches.push({ taken, before: taken });
  } else if (branch) {
    const [, directive, condition = ''] = CONDITIONAL.exec(rest) ?? [];
    const holds = directive === undefined ? true : decide(directive, condition, variables);
    const { before } = branch;
    branch.taken = before === true || holds === false ? false : before === null ? null : holds;
    branch.before = before === true || holds === true ? true : before === null ? null : holds;
  }
}

/** `a.o` and `./a.o` → `a`; null for what is no object of the folder or of one near it (`../common/a.o`). */
function objectName(word: string): string | null {
  const object = /^(?:\.\/)*([^/].*)\.o$/.exec(word)?.[1];
  const inside = object?.replace(/^(?:\.\.\/){1,4}/, '');
  return object === undefined || inside?.split('/').some((part) => part === '..' || part === '') !== false ? null : object;
}

function partsOf(name: string, variables: Variables, skipped: string[]): string[] | null {
  const objects: string[] = [];
  const byConfiguration = variables.names().filter((variable) => variable.startsWith(`${name}-$`));
  for (const variable of [`${name}-objs`, `${name}-y`, `${name}-m`, ...byConfiguration]) {
    const words = variables.words(variable);
    if (words === null) {
      skipped.push(`${variable} is computed by make, so the files of ${name} are not known.`);
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

/** The modules that a list of objects names. */
function modulesIn(list: string, variables: Variables, skipped: string[]): KbuildModule[] {
  const words = variables.words(list);
  if (words === null) skipped.push(`${list} is computed by make.`);
  const modules: KbuildModule[] = [];
  for (const word of new Set(words ?? [])) {
    if (word.endsWith('/')) continue; // a sub folder with a Kbuild file of its own
    const name = objectName(word);
    if (name === null || !NAME.test(name)) {
      skipped.push(`${list} names ${word.slice(0, 80)}, which is no object of this folder.`);
      continue;
    }
    const objects = partsOf(name, variables, skipped);
    if (objects) modules.push({ name, objects });
  }
  return modules;
}

/** Reads the modules out of the text of a Kbuild file or Makefile. Nothing is evaluated. */
export function parseKbuild(text: string): KbuildFile {
  const skipped: string[] = [];
  const { variables, flags } = readVariables(text, skipped);
  const configured = variables.names().filter((name) => name === 'obj-y' || name.startsWith('obj-$'));
  for (const name of configured) if (name !== 'obj-y') skipped.push(`${name} depends on the kernel's configuration.`);
  return {
    modules: modulesIn('obj-m', variables, skipped),
    configured: configured.flatMap((name) => modulesIn(name, variables, [])),
    flags: flags.names().flatMap((name): KbuildFlags[] => {
      const [all, config = null, object = null] = FLAG_VARIABLE.exec(name) ?? [];
      return all === undefined ? [] : [{ object, config, words: flags.shellWords(name) }];
    }),
    skipped,
  };
}
