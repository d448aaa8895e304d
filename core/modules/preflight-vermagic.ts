// SPDX-License-Identifier: MIT
import type { Architecture, PreflightLine } from '../model';
import { blocked, listed, ok, warning } from './preflight-line';

export interface VermagicInputs {
  /** `vermagic=` of the module; null when it has none. */
  readonly vermagic: string | null;
  /** The module carries checksums: the kernel then does not compare the release (same_magic(), kernel/module). */
  readonly hasVersions: boolean;
  /** `uname -r` */
  readonly release: string;
  readonly arch: Architecture;
  /** Configuration of the host's kernel, by name without `CONFIG_`; null when not known. */
  readonly config: Readonly<Record<string, string>> | null;
}

const SETTING_OF: Readonly<Record<string, string>> = { SMP: 'CONFIG_SMP', preempt: 'CONFIG_PREEMPT', preempt_rt: 'CONFIG_PREEMPT_RT', mod_unload: 'CONFIG_MODULE_UNLOAD', modversions: 'CONFIG_MODVERSIONS' };

/** The tokens behind the release that a kernel of this configuration wants (include/linux/vermagic.h). */
function tokensOf(config: Readonly<Record<string, string>>, arch: Architecture): string[] {
  const set = (name: string): boolean => config[name] === 'y';
  const preempt = set('PREEMPT_BUILD') || (set('PREEMPT') && !('PREEMPT_BUILD' in config));
  return [
    ...(set('SMP') ? ['SMP'] : []),
    ...(preempt ? ['preempt'] : set('PREEMPT_RT') ? ['preempt_rt'] : []),
    ...(set('MODULE_UNLOAD') ? ['mod_unload'] : []),
    ...(set('MODVERSIONS') ? ['modversions'] : []),
    ...(arch === 'arm64' ? ['aarch64'] : []),
  ];
}

/** Which part of the version magic differs, by name. */
export function checkVermagic(inputs: VermagicInputs): PreflightLine {
  const check = 'vermagic';
  const { vermagic, hasVersions, release, arch, config } = inputs;
  if (vermagic === null) return blocked(check, 'The module says for no kernel what it was built for.', 'Build it with Kbuild.');
  const [builtFor = '', ...tokens] = vermagic.split(' ').filter((token) => token !== '');
  // Families of tokens that depend on the architecture or on plugins cannot be computed from the headers.
  const known = tokens.filter((token) => token in SETTING_OF || token === 'aarch64');
  const wanted = config && Object.keys(config).length > 0 && arch !== 'i386' ? tokensOf(config, arch) : known;
  const surplus = known.filter((token) => !wanted.includes(token));
  const lacking = wanted.filter((token) => !known.includes(token));
  const named = (names: readonly string[]): string => listed(names.map((token) => `${token}${SETTING_OF[token] === undefined ? '' : ` (${SETTING_OF[token]})`}`));
  if (surplus.length > 0 || lacking.length > 0) {
    const differences = [...(surplus.length > 0 ? [`only the module has ${named(surplus)}`] : []), ...(lacking.length > 0 ? [`only the kernel has ${named(lacking)}`] : [])];
    return blocked(check, `The version magic differs: ${differences.join(', ')}.`, `Build it against the headers of ${release}.`);
  }
  if (builtFor === release) return ok(check, `The module is built for ${release}.`);
  const text = `The release differs: the module is built for ${builtFor} and the host runs ${release}.`;
  return hasVersions && wanted.includes('modversions')
    ? warning(check, `${text} The kernel compares checksums instead.`, `Build it for ${release} to be sure.`)
    : blocked(check, text, `Build it for ${release}.`);
}
