// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { TestPackage } from '../../support/archive';

/** Toolchain packages by name, as the product asks for them; one of them carries the files of all. */
const TOOLS = ['binutils', 'make', 'diffutils', 'findutils', 'grep', 'mawk', 'sed', 'dash', 'coreutils'];
const FLAVOUR_ONLY = ['include', 'include/generated', 'include/config', 'arch', 'arch/x86', 'arch/x86/include', 'arch/x86/include/generated'];

/** As Ubuntu lays a flavour's headers out: what the flavours share are links into the folder of all, the rest is its own. */
function linkShared(shared: string, own: string, toShared: string): void {
  for (const entry of fs.readdirSync(shared)) {
    const target = path.join(own, entry);
    const isOwnFolder = fs.lstatSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
    if (isOwnFolder && fs.lstatSync(path.join(shared, entry)).isDirectory()) linkShared(path.join(shared, entry), target, `../${toShared}/${entry}`);
    else if (!fs.existsSync(target)) fs.symlinkSync(`${toShared}/${entry}`, target);
  }
}

/**
 * Debian's headers and compiler in packages as Ubuntu makes them: headers that all flavours share, a flavour's with programs of
 * its own, whose compiler is named by the configuration alone and which ask for no debug information, and gcc-N.
 * @param tree unpacked packages of Debian's headers and compiler @param making an empty folder
 */
export function ubuntuPackages(tree: string, release: string, making: string): TestPackage[] {
  const version = '5.15.0-91.101';
  const sources = path.join(tree, 'usr/src');
  const abi = release.split('-').slice(0, 2).join('-');
  const kbuild = path.dirname(fs.realpathSync(path.join(sources, `linux-headers-${release}`, 'scripts')));
  const common = path.join(sources, `linux-headers-${abi}-common`);
  const flavour = path.join(making, 'usr/src', `linux-headers-${release}`);
  fs.cpSync(path.join(sources, `linux-headers-${release}`), flavour, { recursive: true, verbatimSymlinks: true, filter: (from) => !/\/(?:scripts|tools|Makefile|\.kernelvariables)$/.test(from) });
  for (const folder of ['scripts', 'tools']) fs.cpSync(path.join(kbuild, folder), path.join(flavour, folder), { recursive: true, verbatimSymlinks: true });
  const config = path.join(flavour, 'include/config/auto.conf');
  fs.writeFileSync(config, fs.readFileSync(config, 'utf8').replace('\nCONFIG_DEBUG_INFO=y\n', '\n'));
  for (const folder of FLAVOUR_ONLY) fs.mkdirSync(path.join(flavour, folder), { recursive: true });
  linkShared(common, flavour, `../linux-headers-${abi}`);
  const gcc = `gcc-${/^CONFIG_CC_VERSION_TEXT="\S*gcc-(\d+)/m.exec(fs.readFileSync(path.join(flavour, '.config'), 'utf8'))?.[1] ?? ''}`;
  return [
    { name: `linux-headers-${abi}`, version, files: ['-C', sources, '--transform', `s,^linux-headers-${abi}-common,./usr/src/linux-headers-${abi},S`, '--exclude=*/scripts', '--exclude=*/tools', `linux-headers-${abi}-common`] },
    { name: `linux-headers-${release}`, version, depends: `linux-headers-${abi}, libc6 (>= 2.34)`, files: ['-C', making, './usr'] },
    { name: 'libc6', version: '2.36-1', files: ['-C', tree, './usr/lib/x86_64-linux-gnu', './usr/lib64'] },
    { name: gcc, version: '12.2.0-1', depends: 'libc6', files: ['-C', tree, './usr/bin', './usr/lib/gcc', ...(fs.existsSync(path.join(tree, 'usr/libexec')) ? ['./usr/libexec'] : [])] },
    ...TOOLS.map((name) => ({ name, version: '1' })),
  ];
}
