// SPDX-License-Identifier: MIT

/** Work of one kind that may still be done. What costs less than it may comes out the same under any larger limit. */
export interface Cost {
  readonly used: number;
  /** What was left when the work began. */
  readonly allowed: number;
}

/** Whether the result of earlier work is what the same work gives now. */
export function holds({ used, allowed }: Cost, allowedNow: number): boolean {
  return allowed === allowedNow || (used < allowed && used < allowedNow);
}
