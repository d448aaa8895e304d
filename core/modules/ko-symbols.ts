// SPDX-License-Identifier: MIT
import { textAt, type ElfFile } from './elf';

/** A symbol that a module takes from the kernel or from another module. */
export interface NeededSymbol {
  readonly name: string;
  /** A weak one may be missing. */
  readonly weak: boolean;
}

/** The symbols of a .ko that matter when it is loaded. */
export interface KoSymbols {
  readonly needed: readonly NeededSymbol[];
  /** The checksums of the prototypes that it was built against, by symbol; null when it carries none (CONFIG_MODVERSIONS off). */
  readonly versions: ReadonlyMap<string, number> | null;
  /** What it exports itself. */
  readonly exported: readonly string[];
}

const SHN_UNDEF = 0;
const STB_WEAK = 2;
const KSYMTAB = '__ksymtab_';
/** struct modversion_info (include/linux/module.h): a long and the name fill 64 bytes. */
const VERSION_BYTES = 64;
const MAX_SYMBOLS = 200_000;
const EMPTY = new Uint8Array();

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

interface RawSymbol {
  readonly name: string;
  readonly binding: number;
  readonly section: number;
}

function* symbolsOf(elf: ElfFile): Generator<RawSymbol> {
  const dataOf = (wanted: string): Uint8Array => elf.sections.find(({ name }) => name === wanted)?.data ?? EMPTY;
  const [table, names] = [dataOf('.symtab'), dataOf('.strtab')];
  const view = viewOf(table);
  const [size, infoAt, sectionAt] = elf.wide ? [24, 4, 6] : [16, 12, 14];
  const count = Math.min(Math.floor(table.length / size), MAX_SYMBOLS);
  for (let index = 1; index < count; index++) {
    const at = index * size;
    yield { name: textAt(names, view.getUint32(at, elf.little)), binding: view.getUint8(at + infoAt) >> 4, section: view.getUint16(at + sectionAt, elf.little) };
  }
}

/** Section `__versions`; since 6.14 also `__version_ext_crcs` with `__version_ext_names`, for names of any length. */
function versionsOf(elf: ElfFile): ReadonlyMap<string, number> | null {
  const find = (wanted: string): Uint8Array | undefined => elf.sections.find(({ name }) => name === wanted)?.data;
  const [fixed, crcs, names] = [find('__versions'), find('__version_ext_crcs'), find('__version_ext_names')];
  if (!fixed && !crcs) return null;
  const versions = new Map<string, number>();
  const long = elf.wide ? 8 : 4;
  for (let at = 0; fixed && at + VERSION_BYTES <= fixed.length && versions.size < MAX_SYMBOLS; at += VERSION_BYTES) {
    versions.set(textAt(fixed.subarray(at + long, at + VERSION_BYTES), 0), viewOf(fixed).getUint32(at + (elf.little ? 0 : long - 4), elf.little));
  }
  let nameAt = 0;
  for (let at = 0; crcs && names && at + 4 <= crcs.length && nameAt < names.length && versions.size < MAX_SYMBOLS; at += 4) {
    const name = textAt(names, nameAt);
    versions.set(name, viewOf(crcs).getUint32(at, elf.little));
    nameAt += Buffer.byteLength(name) + 1;
  }
  return versions;
}

/** Reads the symbols of a .ko; a table that is not there counts as empty. */
export function readKoSymbols(elf: ElfFile): KoSymbols {
  const needed: NeededSymbol[] = [];
  const exported: string[] = [];
  for (const { name, binding, section } of symbolsOf(elf)) {
    if (section === SHN_UNDEF && name !== '') needed.push({ name, weak: binding === STB_WEAK });
    else if (name.startsWith(KSYMTAB)) exported.push(name.slice(KSYMTAB.length));
  }
  return { needed, versions: versionsOf(elf), exported };
}
