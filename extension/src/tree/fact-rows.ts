// SPDX-License-Identifier: MIT
import { describeFacts } from '../../../core/hosts/describe-facts';
import type { HostFacts } from '../../../core/hosts/host';
import { visibleText } from '../../../core/model';
import { note, type TreeNode } from './tree-node';

const ICONS: Readonly<Record<string, string>> = {
  kernel: 'circuit-board',
  rights: 'account',
  headers: 'file-code',
  compiler: 'tools',
  modules: 'package',
  signatures: 'verified',
  lockdown: 'lock',
  taint: 'beaker',
  'kernel log': 'output',
  boot: 'history',
};

/** What a host's one round trip told, a row each. */
export function factRows(hostId: string, facts: HostFacts): TreeNode[] {
  return describeFacts(facts).map(([name, value]) => {
    const label = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return note(`fact:${hostId}:${name}`, label, ICONS[name] ?? 'info', { description: visibleText(value), tooltip: `${label}: ${visibleText(value)}` });
  });
}

/** A line of /proc/modules as a row: `name size refcount users state address`. Lines that are no such thing are left out. */
export function moduleRows(hostId: string, procModules: string): TreeNode[] {
  const rows = procModules.split('\n').flatMap((line) => {
    const [, name, size, count, users] = /^(\w{1,64}) (\d+) (\d+) (\S+) /.exec(line) ?? [];
    if (name === undefined) return [];
    const by = (users ?? '-').split(',').filter((user) => user !== '' && user !== '-');
    const used = by.length > 0 ? ` · used by ${by.join(', ')}` : Number(count) > 0 ? ` · in use (${count ?? ''})` : '';
    return [note(`kernel-module:${hostId}:${name}`, name, 'package', { description: visibleText(`${Math.ceil(Number(size) / 1024)} KiB${used}`) })];
  });
  const sorted = rows.toSorted((a, b) => a.label.localeCompare(b.label));
  return sorted.length > 0 ? sorted : [note(`no-modules:${hostId}`, 'No module is loaded', 'circle-slash')];
}
