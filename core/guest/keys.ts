// SPDX-License-Identifier: MIT
// Formats: OpenSSH's PROTOCOL.key; dropbear's host key file is the name and the 64 private bytes, as SSH strings.

const MAGIC = 'openssh-key-v1\0';
const ED25519 = 'ssh-ed25519';

class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  take(count: number): Buffer {
    if (count > this.bytes.length - this.at) throw new RangeError('the key file is cut short');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.uint32());
  }
}

function sshString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/**
 * Converts an unencrypted ed25519 private key as `ssh-keygen` writes it into dropbear's host key file.
 * @throws RangeError for any other key
 */
export function dropbearHostKey(openSshPrivateKey: string): Buffer {
  const base64 = openSshPrivateKey.replace(/-----[A-Z ]+-----/g, '').replace(/\s/g, '');
  const reader = new Reader(Buffer.from(base64, 'base64'));
  if (reader.take(MAGIC.length).toString('latin1') !== MAGIC) throw new RangeError('not an OpenSSH private key');
  const cipher = reader.string().toString('latin1');
  if (cipher !== 'none') throw new RangeError(`the key is encrypted with ${cipher}`);
  reader.string(); // key derivation: none
  reader.string(); // its options
  if (reader.uint32() !== 1) throw new RangeError('more than one key in the file');
  reader.string(); // public key, again in the private part
  const secret = new Reader(reader.string());
  if (secret.uint32() !== secret.uint32()) throw new RangeError('the key is damaged');
  const type = secret.string();
  if (type.toString('latin1') !== ED25519) throw new RangeError(`the key is ${type.toString('latin1')}, not ${ED25519}`);
  secret.string(); // public half
  const seedAndPublic = secret.string();
  if (seedAndPublic.length !== 64) throw new RangeError('the key has a wrong length');
  return Buffer.concat([sshString(type), sshString(seedAndPublic)]);
}
