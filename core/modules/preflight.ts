// SPDX-License-Identifier: MIT
import type { ExportedSymbol } from '../build/symvers';
import type { HostFacts } from '../hosts/host';
import { sudoersLine } from '../hosts/sudo';
import type { PreflightLine } from '../model';
import type { ModuleInfo } from './modinfo';
import { blocked, listed, ok, warning } from './preflight-line';
import { checkParameters } from './preflight-parameters';
import { checkSymbols, checkVersions } from './preflight-symbols';
import { checkVermagic } from './preflight-vermagic';
import { findLoaded } from './proc-modules';

/** What the headers of the host's kernel say of it; null where they are not at hand. */
export interface KernelKnowledge {
  /** By name without `CONFIG_`. */
  readonly config: Readonly<Record<string, string>> | null;
  /** At least the symbols that the module needs, as far as they are exported. */
  readonly exported: ReadonlyMap<string, ExportedSymbol> | null;
}

/** A .ko that is loaded as it is, beside the sources that it may have been built from. */
export interface BuiltBefore {
  /** When it was written, milliseconds since 1970. */
  readonly builtAt: number;
  /** Sources of the module that were written later. */
  readonly newerSources: readonly string[];
}

export interface PreflightInputs {
  readonly facts: HostFacts;
  readonly info: ModuleInfo;
  /** The module's name as the kernel knows it. */
  readonly kernelName: string;
  /** Text of /proc/modules. */
  readonly procModules: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly kernel: KernelKnowledge;
  /** Names that the modules which are loaded first export. */
  readonly provided: ReadonlySet<string>;
  /** It gets a signature before it is loaded. */
  readonly willBeSigned: boolean;
  /** The module that is loaded under that name gives way. */
  readonly replaces: boolean;
  /** Null when the module was built just now. */
  readonly builtBefore: BuiltBefore | null;
}

function checkRights({ facts }: PreflightInputs): PreflightLine {
  switch (facts.rights) {
    case 'root':
      return ok('rights', 'Commands run as root.');
    case 'sudo':
      return ok('rights', `${facts.user} becomes root through sudo, without a password.`);
    case 'sudoPassword':
      return ok('rights', `${facts.user} becomes root through sudo, with a password.`);
    case 'none':
      return blocked('rights', `Only root may insert modules, and ${facts.user} cannot become root there.`, `Use an account that is root on that host, or let its root add with visudo: ${sudoersLine(facts.user)}`);
  }
}

function checkArchitecture({ info, facts }: PreflightInputs): PreflightLine {
  return info.machine === facts.arch
    ? ok('architecture', `Both are ${facts.arch}.`)
    : blocked('architecture', `The module is for ${info.machine} and the host is ${facts.arch}.`, `Build it for ${facts.arch}.`);
}

function checkNotLoaded({ kernelName, procModules, replaces }: PreflightInputs): PreflightLine {
  const check = 'not loaded';
  const there = findLoaded(procModules, kernelName);
  if (!there) return ok(check, `${kernelName} is not loaded.`);
  const { state, users, count } = there;
  if (state !== 'Live') return blocked(check, `${kernelName} is in the kernel already, in the state ${state}.`, 'Wait until that is over; where its init or exit hangs, only a restart of the host ends it.');
  if (users.length > 0) return blocked(check, `${kernelName} is loaded already and used by ${listed(users)}.`, `Unload ${listed(users)} first.`);
  if (replaces) return ok(check, `${kernelName} is loaded, and will be replaced.`);
  if (count > 0) return blocked(check, `${kernelName} is loaded already and in use (${count}).`, 'Close what uses it (a process has its device open, or the like), then reload it.');
  return blocked(check, `${kernelName} is loaded already.`, 'Reload it, or unload it first.');
}

function checkPolicy({ facts }: PreflightInputs): PreflightLine {
  const check = 'modules allowed';
  if (facts.nomodule) return blocked(check, 'The kernel was started with nomodule: it loads no module.', 'Restart the host without that boot parameter.');
  if (facts.modulesDisabled) return blocked(check, 'kernel.modules_disabled is 1: the kernel loads no module any more.', 'Restart the host; what sets it lies in /etc/sysctl.d or is a service.');
  return ok(check, 'The kernel loads modules.');
}

/** sig_enforce and lockdown both want a signature by a key that the kernel trusts. */
function checkSignature({ facts, info, willBeSigned }: PreflightInputs): PreflightLine {
  const check = 'signature';
  const isLockedDown = facts.lockdown === 'integrity' || facts.lockdown === 'confidentiality';
  const signed = info.signed || willBeSigned;
  if (!isLockedDown && facts.sigEnforce !== true) return ok(check, signed ? 'The module is signed; the kernel takes unsigned ones, too.' : 'The kernel takes modules without a signature.');
  const because = isLockedDown ? `The kernel is locked down (${facts.lockdown})` : 'The kernel enforces signatures (module.sig_enforce)';
  if (signed) return ok(check, `${because}, and the module ${info.signed ? 'is' : 'will be'} signed: it must trust the key.`);
  const without = isLockedDown ? 'restart it without Secure Boot and without the boot parameter lockdown=' : 'start it without module.sig_enforce=1';
  return blocked(check, `${because}, and the module has no signature.`, `Name a key that is enrolled there (mokutil --import) and its certificate, by --sign-key and --sign-cert or the settings kmodlab.signing: the module is then signed here; or ${without}.`);
}

function checkStale({ builtBefore }: PreflightInputs): PreflightLine[] {
  if (!builtBefore) return [];
  const { newerSources, builtAt } = builtBefore;
  if (newerSources.length === 0) return [ok('age', `The file was built on ${new Date(builtAt).toISOString()}.`)];
  return [warning('age', `The file is older than ${listed(newerSources)}: what is loaded is not what you see.`, 'Build the module again.')];
}

/** What can be known before insmod is asked. One line that is `blocked` and nothing is loaded. */
export function preflight(inputs: PreflightInputs): PreflightLine[] {
  const { facts, info, kernel, kernelName, provided } = inputs;
  const loaded = info.depends.map((name) => name.replaceAll('-', '_')).filter((name) => findLoaded(inputs.procModules, name));
  const symbols = { info, kernelName, release: facts.kernel, arch: facts.arch, exported: kernel.exported, provided, loaded, forceLoad: kernel.config?.['MODULE_FORCE_LOAD'] === 'y' };
  return [
    checkRights(inputs),
    checkPolicy(inputs),
    checkArchitecture(inputs),
    checkVermagic({ vermagic: info.vermagic, hasVersions: info.symbols.versions !== null, release: facts.kernel, arch: facts.arch, config: kernel.config }),
    checkSymbols(symbols),
    checkVersions(symbols),
    checkSignature(inputs),
    checkNotLoaded(inputs),
    checkParameters(info.parameters, inputs.parameters, facts.arch),
    ...checkStale(inputs),
  ];
}
