// SPDX-License-Identifier: MIT
import type { GuestKernel } from '../../../core/guest/manage';

/**
 * The newest kernel on disk that a guest's name may mean: `6.1-cloud`, `newest-cloud` or an exact release. What is fetched at
 * the next start may be newer.
 */
export function storedFor<Kernel extends Pick<GuestKernel, 'release'>>(spec: string, kernels: readonly Kernel[]): Kernel | undefined {
  const exact = kernels.find(({ release }) => release === spec);
  if (exact) return exact;
  const [, series, flavour] = /^(newest|\d+\.\d+)(?:-(cloud|generic))?$/.exec(spec) ?? [];
  if (series === undefined) return undefined;
  const fits = kernels.filter(({ release }) => (series === 'newest' || release.startsWith(`${series}.`)) && (flavour === undefined || release.includes('-cloud-') === (flavour === 'cloud')));
  return fits.toSorted((a, b) => b.release.localeCompare(a.release, 'en', { numeric: true }))[0];
}
