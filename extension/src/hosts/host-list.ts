// SPDX-License-Identifier: MIT
import * as z from 'zod';
import { ExitCode, Failure, visibleText } from '../../../core/model';
import { canonicalHostId, HOST_ID } from './host-id';

/** A host of the setting `kmodlab.hosts`. */
export interface ListedHost {
  readonly id: string;
  /** What the person calls it; null when they gave no name. */
  readonly name: string | null;
}

const Id = z.string().trim().regex(HOST_ID);
const Entry = z.union([
  Id.transform((host) => ({ host, name: undefined })),
  z.strictObject({ host: Id, name: z.string().trim().min(1).max(80).optional() }),
]);

const MAX_HOSTS = 100;
const MAX_NAMED = 3;

/** The hosts that the setting lists, each once; `bad` says in a few words each which entries are left out. */
export function readHostList(value: unknown): { hosts: ListedHost[]; bad: string[] } {
  if (!Array.isArray(value)) return { hosts: [], bad: value === undefined || value === null ? [] : ['it is no list'] };
  const hosts = new Map<string, ListedHost>();
  const bad: string[] = [];
  for (const [index, item] of (value as readonly unknown[]).entries()) {
    const entry = Entry.safeParse(item);
    if (index >= MAX_HOSTS || !entry.success) bad.push(`entry ${index + 1} is ${shown(item)}`);
    else if (!hosts.has(canonicalHostId(entry.data.host))) hosts.set(canonicalHostId(entry.data.host), { id: entry.data.host, name: entry.data.name ?? null });
  }
  return { hosts: [...hosts.values()], bad };
}

function shown(item: unknown): string {
  const text = JSON.stringify(item) as string | undefined;
  return visibleText((text ?? 'nothing').slice(0, 60));
}

/** One message for all entries that are left out. */
export function badHosts(bad: readonly string[]): Failure {
  const more = bad.length > MAX_NAMED ? `, and ${bad.length - MAX_NAMED} more` : '';
  return new Failure({
    code: 'bad-hosts',
    what: `The setting kmodlab.hosts is not understood in ${bad.length === 1 ? 'one place' : `${bad.length} places`}.`,
    why: `In it, ${bad.slice(0, MAX_NAMED).join(', ')}${more}.`,
    next: 'Write guest, guest:KERNEL, ssh:NAME or local, or an object with such a "host" and a "name".',
    exitCode: ExitCode.usage,
  });
}

/** What a host is called where it has no name of its own. */
export function defaultHostName(id: string): string {
  if (id === 'local') return 'This machine';
  if (id.startsWith('ssh:')) return visibleText(id.slice('ssh:'.length));
  return `Guest ${visibleText(canonicalHostId(id).slice('guest:'.length))}`;
}
