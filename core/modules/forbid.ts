// SPDX-License-Identifier: MIT
import type { Host } from '../hosts/host';
import { Failure } from '../model';

/** Refuses to load into or unload from this machine while `KMODLAB_FORBID_LOCAL=1`. @throws Failure `local-forbidden` */
export function refuseForbiddenHost(host: Pick<Host, 'kind' | 'name'>, env: NodeJS.ProcessEnv = process.env): void {
  if (host.kind !== 'local' || env['KMODLAB_FORBID_LOCAL'] !== '1') return;
  throw new Failure({
    code: 'local-forbidden',
    what: 'The module was not touched on this machine.',
    why: 'KMODLAB_FORBID_LOCAL=1 forbids loading into the kernel that you work on.',
    next: 'Choose the guest or another host.',
  });
}
