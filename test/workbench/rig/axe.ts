// SPDX-License-Identifier: MIT
import axe from 'axe-core';
import type { WebviewPlace, Workbench } from './workbench-page';

interface AxeResults {
  readonly passes: readonly unknown[];
  readonly violations: readonly { readonly id: string; readonly help: string; readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[] }[];
}

/** What VS Code paints behind a webview, which is transparent itself. */
const BEHIND: Record<WebviewPlace, string> = { view: '--vscode-panel-background', panel: '--vscode-editor-background' };

/**
 * Checks the webview at a place against WCAG 2 A and AA and axe's best practices.
 * @returns one line for each element at fault
 */
export async function accessibilityFaults(workbench: Workbench, place: WebviewPlace): Promise<string[]> {
  const frame = await workbench.webviewFrame(place);
  await frame.evaluate(`document.documentElement.style.backgroundColor = 'var(${BEHIND[place]})'`);
  await frame.evaluate(axe.source);
  const results = await frame.evaluate<AxeResults>('axe.run(document)');
  if (results.passes.length === 0) throw new Error(`axe found nothing to check in the ${place}`);
  return results.violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => `${place}: ${id}: ${help}: ${html.slice(0, 160)} ${failureSummary ?? ''}`));
}
