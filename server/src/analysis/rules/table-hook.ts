// SPDX-License-Identifier: MIT
import type { Architecture, Finding } from '../../../../core/model/analysis';
import type { TableWrite } from '../flow/recorder';
import { rangeOf } from '../syntax/source';
import type { TargetFacts } from '../syntax/target';
import type { Rule } from './rule';

/** First patch level of each stable series that dispatches by a switch; sources: docs/rules/table-hook.md. */
const BACKPORTS: ReadonlyMap<number, number> = new Map([
  [0x0608, 5],
  [0x0606, 26],
  [0x0601, 85],
  [0x050f, 154],
]);
const SINCE = 0x060900;
const RELEASES = '6.9 (6.8.5, 6.6.26, 6.1.85, 5.15.154 of the stable series)';

/** A function of the module is stored to the system call table of a kernel that no longer calls through it. */
export const tableHook: Rule = (_calls, { target }, { tableWrites }) => {
  const isSwitch = dispatchesBySwitch(target);
  if (isSwitch === 'no') return [];
  const findings = new Map<string, Finding>();
  for (const write of tableWrites) {
    if (write.value.kind !== 'function') continue;
    const finding = describe(write, isSwitch, target.arch);
    findings.set(`${finding.file} ${write.place.start}`, finding);
  }
  return [...findings.values()];
};

/** Whether the kernel calls syscalls by a switch instead of through the table; `maybe` where the patch level decides, or the kernel is not known. */
function dispatchesBySwitch({ arch, dispatch, patchIsKnown, version, versionIsKnown }: TargetFacts): 'yes' | 'no' | 'maybe' {
  if (arch === 'arm64') return 'no';
  if (dispatch) return dispatch === 'switch' ? 'yes' : 'no';
  if (!versionIsKnown) return 'maybe';
  if (version >= SINCE) return 'yes';
  const first = BACKPORTS.get(version >> 8);
  if (first === undefined) return 'no';
  if (!patchIsKnown) return 'maybe';
  return (version & 0xff) >= first ? 'yes' : 'no';
}

function describe({ place, syscall }: TableWrite, isSwitch: 'yes' | 'maybe', arch: Architecture): Finding {
  const entry = syscall ? `the entry of ${syscall.name}() in the system call table` : 'an entry of the system call table';
  const effect = isSwitch === 'yes' ? `hooks nothing here: since Linux ${RELEASES} x86 dispatches system calls by a switch and does not read the table` : `hooks nothing on kernels that dispatch system calls by a switch, as x86 does since Linux ${RELEASES}: they do not read the table`;
  const instead = syscall ? `${arch === 'i386' ? '__ia32' : '__x64'}_sys_${syscall.entry}()` : "the syscall's own function";
  return {
    rule: 'table-hook',
    severity: 'information',
    file: place.file.path,
    range: rangeOf(place),
    message: `Storing to ${entry} ${effect}. To see these calls, put a kprobe or an ftrace handler on ${instead}.`,
    related: [],
  };
}
