// SPDX-License-Identifier: MIT
import { readElf, textAt, type ElfFile } from '../modules/elf';

/** A place in the code of a .ko. */
export interface CodePlace {
  readonly section: string;
  readonly offset: number;
}

interface CodeSymbol extends CodePlace {
  readonly name: string;
  readonly size: number;
}

/** A function of the module that ends by jumping to another one, which then returns to the function's own caller. */
export interface TailJumper {
  readonly symbol: string;
  readonly jumps: readonly CodePlace[];
}

const EM_X86_64 = 62;
const EM_AARCH64 = 183;
const STT_FUNC = 2;
const SYMBOL_BYTES = 24;
const RELA_BYTES = 24;
const R_X86_64_PC32 = 2;
const R_X86_64_PLT32 = 4;
const JMP_REL32 = 0xe9;
const CALL_REL32 = 0xe8;
const MAX_SYMBOLS = 200_000;
const MAX_PLACES = 10_000;
const KERNEL_SYMBOL = /^[A-Za-z_][A-Za-z0-9_.]{0,127}$/;
/** The kernel's names for what `module_init()` and `module_exit()` name. */
const ALIASES = new Set(['init_module', 'cleanup_module']);

interface RawSymbol {
  readonly name: string;
  readonly type: number;
  readonly sectionIndex: number;
  readonly value: number;
  readonly size: number;
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

function readSymbols(elf: ElfFile): RawSymbol[] {
  const data = elf.sections.find(({ name }) => name === '.symtab')?.data ?? new Uint8Array();
  const names = elf.sections.find(({ name }) => name === '.strtab')?.data ?? new Uint8Array();
  const view = viewOf(data);
  const symbols: RawSymbol[] = [];
  for (let at = 0; at + SYMBOL_BYTES <= data.length && symbols.length < MAX_SYMBOLS; at += SYMBOL_BYTES) {
    symbols.push({
      name: textAt(names, view.getUint32(at, true)),
      type: view.getUint8(at + 4) & 0xf,
      sectionIndex: view.getUint16(at + 6, true),
      value: Number(view.getBigUint64(at + 8, true)),
      size: Number(view.getBigUint64(at + 16, true)),
    });
  }
  return symbols;
}

interface Branches {
  readonly jumps: number[];
  /** Return addresses of indirect calls. */
  readonly returns: number[];
}

/** Indirect branches through retpolines: `call` or `jmp` to `__x86_indirect_thunk_REG` (arch/x86/lib/retpoline.S). */
function thunkBranches(code: Uint8Array, rela: Uint8Array, symbols: readonly RawSymbol[]): Branches {
  const view = viewOf(rela);
  const found: Branches = { jumps: [], returns: [] };
  for (let at = 0; at + RELA_BYTES <= rela.length; at += RELA_BYTES) {
    const offset = Number(view.getBigUint64(at, true));
    const type = view.getUint32(at + 8, true);
    const target = symbols[view.getUint32(at + 12, true)]?.name ?? '';
    if ((type !== R_X86_64_PC32 && type !== R_X86_64_PLT32) || !target.startsWith('__x86_indirect_thunk_')) continue;
    if (code[offset - 1] === JMP_REL32) found.jumps.push(offset - 1);
    else if (code[offset - 1] === CALL_REL32) found.returns.push(offset + 4);
  }
  return found;
}

/** `jmp *%reg`, `jmp *mem`: bytes inside other instructions may look like it, which costs a probe too many, no more. */
function plainJumps(code: Uint8Array): Branches {
  const jumps: number[] = [];
  for (let at = 0; at + 1 < code.length; at++) {
    if (code[at] === 0xff && ((code[at + 1] ?? 0) & 0x38) === 0x20) jumps.push(at);
  }
  return { jumps, returns: [] };
}

/** `br` and `blr` (Arm Architecture Reference Manual, C6.2). */
function armBranches(code: Uint8Array): Branches {
  const view = viewOf(code);
  const found: Branches = { jumps: [], returns: [] };
  for (let at = 0; at + 4 <= code.length; at += 4) {
    const instruction = (view.getUint32(at, true) & 0xfffffc1f) >>> 0;
    if (instruction === 0xd61f0000) found.jumps.push(at);
    else if (instruction === 0xd63f0000) found.returns.push(at + 4);
  }
  return found;
}

/** What the unstripped .ko tells of the module's code: sections, functions, the places where calls may be made from. */
export class ModuleCode {
  /** Size of each section that holds code. */
  readonly sections: ReadonlyMap<string, number>;
  readonly tailJumpers: readonly TailJumper[];
  /** Where indirect calls of the module return to. */
  readonly callReturns: readonly CodePlace[];
  private readonly functions: readonly CodeSymbol[];

  /** @throws ElfError */
  constructor(ko: Uint8Array) {
    const elf = readElf(ko);
    const symbols = readSymbols(elf);
    const named = symbols.flatMap(({ name, type, sectionIndex, value, size }): CodeSymbol[] => {
      const section = type === STT_FUNC ? elf.sections[sectionIndex]?.name : undefined;
      return section === undefined ? [] : [{ name, section, offset: value, size }];
    });
    this.functions = named.sort((one, other) => Number(ALIASES.has(one.name)) - Number(ALIASES.has(other.name)));
    const code = new Set(this.functions.map(({ section }) => section));
    this.sections = new Map(elf.sections.filter(({ name }) => code.has(name)).map(({ name, data }) => [name, data.length]));
    const branches = this.branches(elf, symbols);
    this.callReturns = branches.flatMap(([section, { returns }]) => returns.map((offset) => ({ section, offset }))).slice(0, MAX_PLACES);
    this.tailJumpers = this.groupByFunction(branches.flatMap(([section, { jumps }]) => jumps.map((offset) => ({ section, offset }))).slice(0, MAX_PLACES));
  }

  /** Where a function lies; null when the module has none of that name. */
  function(name: string): CodePlace | null {
    return this.functions.find((symbol) => symbol.name === name) ?? null;
  }

  /** `name+0x1f` */
  describe(place: CodePlace): string | null {
    const symbol = this.functionAt(place);
    return symbol && `${symbol.name}+0x${(place.offset - symbol.offset).toString(16)}`;
  }

  /** The place that the kernel calls `name+offset/size`; null unless exactly one function is meant. */
  placeOf(name: string, offset: number, size: number): CodePlace | null {
    const meant = this.functions.filter((symbol) => symbol.name === name);
    const [only] = meant;
    if (!only || meant.length > 1 || offset > size) return null;
    return { section: only.section, offset: only.offset + offset };
  }

  private functionAt({ section, offset }: CodePlace): CodeSymbol | null {
    // A call that never comes back may be a function's last instruction: its return address is the function's end.
    return this.functions.find((symbol) => symbol.section === section && offset > symbol.offset && offset <= symbol.offset + symbol.size) ?? this.functions.find((symbol) => symbol.section === section && symbol.offset === offset) ?? null;
  }

  private branches(elf: ElfFile, symbols: readonly RawSymbol[]): [string, Branches][] {
    const perSection = [...this.sections.keys()].map((name): [string, Uint8Array, Uint8Array] => {
      const dataOf = (wanted: string): Uint8Array => elf.sections.find((section) => section.name === wanted)?.data ?? new Uint8Array();
      return [name, dataOf(name), dataOf(`.rela${name}`)];
    });
    if (elf.machine === EM_AARCH64) return perSection.map(([name, code]) => [name, armBranches(code)]);
    if (elf.machine !== EM_X86_64) return [];
    const throughThunks = perSection.map(([name, code, rela]): [string, Branches] => [name, thunkBranches(code, rela, symbols)]);
    const some = throughThunks.some(([, { jumps, returns }]) => jumps.length + returns.length > 0);
    return some ? throughThunks : perSection.map(([name, code]) => [name, plainJumps(code)]);
  }

  private groupByFunction(jumps: readonly CodePlace[]): TailJumper[] {
    const found = new Map<string, CodePlace[]>();
    for (const jump of jumps) {
      const symbol = this.functions.find(({ section, offset, size }) => section === jump.section && jump.offset >= offset && jump.offset < offset + size);
      if (symbol && KERNEL_SYMBOL.test(symbol.name)) found.set(symbol.name, [...(found.get(symbol.name) ?? []), jump]);
    }
    return [...found].map(([symbol, places]) => ({ symbol, jumps: places }));
  }
}

/** Where the module's code lies in the kernel, as far as it is known yet. */
export class ModuleLayout {
  private readonly bases = new Map<string, bigint>();

  constructor(
    private readonly code: ModuleCode,
    private readonly moduleName: string,
  ) {}

  /** `SECTION ADDRESS` lines, from /sys/module/NAME/sections. */
  addSections(text: string): void {
    for (const line of text.split('\n')) {
      const [, section, address] = /^(\S{1,128}) 0x([0-9a-f]{1,16})$/.exec(line) ?? [];
      if (section !== undefined && this.code.sections.has(section) && !/^0+$/.test(address ?? '')) this.bases.set(section, BigInt(`0x${address}`));
    }
  }

  addBase(section: string, base: bigint): void {
    if (!this.bases.has(section)) this.bases.set(section, base);
  }

  /** The address's place in the module; null when it lies elsewhere, or when its section's base is not known yet. */
  locate(address: bigint, symbol: { readonly name: string; readonly offset: number; readonly size: number; readonly module: string | null } | null): CodePlace | null {
    for (const [section, base] of this.bases) {
      const offset = address - base;
      if (offset >= 0n && offset <= BigInt(this.code.sections.get(section) ?? 0)) return { section, offset: Number(offset) };
    }
    return symbol?.module === this.moduleName ? this.code.placeOf(symbol.name, symbol.offset, symbol.size) : null;
  }
}
