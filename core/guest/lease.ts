// SPDX-License-Identifier: MIT

/**
 * How long a process keeps a guest alive. `process` and `window`: while the owner lives and has not disposed its
 * host. `idle`: `seconds` longer than that, so that the next command finds the guest running.
 */
export type Lease = { readonly kind: 'process' | 'window' } | { readonly kind: 'idle'; readonly seconds: number };

export const DEFAULT_IDLE_SECONDS = 900;
