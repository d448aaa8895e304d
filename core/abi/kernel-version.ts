// SPDX-License-Identifier: MIT

/** `KERNEL_VERSION(major, minor, patch)` of a release such as `6.1.0-56-cloud-amd64`, null when it has none. */
export function versionCode(release: string | null): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,4}))?/.exec(release ?? '');
  if (!match) return null;
  return Number(match[1]) * 0x10000 + Number(match[2]) * 0x100 + Math.min(Number(match[3] ?? 0), 255);
}
