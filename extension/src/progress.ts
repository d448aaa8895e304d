// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { silentProgress, type Progress } from '../../core/platform/progress';

export interface Work {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Work that is done before is not announced: its result is. */
const UNSEEN_MS = 500;

/** Work that nobody watches or cancels. */
export function silentWork(): Work {
  return { progress: silentProgress, signal: new AbortController().signal };
}

/** Runs work; one that takes long gets a cancellable notification. Its steps are shown, its lines go to the log. */
export async function withWork<T>(title: string, log: vscode.LogOutputChannel, work: (work: Work) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const progress = notificationProgress(log);
  const running = work({ progress, signal: abort.signal });
  const over = running.then(
    () => true,
    () => true,
  );
  let timer: NodeJS.Timeout | undefined;
  const isOver = await Promise.race([over, new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), UNSEEN_MS)))]);
  clearTimeout(timer);
  if (isOver) return running;
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  await vscode.window.withProgress(options, async (reporter, token) => {
    const subscription = token.onCancellationRequested(() => abort.abort());
    progress.showOn(reporter);
    await over;
    subscription.dispose();
  });
  return running;
}

type Reporter = vscode.Progress<{ message?: string }>;

/** Shows the last step, once there is something to show it on. */
function notificationProgress(log: vscode.LogOutputChannel): Progress & { readonly showOn: (reporter: Reporter) => void } {
  let reporter: Reporter | undefined;
  let last = '';
  let shownPercent = -1;
  return {
    showOn: (place) => {
      reporter = place;
      if (last !== '') reporter.report({ message: last });
    },
    step: (message) => {
      last = message;
      shownPercent = -1;
      log.info(message);
      reporter?.report({ message });
    },
    fraction: (done) => {
      const percent = Math.floor(Math.min(1, Math.max(0, done)) * 100);
      if (percent === shownPercent) return;
      shownPercent = percent;
      reporter?.report({ message: `${last} (${percent} %)` });
    },
    log: (line) => log.debug(line),
  };
}
