// SPDX-License-Identifier: MIT
import { errnoName } from '../abi/errno';
import type { Call, KernelRecord, Prediction } from '../model';
import { PrintkFormat } from './printk-format';

export interface CallsFromLogOptions {
  readonly predictions: readonly Prediction[];
  /** Number of a syscall by name, null when there is none of that name. */
  readonly syscallNumber: (name: string) => number | null;
}

/** A prediction whose result the module prints. */
interface Expected {
  readonly prediction: Prediction;
  readonly format: PrintkFormat;
  readonly conversion: number;
  /** Position among those of the same function. */
  readonly position: number;
}

/** The function of the module that made a record, as far as its calls tell. */
interface Caller {
  readonly expected: Expected[];
  /** Position of the call that comes next in program order. */
  next: number;
  /** When it made its last call; the function that spoke last is the likeliest to speak again. */
  lastUse: number;
}

interface Candidate {
  readonly caller: Caller;
  readonly expected: Expected;
  readonly values: readonly string[];
  readonly wraps: boolean;
  readonly skipped: number;
}

const GENERIC = /\b([a-z_][a-z0-9_]{0,31})\([^()]{0,200}\)[^=()]{0,200}= ?(-?\d{1,19})\s*$/;

/** Program order first: a call that comes next goes before one that would mean a new run of its function. */
function better(a: Candidate, b: Candidate): boolean {
  if (a.wraps !== b.wraps) return !a.wraps;
  if (a.skipped !== b.skipped) return a.skipped < b.skipped;
  return a.caller.lastUse > b.caller.lastUse;
}

function asNumber(value: bigint | null): number | null {
  const number = Number(value ?? Number.NaN);
  return Number.isSafeInteger(number) ? number : null;
}

/**
 * Reads calls out of the module's own log lines (evidence `log`): by the formats that its sources print results with,
 * else by lines of the form `name(…) = N`. Feed it every record of a session in order.
 */
export class CallsFromLog {
  private readonly callers: Caller[];
  private made = 0;

  constructor(private readonly options: CallsFromLogOptions) {
    const callers = new Map<string, Caller>();
    for (const prediction of options.predictions) {
      const format = prediction.report && PrintkFormat.compile(prediction.report.format);
      if (!prediction.report || !format) continue;
      const caller = callers.get(prediction.caller) ?? { expected: [], next: 0, lastUse: -1 };
      caller.expected.push({ prediction, format, conversion: prediction.report.conversion, position: caller.expected.length });
      callers.set(prediction.caller, caller);
    }
    this.callers = [...callers.values()];
  }

  /** @param action index of the action that runs, null while init or exit runs */
  push(record: KernelRecord, action: number | null): Call | null {
    return this.byFormat(record, action) ?? this.byName(record, action);
  }

  private byFormat(record: KernelRecord, action: number | null): Call | null {
    let best: Candidate | null = null;
    for (const candidate of this.callers.flatMap((caller) => this.candidates(caller, record.text))) {
      if (!best || better(candidate, best)) best = candidate;
    }
    if (!best) return null;
    const { caller, expected, values } = best;
    caller.next = expected.position + 1;
    caller.lastUse = this.made;
    return this.call(record, action, expected.prediction, expected.prediction.syscall, asNumber(expected.format.value(values, expected.conversion)));
  }

  private candidates(caller: Caller, text: string): Candidate[] {
    return caller.expected.flatMap((expected) => {
      const values = expected.format.match(text);
      if (!values) return [];
      const wraps = expected.position < caller.next;
      const skipped = wraps ? expected.position + caller.expected.length - caller.next : expected.position - caller.next;
      return [{ caller, expected, values, wraps, skipped }];
    });
  }

  private byName(record: KernelRecord, action: number | null): Call | null {
    const [, name, result] = GENERIC.exec(record.text.slice(0, 1024)) ?? [];
    if (name === undefined || this.options.syscallNumber(name) === null) return null;
    return this.call(record, action, null, name, asNumber(BigInt(result ?? '0')));
  }

  private call(record: KernelRecord, action: number | null, prediction: Prediction | null, syscall: string, result: number | null): Call {
    return {
      id: `log-${++this.made}`,
      parentId: null,
      syscall,
      nr: this.options.syscallNumber(syscall),
      registers: null,
      result,
      unknownBecause: result === null ? 'The log line does not hold the result as a number.' : null,
      errno: result === null ? null : errnoName(result),
      source: prediction?.source ?? null,
      caller: prediction?.caller ?? null,
      task: null,
      pid: null,
      usec: record.usec,
      durationUsec: null,
      status: 'returned',
      evidence: 'log',
      predictionId: prediction?.id ?? null,
      recordSeq: record.seq,
      action,
    };
  }
}
