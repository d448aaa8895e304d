// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BuildEnvironment } from '../../../core/hosts/host';
import { Failure } from '../../../core/model';
import { ModuleSigner } from '../../../core/modules/signing';
import type { SigningKey } from '../../../core/modules/types';

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
  /** The headers that the module was built against. */
  let environment: BuildEnvironment | null;
  let signFile: SigningKey['signFile'];
  beforeEach(() => {
    environment = { kernel: '6.1', kernelDir: folder, makeArgs: [], compiler: 'gcc', wrap: (argv) => ({ argv: [...argv], env: { ...process.env } }) };
    signFile = () => assert.fail('not needed');
  });
  function signer(...answers: (string | null)[]): ModuleSigner {
    const passphrase = (retry: boolean): Promise<string | null> => {
      asked.push(retry);
      return Promise.resolve(answers.shift() ?? null);
    };
    return new ModuleSigner({ keyFile: at('key.pem'), certFile: at('cert.pem'), passphrase, signFile }, environment, 'sha256');
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
    fs.rmSync(at('cert.pem'));
    await assert.rejects(signer('right').sign(at('one.ko')), { code: 'signing-key-unreadable' });
    assert.deepEqual(asked, []);
  });

  it('is done here, by another sign-file, where the headers lie on a host, are not known or have none', async () => {
    fs.renameSync(at('scripts/sign-file'), at('other-sign-file'));
    let fetched = 0;
    signFile = () => {
      fetched += 1;
      return Promise.resolve({ argv: ['env', 'X=1', at('other-sign-file')], env: {} });
    };
    const there = { ...environment, host: {}, wrap: () => assert.fail('nothing runs on the host') } as unknown as BuildEnvironment;
    for (environment of [environment, there, null]) {
      const one = signer('right');
      for (const name of ['one.ko', 'two.ko']) {
        fs.writeFileSync(at(name), '');
        await one.sign(at(name));
        assert.ok(signed(name));
      }
    }
    assert.equal(fetched, 3);
  });

  it('says so where there is no sign-file at all', async () => {
    environment = null;
    signFile = () => Promise.reject(new Failure({ code: 'unsupported-system', what: 'W.', why: "Debian's package tools are not installed.", next: 'N.' }));
    await assert.rejects(signer('right').sign(at('one.ko')), { code: 'sign-file-missing', why: /not on this machine, and cannot be fetched: Debian's package tools are not installed\.$/, next: /headers of any kernel here/ });
    signFile = () => Promise.reject(Failure.cancelled('It was stopped.'));
    await assert.rejects(signer('right').sign(at('one.ko')), { code: 'cancelled' });
  });
});
