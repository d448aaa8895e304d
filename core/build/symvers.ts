// SPDX-License-Identifier: MIT

/** A symbol that a kernel, or one of its modules, exports: a line of Module.symvers. */
export interface ExportedSymbol {
  /** The checksum of its prototype; null where there is none to compare (a kernel without CONFIG_MODVERSIONS). */
  readonly crc: number | null;
  /** Who exports it: `vmlinux`, or a module's path without suffix, e.g. `drivers/scsi/libiscsi`. */
  readonly module: string;
  /** Only modules with a license that is compatible with the GPL may use it. */
  readonly gpl: boolean;
  /** What MODULE_IMPORT_NS() must name before it may be used; null when nothing. */
  readonly namespace: string | null;
  /** The modules that it is reserved for (EXPORT_SYMBOL_FOR_MODULES, a trailing `*` stands for any rest); null when for all. */
  readonly forModules: readonly string[] | null;
}

const MAX_LINE = 2_048;
const MAX_SYMBOLS = 200_000;
const FOR_MODULES = 'module:';

/**
 * Reads Module.symvers a line at a time. Columns, divided by tabs: checksum, symbol, module, kind of export, namespace; without
 * the last one before 5.4, and with the namespace third in 5.4 and 5.5 (scripts/mod/modpost.c, read_dump). Other lines are passed over.
 */
export class SymversReader {
  readonly symbols = new Map<string, ExportedSymbol>();
  /** There were more symbols than are kept. */
  truncated = false;

  push(line: string): void {
    const columns = line.length > MAX_LINE ? [] : line.split('\t');
    const [crc = '', symbol = ''] = columns;
    const isOldOrder = columns[4]?.startsWith('EXPORT_') === true;
    const [module = '', kind = '', namespace = ''] = isOldOrder ? [columns[3], columns[4], columns[2]] : columns.slice(2);
    if (!/^0x[0-9a-f]{1,8}$/i.test(crc) || symbol === '' || module === '' || !kind.startsWith('EXPORT_')) return;
    if (this.symbols.size >= MAX_SYMBOLS) {
      this.truncated = true;
      return;
    }
    const isReserved = namespace.startsWith(FOR_MODULES);
    this.symbols.set(symbol, {
      crc: Number(crc) === 0 ? null : Number(crc),
      module,
      gpl: kind.endsWith('_GPL'),
      namespace: namespace === '' || isReserved ? null : namespace,
      forModules: isReserved ? namespace.slice(FOR_MODULES.length).split(',') : null,
    });
  }
}

/** The symbols of a whole Module.symvers, by name. */
export function readSymvers(text: string): ReadonlyMap<string, ExportedSymbol> {
  const reader = new SymversReader();
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    reader.push(text.slice(at, end < 0 ? undefined : end));
    at = end < 0 ? text.length : end + 1;
  }
  return reader.symbols;
}
