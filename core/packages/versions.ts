// SPDX-License-Identifier: MIT

const order = (char: string | undefined): number => {
  if (char === '~') return -1;
  if (char === undefined || /[0-9]/.test(char)) return 0;
  return /[A-Za-z]/.test(char) ? char.charCodeAt(0) : char.charCodeAt(0) + 256;
};

/** Compares an upstream version or a Debian revision: alternating non-digit and digit runs, `~` before the end. */
function compareRuns(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !/[0-9]/.test(a.charAt(i))) || (j < b.length && !/[0-9]/.test(b.charAt(j)))) {
      const difference = order(a[i]) - order(b[j]);
      if (difference !== 0) return difference;
      i++;
      j++;
    }
    const digitsA = /^[0-9]*/.exec(a.slice(i))?.[0] ?? '';
    const digitsB = /^[0-9]*/.exec(b.slice(j))?.[0] ?? '';
    i += digitsA.length;
    j += digitsB.length;
    const numberA = BigInt(digitsA || '0');
    const numberB = BigInt(digitsB || '0');
    if (numberA !== numberB) return numberA < numberB ? -1 : 1;
  }
  return 0;
}

function split(version: string): { epoch: string; upstream: string; revision: string } {
  const colon = version.indexOf(':');
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: colon < 0 ? '0' : version.slice(0, colon),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '0' : rest.slice(dash + 1),
  };
}

/** Order of two Debian package versions (Debian Policy 5.6.12): negative when `a` is the older. */
export function compareVersions(a: string, b: string): number {
  const x = split(a);
  const y = split(b);
  return compareRuns(x.epoch, y.epoch) || compareRuns(x.upstream, y.upstream) || compareRuns(x.revision, y.revision);
}
