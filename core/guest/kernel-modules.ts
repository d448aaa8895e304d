// SPDX-License-Identifier: MIT
import { execFile as execFileCallback } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '../model';
import { readModuleInfo } from '../modules/modinfo';

export interface KernelModule {
  readonly name: string;
  /** The module, not compressed. */
  readonly ko: Buffer;
}

const execFile = promisify(execFileCallback);
const MAX_MODULE_BYTES = 32 * 1024 * 1024;
const canonical = (name: string): string => name.replaceAll('-', '_');

/** A kernel's modules on disk: `…/lib/modules/<release>` of a package that was only unpacked, so without modules.dep. */
export class KernelModules {
  private constructor(
    private readonly files: ReadonlyMap<string, string>,
    private readonly builtin: ReadonlySet<string>,
    private readonly unxz: readonly [string, ...string[]],
  ) {}

  /** `unxz` writes the file that is its last argument to standard output, decompressed: `[busybox, 'unxz', '-c']`. */
  static async open(modulesDir: string, unxz: readonly [string, ...string[]]): Promise<KernelModules> {
    const files = new Map<string, string>();
    for (const entry of await fs.readdir(path.join(modulesDir, 'kernel'), { recursive: true })) {
      const match = /([^/]+)\.ko(\.xz)?$/.exec(entry);
      if (match?.[1] !== undefined) files.set(canonical(match[1]), path.join(modulesDir, 'kernel', entry));
    }
    const list = await fs.readFile(path.join(modulesDir, 'modules.builtin'), 'utf8');
    const builtin = new Set(list.split('\n').map((line) => canonical(path.basename(line, '.ko'))));
    return new KernelModules(files, builtin, unxz);
  }

  /**
   * The wanted modules and all that they need, in loading order; built-in ones are left out.
   * @param missing what to throw for one that is neither a file nor built in; default Failure `guest-kernel-unsuitable`
   */
  async inLoadingOrder(wanted: readonly string[], missing: (name: string) => Failure = unsuitable): Promise<KernelModule[]> {
    const order = new Map<string, KernelModule | null>();
    const visit = async (name: string): Promise<void> => {
      if (order.has(name)) return;
      order.set(name, null);
      const file = this.files.get(name);
      if (file === undefined) {
        if (this.builtin.has(name)) return;
        throw missing(name);
      }
      const ko = await this.read(file);
      for (const dependency of readModuleInfo(ko).depends) await visit(canonical(dependency));
      order.delete(name); // a Map keeps the order of insertion: after its dependencies
      order.set(name, { name, ko });
    };
    for (const name of wanted) await visit(canonical(name));
    return [...order.values()].filter((module) => module !== null);
  }

  private async read(file: string): Promise<Buffer> {
    if (!file.endsWith('.xz')) return await fs.readFile(file);
    const [program, ...args] = this.unxz;
    const { stdout } = await execFile(program, [...args, file], { encoding: 'buffer', maxBuffer: MAX_MODULE_BYTES });
    return stdout;
  }
}

function unsuitable(name: string): Failure {
  return new Failure({
    code: 'guest-kernel-unsuitable',
    what: 'The guest cannot run this kernel.',
    why: `It has no module ${name}, which a guest needs.`,
    next: 'Choose another kernel.',
  });
}
