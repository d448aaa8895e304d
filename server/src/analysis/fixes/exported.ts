// SPDX-License-Identifier: MIT
import { exportOf } from '../../../../core/abi/exports';
import type { Program } from '../flow/program';
import { NotFixable } from './text-edit';

/** License strings that get the symbols of EXPORT_SYMBOL_GPL: license_is_gpl_compatible() in include/linux/license.h. */
const GPL_COMPATIBLE = new Set(['GPL', 'GPL v2', 'GPL and additional rights', 'Dual BSD/GPL', 'Dual MIT/GPL', 'Dual MPL/GPL']);

/** @throws NotFixable unless the target exports all of some functions to this module */
export function requireExports({ target, units }: Program, names: readonly string[]): void {
  const isGpl = units.some((unit) =>
    unit.syntax.fileScopeCalls.some(({ name, arguments: [license] }) => name === 'MODULE_LICENSE' && license?.kind === 'string' && GPL_COMPATIBLE.has(license.text ?? '')),
  );
  for (const name of names) {
    const found = exportOf(name);
    if (!found || target.version < found.since || (found.gplOnly && !isGpl)) throw new NotFixable();
  }
}
