// SPDX-License-Identifier: MIT
import { fileURLToPath } from 'node:url';
import type { TextDocuments } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { DiskFiles, MAX_SOURCE_BYTES, type SourceFiles } from '../workspace/source-files';

/** The absolute path of a `file:` URI; null for any other. */
export function filePath(uri: string): string | null {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : null;
  } catch {
    return null;
  }
}

/** Whether an open document is larger than what is analysed. */
export function isTooLarge(document: TextDocument): boolean {
  const text = document.getText();
  return text.length > MAX_SOURCE_BYTES || Buffer.byteLength(text) > MAX_SOURCE_BYTES; // most of them need not be counted, which takes time
}

/** Files as the editor shows them: an open document's text, saved or not, else the disk's. */
export class OpenFiles implements SourceFiles {
  private readonly disk = new DiskFiles();
  private readonly open = new Map<string, string>();

  constructor(private readonly documents: TextDocuments<TextDocument>) {
    documents.onDidOpen(({ document: { uri } }) => {
      const file = filePath(uri);
      if (file !== null) this.open.set(file, uri);
    });
    documents.onDidClose(({ document: { uri } }) => {
      const file = filePath(uri);
      if (file !== null) this.open.delete(file);
    });
  }

  async read(file: string): Promise<string | undefined> {
    const uri = this.open.get(file);
    const document = uri === undefined ? undefined : this.documents.get(uri);
    if (!document) return this.disk.read(file);
    return isTooLarge(document) ? undefined : document.getText();
  }

  async exists(file: string): Promise<boolean> {
    return this.open.has(file) || this.disk.exists(file);
  }
}
