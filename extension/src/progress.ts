// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { silentProgress, type Progress } from '../../core/platform/progress';

export interface Work {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Work that nobody watches or cancels. */
export function silentWork(): Work {
  return { progress: silentProgress, signal: new AbortController().signal };
}

/** Runs long work under a cancellable notification; its steps are shown, its lines go to the log. */
export function withWork<T>(title: string, log: vscode.LogOutputChannel, work: (work: Work) => Promise<T>): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return Promise.resolve(
    vscode.window.withProgress(options, async (reporter, token) => {
      const abort = new AbortController();
      const subscription = token.onCancellationRequested(() => abort.abort());
      try {
        return await work({ progress: notificationProgress(reporter, log), signal: abort.signal });
      } finally {
        subscription.dispose();
      }
    }),
  );
}

function notificationProgress(reporter: vscode.Progress<{ message?: string }>, log: vscode.LogOutputChannel): Progress {
  let step = '';
  let shownPercent = -1;
  return {
    step: (message) => {
      step = message;
      shownPercent = -1;
      log.info(message);
      reporter.report({ message });
    },
    fraction: (done) => {
      const percent = Math.floor(Math.min(1, Math.max(0, done)) * 100);
      if (percent === shownPercent) return;
      shownPercent = percent;
      reporter.report({ message: `${step} (${percent} %)` });
    },
    log: (line) => log.debug(line),
  };
}
