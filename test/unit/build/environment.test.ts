// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findBuildEnvironment, type HeaderPackages } from '../../../core/build/environment';
import { missingOnHost, type HostTools } from '../../../core/build/missing';
import type { BuildEnvironment, Host } from '../../../core/hosts/host';
import { Failure } from '../../../core/model';
import { start, type ProcessResult } from '../../../core/platform/process';
import { FakeHost, FakeKernel } from '../../support/fake-kernel';

const OS = {
  debian: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
  ubuntu: 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n',
  rocky: 'ID="rocky"\nID_LIKE="rhel centos fedora"\n',
  arch: 'ID=arch\n',
  suse: 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n',
  alpine: 'ID=alpine\n',
  unknown: 'ID=plan9\n',
};
const nothing: HostTools = { build: null, compiler: null, hasMake: false, system: OS.debian };
const missing = (changes: Partial<HostTools>, kernel = '6.1.0-56-amd64'): Failure => missingOnHost({ host: 'box', isLocal: false, kernel, tools: { ...nothing, ...changes }, here: { why: 'why', failure: null, fromItsArchives: false } });

const notOffered = new Failure({ code: 'kernel-not-offered', what: 'It is not offered.', why: 'W.', next: 'N.' });

describe('what a host lacks for building', () => {
  it('is named, with the command that installs it', () => {
    const failure = missing({});
    assert.equal(failure.why, 'That host lacks the headers of its kernel 6.1.0-56-amd64, a C compiler and make.');
    assert.equal(failure.next, 'Run "sudo apt install linux-headers-6.1.0-56-amd64 gcc make" on that host, then build again.');
    assert.equal(missing({ build: '/lib/modules/x/build', hasMake: true }).next, 'Run "sudo apt install gcc" on that host, then build again.');
  });

  it('is a newer kernel where the archive has no headers of this one any more', () => {
    const gone = (kernel: string, changes: Partial<HostTools> = {}): string => missingOnHost({ host: 'box', isLocal: false, kernel, tools: { ...nothing, ...changes }, here: { why: 'why', failure: notOffered, fromItsArchives: false } }).next;
    assert.equal(gone('6.1.0-9-cloud-amd64'), 'Run "sudo apt install linux-image-cloud-amd64 linux-headers-cloud-amd64 gcc make" on that host and restart it, because the archive does not have the headers of the kernel that it runs; then build again.');
    assert.match(gone('6.1.0-9-amd64', { hasMake: true, compiler: 'gcc' }), /"sudo apt install linux-image-amd64 linux-headers-amd64" on that host/);
    assert.equal(gone('6.8.0-45-generic', { system: OS.ubuntu }), 'Run "sudo apt update && sudo apt full-upgrade" on that host and restart it, because the archive does not have the headers of the kernel that it runs; then build again.');
    assert.match(gone('6.1.0-9-amd64', { build: '/lib/modules/x/build' }), /^Run "sudo apt install gcc make" on that host, then/);
  });

  it('is named as the distribution names it', () => {
    const packages = (osRelease: string, kernel: string): string => missing({ system: osRelease, kernel: '', compiler: 'gcc', hasMake: true } as Partial<HostTools>, kernel).next;
    assert.match(packages(OS.ubuntu, '6.8.0-45-generic'), /apt install linux-headers-6\.8\.0-45-generic"/);
    assert.match(packages(OS.rocky, '5.14.0-427.el9.x86_64'), /dnf install kernel-devel-5\.14\.0-427\.el9\.x86_64"/);
    assert.match(packages(OS.arch, '6.9.1-arch1-1'), /pacman -S linux-headers"/);
    assert.match(packages(OS.arch, '6.6.30-1-lts'), /pacman -S linux-lts-headers"/);
    assert.match(packages(OS.suse, '6.4.0-150600.21-default'), /zypper install kernel-default-devel"/);
    assert.match(packages(OS.alpine, '6.6.30-0-lts'), /apk add linux-lts-dev"/);
    assert.match(packages(OS.debian, '6.12.117+deb13-cloud-amd64'), /apt install linux-headers-6\.12\.117\+deb13-cloud-amd64"/);
    assert.match(packages(OS.debian, '6.18.44-mine'), /^Install the headers of its kernel 6\.18\.44-mine on that host \(its build folder is looked for as \/lib\/modules\/6\.18\.44-mine\/build\)/);
    assert.match(packages(OS.unknown, '6.1'), /^Install the headers of its kernel 6\.1 on that host/);
  });
});

describe('where a module is built', () => {
  let kernel: FakeKernel;
  let folder: string;
  const { PATH } = process.env;
  const fetched: BuildEnvironment = { kernel: '6.1.0-56-amd64', kernelDir: '/headers', makeArgs: [], compiler: 'gcc-12', wrap: (argv) => ({ argv: [...argv], env: {} }) };
  const noArchives: Omit<HeaderPackages, 'provideHeaders'> = { hostArchives: () => null, provideHostHeaders: () => Promise.reject(notOffered) };
  const packages: HeaderPackages = { ...noArchives, provideHeaders: () => Promise.resolve({ offer: {} as never, buildEnvironment: fetched }) };
  const noPackages: HeaderPackages = { ...noArchives, provideHeaders: () => Promise.reject(notOffered) };

  before(() => {
    kernel = new FakeKernel();
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-env-'));
  });
  after(() => {
    kernel.dispose();
    fs.rmSync(folder, { recursive: true });
    process.env['PATH'] = PATH;
  });

  /** A host with these programs besides the shell's own. */
  function hostWith(facts: { kernel: string; kernelBuildDir?: string | null; compiler?: string | null }, programs: readonly string[]): Host {
    const fake = new FakeHost(kernel);
    const bin = fs.mkdtempSync(path.join(folder, 'bin-'));
    for (const tool of ['sh', 'cat', 'head']) fs.symlinkSync(fs.realpathSync(`/bin/${tool}`), path.join(bin, tool));
    for (const program of programs) fs.writeFileSync(path.join(bin, program), '#!/bin/sh\necho "$0 (fake) 12.2.0"\n', { mode: 0o755 });
    const script = (text: string, args: readonly string[]): Promise<ProcessResult> => start(['sh', '-s', '--', ...args], { stdin: text, env: { PATH: bin } }).result;
    return Object.assign(fake, { facts: async () => ({ ...(await FakeHost.prototype.facts.call(fake)), kernelBuildDir: null, compiler: null, ...facts }), script });
  }

  it('is the host that has headers and a compiler', async () => {
    const host = hostWith({ kernel: '9.9', kernelBuildDir: '/lib/modules/9.9/build', compiler: 'gcc 12' }, []);
    const environment = await findBuildEnvironment(host, packages);
    assert.deepEqual([environment.host?.id, environment.kernelDir, environment.compiler], [host.id, '/lib/modules/9.9/build', 'gcc 12']);
  });

  it('is this machine, with headers that Debian offers, for a host without', async () => {
    assert.equal(await findBuildEnvironment(hostWith({ kernel: '6.1.0-56-amd64' }, []), packages), fetched);
  });

  /** Packages that take the host for one with archives of its own. */
  function archivesOf(system: 'debian' | 'ubuntu', asked: string[], failures: { debian?: Failure; own?: Failure } = {}): HeaderPackages {
    const give = (name: string, failure: Failure | undefined): Promise<never> | Promise<BuildEnvironment> => {
      asked.push(name);
      return failure ? Promise.reject(failure) : Promise.resolve(fetched);
    };
    return {
      hostArchives: () => ({ system, codename: null, entries: [] }),
      provideHeaders: async () => ({ offer: {} as never, buildEnvironment: await give('debian', failures.debian) }),
      provideHostHeaders: (_, release) => give(release, failures.own),
    };
  }
  const refusal = (code: string): Failure => new Failure({ code, what: 'What.', why: 'The archive refuses.', next: 'N.' });

  it("is this machine, with headers of the archives that a host's own sources name", async () => {
    const asked: string[] = [];
    assert.equal(await findBuildEnvironment(hostWith({ kernel: '6.8.0-45-generic' }, []), archivesOf('ubuntu', asked)), fetched);
    assert.equal(await findBuildEnvironment(hostWith({ kernel: '6.1.0-56-amd64' }, []), archivesOf('ubuntu', asked)), fetched);
    assert.equal(await findBuildEnvironment(hostWith({ kernel: '6.1.0-56-amd64' }, []), archivesOf('debian', asked)), fetched);
    assert.equal(await findBuildEnvironment(hostWith({ kernel: '6.1.0-9-amd64' }, []), archivesOf('debian', asked, { debian: notOffered })), fetched);
    assert.deepEqual(asked, ['6.8.0-45-generic', '6.1.0-56-amd64', 'debian', 'debian', '6.1.0-9-amd64']);
  });

  it('is nowhere when its archives do not serve, and why is said', async () => {
    const failureWith = async (kernel: string, system: 'debian' | 'ubuntu', failures: { debian?: Failure; own?: Failure }): Promise<Failure> =>
      findBuildEnvironment(hostWith({ kernel }, []), archivesOf(system, [], failures)).then(() => assert.fail(), (error: unknown) => error as Failure);
    const gone = await failureWith('6.8.0-45-generic', 'ubuntu', { own: refusal('kernel-not-offered') });
    assert.match(gone.why, /, and it cannot be built here: the archive refuses\.$/);
    const unreachable = await failureWith('6.1.0-9-amd64', 'debian', { debian: refusal('packages-unreachable') });
    assert.match(unreachable.why, / and make\.$/);
    assert.match(unreachable.detail ?? '', /The archive refuses/);
    assert.equal((await failureWith('6.8.0-45-generic', 'ubuntu', { own: Failure.cancelled('It was stopped.') })).code, 'cancelled');
  });

  it('is nowhere when neither has them, and what is missing is said', async () => {
    await assert.rejects(findBuildEnvironment(hostWith({ kernel: '6.8.0-45-generic' }, ['gcc', 'make']), packages), (error) => error instanceof Failure && /^That host lacks the headers of its kernel 6\.8\.0-45-generic\.$/.test(error.why));
    await assert.rejects(findBuildEnvironment(hostWith({ kernel: '6.1.0-1-amd64' }, ['gcc']), noPackages), (error) => error instanceof Failure && error.why.endsWith("headers of its kernel 6.1.0-1-amd64 and make.") && (error.detail ?? '').includes('not offered') && error.next.includes('linux-image-amd64 linux-headers-amd64 make'));
    await assert.rejects(findBuildEnvironment(hostWith({ kernel: '6.1.0-1-amd64' }, []), null), { code: 'no-build-environment' });
  });
});
