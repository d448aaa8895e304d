// SPDX-License-Identifier: MIT
import { DEFAULT_GUEST_KERNEL } from '../../../core/hosts/guest';
import type { HostIdentity } from '../../../core/model';

/** What the setting kmodlab.host takes. A name never begins with a hyphen: it must not be read as an option of ssh. */
export const HOST_ID = /^(local|guest|(guest|ssh):[^\s-]\S*)$/;

/** `guest` is the guest of the default kernel: one id for one host. */
export function canonicalHostId(id: string): string {
  return id === 'guest' ? `guest:${DEFAULT_GUEST_KERNEL}` : id;
}

/** The id that opens the host of a session. */
export function hostIdOf(host: Pick<HostIdentity, 'kind' | 'name'>): string {
  switch (host.kind) {
    case 'local':
      return 'local';
    case 'ssh':
      return `ssh:${host.name}`;
    case 'guest':
      return host.name.replace(/^guest\s+/i, 'guest:');
  }
}

/** Whether an id opens the host of a session. */
export function isHost(id: string, host: Pick<HostIdentity, 'kind' | 'name'>): boolean {
  return canonicalHostId(id) === hostIdOf(host);
}

/** Whether two ids mean one host. */
export function isSameHost(first: string, second: string): boolean {
  return canonicalHostId(first) === canonicalHostId(second);
}
