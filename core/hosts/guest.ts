// SPDX-License-Identifier: MIT
import type { Lease } from '../guest/lease';
import type { Failure } from '../model';
import type { PackageStore } from '../packages';
import type { Dirs } from '../platform/dirs';
import type { Progress } from '../platform/progress';
import type { Host } from './host';

export const DEFAULT_GUEST_KERNEL = '6.1-cloud';

export interface GuestOptions {
  /** Kernel to boot: `6.1-cloud` (default), `newest-cloud`, or any other that the package store resolves. */
  readonly kernel?: string;
  readonly lease: Lease;
  /** Boots a guest of this process alone instead of sharing the one of its kernel. */
  readonly fresh?: boolean;
}

/** The part of the package store that a guest needs. */
export type GuestPackages = Pick<PackageStore, 'resolveKernel' | 'provideKernel' | 'provideUserland' | 'provideTool'>;

export interface GuestDeps {
  readonly packages: GuestPackages;
  readonly dirs: Dirs;
  /** dist/keeper.js, the program that owns QEMU. */
  readonly keeperPath: string;
  readonly progress?: Progress;
  /** Cancels the opening (not the guest once open). */
  readonly signal?: AbortSignal;
}

/** The disposable guest as a host. Ends with its lease; `lost` is told when it ends by itself. */
export interface GuestHost extends Host {
  readonly kind: 'guest';
  /** What the kernel was resolved to, e.g. `6.1.0-56-cloud-amd64`. */
  readonly kernelRelease: string;
  /** Path of the guest's serial console log (bounded), readable also just after the guest's end. */
  readonly consoleLog: string;
  /** Resolves when the guest ends although this lease is live (panic, killed, reset by another owner). Never rejects. */
  readonly lost: Promise<Failure>;
  /** Ends the guest and boots it anew; this object then speaks to the new one. Other owners are told `lost`. */
  reset(signal?: AbortSignal): Promise<void>;
}

/**
 * Opens the guest of a kernel: shares the running one, else prepares packages and image and boots it.
 * @throws Failure `qemu-missing`, `guest-unsupported`, `guest-boot-timeout`, `guest-boot-failed`, `disk-full`, `cancelled`, …
 */
export function openGuest(options: GuestOptions, deps: GuestDeps): Promise<GuestHost> {
  return Promise.reject(new Error(`${options.kernel ?? DEFAULT_GUEST_KERNEL} by ${deps.keeperPath}: not built yet`));
}
