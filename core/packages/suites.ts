// SPDX-License-Identifier: MIT

/** A Debian release and the suites that belong to it. */
export interface SuiteFamily {
  readonly codename: string;
  /** Kernel series that the release itself ships; null where it moves. */
  readonly homeSeries: string | null;
  /** Not yet released: consulted only on request. */
  readonly unreleased: boolean;
  /** Suites on the main archive. */
  readonly main: readonly string[];
  /** Suites on the security archive. */
  readonly security: readonly string[];
}

/** Newest first. Source: Debian's list of releases, and the kernel that each of them ships. */
export const suiteFamilies: readonly SuiteFamily[] = [
  { codename: 'sid', homeSeries: null, unreleased: true, main: ['sid'], security: [] },
  { codename: 'forky', homeSeries: null, unreleased: true, main: ['forky'], security: ['forky-security'] },
  { codename: 'trixie', homeSeries: '6.12', unreleased: false, main: ['trixie', 'trixie-backports'], security: ['trixie-security'] },
  { codename: 'bookworm', homeSeries: '6.1', unreleased: false, main: ['bookworm', 'bookworm-backports'], security: ['bookworm-security'] },
  { codename: 'bullseye', homeSeries: '5.10', unreleased: false, main: ['bullseye'], security: ['bullseye-security'] },
];

const aliases = ['oldoldstable', 'oldstable', 'stable', 'testing', 'unstable'];

/** Whether a suite name of an apt source is one of Debian's own: on its main archive, on its security archive, or neither. */
export function archiveOfSuite(suite: string): 'main' | 'security' | null {
  const match = /^([a-z]+)(-security|\/updates|-updates|-backports)?$/.exec(suite);
  const [, name = '', kind = ''] = match ?? [];
  if (!aliases.includes(name) && !suiteFamilies.some((family) => family.codename === name)) return null;
  return kind === '-security' || kind === '/updates' ? 'security' : 'main';
}

export function familyNamed(codename: string): SuiteFamily {
  const family = suiteFamilies.find((one) => one.codename === codename);
  if (!family) throw new RangeError(`no suite family ${codename}`);
  return family;
}

/** Families in the order in which a kernel series is looked for: the release that ships it, then newest first. */
export function familiesForSeries(series: string, families: readonly SuiteFamily[]): SuiteFamily[] {
  return [...families.filter((one) => one.homeSeries === series), ...families.filter((one) => one.homeSeries !== series)];
}
