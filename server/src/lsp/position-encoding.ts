// SPDX-License-Identifier: MIT
import type { CancellationToken } from 'vscode-languageserver/node';
import { PositionEncodingKind, type Position } from 'vscode-languageserver/node';

/** The text of a document by its URI; undefined when there is none. */
type TextOf = (uri: string) => Promise<string | undefined>;

/**
 * What a character of a position counts, as client and server agreed. Inside the server it is always UTF-16; messages are
 * converted where they come in and go out, for clients that count otherwise.
 */
export class PositionEncoding {
  kind: PositionEncodingKind = PositionEncodingKind.UTF16;

  constructor(private readonly textOf: TextOf) {}

  /** Chooses from what a client offers, UTF-16 where it can be had: every client must, but some leave it out. */
  agree(offered: readonly PositionEncodingKind[] | undefined): void {
    const known: readonly PositionEncodingKind[] = [PositionEncodingKind.UTF16, PositionEncodingKind.UTF8, PositionEncodingKind.UTF32];
    this.kind = known.find((kind) => offered?.includes(kind)) ?? PositionEncodingKind.UTF16;
  }

  get isUtf16(): boolean {
    return this.kind === PositionEncodingKind.UTF16;
  }

  /** A handler of requests on a document, for a client that counts as was agreed. */
  handler<Params extends { readonly textDocument: { readonly uri: string } }, Result>(handle: (params: Params, token: CancellationToken) => Result | Promise<Result>): (params: Params, token: CancellationToken) => Promise<Result> {
    return async (params, token) => this.toClient(await handle(await this.fromClient(params), token), params.textDocument.uri);
  }

  /** A value with its positions as the client counts them; `uri` is the document that they are of where the value names none. */
  async toClient<T>(value: T, uri: string): Promise<T> {
    return this.isUtf16 ? value : ((await this.convert(value, uri, (line, character) => this.length(line.slice(0, character)))) as T);
  }

  private async fromClient<T extends { readonly textDocument: { readonly uri: string } }>(value: T): Promise<T> {
    return this.isUtf16 ? value : ((await this.convert(value, value.textDocument.uri, (line, character) => this.utf16(line, character))) as T);
  }

  private async convert(value: unknown, uri: string, character: (line: string, character: number) => number): Promise<unknown> {
    if (Array.isArray(value)) return Promise.all(value.map((item) => this.convert(item, uri, character)));
    if (typeof value !== 'object' || value === null) return value;
    if (isPosition(value)) {
      const line = (await this.textOf(uri))?.split(/\r\n|\r|\n/)[value.line];
      return line === undefined ? value : { line: value.line, character: character(line, value.character) };
    }
    const named = namedUri(value) ?? uri;
    const entries = Object.entries(value).map(async ([key, item]) => [key, key === 'data' ? item : await this.convert(item, key.startsWith('file:') ? key : named, character)] as const); // data is ours, and comes back
    return Object.fromEntries(await Promise.all(entries));
  }

  private length(text: string): number {
    return this.kind === PositionEncodingKind.UTF8 ? Buffer.byteLength(text) : Array.from(text).length;
  }

  private utf16(line: string, character: number): number {
    let counted = 0;
    let at = 0;
    for (const point of line) {
      if (counted >= character) break;
      counted += this.length(point);
      at += point.length;
    }
    return at;
  }
}

function isPosition(value: object): value is Position {
  return 'line' in value && 'character' in value && typeof value.line === 'number' && typeof value.character === 'number';
}

/** The document that an object speaks of: `{ uri, … }` or `{ textDocument: { uri }, … }`. */
function namedUri(value: object): string | undefined {
  if ('uri' in value && typeof value.uri === 'string') return value.uri;
  return 'textDocument' in value && typeof value.textDocument === 'object' && value.textDocument !== null ? namedUri(value.textDocument) : undefined;
}
