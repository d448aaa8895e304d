// SPDX-License-Identifier: MIT

export interface TaintFlag {
  readonly letter: string;
  readonly meaning: string;
}

/** By bit, from Documentation/admin-guide/tainted-kernels.rst. */
const FLAGS: readonly (readonly [letter: string, meaning: string])[] = [
  ['P', 'a proprietary module was loaded'],
  ['F', 'a module was loaded by force'],
  ['S', 'the kernel runs on hardware out of specification'],
  ['R', 'a module was unloaded by force'],
  ['M', 'a machine check was reported'],
  ['B', 'a bad page was found'],
  ['U', 'user space asked for the taint'],
  ['D', 'the kernel died recently (oops or BUG)'],
  ['A', 'an ACPI table was overridden'],
  ['W', 'the kernel issued a warning'],
  ['C', 'a staging driver was loaded'],
  ['I', 'a bug of the platform firmware was worked around'],
  ['O', 'an out-of-tree module was loaded'],
  ['E', 'an unsigned module was loaded'],
  ['L', 'a soft lockup occurred'],
  ['K', 'the kernel was live-patched'],
  ['X', 'the distribution marked it (auxiliary taint)'],
  ['T', 'the kernel was built with structure randomisation'],
  ['N', 'an in-kernel test was run'],
  ['J', 'a mutating fwctl debug operation was used'],
];

/** What the bits of /proc/sys/kernel/tainted mean; a bit that is not known is named by its number. */
export function taintFlags(tainted: number): TaintFlag[] {
  const flags: TaintFlag[] = [];
  for (let bit = 0; 2 ** bit <= tainted; bit++) {
    if (Math.floor(tainted / 2 ** bit) % 2 === 0) continue;
    const [letter, meaning] = FLAGS[bit] ?? [`bit ${bit}`, 'not known here'];
    flags.push({ letter, meaning });
  }
  return flags;
}
