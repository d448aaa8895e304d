// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { BuildEnvironment } from '../hosts/host';
import { run } from '../platform/process';
import { ModuleSigner } from './signing';
import type { SigningKey } from './types';

/** Used where no headers are at hand: the machine's own programs. */
const PLAIN: Pick<BuildEnvironment, 'wrap' | 'makeArgs' | 'host'> = { wrap: (argv) => ({ argv: [...argv], env: process.env }), makeArgs: [] };

/** Makes .ko files ready to be copied: without debug information, a twentieth of the size, and signed where that is wanted. */
export class LocalKo {
  readonly environment: Pick<BuildEnvironment, 'wrap' | 'makeArgs' | 'host'>;
  private folder: Promise<string> | null = null;
  private count = 0;
  private readonly signer: ModuleSigner | null;

  constructor(headers: BuildEnvironment | null, signing: { readonly key: SigningKey; readonly hash: string } | null) {
    this.environment = headers ?? PLAIN;
    this.signer = signing && new ModuleSigner(signing.key, headers, signing.hash);
  }

  /** A file to copy. What comes from a kernel's package, as bytes, carries that kernel's own signature and is left as it is. @throws Failure of signing */
  async ready(ko: string | Buffer): Promise<string> {
    const folder = await (this.folder ??= fs.mkdtemp(path.join(os.tmpdir(), 'kmodlab-ko-')));
    const file = path.join(folder, `${this.count++}.ko`);
    if (typeof ko !== 'string') {
      await fs.writeFile(file, ko);
      return file;
    }
    const wrapped = this.environment.wrap(['strip', '-g', '-o', file, ko], [path.dirname(ko), folder]);
    const result = await run(wrapped.argv, { env: wrapped.env });
    if (result.exitCode !== 0) await fs.copyFile(ko, file);
    await this.signer?.sign(file);
    return file;
  }

  async dispose(): Promise<void> {
    if (this.folder) await fs.rm(await this.folder, { recursive: true, force: true });
  }
}
