// SPDX-License-Identifier: MIT
import { visibleText, type CharacterDevice, type Failure } from '../../../core/model';
import type { HostState } from '../hosts/host-keeper';
import { megabytes } from '../hosts/megabytes';
import { note, SELECTED_MARK, type TreeNode } from './tree-node';

/** What there is of a guest, whoever opened it: it runs, it starts from a saved state, or its kernel lies on disk. */
export interface GuestView {
  readonly state: 'running' | 'saved' | 'stopped';
  /** `uname -r`; null where it is not known before it runs. */
  readonly release: string | null;
  /** Bytes that it takes on disk; null where that is not known. */
  readonly diskBytes: number | null;
}

/** A module of ours that is in a host's kernel. */
export interface LoadedView {
  readonly sessionId: string;
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** It is still being built and loaded, or it is in the kernel. */
  readonly phase: 'loading' | 'loaded';
  /** The other process that loads it or keeps it loaded. */
  readonly loader: number | null;
  readonly devices: readonly CharacterDevice[];
}

export interface HostView {
  readonly id: string;
  readonly name: string;
  readonly kind: 'guest' | 'ssh' | 'local';
  /** The next load goes there. */
  readonly selected: boolean;
  /** Listed in kmodlab.hosts. */
  readonly listed: boolean;
  readonly state: HostState;
  readonly guest: GuestView | null;
  readonly loaded: readonly LoadedView[];
  /** What the host is now: a load taints its kernel. Asked when the row is opened. */
  readonly facts: () => Promise<readonly TreeNode[]>;
  /** Reads /proc/modules; asked when the row is opened. */
  readonly allModules: () => Promise<readonly TreeNode[]>;
}

/** The rows of the Hosts view. */
export function hostRows(hosts: readonly HostView[]): TreeNode[] {
  return hosts.map(hostRow);
}

function hostRow(host: HostView): TreeNode {
  const children = hostChildren(host);
  const expanded = host.state.state === 'failed' || host.loaded.length > 0;
  return {
    id: `host:${host.id}${expanded ? ':open' : ''}`, // VS Code opens a row by itself only when it is new
    label: host.name,
    description: `${host.selected ? SELECTED_MARK : ''}${stateWords(host).join(' · ')}`,
    tooltip: tooltipOf(host),
    ...iconOf(host),
    context: contextOf(host),
    subject: { kind: 'host', hostId: host.id },
    ...(children.length === 0 ? {} : { children }),
    expanded,
  };
}

/** What a host is doing, shortest first. */
function stateWords({ name, kind, state, guest }: HostView): string[] {
  switch (state.state) {
    case 'opening':
      return [kind === 'guest' ? 'starting…' : 'connecting…'];
    case 'open':
      return [kind === 'guest' ? 'running' : 'connected', ...versionBeside(name, state.facts.kernel)];
    case 'failed':
      return [FAILURES[state.failure.code] ?? 'failed'];
    case 'closed':
      if (kind !== 'guest') return ['not connected'];
      return guest === null ? ['stopped'] : [guest.state, ...(guest.release === null ? [] : versionBeside(name, guest.release))];
  }
}

/** What a person is to do about a host, in a word; the rows beneath say it in full. */
const FAILURES: Readonly<Record<string, string>> = {
  'host-key-unknown': 'host key not known',
  'host-key-changed': 'host key changed',
  'host-auth': 'login refused',
  'host-unreachable': 'not reached',
  'host-lost': 'lost',
  'host-unsupported': 'not supported',
};

/** `6.1.0` of `6.1.0-56-cloud-amd64`, where the name does not say the series: a row is narrow, and its tooltip has the rest. */
function versionBeside(name: string, release: string): string[] {
  const [version, series] = /^(\d+\.\d+)(?:\.\d+)?/.exec(release) ?? [visibleText(release)];
  return series !== undefined && new RegExp(`(?:^|[^\\d.])${series.replace('.', '\\.')}(?![\\d.])`).test(name) ? [] : [version];
}

const GUEST_ICONS = { running: 'vm-active', saved: 'vm', stopped: 'vm-outline' } as const;
const ICONS = { guest: 'vm', ssh: 'remote', local: 'home' } as const;

function iconOf({ kind, state, guest }: HostView): Pick<TreeNode, 'icon' | 'iconColor'> {
  if (state.state === 'failed') return { icon: 'error', iconColor: 'list.errorForeground' };
  if (state.state === 'opening') return { icon: 'loading~spin' };
  if (kind !== 'guest') return { icon: ICONS[kind] };
  if (state.state === 'open') return { icon: 'vm-running' };
  return { icon: GUEST_ICONS[guest?.state ?? 'stopped'] };
}

/** Words for `viewItem` clauses: the kind, the state, what there is of a guest, and whether it is selected or listed. */
function contextOf({ kind, state, guest, selected, listed }: HostView): string {
  const runs = kind === 'guest' && (state.state === 'open' || guest?.state === 'running');
  return ['host', kind, state.state, ...(runs ? ['running'] : []), ...((guest?.diskBytes ?? null) === null ? [] : ['stored']), ...(selected ? ['selected'] : []), ...(listed ? ['listed'] : [])].join(' ');
}

function tooltipOf({ id, name, kind, selected, state, guest }: HostView): string {
  const disposable = kind === 'guest' ? 'A disposable virtual machine: it may crash without harm.' : 'A real kernel: a faulty module can crash it.';
  const diskBytes = guest?.diskBytes ?? null;
  const disk = diskBytes === null ? [] : [`On disk: ${megabytes(diskBytes)}.`];
  const lines = [`${name} (${visibleText(id)})`, disposable, ...(selected ? ['The next load goes here.'] : []), ...disk];
  if (state.state === 'open') lines.push(`Linux ${visibleText(state.facts.kernel)}, ${state.facts.arch}`);
  if (state.state === 'opening' && state.step !== '') lines.push(visibleText(state.step));
  if (state.state === 'failed') lines.push(visibleText(state.failure.message));
  return lines.join('\n');
}

function hostChildren(host: HostView): TreeNode[] {
  const { id, state } = host;
  const loaded = host.loaded.map((module) => loadedRow(id, module));
  if (state.state === 'failed') return [...failureRows(id, state.failure), ...loaded];
  if (state.state !== 'open') return loaded;
  return [
    ...loaded,
    { id: `facts:${id}`, label: 'Facts', description: 'kernel, rights, headers, taint', icon: 'info', children: host.facts },
    { id: `modules:${id}`, label: 'All modules', description: 'of its kernel', icon: 'list-unordered', children: host.allModules },
  ];
}

/** Why a host cannot be used, and what to do. */
function failureRows(id: string, failure: Failure): TreeNode[] {
  return [
    { ...note(`failure:${id}`, visibleText(failure.why), 'warning', { tooltip: visibleText(failure.message) }), context: `failure ${failure.code}`, subject: { kind: 'host', hostId: id } },
    note(`remedy:${id}`, visibleText(failure.next), 'lightbulb', { tooltip: visibleText(failure.next) }),
  ];
}

function loadedRow(hostId: string, { sessionId, name, parameters, phase, loader, devices }: LoadedView): TreeNode {
  const given = Object.entries(parameters).map(([key, value]) => `${key}=${value}`).join(' ');
  const from = loader === null ? '' : ` · process ${loader}`;
  if (phase === 'loading') {
    const tooltip = loader === null ? 'Being built and loaded.' : `Being built and loaded by process ${loader}: another window, a task or a terminal.`;
    return note(`loading:${hostId}:${sessionId}`, visibleText(name), 'loading~spin', { description: `loading…${from}`, tooltip });
  }
  return {
    id: `loaded:${hostId}:${sessionId}`,
    label: visibleText(name),
    description: visibleText(given === '' ? `loaded${from}` : `loaded${from} · ${given}`),
    tooltip: visibleText([`${name} is loaded.`, ...(given === '' ? [] : [given]), ...(loader === null ? [] : [`Process ${loader}, another window or a terminal, keeps it: it is unloaded there.`])].join('\n')),
    icon: 'package',
    context: 'loaded',
    subject: { kind: 'loaded', sessionId },
    ...(devices.length === 0 ? {} : { children: devices.map((device) => deviceRow(sessionId, device)), expanded: true }),
  };
}

function deviceRow(sessionId: string, { name, major, minor, node }: CharacterDevice): TreeNode {
  const number = minor === 0 ? `character device ${major}` : `character device ${major}:${minor}`;
  return {
    id: `device:${sessionId}:${major}:${minor}`,
    label: visibleText(node ?? name),
    description: node === null ? `${number} · no node yet` : number,
    icon: 'plug',
    context: node === null ? 'device' : 'device node',
    subject: { kind: 'device', sessionId, major, minor },
  };
}
