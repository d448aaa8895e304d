// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { LoadSession } from '../../../core/model';

interface Api {
  whenReady(): Promise<void>;
  lastSession(): LoadSession | undefined;
  onSession(listener: (session: LoadSession) => void): vscode.Disposable;
  inlineResults(uri: vscode.Uri): readonly { line: number; text: string; stale: boolean; differs: boolean }[];
  onInlineResults(listener: () => void): vscode.Disposable;
}

/** The extension under test, active. */
export async function lab(): Promise<Api> {
  const extension = vscode.extensions.getExtension<Api>('kmodlab.kmodlab');
  assert.ok(extension, 'the extension is installed');
  const api = await extension.activate();
  await api.whenReady();
  return api;
}

/** The folder of device2 that the workbench has open: a copy, which tests may break. */
export function moduleFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  assert.ok(folder, 'a folder is open');
  return folder;
}

export function moduleFile(name: string): vscode.Uri {
  return vscode.Uri.file(path.join(moduleFolder(), name));
}

/** Resolves with the first value that is not undefined, now or after one of the events. */
export function until<T>(read: () => T | undefined, ...events: vscode.Event<unknown>[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const subscriptions: vscode.Disposable[] = [];
    const check = (): void => {
      try {
        const value = read();
        if (value === undefined) return;
        for (const subscription of subscriptions) subscription.dispose();
        resolve(value);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    subscriptions.push(...events.map((event) => event(check)));
    check();
  });
}

/** Waits for a session that is as wanted; the session of before does not count. */
export async function untilSession(wanted: (session: LoadSession) => boolean): Promise<LoadSession> {
  const api = await lab();
  const changed: vscode.Event<unknown> = (listener) => api.onSession(listener);
  return until(() => {
    const session = api.lastSession();
    return session && wanted(session) ? session : undefined;
  }, changed);
}

/** Replaces a file of the module while `work` runs. */
export async function withFile(name: string, change: (text: string) => string, work: () => Promise<void>): Promise<void> {
  const file = moduleFile(name).fsPath;
  const before = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, change(before));
  try {
    await work();
  } finally {
    fs.writeFileSync(file, before);
  }
}
