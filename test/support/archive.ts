// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { tarOf } from '../../core/build/tar';
import type { PackageStore } from '../../core/packages';
import { run } from '../../core/platform/process';

export interface TestPackage {
  readonly name: string;
  readonly version: string;
  readonly depends?: string;
  /** Arguments of tar that name its files; none: it has no files. */
  readonly files?: readonly string[];
}

/** A member of an ar archive, but for its content: name, date, owner, group, mode and size in fields of fixed width. */
function memberHeader(name: string, size: number): Buffer {
  return Buffer.from(`${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(size).padEnd(10)}\`\n`);
}

const padding = (size: number): Buffer => Buffer.alloc(size % 2, '\n');

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(fs.createReadStream(file), hash);
  return hash.digest('hex');
}

/** OpenPGP without a key ring, an agent or a home: Debian's sqop, in a tree of its own. */
class Signer {
  private constructor(
    private readonly folder: string,
    private readonly inTree: (script: string) => Promise<void>,
  ) {}

  static async make(packages: PackageStore, folder: string): Promise<Signer> {
    const tree = await packages.provideTree({ packages: ['sqop'], suite: 'bookworm' });
    const signer = new Signer(folder, async (script) => {
      const { argv, env } = tree.wrap(['sh', '-ec', script], { bind: [folder], cwd: folder });
      const result = await run(argv, { env });
      if (result.exitCode !== 0) throw new Error(result.stderr);
    });
    await signer.inTree('sqop generate-key Test >key; sqop extract-cert <key >key.asc; sqop generate-key Other >other; sqop extract-cert <other >other.asc');
    return signer;
  }

  get keyring(): string {
    return path.join(this.folder, 'key.asc');
  }

  get otherKeyring(): string {
    return path.join(this.folder, 'other.asc');
  }

  /** Makes InRelease of Release. */
  async sign(text: string, file: string): Promise<void> {
    fs.writeFileSync(path.join(this.folder, 'text'), text);
    await this.inTree('sqop inline-sign --as=clearsigned key <text >signed');
    fs.renameSync(path.join(this.folder, 'signed'), file);
  }
}

/** A signed archive of packages, served on the loopback interface. */
export class TestArchive {
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** Whether what is sent for a path is changed on the way. */
  spoils: (file: string) => boolean = () => false;
  private readonly server = http.createServer((request, response) => this.answer(request, response));

  private constructor(
    private readonly folder: string,
    private readonly signer: Signer,
  ) {}

  /** @param folder an empty folder of its own */
  static async open(packages: PackageStore, folder: string): Promise<TestArchive> {
    for (const name of ['files', 'signer', 'making']) fs.mkdirSync(path.join(folder, name));
    const archive = new TestArchive(folder, await Signer.make(packages, path.join(folder, 'signer')));
    await new Promise<void>((resolve) => archive.server.listen(0, '127.0.0.1', resolve));
    return archive;
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/ubuntu`;
  }

  /** The keys that sign it, and keys that do not. */
  get keyring(): string {
    return this.signer.keyring;
  }

  get otherKeyring(): string {
    return this.signer.otherKeyring;
  }

  /** Makes a suite of these packages, by component. */
  async publish(suite: string, components: Readonly<Record<string, readonly TestPackage[]>>): Promise<void> {
    const dist = path.join(this.folder, 'files', 'dists', suite);
    const sums: string[] = [];
    for (const [component, packages] of Object.entries(components)) {
      const stanzas: string[] = [];
      for (const one of packages) stanzas.push(await this.deb(one));
      const text = stanzas.join('\n');
      const index = `${component}/binary-amd64/Packages`;
      fs.mkdirSync(path.dirname(path.join(dist, index)), { recursive: true });
      fs.writeFileSync(path.join(dist, index), text);
      sums.push(` ${createHash('sha256').update(text).digest('hex')} ${Buffer.byteLength(text)} ${index}`);
    }
    const release = ['Origin: Ubuntu', 'Label: Ubuntu', `Suite: ${suite}`, `Codename: ${suite.split('-')[0] ?? ''}`, `Date: ${new Date().toUTCString()}`, 'Architectures: amd64', `Components: ${Object.keys(components).join(' ')}`, 'SHA256:', ...sums, ''];
    await this.signer.sign(release.join('\n'), path.join(dist, 'InRelease'));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Writes a package file, and gives its stanza of the list. */
  private async deb({ name, version, depends, files = ['-T', '/dev/null'] }: TestPackage): Promise<string> {
    const control = [`Package: ${name}`, `Version: ${version}`, 'Architecture: amd64', 'Maintainer: Test <test@test.invalid>', ...(depends === undefined ? [] : [`Depends: ${depends}`]), 'Description: Test', ''].join('\n');
    const data = path.join(this.folder, 'making', `${name}.tar`);
    const made = await run(['tar', '--owner=0', '--group=0', '-cf', data, ...files]);
    if (made.exitCode !== 0) throw new Error(made.stderr);
    const relative = `pool/${name}_${version.replace(/^\d+:/, '')}_amd64.deb`;
    const file = path.join(this.folder, 'files', relative);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const controlTar = tarOf(new Map([['control', Buffer.from(control)]]));
    const { size } = fs.statSync(data);
    fs.writeFileSync(file, Buffer.concat([Buffer.from('!<arch>\n'), memberHeader('debian-binary', 4), Buffer.from('2.0\n'), memberHeader('control.tar', controlTar.length), controlTar, padding(controlTar.length), memberHeader('data.tar', size)]));
    await pipeline(fs.createReadStream(data), fs.createWriteStream(file, { flags: 'a' }));
    fs.appendFileSync(file, padding(size));
    fs.rmSync(data);
    return `${control.trimEnd()}\nFilename: ${relative}\nSize: ${fs.statSync(file).size}\nSHA256: ${await sha256(file)}\n`;
  }

  private answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const wanted = decodeURIComponent(request.url ?? '').replace(/^\/ubuntu\//, '');
    this.asked.push(wanted);
    const file = path.join(this.folder, 'files', path.posix.normalize(`/${wanted}`));
    if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404, 'Not Found').end();
      return;
    }
    response.writeHead(200, { 'content-length': fs.statSync(file).size });
    const content = fs.createReadStream(file);
    if (this.spoils(wanted)) content.on('data', (chunk) => response.write(Buffer.from(chunk).map((byte) => byte ^ 1))).on('end', () => response.end());
    else content.pipe(response);
  }
}
