// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { visibleText, type LoadSession } from '../../../core/model';
import type { SessionStore } from '../../../core/sessions/store';
import type { SessionSummary } from '../../../core/sessions/summary';
import type { ShownSession } from '../results/results-controller';
import type { SessionFeed } from './session-feed';

interface SessionItem extends vscode.QuickPickItem {
  readonly id: string;
}

/** Load sessions of this window and those that were saved: how a person chooses one, and how it is read. */
export class StoredSessions {
  constructor(
    private readonly store: SessionStore,
    private readonly feed: SessionFeed,
  ) {}

  /** The session of this window with this id, which may still grow, else the saved one. @throws Failure */
  async open(id: string): Promise<ShownSession> {
    const live = this.feed.all().find((candidate) => candidate.id === id);
    if (live) return live;
    const session = await this.store.readGently(id);
    return { id, session: () => session };
  }

  /** Lets the person choose among the saved sessions, newest first. Undefined: none was chosen. */
  async pick(title: string, isOffered: (summary: SessionSummary) => boolean): Promise<string | undefined> {
    const items = this.store.list().then((summaries) => summaries.filter(isOffered).map(itemOf));
    const choice = await vscode.window.showQuickPick(items, { title, placeHolder: 'Load session', matchOnDescription: true, matchOnDetail: true });
    return choice?.id;
  }
}

function itemOf({ id, module, host, kernel, startedAt, end }: SessionSummary): SessionItem {
  return { id, label: visibleText(module), description: visibleText(`Linux ${kernel}, ${host}`), detail: `${localTime(startedAt)}, ${END_WORDS[end?.state ?? 'running']}` };
}

const END_WORDS: Readonly<Record<NonNullable<LoadSession['end']>['state'] | 'running', string>> = {
  running: 'still loaded, or cut off',
  loaded: 'left loaded',
  unloaded: 'unloaded',
  refused: 'not loaded',
  oops: 'kernel oops',
  hostLost: 'host lost',
  cancelled: 'cancelled',
};

function localTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? visibleText(iso) : date.toLocaleString();
}
