// SPDX-License-Identifier: MIT
import { Failure } from '../model';
import { ElfError, noteDescriptor, readElf, textAt, type ElfFile } from './elf';
import { readKoSymbols, type KoSymbols } from './ko-symbols';

export interface ModuleParameter {
  readonly name: string;
  /** The kernel's word for it: `int`, `charp`, `bool`, `array of int`…; null when the module does not say. */
  readonly type: string | null;
  readonly description: string | null;
}

/** What a .ko says of itself. */
export interface ModuleInfo {
  readonly name: string | null;
  readonly vermagic: string | null;
  readonly depends: readonly string[];
  readonly parameters: readonly ModuleParameter[];
  /** GNU build id, hexadecimal. */
  readonly buildId: string | null;
  /** ELF machine: `x86_64`, `arm64`, `i386`, else its number. */
  readonly machine: string;
  /** Every `key=value` of .modinfo, in order. */
  readonly entries: readonly { key: string; value: string }[];
  readonly symbols: KoSymbols;
  /** A signature is appended; whose, and whether it is valid, is not looked at. */
  readonly signed: boolean;
}

const MACHINES: Readonly<Record<number, string>> = { 3: 'i386', 62: 'x86_64', 183: 'arm64' };
const NT_GNU_BUILD_ID = 3;
const MAX_ENTRIES = 10_000;
/** include/linux/module_signature.h: the last bytes of a signed module. */
const SIGNED = '~Module signature appended~\n';

function readEntries(section: Uint8Array): { key: string; value: string }[] {
  const entries: { key: string; value: string }[] = [];
  let at = 0;
  while (at < section.length && entries.length < MAX_ENTRIES) {
    const end = section.indexOf(0, at);
    const text = textAt(section, at);
    const equals = text.indexOf('=');
    if (equals > 0) entries.push({ key: text.slice(0, equals), value: text.slice(equals + 1) });
    if (end < 0) break;
    at = end + 1;
  }
  return entries;
}

/** `parm=NAME:description` and `parmtype=NAME:type`, in the order in which the names first appear. */
function readParameters(entries: readonly { key: string; value: string }[]): ModuleParameter[] {
  const found = new Map<string, { type: string | null; description: string | null }>();
  for (const { key, value } of entries) {
    if (key !== 'parm' && key !== 'parmtype') continue;
    const colon = value.indexOf(':');
    if (colon <= 0) continue;
    const name = value.slice(0, colon);
    const parameter = found.get(name) ?? { type: null, description: null };
    parameter[key === 'parm' ? 'description' : 'type'] = value.slice(colon + 1);
    found.set(name, parameter);
  }
  return [...found].map(([name, parameter]) => ({ name, ...parameter }));
}

function readBuildId(elf: ElfFile): string | null {
  const section = elf.sections.find(({ name }) => name === '.note.gnu.build-id');
  const descriptor = section && noteDescriptor(section.data, 'GNU', NT_GNU_BUILD_ID);
  return descriptor ? Buffer.from(descriptor).toString('hex') : null;
}

function notAModule(why: string, cause?: unknown): Failure {
  return new Failure({ code: 'not-a-module', what: 'The file is not a kernel module.', why: `Read as one, ${why}.`, next: 'Build the module again.' }, { cause });
}

/** Reads a .ko without running anything. @throws Failure `not-a-module` */
export function readModuleInfo(ko: Uint8Array): ModuleInfo {
  let elf: ElfFile;
  try {
    elf = readElf(ko);
  } catch (error) {
    if (error instanceof ElfError) throw notAModule(error.message, error);
    throw error;
  }
  const section = elf.sections.find(({ name }) => name === '.modinfo');
  if (!section) throw notAModule('it has no .modinfo section');
  const entries = readEntries(section.data);
  const value = (key: string): string | null => entries.find((entry) => entry.key === key)?.value ?? null;
  return {
    name: value('name'),
    vermagic: value('vermagic'),
    depends: (value('depends') ?? '').split(',').filter((name) => name !== ''),
    parameters: readParameters(entries),
    buildId: readBuildId(elf),
    machine: MACHINES[elf.machine] ?? String(elf.machine),
    entries,
    symbols: readKoSymbols(elf),
    signed: Buffer.from(ko.subarray(-SIGNED.length)).toString('latin1') === SIGNED,
  };
}
