// SPDX-License-Identifier: MIT

/** A size on disk, for people. */
export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
}
