// SPDX-License-Identifier: MIT
// The rows of Syscall Results by index: taken over from a growing session step by step, filtered step by step, made when they are read.
import type { Call, LoadSession, Prediction } from '../model';
import { compareCall, compareNeverMade, type ComparisonRow } from '../sessions/compare';
import { compareSessions, type SessionRow } from '../sessions/compare-sessions';
import { Facets, filterOf, NO_FILTER, type CallFilter, type Facet } from './filter';
import { callDetails, callRow, differenceRow, mayStillComeTrue, shownVerdict, type RowContext } from './rows';
import { differenceSummary, noVerdicts, summaryOf } from './summary';
import type { CallDetails, CallRow, ResultsSummary, ShownDifference } from './types';

/** Calls that one step works on: a few milliseconds. */
const STEP_CALLS = 4_000;

export interface ResultsTable {
  /** Rows that the filter lets through, so far. */
  readonly shown: number;
  /** All rows. */
  readonly total: number;
  /** Rows that may look otherwise since {@link takeChangedFrom} was asked last begin here; null when none does. */
  takeChangedFrom(): number | null;
  /** Takes a later state of the same session. */
  take(session: LoadSession): void;
  /** Works on for a moment. @returns whether there is more to do */
  step(): boolean;
  setFilter(filter: CallFilter): void;
  summary(): ResultsSummary;
  facets(): { readonly syscalls: readonly Facet[]; readonly tasks: readonly Facet[] };
  range(from: number, count: number): CallRow[];
  details(index: number): CallDetails | null;
  /** Where a call stands among the shown rows; null when it is not among them. */
  indexOf(callId: string): number | null;
  callAt(index: number): Call | null;
}

/** What both tables share: which rows pass the filter, examined in steps. */
class FilteredRows {
  readonly shown: number[] = [];
  private examined = 0;

  /** @returns how many rows are left to examine */
  step(total: number, budget: number, passes: (index: number) => boolean): number {
    const end = Math.min(total, this.examined + budget);
    for (; this.examined < end; this.examined++) if (passes(this.examined)) this.shown.push(this.examined);
    return total - end;
  }

  reset(): void {
    this.shown.length = 0;
    this.examined = 0;
  }

  slice(from: number, count: number): number[] {
    const first = Math.max(0, from);
    return this.shown.slice(first, first + Math.max(0, count));
  }
}

/** The calls of one session beside their predictions, then what was predicted and not made. */
export class PredictionTable implements ResultsTable {
  private readonly rows = new FilteredRows();
  private readonly facetCounts = new Facets();
  private filter: CallFilter = NO_FILTER;
  private predictions = new Map<string, Prediction>();
  private made = new Set<string>();
  private counts = noVerdicts();
  private compared = 0;
  private missing: readonly Prediction[] = [];
  private changedFrom: number | null = 0;

  constructor(private context: RowContext) {
    this.index();
  }

  get shown(): number {
    return this.rows.shown.length + this.missing.length;
  }

  get total(): number {
    return this.session.calls.length + this.allMissing().length;
  }

  takeChangedFrom(): number | null {
    const from = this.changedFrom;
    this.changedFrom = null;
    return from;
  }

  take(session: LoadSession): void {
    const before = this.session;
    this.context = { ...this.context, session };
    if (session.predictions !== before.predictions || session.actions.length !== before.actions.length) this.index();
    if (mayStillComeTrue(session) !== mayStillComeTrue(before)) this.changed(this.rows.shown.length); // what was not made yet was never made
    const changed = before.calls.findIndex((call, index) => call !== session.calls[index]); // more became known of it
    const row = changed < 0 ? -1 : this.rows.shown.findIndex((index) => index >= changed);
    if (row >= 0) this.changed(row);
    this.updateMissing();
  }

  step(): boolean {
    const shownBefore = this.rows.shown.length;
    const { calls } = this.session;
    const end = Math.min(calls.length, this.compared + STEP_CALLS);
    for (; this.compared < end; this.compared++) this.count(calls[this.compared]);
    const passes = filterOf(this.filter);
    const left = this.rows.step(this.compared, STEP_CALLS, (index) => {
      const row = this.row(index);
      return row !== null && passes(row.call, row.verdict === 'differ' || row.verdict === 'neverMade');
    });
    if (this.rows.shown.length !== shownBefore) this.changed(shownBefore);
    this.updateMissing();
    return this.compared < calls.length || left > 0;
  }

  setFilter(filter: CallFilter): void {
    this.filter = filter;
    this.rows.reset();
    this.changed(0);
    this.updateMissing();
  }

  summary(): ResultsSummary {
    const missing = this.allMissing().length;
    const pending = mayStillComeTrue(this.session);
    return summaryOf(this.session, { ...this.counts, pending: pending ? missing : 0, neverMade: pending ? 0 : missing });
  }

  facets(): ReturnType<ResultsTable['facets']> {
    return this.facetCounts.lists();
  }

  range(from: number, count: number): CallRow[] {
    const calls = this.rows.slice(from, count).flatMap((index) => this.row(index) ?? []);
    const restFrom = Math.max(0, from - this.rows.shown.length);
    const rest = from + count > this.rows.shown.length ? this.missing.slice(restFrom, restFrom + count - calls.length) : [];
    return [...calls, ...rest.map((prediction) => compareNeverMade(prediction, this.session))].map((row) => callRow(row, this.context));
  }

  details(index: number): CallDetails | null {
    const row = this.at(index);
    return row && callDetails(row, this.context);
  }

  indexOf(callId: string): number | null {
    const index = this.rows.shown.findIndex((at) => this.session.calls[at]?.id === callId);
    return index < 0 ? null : index;
  }

  callAt(index: number): Call | null {
    return this.at(index)?.call ?? null;
  }

  private get session(): LoadSession {
    return this.context.session;
  }

  /** Begins again: another analysis, or an action that says what a call was given. */
  private index(): void {
    this.predictions = new Map(this.session.predictions.map((prediction) => [prediction.id, prediction]));
    this.made = new Set();
    this.counts = noVerdicts();
    this.compared = 0;
    this.facetCounts.clear();
    this.rows.reset();
    this.changed(0);
    this.updateMissing();
  }

  private count(call: Call | undefined): void {
    if (!call) return;
    if (call.predictionId !== null) this.made.add(call.predictionId);
    this.counts[compareCall(this.predictionOf(call), call, this.session).verdict]++;
    this.facetCounts.add(call);
  }

  private predictionOf({ predictionId }: Call): Prediction | null {
    return predictionId === null ? null : (this.predictions.get(predictionId) ?? null);
  }

  private row(index: number): ComparisonRow | null {
    const call = this.session.calls[index];
    return call ? compareCall(this.predictionOf(call), call, this.session) : null;
  }

  private at(index: number): ComparisonRow | null {
    const call = this.rows.shown[index];
    if (call !== undefined) return this.row(call);
    const prediction = this.missing[index - this.rows.shown.length];
    return prediction ? compareNeverMade(prediction, this.session) : null;
  }

  private allMissing(): Prediction[] {
    return this.compared < this.session.calls.length ? [] : this.session.predictions.filter(({ id }) => !this.made.has(id));
  }

  private updateMissing(): void {
    const passes = filterOf(this.filter);
    const missing = this.allMissing().filter((prediction) => passes(prediction, shownVerdict(compareNeverMade(prediction, this.session), this.session) === 'neverMade'));
    if (missing.length !== this.missing.length || missing.some((prediction, index) => prediction !== this.missing[index])) this.changed(this.rows.shown.length);
    this.missing = missing;
  }

  private changed(from: number): void {
    this.changedFrom = Math.min(from, this.changedFrom ?? from);
  }
}

/** The calls of a session beside those of an earlier one. */
export class DifferenceTable implements ResultsTable {
  private readonly rows = new FilteredRows();
  private readonly facetCounts = new Facets();
  private readonly counts: Record<ShownDifference, number> = { same: 0, differs: 0, onlyFirst: 0, onlySecond: 0 };
  private all: readonly SessionRow[] = [];
  private filter: CallFilter = NO_FILTER;
  private changedFrom: number | null = 0;

  /** @param other the session that `context.session` is compared with, `name` what it is called */
  constructor(
    private context: RowContext,
    private readonly other: LoadSession,
    private readonly name: string,
  ) {
    this.compare();
  }

  get shown(): number {
    return this.rows.shown.length;
  }

  get total(): number {
    return this.all.length;
  }

  takeChangedFrom(): number | null {
    const from = this.changedFrom;
    this.changedFrom = null;
    return from;
  }

  take(session: LoadSession): void {
    const grown = session.calls.length !== this.context.session.calls.length;
    this.context = { ...this.context, session };
    if (grown) this.compare();
  }

  step(): boolean {
    const passes = filterOf(this.filter);
    const before = this.shown;
    const left = this.rows.step(this.all.length, STEP_CALLS, (index) => {
      const row = this.all[index];
      return row !== undefined && (passes(row.second ?? row.first, row.difference !== 'same') || (row.second !== null && passes(row.first, row.difference !== 'same')));
    });
    if (this.shown !== before) this.changedFrom = Math.min(before, this.changedFrom ?? before);
    return left > 0;
  }

  setFilter(filter: CallFilter): void {
    this.filter = filter;
    this.rows.reset();
    this.changedFrom = 0;
  }

  summary(): ResultsSummary {
    return differenceSummary(this.counts, this.name);
  }

  facets(): ReturnType<ResultsTable['facets']> {
    return this.facetCounts.lists();
  }

  range(from: number, count: number): CallRow[] {
    return this.rows.slice(from, count).flatMap((index) => {
      const row = this.all[index];
      return row ? [differenceRow(row, this.context)] : [];
    });
  }

  /** The card of the session's own call; of the other's where it made none. */
  details(index: number): CallDetails | null {
    const row = this.all[this.rows.shown[index] ?? -1];
    const call = row?.second ?? row?.first;
    if (!row || !call) return null;
    const session = row.second ? this.context.session : this.other;
    const prediction = session.predictions.find(({ id }) => id === call.predictionId) ?? null;
    return { ...callDetails(compareCall(prediction, call, session), { ...this.context, session }), ...(row.second ? {} : { notes: [`Only the other load made this call: ${this.name}.`] }) };
  }

  indexOf(callId: string): number | null {
    const index = this.rows.shown.findIndex((at) => this.all[at]?.second?.id === callId);
    return index < 0 ? null : index;
  }

  callAt(index: number): Call | null {
    return this.all[this.rows.shown[index] ?? -1]?.second ?? null;
  }

  private compare(): void {
    this.all = compareSessions(this.other, this.context.session);
    for (const key of ['same', 'differs', 'onlyFirst', 'onlySecond'] as const) this.counts[key] = 0;
    this.facetCounts.clear();
    for (const { first, second, difference } of this.all) {
      this.counts[difference]++;
      const call = second ?? first;
      if (call) this.facetCounts.add(call);
    }
    this.rows.reset();
    this.changedFrom = 0;
  }
}
