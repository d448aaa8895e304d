// SPDX-License-Identifier: MIT
import type { HostFacts } from './host';
import { sudoersLine } from './sudo';
import { taintFlags } from './taint';

/** What a host is, for people: a name and a value each. The values come from the host and may hold anything. */
export function describeFacts(facts: HostFacts): [name: string, value: string][] {
  const unknown = 'not known';
  const restricted = (value: boolean | null): string => (value === null ? unknown : value ? 'for root only' : 'for every user');
  const rights = {
    root: 'root',
    sudo: `${facts.user}; root through sudo, without a password`,
    sudoPassword: `${facts.user}; root through sudo, with a password`,
    none: `${facts.user}; not root. Its root may add with visudo: ${sudoersLine(facts.user)}`,
  };
  const flags = taintFlags(facts.tainted);
  return [
    ['kernel', `${facts.kernel}, ${facts.arch}`],
    ['rights', rights[facts.rights]],
    ['headers', facts.kernelBuildDir ?? 'none there'],
    ['compiler', facts.compiler ?? 'none there'],
    ['modules', facts.modulesDisabled ? 'disabled until the next boot (modules_disabled)' : facts.nomodule ? 'disabled on the command line (nomodule)' : 'can be loaded'],
    ['signatures', facts.sigEnforce === null ? unknown : facts.sigEnforce ? 'required (sig_enforce)' : 'not required'],
    ['lockdown', facts.lockdown ?? unknown],
    ['taint', flags.length === 0 ? 'none' : flags.map(({ letter, meaning }) => `${letter} (${meaning})`).join(', ')],
    ['addresses', facts.kptrRestrict === null ? unknown : `kptr_restrict ${facts.kptrRestrict}`],
    ['kernel log', restricted(facts.dmesgRestrict)],
    ['tracefs', facts.tracefs ? 'yes' : 'no'],
    ['boot', facts.bootId],
  ];
}
