// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { Frame, FrameLocator, Locator, Page } from 'playwright-core';

/** Where a webview stands: in a view container, or as an editor tab. */
export type WebviewPlace = 'view' | 'panel';

const OWN_WEBVIEW = 'iframe.webview.ready[src*="extensionId=kmodlab.kmodlab"]';
const WEBVIEW: Record<WebviewPlace, string> = {
  view: `${OWN_WEBVIEW}[src*="purpose=webviewView"]`,
  panel: `${OWN_WEBVIEW}:not([src*="purpose=webviewView"])`,
};

/** The themes that a person may choose: VS Code's id, and the label in the list. */
const THEMES = {
  light: { id: 'Light Modern', label: 'Light Modern' },
  dark: { id: 'Dark Modern', label: 'Dark Modern' },
  'high-contrast': { id: 'Default High Contrast', label: 'Dark High Contrast' },
  'high-contrast-light': { id: 'Default High Contrast Light', label: 'Light High Contrast' },
} as const;
export type Theme = keyof typeof THEMES;
export const THEME_NAMES = Object.keys(THEMES) as Theme[];

const SHOWN_MS = 10_000;

/** What a person does in VS Code's workbench, as actions on its page. Each waits for the thing that it acts on. */
export class Workbench {
  private shots = 0;

  constructor(
    readonly page: Page,
    private readonly shotsDir: string,
  ) {
    fs.rmSync(shotsDir, { recursive: true, force: true });
    fs.mkdirSync(shotsDir, { recursive: true });
  }

  async open(port: number, folder: string): Promise<void> {
    await this.page.goto(`http://127.0.0.1:${port}/?${new URLSearchParams({ folder }).toString()}`);
    await this.page.locator('.monaco-workbench .explorer-folders-view').waitFor();
  }

  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.command('workbench.action.reloadWindow', 'Developer: Reload Window');
    await loaded;
    await this.page.locator('.monaco-workbench .sidebar .composite.title').waitFor(); // restored, whichever it was
  }

  /** Types a command's title into the palette and clicks its row: Enter right after typing runs a wrong one. */
  async command(id: string, title: string): Promise<void> {
    await this.inPalette(`>${title}`, () => this.page.locator(`.quick-input-list [data-quick-input-id="${id}"]`).click({ timeout: SHOWN_MS }));
  }

  /** The title that the palette shows for a command, found by a part of it. */
  async paletteTitle(id: string, typed: string): Promise<string> {
    const title = await this.inPalette(`>${typed}`, () => this.page.locator(`.quick-input-list [data-quick-input-id="${id}"] .monaco-icon-label`).first().innerText({ timeout: SHOWN_MS }));
    await this.page.keyboard.press('Escape');
    return title;
  }

  /** On a busy machine the palette may close again, when what had the focus before takes it back: then it is opened anew. */
  private async inPalette<T>(text: string, act: () => Promise<T>): Promise<T> {
    for (let left = 3; ; left--) {
      await this.page.keyboard.press('F1');
      try {
        await this.quickInput().fill(text, { timeout: SHOWN_MS });
        return await act();
      } catch (error) {
        if (left === 1) throw error;
        await this.page.keyboard.press('Escape');
      }
    }
  }

  /** Clicks the row of an open pick list. Labels may carry a suffix (`, recently used`). */
  async pick(label: string, options: { timeout?: number } = {}): Promise<void> {
    const name = JSON.stringify(label);
    await this.page.locator(`.quick-input-list .monaco-list-row:is([aria-label=${name}], [aria-label^=${JSON.stringify(`${label}, `)}])`).first().click(options);
  }

  /** Runs a command and clicks the row of its pick list, which a load that just ends may close again by revealing its views: then anew. */
  async commandAndPick(id: string, title: string, label: string): Promise<void> {
    await this.command(id, title);
    try {
      await this.pick(label, { timeout: SHOWN_MS });
    } catch {
      await this.command(id, title);
      await this.pick(label);
    }
  }

  /** Answers an input box: the one that is open, or the one that says so, once it is. */
  async type(text: string, says?: string): Promise<void> {
    if (says !== undefined) await this.page.locator('.quick-input-widget:visible', { hasText: says }).waitFor();
    await this.quickInput().fill(text);
    await this.page.keyboard.press('Enter');
  }

  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+P');
    await this.quickInput().fill(name);
    await this.pick(name);
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
  }

  /** Runs a task that the extension provides; `label` as the list shows it, `kmodlab: build device2`. */
  async runTask(type: string, label: string): Promise<void> {
    await this.command('workbench.action.tasks.runTask', 'Tasks: Run Task');
    await this.pick(`All ${type} tasks`);
    await this.pick(label);
  }

  webview(place: WebviewPlace): FrameLocator {
    return this.page.frameLocator(WEBVIEW[place]).frameLocator('#active-frame');
  }

  /** The document of a webview, for programs that run inside of it. */
  async webviewFrame(place: WebviewPlace): Promise<Frame> {
    const outer = await this.page.locator(WEBVIEW[place]).elementHandle();
    const inner = await (await outer.contentFrame())?.waitForSelector('#active-frame');
    const frame = await inner?.contentFrame();
    if (!frame) throw new Error(`There is no webview as ${place}`);
    return frame;
  }

  /** Rows of the Problems view that hold all of the texts. */
  problem(...texts: string[]): Locator {
    return texts.reduce((rows, hasText) => rows.filter({ hasText }), this.page.locator('.markers-panel .monaco-list-row'));
  }

  async showProblems(): Promise<void> {
    await this.command('workbench.actions.view.problems', 'Problems: Focus on Problems View');
    await this.page.locator('.markers-panel').waitFor();
  }

  async clearNotifications(): Promise<void> {
    await this.command('notifications.clearAll', 'Notifications: Clear All Notifications');
  }

  statusBar(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item', { hasText: text });
  }

  /** Brings a view container of the side bar to the front. While a window is restored, a click may hide it instead: then it is clicked again. */
  async showSideBar(title: string): Promise<void> {
    const tab = this.page.locator('.activitybar [role=tab]', { has: this.page.locator(`.action-label[aria-label^=${JSON.stringify(title)}]`) });
    await tab.waitFor();
    for (let left = 3; ; left--) {
      if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
      try {
        await this.page.locator('.sidebar .composite.title', { hasText: title }).waitFor({ timeout: SHOWN_MS });
        return;
      } catch (error) {
        if (left === 1) throw error;
      }
    }
  }

  /** Rows of a tree view whose spoken label begins so. */
  treeRow(spoken: string): Locator {
    return this.page.locator(`.sidebar .monaco-list-row[aria-label^=${JSON.stringify(spoken)}]`);
  }

  /** Presses an inline action of a row, which is there while the pointer is over it. */
  async rowAction(row: Locator, title: string): Promise<void> {
    await row.hover();
    await row.locator(`.actions .action-label[aria-label^=${JSON.stringify(title)}]`).click();
  }

  /** Chooses an entry of a row's context menu. */
  async rowMenu(row: Locator, title: string): Promise<void> {
    await row.click({ button: 'right' });
    const entry = this.page.locator(`.monaco-menu .action-label[aria-label^=${JSON.stringify(title)}]`);
    await entry.click();
    // A menu that has just opened may take no click yet.
    await entry.waitFor({ state: 'hidden', timeout: SHOWN_MS }).catch(() => entry.click());
  }

  /** A question in front of everything. */
  dialog(text: string | RegExp): Locator {
    return this.page.locator('.monaco-dialog-box', { hasText: text });
  }

  /** A message, once it is there, in the list of notifications: of many in a short time VS Code shows some only there. */
  async notification(text: string | RegExp, options: { timeout?: number } = {}): Promise<Locator> {
    await this.command('notifications.showList', 'Notifications: Show Notifications');
    const message = this.page.locator('.notifications-center .notification-list-item', { hasText: text }).first();
    await message.waitFor(options);
    return message;
  }

  /** Opens a row, or closes it. */
  async toggle(row: Locator): Promise<void> {
    await row.locator('.monaco-tl-twistie').click();
  }

  /** Text of the terminal in front, as it stands on the screen. */
  terminal(): Locator {
    return this.page.locator('.terminal-wrapper.active .xterm-rows');
  }

  /** Chooses a colour theme, as a person does, and waits until the webviews in front wear it. */
  async theme(theme: Theme, places: readonly WebviewPlace[] = ['view', 'panel']): Promise<void> {
    const { id, label } = THEMES[theme];
    await this.command('workbench.action.selectTheme', 'Preferences: Color Theme');
    await this.quickInput().fill(label);
    await this.pick(label);
    for (const place of places) await this.webview(place).locator(`body[data-vscode-theme-id="${id}"]`).waitFor();
  }

  /** Presses Tab until an element of a webview has the focus, as a person without a mouse does. */
  async tabTo(place: WebviewPlace, selector: string): Promise<void> {
    const frame = await this.webviewFrame(place);
    for (let presses = 0; presses < 60; presses++) {
      if (await frame.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) ?? false`)) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${selector} in the ${place}`);
  }

  async resize(width: number, height: number): Promise<void> {
    await this.page.setViewportSize({ width, height });
  }

  /** Takes a screenshot; the files of a run sort in the order they were taken. */
  async shot(name: string): Promise<void> {
    await this.page.screenshot({ path: path.join(this.shotsDir, `${String(++this.shots).padStart(2, '0')}-${name}.png`), animations: 'disabled' });
  }

  private quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible input').first();
  }
}
