// SPDX-License-Identifier: MIT
// Formats: OpenSSH's PROTOCOL.key; dropbear's host key file is the name and the 64 private bytes, as SSH strings.
import { generateKeyPairSync, randomBytes } from 'node:crypto';

const MAGIC = Buffer.from('openssh-key-v1\0');
const ED25519 = Buffer.from('ssh-ed25519');
const COMMENT = Buffer.from('kmodlab');
const NONE = Buffer.from('none');
const CIPHER_BLOCK = 8;
const LINE = 70;

/** An ed25519 key pair in the formats of those who use it. */
export interface SshKey {
  /** What ssh takes as an identity file; not encrypted. */
  readonly openSshPrivate: string;
  /** As a line of authorized_keys, without its line end. */
  readonly publicLine: string;
  /** What dropbear takes as a host key file. */
  readonly dropbearPrivate: Buffer;
}

function sshString(bytes: Buffer): Buffer {
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

/** A new key pair, made here: a program started for it would take as long as half a guest's start. */
export function makeSshKey(): SshKey {
  const pair = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [seed, publicHalf] = [Buffer.from(pair.d ?? '', 'base64url'), Buffer.from(pair.x ?? '', 'base64url')];
  const secret = sshString(Buffer.concat([seed, publicHalf]));
  const publicBlob = Buffer.concat([sshString(ED25519), sshString(publicHalf)]);
  return {
    openSshPrivate: privateFile(publicBlob, Buffer.concat([publicBlob, secret, sshString(COMMENT)])),
    publicLine: [ED25519, publicBlob.toString('base64'), COMMENT].join(' '),
    dropbearPrivate: Buffer.concat([sshString(ED25519), secret]),
  };
}

function privateFile(publicBlob: Buffer, key: Buffer): string {
  const check = randomBytes(4);
  const unpadded = Buffer.concat([check, check, key]);
  const padding = Buffer.from(Array.from({ length: -unpadded.length & (CIPHER_BLOCK - 1) }, (_, index) => index + 1));
  const noCipher = [sshString(NONE), sshString(NONE), sshString(Buffer.alloc(0))];
  const file = Buffer.concat([MAGIC, ...noCipher, uint32(1), sshString(publicBlob), sshString(Buffer.concat([unpadded, padding]))]);
  const lines = file.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}
