// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { makeSshKey } from '../../../core/guest/keys';
import { temporaryFolder } from './support';

/** DER of an ed25519 private key (RFC 8410) before its 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

describe('a key of a guest', () => {
  let folder: string;
  let remove: () => void;
  before(() => ({ folder, remove } = temporaryFolder()));
  after(() => remove());

  it('is one that OpenSSH reads, and signs with', () => {
    const key = makeSshKey();
    const file = path.join(folder, 'key');
    fs.writeFileSync(file, key.openSshPrivate, { mode: 0o600 });
    assert.equal(execFileSync('ssh-keygen', ['-y', '-f', file]).toString().trim(), key.publicLine);
    fs.writeFileSync(path.join(folder, 'allowed'), `somebody ${key.publicLine}\n`);
    const text = path.join(folder, 'text');
    fs.writeFileSync(text, 'hello');
    execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'test', '-f', file, text], { stdio: 'ignore' });
    execFileSync('ssh-keygen', ['-Y', 'verify', '-n', 'test', '-I', 'somebody', '-f', path.join(folder, 'allowed'), '-s', `${text}.sig`], { input: 'hello' });
  });

  it('is the very same key for dropbear', () => {
    const { dropbearPrivate, publicLine } = makeSshKey();
    assert.equal(dropbearPrivate.readUInt32BE(0), 11);
    assert.equal(dropbearPrivate.toString('latin1', 4, 15), 'ssh-ed25519');
    assert.equal(dropbearPrivate.readUInt32BE(15), 64);
    const seed = dropbearPrivate.subarray(19, 51);
    const published = Buffer.from(publicLine.split(' ')[1]!, 'base64').subarray(-32);
    assert.ok(dropbearPrivate.subarray(51).equals(published));
    const derived = createPublicKey(createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' }));
    assert.ok(derived.export({ format: 'der', type: 'spki' }).subarray(-32).equals(published));
  });

  it('is another one each time', () => {
    assert.equal(new Set([makeSshKey(), makeSshKey()].map(({ publicLine }) => publicLine)).size, 2);
  });
});
