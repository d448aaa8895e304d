// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import path from 'node:path';
import { visibleText, type LoadSession } from '../../../core/model';
import { shownResult } from '../../../core/results/values';
import type { CallSite, CallSites, MadeCall } from '../sessions/call-sites';
import { keepLines, placeLines } from './place-lines';

/** What stands at the end of one line. */
export interface InlineResult {
  /** From 0, in the document as it is now. */
  readonly line: number;
  readonly text: string;
  /** One paragraph for each call site of the line. */
  readonly hover: readonly string[];
  /** The file was edited after it was built: the result may not be that of this text. */
  readonly stale: boolean;
  readonly differs: boolean;
  /** The call that is shown when the person asks for more. */
  readonly callId: string;
  /** One for each call site of the line: `write() = -14 EFAULT`. */
  readonly calls: readonly { readonly title: string; readonly callId: string }[];
}

/** A document beside the file that was built. */
export interface EditedDocument {
  readonly text: string;
  readonly isAsBuilt: boolean;
  /** The text that was built, where it was seen. */
  readonly built: string | null;
}

const MAX_TEXT = 160;

/** The path that a session names a file by; null when the file is none of its sources. */
export function sourcePath(session: LoadSession, file: string): string | null {
  const relative = path.relative(session.module.folder, file).split(path.sep).join('/');
  return session.module.sources.some((source) => source.path === relative) ? relative : null;
}

/** Whether some content (a text without its byte order mark, or the bytes of a file) is what a session was built from. */
export function isBuiltFrom(session: LoadSession, file: string, content: string | Uint8Array): boolean {
  const wanted = session.module.sources.find((source) => source.path === file)?.sha256;
  const candidates = typeof content === 'string' ? [content, `\ufeff${content}`] : [content];
  return candidates.some((candidate) => createHash('sha256').update(candidate).digest('hex') === wanted);
}

/** The results that belong to the lines of one document, by line. */
export function inlineResults(sites: CallSites, file: string, document: EditedDocument): InlineResult[] {
  const place = document.isAsBuilt || document.built === null ? keepLines(document.text) : placeLines(document.built, document.text);
  const byLine = new Map<number, CallSite[]>();
  for (const site of sites.get(file) ?? []) {
    const line = place(site.line);
    if (line !== null) byLine.set(line, [...(byLine.get(line) ?? []), site]);
  }
  return [...byLine].sort(([one], [other]) => one - other).map(([line, here]) => resultOf(line - 1, here, !document.isAsBuilt));
}

function resultOf(line: number, sites: readonly CallSite[], stale: boolean): InlineResult {
  const text = sites.map((site) => (sites.length === 1 ? siteText(site) : `${site.syscall} ${siteText(site)}`)).join(' | ');
  const shown = sites.find((site) => site.differing !== null) ?? sites.at(-1);
  return {
    line,
    text: clipped(visibleText(stale ? `${text} · before your edit` : text)),
    hover: sites.map(hoverText),
    stale,
    differs: sites.some((site) => site.differing !== null),
    callId: (shown?.differing ?? shown?.last)?.call.id ?? '',
    calls: sites.map((site) => lensOf(site, stale)),
  };
}

function lensOf({ syscall, count, last, differing }: CallSite, stale: boolean): InlineResult['calls'][number] {
  const shown = differing ?? last;
  const words = [`${syscall}() = ${returned(shown)}`, count > 1 ? `${count.toLocaleString('en')} calls` : '', stale ? 'before your edit' : ''];
  return { title: clipped(visibleText(words.filter((word) => word !== '').join(' · '))), callId: shown.call.id };
}

/** `= -14 EFAULT · as predicted`, and how often the site was reached when it was more than once. */
function siteText(site: CallSite): string {
  const { count, last, differing } = site;
  const words = [`= ${returned(last)}`, verdictText(last)];
  if (count > 1) words.push(`${count.toLocaleString('en')} calls${differing && last.verdict !== 'differ' ? ', not all as predicted' : ''}`);
  return words.filter((word) => word !== '').join(' · ');
}

/** `-14 EFAULT`, `4`, or why there is no number. */
export function returned({ call }: MadeCall): string {
  if (call.result === null) return call.status === 'unfinished' ? '? still running' : call.status === 'entryOnly' ? '? return not seen' : '? unknown';
  const { text, name } = shownResult(call.result);
  return name === null ? text : `${text} ${name}`;
}

function verdictText({ call, verdict, predicted }: MadeCall): string {
  if (call.result === null) return '';
  switch (verdict) {
    case 'agree':
      return 'as predicted';
    case 'differ':
      return `predicted ${predicted}`;
    case 'unknown':
      return 'prediction unknown';
    case 'notPredicted':
    case 'neverMade':
      return 'not predicted';
  }
}

function hoverText(site: CallSite): string {
  const { call, prediction } = site.last;
  const meaning = call.result === null ? null : shownResult(call.result).meaning;
  const sentences = [
    `${site.syscall}() returned ${returned(site.last)}${meaning === null ? '' : ` (${meaning})`}${call.task === null ? '' : ` to ${call.task}`}${call.caller === null ? '' : ` in ${call.caller}`}.`,
    prediction === null ? 'It was not predicted.' : site.last.verdict === 'unknown' ? 'Nothing was predicted that can be compared.' : `Predicted: ${site.last.predicted}. ${prediction.because}`,
    call.evidence === 'probe' ? 'Recorded by a kernel probe.' : "Read from the module's log line.",
    site.count > 1 ? `This is the last of ${site.count.toLocaleString('en')} calls.` : '',
  ];
  return visibleText(sentences.filter((sentence) => sentence !== '').join(' '));
}

function clipped(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}
