// SPDX-License-Identifier: MIT
import { syscallAbi, type AbiSyscall, type SyscallAbi } from '../../../core/abi';
import { errnoEntry, errnoName } from '../../../core/abi/errno';
import type { Action, Architecture, Call, Expectation, LoadSession } from '../../../core/model';
import { comparePredictions, type ComparisonRow } from '../../../core/sessions/compare';
import type { CallDetails, CallRow, ResultsHeader, ResultsSummary, ShownAction, ShownValue, ShownVerdict } from '../../../media/protocol';
import { visibleText } from '../visible-text';
import { argumentRows, callFacts } from './call-card';

const ABSENT: ShownValue = { text: '–', name: null, meaning: null };
const MAX_SHOWN_ACTIONS = 200;
const MAX_STREAM_CHARS = 20_000;

/** What Syscall Results shows of one session, computed once and read by range. */
export interface ResultsModel {
  readonly header: ResultsHeader;
  readonly summary: ResultsSummary;
  readonly actions: readonly ShownAction[];
  readonly count: number;
  range(from: number, count: number): CallRow[];
  /** Where a call stands; null when it is not there. */
  indexOf(callId: string): number | null;
  /** Null when there is no such call. */
  details(index: number): CallDetails | null;
}

/** Looks up the syscall tables; a table is read once per instance. */
export class AbiCache {
  private readonly tables = new Map<Architecture, SyscallAbi>();

  get(arch: Architecture): SyscallAbi {
    const abi = this.tables.get(arch) ?? syscallAbi(arch);
    this.tables.set(arch, abi);
    return abi;
  }
}

export function resultsModel(session: LoadSession, abis: AbiCache): ResultsModel {
  const rows = comparePredictions(session);
  const abi = abis.get(session.host.arch);
  const base = session.records[0]?.usec ?? null;
  const context: RowContext = { session, abi, base, mayStillComeTrue: session.end === null || session.end.state === 'loaded' };
  return {
    header: headerOf(session),
    summary: summaryOf(session, rows.map((row) => verdictOf(row, context))),
    actions: session.actions.slice(-MAX_SHOWN_ACTIONS).map(shownAction),
    count: rows.length,
    range: (from, count) => rows.slice(Math.max(0, from), Math.max(0, from) + Math.max(0, count)).map((row) => callRow(row, context)),
    indexOf: (callId) => {
      const index = rows.findIndex(({ call }) => call?.id === callId);
      return index < 0 ? null : index;
    },
    details: (index) => {
      const row = rows[index];
      return row ? callDetails(row, context) : null;
    },
  };
}

interface RowContext {
  readonly session: LoadSession;
  readonly abi: SyscallAbi;
  /** The time of the first record, which call times count from. */
  readonly base: number | null;
  /** The module is still loaded: a predicted call can still be made. */
  readonly mayStillComeTrue: boolean;
}

function verdictOf(row: ComparisonRow, context: RowContext): ShownVerdict {
  return row.verdict === 'neverMade' && context.mayStillComeTrue ? 'pending' : row.verdict;
}

/** A result as people read it: the number, and for -4095 to -1 the name and meaning of the error. */
export function shownResult(result: number): ShownValue {
  const name = errnoName(result);
  return { text: String(result), name, meaning: name === null ? null : (errnoEntry(-result)?.text ?? null) };
}

/** @param text the comparison's text, which begins with the number of an argument where that is known */
function shownExpectation(expect: Expectation, text: string, syscall: AbiSyscall | undefined): ShownValue {
  switch (expect.kind) {
    case 'exact':
      return shownResult(expect.value);
    case 'errno':
      return { ...shownResult(expect.value), name: expect.name };
    case 'argument': {
      const argument = syscall?.arguments?.[expect.index]?.name ?? `argument ${expect.index}`;
      const number = /^-?\d+/.exec(text)?.[0];
      return number === undefined ? { text: argument, name: null, meaning: 'what it is given' } : { text: number, name: null, meaning: `equal to ${argument}` };
    }
    case 'unknown':
      return { text: 'unknown', name: null, meaning: null };
  }
}

function shownObservation(call: Call | null, verdict: ShownVerdict): ShownValue {
  if (call === null) return { ...ABSENT, meaning: verdict === 'pending' ? 'not made yet' : 'never made' };
  if (call.result !== null) return shownResult(call.result);
  if (call.status === 'returned') return { text: 'unknown', name: null, meaning: visibleText(call.unknownBecause ?? '') };
  return { text: '?', name: null, meaning: call.status === 'unfinished' ? 'still running' : 'return not seen' };
}

function callRow(row: ComparisonRow, context: RowContext): CallRow {
  const { call, prediction } = row;
  const name = call?.syscall ?? prediction?.syscall ?? '';
  const syscall = context.abi.byName(name);
  const verdict = verdictOf(row, context);
  return {
    time: call && context.base !== null ? shownTime(call.usec - context.base) : null,
    task: taskText(call),
    syscall: visibleText(name),
    signature: syscall?.arguments ? `(${syscall.arguments.map((argument) => argument.name).join(', ')})` : '()',
    predicted: prediction ? shownExpectation(prediction.expect, row.predicted, syscall) : ABSENT,
    observed: shownObservation(call, verdict),
    verdict,
    evidence: call === null ? '' : call.evidence === 'log' ? 'kernel log line' : 'kernel probe',
    caller: visibleText(call?.caller ?? prediction?.caller ?? '') || null,
    source: call?.source ?? prediction?.source ?? null,
  };
}

/** Microseconds as `+12.041 ms`, from a second on as `+2.438 s`. */
export function shownTime(usec: number): string {
  const size = Math.abs(usec);
  const text = size < 1e6 ? `${(size / 1e3).toFixed(3)} ms` : `${(size / 1e6).toFixed(3)} s`;
  return `${usec < 0 ? '−' : '+'}${text}`;
}

function taskText(call: Call | null): string | null {
  if (!call?.task) return null;
  return visibleText(call.pid === null ? call.task : `${call.task} (${call.pid})`);
}

function callDetails(row: ComparisonRow, context: RowContext): CallDetails {
  const { call, prediction } = row;
  const shown = callRow(row, context);
  const seq = call?.recordSeq ?? null;
  const record = seq === null ? undefined : context.session.records.find((candidate) => candidate.seq === seq);
  const notes: string[] = [];
  if (call?.unknownBecause) notes.push(visibleText(call.unknownBecause));
  if (call?.registers === null) notes.push(registersNote(context.session));
  return {
    row: shown,
    expected: prediction?.expect.kind === 'argument' ? visibleText(prediction.expect.value) : null,
    because: prediction === null ? null : prediction.because,
    assumes: prediction?.assumes.map((assumption) => assumption.text) ?? [],
    facts: callFacts(call, shown.time),
    arguments: argumentRows(call, context.abi, shown.syscall),
    logLine: record ? visibleText(record.text) : null,
    notes,
  };
}

function registersNote(session: LoadSession): string {
  const reason = visibleText(session.recorder.reason);
  return reason === '' ? 'The argument registers were not recorded.' : `The argument registers were not recorded: ${reason}`;
}

function headerOf(session: LoadSession): ResultsHeader {
  const { end } = session;
  return {
    module: visibleText(session.module.name),
    host: { ...session.host, name: visibleText(session.host.name), kernel: visibleText(session.host.kernel) },
    parameters: Object.entries(session.parameters).map(([name, value]) => visibleText(`${name}=${value}`)),
    startedAt: session.startedAt,
    end,
    state: stateText(session),
    problem: end && (end.state === 'refused' || end.state === 'oops' || end.state === 'hostLost') ? visibleText(end.reason) : null,
  };
}

function stateText(session: LoadSession): string {
  switch (session.end?.state) {
    case undefined:
      return session.build === null ? 'building' : 'loaded';
    case 'loaded':
      return 'loaded';
    case 'unloaded':
      return 'unloaded';
    case 'refused':
      return 'not loaded';
    case 'oops':
      return 'kernel oops';
    case 'hostLost':
      return 'host lost';
    case 'cancelled':
      return 'cancelled';
  }
}

const calls = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'call' : 'calls'}`;

/** The one glance. Only calls that were made count as agreeing; what cannot be compared is named, never added to a success. */
export function summaryOf(session: LoadSession, verdicts: readonly ShownVerdict[]): ResultsSummary {
  const counts: Record<ShownVerdict, number> = { agree: 0, differ: 0, unknown: 0, notPredicted: 0, neverMade: 0, pending: 0 };
  for (const verdict of verdicts) counts[verdict]++;
  const made = verdicts.length - counts.neverMade - counts.pending;
  const detail = detailOf(session);
  if (session.end?.state === 'refused') return { tone: 'bad', headline: 'The module was not loaded', detail, counts };
  if (counts.differ > 0) {
    const headline = counts.differ === 1 ? `1 of ${calls(made)} differs from its prediction` : `${counts.differ.toLocaleString('en')} of ${calls(made)} differ from their prediction`;
    return { tone: 'bad', headline, detail, counts };
  }
  if (made === 0) return { tone: 'neutral', headline: session.end === null ? 'No call observed yet' : 'The module made no call that was observed', detail, counts };
  if (counts.neverMade > 0) return { tone: 'bad', headline: `${calls(counts.neverMade)} predicted and never made`, detail, counts };
  return { tone: counts.agree === made ? 'good' : 'neutral', headline: `${counts.agree.toLocaleString('en')} of ${calls(made)} as predicted`, detail, counts };
}

function detailOf(session: LoadSession): string {
  const parts: string[] = [];
  const { mode, reason, lost } = session.recorder;
  if (mode === 'probe') parts.push('Recorded by kernel probes.');
  if (mode === 'log') parts.push(visibleText(reason) || 'Read from kernel log lines.', 'Registers were not recorded.');
  if (mode === 'none') parts.push('Calls were not recorded.', visibleText(reason));
  if (lost > 0) parts.push(`${calls(lost)} lost by the recorder.`);
  if (session.lost.records > 0) parts.push(`${session.lost.records.toLocaleString('en')} kernel log records lost.`);
  return parts.filter((part) => part !== '').join(' ');
}

function shownAction(action: Action): ShownAction {
  return {
    command: visibleText(commandText(action)),
    at: action.at,
    exitCode: action.exitCode,
    stdin: stream(action.stdin),
    stdout: stream(action.stdout),
    stderr: stream(action.stderr),
  };
}

/** As it would be typed; a write to a device is a redirection. */
function commandText({ argv, deviceWrite }: Action): string {
  if (deviceWrite === null) return argv.map(quoted).join(' ');
  return `echo ${quoted(deviceWrite.text.replace(/\n$/, ''))} > ${deviceWrite.device}`;
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

function stream(text: string): string {
  return visibleText(text.length > MAX_STREAM_CHARS ? `${text.slice(0, MAX_STREAM_CHARS)}…` : text);
}
