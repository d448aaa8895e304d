// SPDX-License-Identifier: MIT
import type { Finding, SourceFile } from '../../../../core/model/analysis';
import { suppressionEdit } from '../suppressions';
import type { Fix } from './fix';

/** A comment that suppresses a finding of this file; its reason is for the user to put right. */
export function suppress(source: SourceFile, finding: Finding): Fix {
  const { position, newText } = suppressionEdit(source, finding, 'on purpose');
  return {
    id: 'suppress',
    title: `Ignore ${finding.rule} here, by a comment`,
    isPreferred: false,
    note: null,
    edits: [{ file: source.path, range: { start: position, end: position }, newText }],
  };
}
