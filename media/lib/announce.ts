// SPDX-License-Identifier: MIT

const PAUSE_MS = 1500;

/**
 * Speaks through a polite live region, at most once in a pause; of what came meanwhile only the last is said,
 * so that a busy log does not flood a screen reader.
 */
export function announcer(region: HTMLElement): (text: string) => void {
  let waiting: string | null = null;
  let timer: number | undefined;
  const say = (text: string): void => {
    region.textContent = text;
    timer = window.setTimeout(() => {
      timer = undefined;
      if (waiting !== null) say(waiting);
      waiting = null;
    }, PAUSE_MS);
  };
  return (text) => {
    if (timer === undefined) say(text);
    else waiting = text;
  };
}
