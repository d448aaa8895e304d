// SPDX-License-Identifier: MIT
import { HOST_KEY_ALIAS } from '../guest/instance';
import type { GuestEndpoint } from '../guest/protocol';
import { Failure } from '../model';

/** Where ssh connects to: its destination argument, and the options that go with it. */
export interface SshTarget {
  readonly destination: string;
  readonly options: readonly string[];
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
  'ServerAliveInterval=10',
  'ServerAliveCountMax=3',
  'ClearAllForwardings=yes',
  'ForwardAgent=no',
  'ForwardX11=no',
  'PermitLocalCommand=no',
  'RemoteCommand=none',
  'RequestTTY=no',
  'LogLevel=ERROR',
].flatMap(option);

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
  return { destination: 'root@127.0.0.1', options: ['-F', 'none', '-p', String(endpoint.port), '-i', endpoint.keyFile, ...own, ...ALWAYS] };
}

/** Options that make ssh read this file instead of the user's own configuration and the system's. */
export function configOptions(configFile: string | undefined): string[] {
  return configFile === undefined ? [] : ['-F', configFile];
}

/**
 * A host as the user's ssh knows it (a name of the configuration, or user@address).
 * @throws Failure `host-name-bad` for text that ssh could take for an option
 */
export function userTarget(destination: string, configFile?: string): SshTarget {
  if (destination === '' || destination.startsWith('-') || /[\s\0]/.test(destination)) {
    throw new Failure({
      code: 'host-name-bad',
      what: `"${destination}" is no host.`,
      why: 'A host is a name of your ssh configuration, or user@address, without spaces and not beginning with "-".',
      next: 'Correct the name.',
    });
  }
  return { destination, options: [...configOptions(configFile), ...ALWAYS] };
}

/** Options of the shared connection: the first use opens it, the others go through it. `null`: one connection a command. */
export function sharing(controlPath: string | null, persistSeconds: number): string[] {
  if (controlPath === null) return ['ControlMaster=no', 'ControlPath=none'].flatMap(option);
  return ['ControlMaster=auto', `ControlPath="${controlPath.replaceAll('%', '%%')}"`, `ControlPersist=${persistSeconds}`].flatMap(option);
}
