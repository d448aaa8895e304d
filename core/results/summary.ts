// SPDX-License-Identifier: MIT
import { visibleText, type Action, type LoadSession } from '../model';
import { endReason } from '../sessions/format';
import type { ResultsHeader, ResultsSummary, ShownAction, ShownDifference, ShownVerdict } from './types';
import { countText } from './values';

const MAX_SHOWN_ACTIONS = 200;
const MAX_STREAM_CHARS = 20_000;

export type VerdictCounts = Record<ShownVerdict, number>;

export function noVerdicts(): VerdictCounts {
  return { agree: 0, differ: 0, unknown: 0, notPredicted: 0, neverMade: 0, pending: 0 };
}

export function headerOf(session: LoadSession): ResultsHeader {
  const { end } = session;
  return {
    module: visibleText(session.module.name),
    host: { ...session.host, name: visibleText(session.host.name), kernel: visibleText(session.host.kernel) },
    parameters: Object.entries(session.parameters).map(([name, value]) => visibleText(`${name}=${value}`)),
    startedAt: session.startedAt,
    end,
    state: stateText(session),
    problem: end && (end.state === 'refused' || end.state === 'oops' || end.state === 'hostLost') ? visibleText(endReason(end)) : null,
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

const calls = (count: number): string => countText(count, 'call');

/** The one glance. Only calls that were made count as agreeing; what cannot be compared is named, never added to a success. */
export function summaryOf(session: LoadSession, counts: Readonly<VerdictCounts>): ResultsSummary {
  const made = counts.agree + counts.differ + counts.unknown + counts.notPredicted;
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

/** The one glance at two sessions. */
export function differenceSummary(counts: Readonly<Record<ShownDifference, number>>, other: string): ResultsSummary {
  const all = counts.same + counts.differs + counts.onlyFirst + counts.onlySecond;
  const detail = `Compared with ${other}.`;
  if (all === counts.same) return { tone: 'good', headline: all === 0 ? 'Neither load made a call' : `All ${calls(all)} came out the same`, detail, counts };
  return { tone: 'bad', headline: `${(all - counts.same).toLocaleString('en')} of ${calls(all)} came out otherwise`, detail, counts };
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

/** What was run while the module was loaded: the last ones when there are very many. */
export function shownActions(session: LoadSession): ShownAction[] {
  return session.actions.slice(-MAX_SHOWN_ACTIONS).map(shownAction);
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
function commandText({ argv, deviceWrite, asRoot }: Action): string {
  if (deviceWrite === null) return [...(asRoot ? ['sudo'] : []), ...argv.map(quoted)].join(' ');
  return `echo ${quoted(deviceWrite.text.replace(/\n$/, ''))} > ${deviceWrite.device}`;
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

function stream(text: string): string {
  return visibleText(text.length > MAX_STREAM_CHARS ? `${text.slice(0, MAX_STREAM_CHARS)}…` : text);
}
