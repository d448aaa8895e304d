// SPDX-License-Identifier: MIT
import type { HostFacts } from '../../../core/hosts/host';
import { visibleText } from '../../../core/model';
import { note, type TreeNode } from './tree-node';

/** What a host's one round trip told, a row each. */
export function factRows(hostId: string, facts: HostFacts): TreeNode[] {
  const rows: [label: string, value: string, icon: string][] = [
    ['Kernel', facts.kernel, 'circuit-board'],
    ['Architecture', facts.arch, 'chip'],
    ['Rights', facts.uid === 0 ? 'root' : `user ${facts.uid}`, 'account'],
    ['Kernel headers', facts.kernelBuildDir ?? 'not installed there', 'file-code'],
    ['Taint flags', facts.tainted === 0 ? 'none' : String(facts.tainted), 'beaker'],
    ['Boot', facts.bootId, 'history'],
  ];
  return rows.map(([label, value, icon]) => note(`fact:${hostId}:${label}`, label, icon, { description: visibleText(value), tooltip: `${label}: ${visibleText(value)}` }));
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
