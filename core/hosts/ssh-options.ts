// SPDX-License-Identifier: MIT
import { HOST_KEY_ALIAS } from '../guest/instance';
import type { GuestEndpoint } from '../guest/protocol';
import { Failure } from '../model';
import type { NumberSetting } from '../platform/number-setting';

/** Where ssh connects to: its destination argument, and the options that go with it. */
export interface SshTarget {
  readonly destination: string;
  readonly options: readonly string[];
  /** Where it listens when that is a port of this machine: the shared connection is then opened by us, at once. */
  readonly loopbackPort?: number;
}

const option = (pair: string): string[] => ['-o', pair];

/**
 * For every connection: never a question, never an unchecked host key, nothing forwarded, and none of the settings
 * of a user's configuration that replace our command.
 */
const ALWAYS = [
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'ConnectTimeout=15',
  'ClearAllForwardings=yes',
  'ForwardAgent=no',
  'ForwardX11=no',
  'PermitLocalCommand=no',
  'RemoteCommand=none',
  'RequestTTY=no',
  'LogLevel=ERROR',
].flatMap(option);

/** Seconds after which an SSH host that does not answer counts as lost; 0: what the user's ssh configuration says. */
export const LOST_AFTER: NumberSetting = { variable: 'KMODLAB_SSH_LOST_AFTER', min: 0, max: 3600 };
export const DEFAULT_LOST_AFTER = 30;

const ASKED_TIMES = 3;

/** Has ssh ask a host that says nothing, and give it up when it has not answered for about so many seconds. */
function keepAlive(lostAfterSeconds: number): string[] {
  if (lostAfterSeconds === 0) return [];
  const times = Math.min(ASKED_TIMES, lostAfterSeconds);
  return [`ServerAliveInterval=${Math.round(lostAfterSeconds / times)}`, `ServerAliveCountMax=${times}`].flatMap(option);
}

/** A guest: nothing of the user's own configuration, keys or agent is used. */
export function guestTarget(endpoint: Pick<GuestEndpoint, 'port' | 'keyFile' | 'knownHosts'>): SshTarget {
  const own = [
    `UserKnownHostsFile="${endpoint.knownHosts}"`,
    'GlobalKnownHostsFile=/dev/null',
    `HostKeyAlias=${HOST_KEY_ALIAS}`,
    'HostKeyAlgorithms=ssh-ed25519',
    'KexAlgorithms=curve25519-sha256',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PreferredAuthentications=publickey',
    'ServerAliveInterval=0', // its keeper sees a hang, and knows more of it
  ].flatMap(option);
  return { destination: 'root@127.0.0.1', loopbackPort: endpoint.port, options: ['-F', 'none', '-p', String(endpoint.port), '-i', endpoint.keyFile, ...own, ...ALWAYS] };
}

/** Options that make ssh read this file instead of the user's own configuration and the system's. */
export function configOptions(configFile: string | undefined): string[] {
  return configFile === undefined ? [] : ['-F', configFile];
}

export interface UserTargetOptions {
  /** As for {@link configOptions}. */
  readonly configFile?: string | undefined;
  /** As {@link LOST_AFTER} says. */
  readonly lostAfterSeconds?: number | undefined;
}

/**
 * A host as the user's ssh knows it (a name of the configuration, or user@address).
 * @throws Failure `host-name-bad` for text that ssh could take for an option
 */
export function userTarget(destination: string, { configFile, lostAfterSeconds = DEFAULT_LOST_AFTER }: UserTargetOptions = {}): SshTarget {
  if (destination === '' || destination.startsWith('-') || /[\s\0]/.test(destination)) {
    throw new Failure({
      code: 'host-name-bad',
      what: `"${destination}" is no host.`,
      why: 'A host is a name of your ssh configuration, or user@address, without spaces and not beginning with "-".',
      next: 'Correct the name.',
    });
  }
  return { destination, options: [...configOptions(configFile), ...ALWAYS, ...keepAlive(lostAfterSeconds)] };
}

/** Options of the shared connection: the first use opens it, the others go through it. `null`: one connection a command. */
export function sharing(controlPath: string | null, persistSeconds: number): string[] {
  if (controlPath === null) return ['ControlMaster=no', 'ControlPath=none'].flatMap(option);
  return ['ControlMaster=auto', `ControlPath="${controlPath.replaceAll('%', '%%')}"`, `ControlPersist=${persistSeconds}`].flatMap(option);
}
