// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../model/failure';
import { onPath } from '../platform/on-path';
import { shCommand } from '../platform/sh-quote';
import { writeWhole } from '../platform/whole-file';
import type { AptRoot } from './apt';
import { resolveClosure, type PackageSets } from './deb';
import { toolVersion } from './tool-version';
import type { WorkOptions } from './work';

export type ToolName = 'qemu-system-x86_64' | 'ssh' | 'ssh-keygen' | 'chromium' | 'sign-file';

export interface ProvidedTool {
  /** Program and its leading arguments: append yours. For QEMU these already hold the `-L` folders. */
  readonly argv: readonly string[];
  /** Variables to add to the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** As the tool says itself, e.g. `7.2.22`; empty for a tool that does not say. */
  readonly version: string;
  readonly from: 'system' | 'private';
}

interface Recipe {
  readonly packages: readonly string[];
  /** The program in the unpacked packages. */
  readonly program: string;
  /** Where a system has it that is not on PATH: a folder for each version, and the program's place in it. */
  readonly installed?: readonly (readonly [folders: string, program: string])[];
  /** Asks for the version; none: the tool has no such option. */
  readonly versionArgs: readonly string[] | null;
  readonly versionPattern: RegExp;
  /** Folders of data that the program looks for in /usr: given as `-L`. */
  readonly dataDirs?: readonly string[];
  /** Variables that name folders of the packages. */
  readonly folderEnv?: Readonly<Record<string, string>>;
  /**
   * How the program finds its libraries: through the loader and libc of its own packages (works on any libc), or by
   * LD_LIBRARY_PATH on this machine's libc (for a program that starts /proc/self/exe again).
   */
  readonly libraries: 'own-loader' | 'library-path';
  /** It starts itself again by argv[0], as ssh does for ProxyJump: that has to be a file that starts it. */
  readonly startsItself?: boolean;
}

const fontSettings = 'etc/fonts/kmodlab.conf';

const recipes: Readonly<Record<ToolName, Recipe>> = {
  'qemu-system-x86_64': {
    packages: ['qemu-system-x86'],
    program: 'usr/bin/qemu-system-x86_64',
    versionArgs: ['--version'],
    versionPattern: /version (\d+(?:\.\d+)+)/,
    dataDirs: ['usr/share/qemu', 'usr/share/seabios', 'usr/lib/ipxe/qemu'],
    folderEnv: { QEMU_MODULE_DIR: 'usr/lib/x86_64-linux-gnu/qemu' },
    libraries: 'own-loader',
  },
  ssh: {
    packages: ['openssh-client'],
    program: 'usr/bin/ssh',
    versionArgs: ['-V'],
    versionPattern: /OpenSSH_(\S+?),? /,
    libraries: 'own-loader',
    startsItself: true,
  },
  'ssh-keygen': {
    packages: ['openssh-client'],
    program: 'usr/bin/ssh-keygen',
    versionArgs: null,
    versionPattern: /^$/,
    libraries: 'own-loader',
  },
  chromium: {
    packages: ['chromium', 'fonts-dejavu-core'],
    program: 'usr/lib/chromium/chromium',
    versionArgs: ['--version'],
    versionPattern: /Chromium (\S+)/,
    folderEnv: { FONTCONFIG_FILE: fontSettings },
    libraries: 'library-path',
  },
  // The form of a module's signature does not depend on the kernel's version (Documentation/admin-guide/module-signing.rst): that of any headers does.
  'sign-file': {
    packages: ['linux-kbuild-6.1'],
    program: 'usr/lib/linux-kbuild-6.1/scripts/sign-file',
    installed: [
      ['/usr/src', 'scripts/sign-file'],
      ['/usr/src/kernels', 'scripts/sign-file'],
      ['/usr/lib', 'scripts/sign-file'],
      ['/lib/modules', 'build/scripts/sign-file'],
    ],
    versionArgs: [],
    versionPattern: /^Usage: scripts\/(sign-file) /m,
    libraries: 'own-loader',
  },
};

const loader = 'usr/lib64/ld-linux-x86-64.so.2';
const libraryFolders = ['usr/lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu/pulseaudio', 'usr/lib'];

/** What the tool tells of its version; empty for one that does not tell, null when it does not start. `file`: the program in `argv`. */
async function versionOf(recipe: Recipe, argv: readonly string[], file: string, asking: Asking): Promise<string | null> {
  if (recipe.versionArgs === null) return '';
  return toolVersion({ argv: [...argv, ...recipe.versionArgs], file, env: asking.env, pattern: recipe.versionPattern }, asking.versionsDir, asking.work);
}

interface Asking {
  readonly env: NodeJS.ProcessEnv;
  /** Where the versions that tools told are remembered. */
  readonly versionsDir: string;
  readonly work: WorkOptions;
}

/** The tool on PATH, or where the system has it besides, when it works, else null. */
export async function systemTool(name: ToolName, asking: Asking): Promise<ProvidedTool | null> {
  const known = onPath(name, asking.env);
  for (const file of known === null ? installedFiles(recipes[name]) : [known]) {
    const version = await versionOf(recipes[name], [file], file, asking);
    if (version !== null) return { argv: [file], env: {}, version, from: 'system' };
  }
  return null;
}

/** Of several versions mostly the newer one first. */
function installedFiles({ installed = [] }: Recipe): string[] {
  return installed.flatMap(([folders, program]) => {
    const names = fs.existsSync(folders) ? fs.readdirSync(folders).sort().reverse() : [];
    return names.map((name) => path.join(folders, name, program)).filter((file) => fs.existsSync(file));
  });
}

/** A private copy of the tool. @throws Failure `tool-does-not-start` and those of the package tools */
export async function privateTool(name: ToolName, apt: AptRoot, sets: PackageSets, asking: Asking): Promise<ProvidedTool> {
  const { env, work } = asking;
  const recipe = recipes[name];
  const ownLoader = recipe.libraries === 'own-loader';
  const debs = (await resolveClosure(apt, recipe.packages, work)).filter((deb) => ownLoader || deb.name !== 'libc6');
  const root = await sets.provide(apt, recipe.packages[0] ?? name, debs, work, writeFontSettings);
  const at = (file: string): string => path.join(root, file);
  const search = libraryFolders
    .map(at)
    .filter((folder) => fs.existsSync(folder))
    .join(':');
  const ownName = recipe.startsItself === true ? at(`kmodlab/${name}`) : name;
  const start = ownLoader ? [at(loader), '--library-path', search, '--argv0', ownName, at(recipe.program)] : [at(recipe.program)];
  if (recipe.startsItself === true) writeLauncher(ownName, start);
  const dataDirs = (recipe.dataDirs ?? []).map(at).filter((folder) => fs.existsSync(folder));
  const folderEnv = Object.fromEntries(Object.entries(recipe.folderEnv ?? {}).map(([variable, folder]) => [variable, at(folder)]));
  const tool = {
    argv: [...start, ...dataDirs.flatMap((folder) => ['-L', folder])],
    env: ownLoader ? folderEnv : { ...folderEnv, LD_LIBRARY_PATH: search },
  };
  const version = await versionOf(recipe, tool.argv, at(recipe.program), { ...asking, env: { ...env, ...tool.env } });
  if (version !== null) return { ...tool, version, from: 'private' };
  throw new Failure({
    code: 'tool-does-not-start',
    what: `The private copy of ${name} does not start.`,
    why: ownLoader ? 'Its packages do not run on this machine.' : "This machine's C library is older than the one that it was built for.",
    next: `Install ${name} with the package manager of this system.`,
  });
}

/** A file that starts a program as `argv` does. */
function writeLauncher(file: string, argv: readonly string[]): void {
  const text = `#!/bin/sh\nexec ${shCommand(argv)} "$@"\n`;
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text) return;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  writeWhole(file, text, { mode: 0o755 });
}

/** Fonts of the packages, for a program that draws text. */
function writeFontSettings(made: string, final: string): void {
  if (!fs.existsSync(path.join(made, 'usr/share/fonts'))) return;
  const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  fs.mkdirSync(path.dirname(path.join(made, fontSettings)), { recursive: true });
  fs.writeFileSync(
    path.join(made, fontSettings),
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${escape(final)}/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
</fontconfig>
`,
  );
}
