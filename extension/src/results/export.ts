// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Failure, type Call, type LoadSession } from '../../../core/model';
import { addressesSvg, report, timelineSvg } from '../../../core/results/export';

interface Format extends vscode.QuickPickItem {
  readonly extension: string;
  /** What the file is called beside the session. */
  readonly suffix: string;
  readonly text: () => string | null;
}

/** Saves a session in a format and a place that the person chooses. @param call the selected one */
export async function exportSession(session: LoadSession, call: Call | null): Promise<void> {
  const formats: readonly Format[] = [
    { label: 'HTML report', description: 'one page, for reading and printing', extension: 'html', suffix: '', text: () => report(session, 'html') },
    { label: 'CSV', description: 'every call, for a spreadsheet', extension: 'csv', suffix: '', text: () => report(session, 'csv') },
    { label: 'JSON', description: 'the whole load session', extension: 'json', suffix: '', text: () => report(session, 'json') },
    { label: 'SVG of the timeline', extension: 'svg', suffix: '-timeline', text: () => timelineSvg(session) },
    ...(call?.registers ? [{ label: `SVG of the addresses of ${call.syscall}()`, extension: 'svg', suffix: `-${call.id}`, text: () => addressesSvg(session, call) }] : []),
  ];
  const format = await vscode.window.showQuickPick(formats, { title: `Export This Load of ${session.module.name}`, placeHolder: 'Format' });
  if (!format) return;
  const text = format.text();
  if (text === null) throw new Failure({ code: 'nothing-to-export', what: 'Nothing was exported.', why: 'This load has nothing to draw.', next: 'Choose another format.' });
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(session.module.folder);
  const uri = await vscode.window.showSaveDialog({
    title: 'Export Syscall Results',
    defaultUri: vscode.Uri.joinPath(folder, `${session.id}${format.suffix}.${format.extension}`),
    filters: { [format.label]: [format.extension] },
  });
  if (!uri) return;
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  void offerToOpen(uri, format.extension === 'html');
}

async function offerToOpen(uri: vscode.Uri, inBrowser: boolean): Promise<void> {
  const choice = await vscode.window.showInformationMessage(`Exported to ${vscode.workspace.asRelativePath(uri)}.`, inBrowser ? 'Open in Browser' : 'Open');
  if (choice === undefined) return;
  if (inBrowser) await vscode.env.openExternal(uri);
  else await vscode.window.showTextDocument(uri);
}
