// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { dropbearHostKey } from '../../../core/guest/keys';
import { temporaryFolder } from './support';

/** DER of an ed25519 private key (RFC 8410) before its 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

describe('the host key conversion', () => {
  let folder: string;
  let remove: () => void;
  before(() => ({ folder, remove } = temporaryFolder()));
  after(() => remove());

  function keygen(name: string, ...args: string[]): { secret: string; public: string } {
    const file = path.join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-f', file, ...args]);
    return { secret: fs.readFileSync(file, 'utf8'), public: fs.readFileSync(`${file}.pub`, 'utf8') };
  }

  it('gives dropbear the very key that ssh-keygen made', () => {
    const key = keygen('ed', '-t', 'ed25519', '-N', '');
    const converted = dropbearHostKey(key.secret);
    assert.equal(converted.readUInt32BE(0), 11);
    assert.equal(converted.toString('latin1', 4, 15), 'ssh-ed25519');
    assert.equal(converted.readUInt32BE(15), 64);
    const seed = converted.subarray(19, 51);
    const publicHalf = converted.subarray(51);
    assert.equal(publicHalf.length, 32);
    const published = Buffer.from(key.public.split(' ')[1]!, 'base64').subarray(-32);
    assert.ok(publicHalf.equals(published));
    const derived = createPublicKey(createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' }));
    assert.ok(derived.export({ format: 'der', type: 'spki' }).subarray(-32).equals(published));
  });

  it('refuses an encrypted key, another type, a cut file and other text', () => {
    assert.throws(() => dropbearHostKey(keygen('locked', '-t', 'ed25519', '-N', 'secret').secret), /encrypted/);
    assert.throws(() => dropbearHostKey(keygen('ec', '-t', 'ecdsa', '-N', '').secret), /ecdsa/);
    assert.throws(() => dropbearHostKey(keygen('cut', '-t', 'ed25519', '-N', '').secret.slice(0, 200)), RangeError);
    assert.throws(() => dropbearHostKey('hello'), RangeError);
  });
});
