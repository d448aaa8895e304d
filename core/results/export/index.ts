// SPDX-License-Identifier: MIT
import type { LoadSession } from '../../model';
import { csvLines } from './csv';
import { reportHtml } from './html';

export { addressesSvg, timelineSvg } from './svg';

export type ReportFormat = 'html' | 'csv' | 'json';

/** A session as the text of one file. `json` is the session itself, as docs/session.schema.json describes it. */
export function report(session: LoadSession, format: ReportFormat): string {
  switch (format) {
    case 'html':
      return reportHtml(session);
    case 'csv':
      return [...csvLines(session)].join('');
    case 'json':
      return `${JSON.stringify(session, null, 2)}\n`;
  }
}
