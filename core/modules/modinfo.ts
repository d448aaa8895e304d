// SPDX-License-Identifier: MIT

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
}

/** Reads a .ko without running anything. @throws Failure `not-a-module` */
export function readModuleInfo(ko: Uint8Array): ModuleInfo {
  throw new Error(`not built yet: ${ko.length}`);
}
