// SPDX-License-Identifier: MIT
import type { SourceFile } from '../../../../core/model/analysis';
import { tokenize } from '../syntax/lexer';
import { SourceText } from '../syntax/source';
import type { Fix } from './fix';

/** `&param` where a web page made `¶m` of it: everywhere in the file, comments and strings left alone. */
export function pastedText(source: SourceFile): Fix | null {
  const file = new SourceText(source);
  const edits = tokenize(source.text)
    .filter((token) => token.text === '&' && source.text[token.start] === '\u00b6')
    .map(({ start }) => ({ file: source.path, range: { start: file.position(start), end: file.position(start + 1) }, newText: '&para' }));
  if (edits.length === 0) return null;
  return { id: 'pasted-text', title: "Replace '¶' by '&para', as it was before it was copied from a web page", isPreferred: true, note: null, edits };
}
