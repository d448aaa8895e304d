// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BuildEnvironment } from '../../../core/hosts/host';
import { ModuleSigner } from '../../../core/modules/signing';

/** Takes a file whose first line is the passphrase as the key; says what OpenSSL 3 says. */
const SIGN_FILE = `#!/bin/sh
echo "$*" >>"$0.argv"
if [ "$(sed -n 2p "$2")" = "$KBUILD_SIGN_PIN" ]; then echo signed >>"$4"; exit 0; fi
cat >&2 <<END
At main.c:174:
- SSL error:1C800064:Provider routines::bad decrypt: ../providers/implementations/ciphers/ciphercommon_block.c:124
- SSL error:11800074:PKCS12 routines::pkcs12 cipherfinal error: ../crypto/pkcs12/p12_decr.c:88
sign-file: $2
END
exit 1
`;

describe('signing a module', () => {
  let folder: string;
  let asked: boolean[];
  beforeEach(() => {
    asked = [];
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-sign-'));
    fs.mkdirSync(at('scripts'));
    fs.writeFileSync(at('scripts/sign-file'), SIGN_FILE, { mode: 0o755 });
    fs.writeFileSync(at('key.pem'), '-----BEGIN ENCRYPTED PRIVATE KEY-----\nright\n');
    for (const name of ['cert.pem', 'one.ko', 'two.ko']) fs.writeFileSync(at(name), '');
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const at = (name: string): string => path.join(folder, name);
  const signed = (name: string): boolean => fs.readFileSync(at(name), 'utf8') === 'signed\n';
  function signer(...answers: (string | null)[]): ModuleSigner {
    const environment: BuildEnvironment = { kernel: '6.1', kernelDir: folder, makeArgs: [], compiler: 'gcc', wrap: (argv) => ({ argv: [...argv], env: { ...process.env } }) };
    const passphrase = (retry: boolean): Promise<string | null> => {
      asked.push(retry);
      return Promise.resolve(answers.shift() ?? null);
    };
    return new ModuleSigner({ keyFile: at('key.pem'), certFile: at('cert.pem'), passphrase }, environment, 'sha256');
  }

  it('asks for the passphrase until it is right, and once for all files of a load', async () => {
    const one = signer('wrong', 'right');
    await Promise.all([one.sign(at('one.ko')), one.sign(at('two.ko'))]);
    assert.ok(signed('one.ko') && signed('two.ko'));
    assert.deepEqual(asked, [false, true]);
    assert.doesNotMatch(fs.readFileSync(at('scripts/sign-file.argv'), 'utf8'), /wrong|right/);
  });

  it('gives up after three wrong ones', async () => {
    await assert.rejects(signer('a', 'b', 'c', 'right').sign(at('one.ko')), { code: 'signing-failed', why: 'The passphrase was wrong.' });
    assert.deepEqual(asked, [false, true, true]);
    assert.ok(!signed('one.ko'));
  });

  it('stops when none is given', async () => {
    await assert.rejects(signer('wrong', null).sign(at('one.ko')), { code: 'cancelled' });
  });

  it('does not ask where it would not help, and says what sign-file said', async () => {
    fs.writeFileSync(at('key.pem'), '-----BEGIN PRIVATE KEY-----\nother\n');
    await assert.rejects(signer('right').sign(at('one.ko')), { code: 'signing-failed', why: 'sign-file refused: pkcs12 cipherfinal error (PKCS12 routines).' });
    fs.rmSync(at('scripts/sign-file'));
    await assert.rejects(signer('right').sign(at('one.ko')), { code: 'signing-failed', why: 'The headers of 6.1 have no scripts/sign-file.' });
    fs.rmSync(at('cert.pem'));
    await assert.rejects(signer('right').sign(at('one.ko')), { code: 'signing-key-unreadable' });
    assert.deepEqual(asked, []);
  });
});
