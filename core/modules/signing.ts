// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { BuildEnvironment, HostFacts } from '../hosts/host';
import { ExitCode, Failure } from '../model';
import { run } from '../platform/process';
import type { SigningKey } from './types';

const LIMIT_MS = 30_000;
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

/**
 * Signs a .ko in place with `scripts/sign-file` of the kernel's headers; debug information must be stripped before. The passphrase
 * travels in the environment of that program alone (KBUILD_SIGN_PIN).
 * @param hash the kernel's CONFIG_MODULE_SIG_HASH
 * @throws Failure `signing-key-unreadable`, `signing-failed`, `cancelled`
 */
export async function signModule(koPath: string, key: SigningKey, environment: BuildEnvironment, hash: string): Promise<void> {
  if (environment.host) throw notSigned('signing-failed', `The headers lie on ${environment.host.name}, and a key never leaves this machine.`, 'Sign the module here, then load the .ko.');
  const isToken = key.keyFile.startsWith(PKCS11);
  readKeyFile(key.certFile, 'certificate');
  const isEncrypted = isToken || ENCRYPTED.test(readKeyFile(key.keyFile, 'key'));
  const pin = isEncrypted && key.passphrase ? await key.passphrase() : '';
  if (pin === null) throw Failure.cancelled('The module was not signed.');
  const keyFile = isToken ? key.keyFile : path.resolve(key.keyFile);
  const certFile = path.resolve(key.certFile);
  const folders = [...new Set([koPath, certFile, ...(isToken ? [] : [keyFile])].map((file) => path.dirname(file)))];
  const wrapped = environment.wrap([path.join(environment.kernelDir, 'scripts', 'sign-file'), hash, keyFile, certFile, koPath], folders);
  const result = await run(wrapped.argv, { env: { ...wrapped.env, KBUILD_SIGN_PIN: pin }, timeoutMs: LIMIT_MS });
  if (result.exitCode === 0) return;
  const said = result.startError?.message ?? result.stderr.trim().split('\n').at(-1) ?? '';
  const isMissing = /No such file or directory$|not found$/.test(said) && said.includes('sign-file');
  if (isMissing) throw notSigned('signing-failed', `The headers of ${environment.kernel} have no scripts/sign-file.`, 'Sign the module yourself, then load the .ko.', result.stderr);
  throw notSigned('signing-failed', `sign-file refused: ${said}.`, isEncrypted ? 'Check the key, the certificate and the passphrase.' : 'Check the key and the certificate.', result.stderr);
}
