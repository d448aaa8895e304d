// SPDX-License-Identifier: MIT
import type { CodePlace, ModuleCode } from '../calls/module-code';
import { oopsText } from '../kernel-log/oops';

/** `RIP: 0010:name+0x14/0x1000 [module]`, `pc : name+0x14/0x1000 [module]`: the instruction itself (show_ip, arch/x86; show_regs, arch/arm64). */
const INSTRUCTION = /^(?:RIP: [0-9a-f]{4}:|pc : )/;
/** The kernel is not sure of these (show_trace_log_lvl, arch/x86/kernel/dumpstack.c). */
const UNSURE = /^\s*\? /;

/**
 * Where in a module a fatal error was met: at the instruction when that is the module's, else where the module called what
 * failed. Null when the kernel named no place of the module.
 * @param log texts of the kernel log, in its order
 */
export function faultPlace(log: readonly string[], moduleName: string, code: Pick<ModuleCode, 'placeOf'>): CodePlace | null {
  const begin = log.findIndex((text) => oopsText(text) !== null);
  if (begin < 0) return null;
  for (const text of log.slice(begin)) {
    const [, name = '', offset = '', size = '', module] = /([A-Za-z_][\w.]{0,127})\+0x([0-9a-f]{1,8})\/0x([0-9a-f]{1,8}) \[(\w{1,64})[\]( ]/.exec(text) ?? [];
    if (module !== moduleName || UNSURE.test(text)) continue;
    const at = Number.parseInt(offset, 16);
    // A frame names the instruction behind the call.
    return code.placeOf(name, INSTRUCTION.test(text) ? at : at - 1, Number.parseInt(size, 16));
  }
  return null;
}
