// SPDX-License-Identifier: MIT
import { hiddenSymbol, whyHidden } from '../abi/hidden-symbols';
import type { ExportedSymbol } from '../build/symvers';
import type { Architecture, PreflightLine } from '../model';
import type { ModuleInfo } from './modinfo';
import { blocked, listed, ok, warning } from './preflight-line';

export interface SymbolInputs {
  readonly info: ModuleInfo;
  /** The module's name as the kernel knows it. */
  readonly kernelName: string;
  /** `uname -r` of the host. */
  readonly release: string;
  readonly arch: Architecture;
  /** What the host's kernel and its modules export; null when that is not known here. */
  readonly exported: ReadonlyMap<string, ExportedSymbol> | null;
  /** What own modules export that are loaded first. */
  readonly provided: ReadonlySet<string>;
  /** Modules of `depends=` that are loaded already. */
  readonly loaded: readonly string[];
  /** The host's kernel loads a module without checksums all the same (CONFIG_MODULE_FORCE_LOAD). */
  readonly forceLoad: boolean;
}

/** Made by the linker, or filled in by the kernel itself. */
const NOT_LOOKED_UP = new Set(['_GLOBAL_OFFSET_TABLE_', '__this_module', '']);
/** license_is_gpl_compatible() of include/linux/license.h. */
const GPL_COMPATIBLE = new Set(['GPL', 'GPL v2', 'GPL and additional rights', 'Dual BSD/GPL', 'Dual MIT/GPL', 'Dual MPL/GPL']);

function valuesOf(info: ModuleInfo, key: string): string[] {
  return info.entries.filter((entry) => entry.key === key).map(({ value }) => value);
}

/** EXPORT_SYMBOL_FOR_MODULES: a trailing `*` stands for any rest; `-` and `_` are the same. */
function isAmong(kernelName: string, modules: readonly string[]): boolean {
  return modules.some((one) => {
    const name = one.replaceAll('-', '_');
    return name.endsWith('*') ? kernelName.startsWith(name.slice(0, -1)) : kernelName === name;
  });
}

/** What is known of one of these symbols, else what can be said of any. */
function insteadOf(missing: readonly string[], arch: Architecture): string {
  for (const name of missing) {
    const known = hiddenSymbol(name);
    if (known) return `${name} ${whyHidden(known, arch)}. ${known.instead}`;
  }
  return 'Use what it exports instead, or load the module that exports it first.';
}

/** What is missing, reserved, GPL-only or in a namespace that is not imported. */
export function checkSymbols(inputs: SymbolInputs): PreflightLine {
  const check = 'symbols';
  const { info, exported, provided, kernelName } = inputs;
  if (!exported) return ok(check, "What the host's kernel exports is not known here: insmod will tell.");
  const wanted = info.symbols.needed.filter(({ name }) => !NOT_LOOKED_UP.has(name) && !provided.has(name));
  const missing = wanted.filter(({ name, weak }) => !weak && !exported.has(name)).map(({ name }) => name);
  const kernelModules = new Set([...exported.values()].map(({ module }) => module.replace(/^.*\//, '').replaceAll('-', '_')));
  const others = inputs.loaded.filter((name) => !kernelModules.has(name));
  if (missing.length > 0 && others.length > 0) return ok(check, `The kernel does not export ${listed(missing)}; ${listed(others)} may, which is loaded.`);
  if (missing.length > 0) return blocked(check, `The kernel does not export ${listed(missing)}.`, insteadOf(missing, inputs.arch));
  const found = wanted.flatMap(({ name }) => {
    const symbol = exported.get(name);
    return symbol ? [{ name, ...symbol }] : [];
  });
  const reserved = found.filter(({ forModules }) => forModules !== null && !isAmong(kernelName, forModules));
  if (reserved[0]) return blocked(check, `The kernel exports ${listed(reserved.map(({ name }) => name))} only for ${listed(reserved[0].forModules ?? [])}.`, 'Use what it exports for all modules instead.');
  const licenses = valuesOf(info, 'license');
  const gplOnly = found.filter(({ gpl }) => gpl).map(({ name }) => name);
  if (gplOnly.length > 0 && (licenses.length === 0 || !licenses.every((license) => GPL_COMPATIBLE.has(license)))) {
    return blocked(check, `${listed(gplOnly)} may be used by GPL-compatible modules only, and this one's license is ${licenses.join(', ') || 'not said'}.`, 'Set MODULE_LICENSE("GPL"), if that is its license.');
  }
  const imported = new Set(valuesOf(info, 'import_ns'));
  const closed = found.filter(({ namespace }) => namespace !== null && !imported.has(namespace));
  if (closed[0]) {
    const namespace = closed[0].namespace ?? '';
    return blocked(check, `${listed(closed.map(({ name }) => name))} is in the namespace ${namespace}, which the module does not import.`, `Add MODULE_IMPORT_NS(${namespace}), since 6.13 MODULE_IMPORT_NS("${namespace}").`);
  }
  return ok(check, `The kernel exports the ${wanted.length} symbols that the module uses.`);
}

/** The checksums of the prototypes that the module was built against, beside those of the host's kernel. */
export function checkVersions({ info, release, exported, forceLoad }: SymbolInputs): PreflightLine {
  const check = 'symbol versions';
  const { versions } = info.symbols;
  if (!exported) return ok(check, "The checksums of the host's kernel are not known here: insmod will tell.");
  const kernelHasThem = [...exported.values()].some(({ crc }) => crc !== null);
  if (!kernelHasThem) return ok(check, "The host's kernel compares no checksums (CONFIG_MODVERSIONS is off): only the version magic guards.");
  if (!versions) {
    return forceLoad
      ? warning(check, "The module carries no checksums and the host's kernel compares them: loading it taints the kernel (F).", `Build it against the headers of ${release}.`)
      : blocked(check, "The module carries no checksums and the host's kernel insists on them.", `Build it against the headers of ${release}.`);
  }
  const different = [...versions].filter(([name, crc]) => {
    const ours = exported.get(name)?.crc;
    return ours !== undefined && ours !== null && ours !== crc;
  });
  if (different.length === 0) return ok(check, `The checksums of ${versions.size} symbols agree.`);
  return blocked(check, `The module was built against other versions of ${listed(different.map(([name]) => name))}.`, `Build it against the headers of ${release}, which runs on the host.`);
}
