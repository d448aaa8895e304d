// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { BuildEnvironment, HostFacts } from '../hosts/host';
import { ExitCode, Failure } from '../model';
import { run, type ProcessResult } from '../platform/process';
import type { SigningKey } from './types';

const LIMIT_MS = 30_000;
const MAX_TRIES = 3;
const PKCS11 = 'pkcs11:';
const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----$|^Proc-Type: 4,ENCRYPTED$/m;
const MAX_KEY_BYTES = 1024 * 1024;

/** Whether the host's kernel takes only modules that a key which it trusts has signed. */
export function wantsSignature({ lockdown, sigEnforce }: Pick<HostFacts, 'lockdown' | 'sigEnforce'>): boolean {
  return sigEnforce === true || lockdown === 'integrity' || lockdown === 'confidentiality';
}

function notSigned(code: string, why: string, next: string, detail = ''): Failure {
  return new Failure({ code, what: 'The module was not signed, so it was not loaded.', why, next, detail, ...(code === 'signing-key-unreadable' ? { exitCode: ExitCode.usage } : {}) });
}

function readKeyFile(file: string, what: string): string {
  try {
    if (fs.statSync(file).size > MAX_KEY_BYTES) throw new Error('it is too large for one');
    return fs.readFileSync(file, 'latin1');
  } catch (error) {
    throw notSigned('signing-key-unreadable', `The ${what} ${file} cannot be read: ${error instanceof Error ? error.message : ''}.`, 'Name files that exist and that you may read.');
  }
}

/** Why sign-file ended: the last error of OpenSSL (`- SSL error:CODE:LIBRARY::REASON: FILE:LINE`), else its own last line. */
function reasonOf(stderr: string): string {
  const reasons = [...stderr.matchAll(/^- SSL error:[0-9A-F]+:([^:\n]*)::?([^:\n]+)/gm)].map(([, library = '', reason = '']) => `${reason} (${library})`);
  return (reasons.at(-1) ?? stderr.trim().split('\n').at(-1) ?? '').slice(0, 300);
}

/** sign-file with these arguments, as a command that sees these folders. */
type Signs = (args: readonly string[], folders: readonly string[]) => ReturnType<BuildEnvironment['wrap']>;

/** What OpenSSL and PKCS#11 modules say of a passphrase that does not open the key; now and then a wrong one opens it to something that is no key. */
const WRONG_PASSPHRASE = /bad decrypt|bad password|maybe wrong password|wrong tag|PIN[ _]INCORRECT|PIN is incorrect/i;

/**
 * Signs the .ko files of one load in place, on this machine, with `scripts/sign-file` of the kernel's headers, or of others where these
 * are not here; debug information must be stripped before. A passphrase is asked for until it is right, three times at most, and kept for the files that follow. It travels in the
 * environment of that program alone (KBUILD_SIGN_PIN).
 */
export class ModuleSigner {
  #passphrase: string | null = null;
  private turn: Promise<unknown> = Promise.resolve();
  private tool: Promise<Signs> | null = null;

  /**
   * @param headers those that the module was built against, on a host or here; null: not known
   * @param hash the kernel's CONFIG_MODULE_SIG_HASH
   */
  constructor(
    private readonly key: SigningKey,
    private readonly headers: BuildEnvironment | null,
    private readonly hash: string,
  ) {}

  /** @throws Failure `signing-key-unreadable`, `sign-file-missing`, `signing-failed`, `cancelled` */
  sign(koPath: string): Promise<void> {
    const mine = this.turn.then(() => this.signNow(koPath));
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  private async signNow(koPath: string): Promise<void> {
    const { key } = this;
    readKeyFile(key.certFile, 'certificate');
    const isEncrypted = key.keyFile.startsWith(PKCS11) || ENCRYPTED.test(readKeyFile(key.keyFile, 'key'));
    const ask = isEncrypted ? key.passphrase : undefined;
    for (let tries = 1; ; tries++) {
      if (ask) this.#passphrase ??= await ask(tries > 1);
      if (ask && this.#passphrase === null) throw Failure.cancelled('The module was not signed.');
      const result = await this.run(koPath, this.#passphrase ?? '');
      if (result.exitCode === 0) return;
      const isWrong = ask !== undefined && WRONG_PASSPHRASE.test(result.stderr);
      if (!isWrong || tries === MAX_TRIES) throw this.refused(result, isEncrypted, isWrong);
      this.#passphrase = null;
    }
  }

  private async findTool(): Promise<Signs> {
    const { headers } = this;
    const own = headers && !headers.host ? path.join(headers.kernelDir, 'scripts', 'sign-file') : null;
    if (headers && own !== null && fs.existsSync(own)) return (args, folders) => headers.wrap([own, ...args], folders);
    const { argv, env } = await this.key.signFile().catch((error: unknown) => {
      if (!(error instanceof Failure) || error.code === 'cancelled') throw error;
      throw notSigned('sign-file-missing', `The kernel's program sign-file is not on this machine, and cannot be fetched: ${error.why}`, 'Install the headers of any kernel here, which have scripts/sign-file, or sign the module yourself and load the .ko.', `${error.message}\n${error.detail ?? ''}`);
    });
    return (args) => ({ argv: [...argv, ...args], env: { ...process.env, ...env } });
  }

  private async run(koPath: string, passphrase: string): Promise<ProcessResult> {
    const { key, hash } = this;
    const wrap = await (this.tool ??= this.findTool());
    const isToken = key.keyFile.startsWith(PKCS11);
    const keyFile = isToken ? key.keyFile : path.resolve(key.keyFile);
    const certFile = path.resolve(key.certFile);
    const folders = [...new Set([koPath, certFile, ...(isToken ? [] : [keyFile])].map((file) => path.dirname(file)))];
    const wrapped = wrap([hash, keyFile, certFile, koPath], folders);
    return run(wrapped.argv, { env: { ...wrapped.env, KBUILD_SIGN_PIN: passphrase }, timeoutMs: LIMIT_MS });
  }

  private refused({ startError, stderr }: ProcessResult, isEncrypted: boolean, isWrong: boolean): Failure {
    const said = startError?.message ?? reasonOf(stderr);
    return notSigned('signing-failed', isWrong ? 'The passphrase was wrong.' : `sign-file refused: ${said}.`, isEncrypted ? 'Check the key, the certificate and the passphrase.' : 'Check the key and the certificate.', stderr);
  }
}
