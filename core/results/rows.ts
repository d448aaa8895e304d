// SPDX-License-Identifier: MIT
import type { SyscallAbi } from '../abi';
import { visibleText, type Call, type LoadSession } from '../model';
import type { ComparisonRow } from '../sessions/compare';
import type { SessionRow } from '../sessions/compare-sessions';
import { argumentRows, callFacts } from './arguments';
import { addressPicture } from './addresses';
import { descriptorStory, shownStory } from './descriptors';
import { explainCall } from './explain';
import { shownKernelPath } from './kernel-path';
import type { CallDetails, CallRow, ShownVerdict } from './types';
import { ABSENT, shownExpectation, shownObservation, shownTime, taskText } from './values';

/** What every row of a session needs to be shown. */
export interface RowContext {
  readonly session: LoadSession;
  readonly abi: SyscallAbi;
}

/** The module is still loaded: a predicted call can still be made. */
export function mayStillComeTrue({ end }: LoadSession): boolean {
  return end === null || end.state === 'loaded';
}

/** The verdict as it is shown: a call that was not made yet is no miss. */
export function shownVerdict(row: ComparisonRow, session: LoadSession): ShownVerdict {
  return row.verdict === 'neverMade' && mayStillComeTrue(session) ? 'pending' : row.verdict;
}

/** The time that the times of a session's calls count from: its first record, or its first call. */
export function baseUsec({ records, calls }: LoadSession): number | null {
  return records[0]?.usec ?? calls[0]?.usec ?? null;
}

function signatureOf(name: string, abi: SyscallAbi): string {
  const prototype = abi.byName(name)?.arguments;
  return prototype ? `(${prototype.map((argument) => argument.name).join(', ')})` : '()';
}

function timeOf(call: Call | null, session: LoadSession): string | null {
  const base = baseUsec(session);
  return call && base !== null ? shownTime(call.usec - base) : null;
}

export function callRow(row: ComparisonRow, { session, abi }: RowContext): CallRow {
  const { call, prediction } = row;
  const name = call?.syscall ?? prediction?.syscall ?? '';
  const verdict = shownVerdict(row, session);
  return {
    time: timeOf(call, session),
    task: call && taskText(call),
    syscall: visibleText(name),
    signature: signatureOf(name, abi),
    predicted: prediction ? shownExpectation(prediction.expect, row.predicted, abi.byName(name)) : ABSENT,
    observed: shownObservation(call, verdict),
    verdict,
    evidence: evidenceText(call),
    caller: visibleText(call?.caller ?? prediction?.caller ?? '') || null,
    source: call?.source ?? prediction?.source ?? null,
  };
}

/** A row of a comparison: what the session itself returned is `observed`, the other's is in the place of the prediction. */
export function differenceRow({ first, second, difference }: SessionRow, { session, abi }: RowContext): CallRow {
  const call = second ?? first;
  const name = call?.syscall ?? '';
  const shown = (side: Call | null) => (side ? shownObservation(side, 'notPredicted') : { ...ABSENT, meaning: 'not made' });
  return {
    time: timeOf(second, session),
    task: call && taskText(call),
    syscall: visibleText(name),
    signature: signatureOf(name, abi),
    predicted: shown(first),
    observed: shown(second),
    verdict: difference,
    evidence: evidenceText(call),
    caller: visibleText(call?.caller ?? '') || null,
    source: call?.source ?? null,
  };
}

function evidenceText(call: Call | null): string {
  if (call === null) return '';
  return call.evidence === 'log' ? 'kernel log line' : 'kernel probe';
}

/** Everything known about one call. */
export function callDetails(row: ComparisonRow, context: RowContext): CallDetails {
  const { session, abi } = context;
  const { call, prediction } = row;
  const shown = callRow(row, context);
  const seq = call?.recordSeq ?? null;
  const record = seq === null ? undefined : session.records.find((candidate) => candidate.seq === seq);
  const story = call && descriptorStory(session, call, abi);
  const notes: string[] = [];
  for (const { text } of row.broken) notes.push(visibleText(`The prediction took for granted that ${text}, and it was not so.`));
  if (call?.unknownBecause) notes.push(visibleText(call.unknownBecause));
  if (call?.buffers) notes.push("The bytes of a buffer are those that lay in the module's data once it was loaded.");
  if (call?.registers === null) notes.push(registersNote(session));
  return {
    callId: call?.id ?? null,
    row: shown,
    why: call ? explainCall(call, session.host, abi, story) : [],
    expected: prediction?.expect.kind === 'argument' ? visibleText(prediction.expect.value) : null,
    because: prediction === null ? null : visibleText(prediction.because),
    assumes: prediction?.assumes.map((assumption) => visibleText(assumption.text)) ?? [],
    facts: callFacts(call, shown.time),
    arguments: argumentRows(call, session.host, abi, shown.syscall),
    addresses: call && addressPicture(call, session.host, abi),
    descriptors: story && shownStory(story, abi),
    stack: call?.stack?.map((frame) => ({ function: visibleText(frame.function), source: frame.source })) ?? [],
    kernelPath: call?.kernelPath ? shownKernelPath(call.kernelPath) : null,
    canExplain: call?.evidence === 'probe' && call.result !== null && call.kernelPath === undefined,
    logLine: record ? visibleText(record.text) : null,
    notes,
  };
}

function registersNote(session: LoadSession): string {
  const reason = visibleText(session.recorder.reason);
  return reason === '' ? 'The argument registers were not recorded.' : `The argument registers were not recorded: ${reason}`;
}
