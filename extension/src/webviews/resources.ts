// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { pageHtml } from './html';

/** Where the bundled webviews lie, and how one of them is put into a webview. */
export class WebviewResources {
  private readonly folder: vscode.Uri;

  constructor(extensionUri: vscode.Uri) {
    this.folder = vscode.Uri.joinPath(extensionUri, 'dist', 'media');
  }

  /** Sets options and page. Listen for messages before. */
  fill(webview: vscode.Webview, view: 'results' | 'kernel-log', title: string): void {
    webview.options = { enableScripts: true, localResourceRoots: [this.folder] };
    const uri = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(this.folder, file)).toString();
    webview.html = pageHtml({ cspSource: webview.cspSource, script: uri(`${view}.js`), style: uri(`${view}.css`), title });
  }
}
