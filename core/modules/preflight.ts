// SPDX-License-Identifier: MIT
import type { HostFacts } from '../hosts/host';
import { sudoersLine } from '../hosts/sudo';
import type { PreflightLine } from '../model';
import type { ModuleInfo } from './modinfo';

export interface PreflightInputs {
  readonly facts: HostFacts;
  readonly info: ModuleInfo;
  /** The module's name as the kernel knows it. */
  readonly kernelName: string;
  /** Text of /proc/modules. */
  readonly procModules: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const ok = (check: string, text: string): PreflightLine => ({ check, verdict: 'ok', text, fix: null });
const blocked = (check: string, text: string, fix: string): PreflightLine => ({ check, verdict: 'blocked', text, fix });
const warning = (check: string, text: string, fix: string): PreflightLine => ({ check, verdict: 'warning', text, fix });

function checkVermagic({ info, facts }: PreflightInputs): PreflightLine {
  const release = info.vermagic?.split(' ')[0] ?? '';
  return release === facts.kernel
    ? ok('vermagic', `The module is built for ${facts.kernel}.`)
    : blocked('vermagic', `The module is built for ${release || 'no kernel'} and the host runs ${facts.kernel}.`, 'Build it for that kernel.');
}

function checkArchitecture({ info, facts }: PreflightInputs): PreflightLine {
  return info.machine === facts.arch
    ? ok('architecture', `Both are ${facts.arch}.`)
    : blocked('architecture', `The module is for ${info.machine} and the host is ${facts.arch}.`, 'Build it for that architecture.');
}

function checkNotLoaded({ kernelName, procModules }: PreflightInputs): PreflightLine {
  const line = procModules.split('\n').find((text) => text.startsWith(`${kernelName} `));
  if (line === undefined) return ok('not loaded', `${kernelName} is not loaded.`);
  const users = Number(line.split(' ')[2]) || 0;
  const used = users > 0 ? ` and in use (${users})` : '';
  return blocked('not loaded', `${kernelName} is loaded already${used}.`, 'Unload it first.');
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

function checkParameters({ info, parameters }: PreflightInputs): PreflightLine {
  const known = new Set(info.parameters.map(({ name }) => name));
  const unknown = Object.keys(parameters).filter((name) => !known.has(name));
  return unknown.length === 0
    ? ok('parameters', 'The module has every parameter that is given.')
    : warning('parameters', `The module has no parameter ${unknown.join(', ')}: the kernel will ignore it.`, 'Check the name.');
}

/** What can be known before insmod is asked. One line that is `blocked` and nothing is loaded. */
export function preflight(inputs: PreflightInputs): PreflightLine[] {
  return [checkRights(inputs), checkArchitecture(inputs), checkVermagic(inputs), checkNotLoaded(inputs), checkParameters(inputs)];
}
