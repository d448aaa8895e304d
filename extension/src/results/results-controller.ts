// SPDX-License-Identifier: MIT
import { syscallAbi, type SyscallAbi } from '../../../core/abi';
import type { Architecture, Call, Failure, LoadSession } from '../../../core/model';
import { NO_FILTER, type CallFilter } from '../../../core/results/filter';
import { headerOf, shownActions } from '../../../core/results/summary';
import { DifferenceTable, PredictionTable, type ResultsTable } from '../../../core/results/tables';
import { timelineOf } from '../../../core/results/timeline';
import type { ResultsComparison, ResultsToHost, ResultsToView } from '../../../media/protocol';

/** A session that may still grow. */
export interface ShownSession {
  readonly id: string;
  session(): LoadSession;
}

export interface OtherSession {
  readonly session: LoadSession;
  readonly names: Omit<ResultsComparison, 'sessionId'>;
}

type WithoutGeneration<Message> = Message extends unknown ? Omit<Message, 'generation'> : never;
type Notice = WithoutGeneration<Extract<ResultsToView, { type: 'empty' | 'reading' | 'failed' }>>;

/** While calls are looked at, the view is told at most this often. */
const STATE_PAUSE_MS = 100;
const TIMELINE_PAUSE_MS = 500;

/**
 * What the view of one session shows, kept in step with a session that grows: rows are counted and filtered a few
 * thousand at a time, with everything else in between, and the view pulls those that it needs. Knows no editor.
 */
export class ResultsController {
  private readonly abis = new Map<Architecture, SyscallAbi>();
  private shown: ShownSession | undefined;
  /** What stands in place of a session. */
  private notice: Notice | undefined;
  private other: OtherSession | undefined;
  private table: ResultsTable | undefined;
  private filter: CallFilter = NO_FILTER;
  private isOther = true;
  private wantedCall: string | undefined;
  private work: NodeJS.Immediate | undefined;
  private timelineTimer: NodeJS.Timeout | undefined;
  private stateAt = 0;
  private facetsOf = -1;
  private timelineState = { calls: -1, at: 0 };
  private actionsSent = -1;
  /** Changes whenever a row may have got another index. */
  private generation = 0;

  /** @param send to the view; what it is told while it is hidden is lost, {@link restart} tells it all again */
  constructor(private readonly send: (message: ResultsToView) => void) {}

  /** The session that is shown, as it is now. */
  get session(): LoadSession | undefined {
    return this.shown?.session();
  }

  /**
   * Shows a session; the same one again goes on. A comparison ends when another session is shown.
   * @param callId the call to select as soon as it is there; a filter that hides it is taken off
   */
  show(session: ShownSession, callId?: string): void {
    this.wantedCall = callId ?? this.wantedCall;
    if (session === this.shown) {
      if (callId === undefined) this.update();
      else this.rebuild(); // the call may have changed
      return;
    }
    this.forget();
    this.shown = session;
    this.rebuild();
  }

  /** Sets the calls beside those of another session; undefined: beside their predictions. */
  compareWith(other: OtherSession | undefined): void {
    this.other = other;
    this.rebuild();
  }

  /** Says that there is nothing to show. */
  showEmpty(canLoad: boolean): void {
    this.showNotice({ type: 'empty', canLoad });
  }

  showReading(text: string): void {
    this.showNotice({ type: 'reading', text });
  }

  showFailure({ what, why, next }: Failure): void {
    this.showNotice({ type: 'failed', what, why, next });
  }

  /** The view has begun anew and knows nothing. */
  restart(filter: CallFilter): void {
    this.filter = filter;
    this.isOther = true;
    if (this.notice) this.send({ ...this.notice, generation: this.generation });
    else this.rebuild();
  }

  /** Takes over what the session has gained. */
  update(): void {
    if (!this.shown || !this.table) return;
    this.table.take(this.shown.session());
    this.goOn();
  }

  callAt(index: number): Call | null {
    return this.table?.callAt(index) ?? null;
  }

  onMessage(message: ResultsToHost): void {
    switch (message.type) {
      case 'filter':
        this.filter = message.filter;
        this.table?.setFilter(message.filter);
        this.generation++;
        this.goOn();
        return;
      case 'range':
        if (message.generation !== this.generation || !this.table) return;
        this.send({ type: 'rows', generation: this.generation, from: message.from, rows: this.table.range(message.from, message.count) });
        return;
      case 'details': {
        if (message.generation !== this.generation) return;
        const details = this.table?.details(message.index);
        if (details) this.send({ type: 'details', generation: this.generation, index: message.index, details });
        return;
      }
      case 'selectCall':
        this.wantedCall = message.callId;
        this.update();
        return;
      default:
        return;
    }
  }

  dispose(): void {
    clearImmediate(this.work);
    clearTimeout(this.timelineTimer);
  }

  private showNotice(notice: Notice): void {
    this.forget();
    this.wantedCall = undefined;
    this.notice = notice;
    this.send({ ...notice, generation: this.generation });
  }

  private forget(): void {
    this.dispose();
    this.shown = this.other = this.table = this.notice = undefined;
    this.generation++;
    this.isOther = true;
  }

  private rebuild(): void {
    if (!this.shown) return;
    const session = this.shown.session();
    const context = { session, abi: this.abiOf(session.host.arch) };
    this.table = this.other ? new DifferenceTable(context, this.other.session, this.other.names.first) : new PredictionTable(context);
    this.table.setFilter(this.filter);
    this.generation++;
    this.facetsOf = this.timelineState.calls = this.actionsSent = -1;
    this.stateAt = 0;
    this.goOn();
  }

  /** A first step at once, so that something is seen; the others when nothing else waits. */
  private goOn(): void {
    clearImmediate(this.work);
    this.step();
  }

  private step(): void {
    const { table, shown } = this;
    if (!table || !shown) return;
    const busy = table.step();
    if (!busy && this.wantedCall !== undefined && this.filter !== NO_FILTER && table.indexOf(this.wantedCall) === null) {
      this.takeFilterOff(table);
      return;
    }
    const now = performance.now();
    if (!busy || now - this.stateAt >= STATE_PAUSE_MS) {
      this.stateAt = now;
      this.sendState(table, shown, busy);
    }
    if (busy) this.work = setImmediate(() => this.step());
    else this.sendRest(shown.session());
  }

  /** The call that is wanted does not pass the filter. */
  private takeFilterOff(table: ResultsTable): void {
    this.filter = NO_FILTER;
    table.setFilter(NO_FILTER);
    this.generation++;
    this.stateAt = 0;
    this.step();
  }

  private sendState(table: ResultsTable, shown: ShownSession, busy: boolean): void {
    const session = shown.session();
    const select = this.wantedCall === undefined ? null : table.indexOf(this.wantedCall);
    if (select !== null || !busy) this.wantedCall = undefined;
    const facetsChanged = !busy && this.facetsOf !== session.calls.length;
    if (facetsChanged) this.facetsOf = session.calls.length;
    this.send({
      type: 'session',
      generation: this.generation,
      sessionId: shown.id,
      isOther: this.isOther,
      header: headerOf(session),
      summary: table.summary(),
      comparison: this.other ? { sessionId: this.other.session.id, ...this.other.names } : null,
      shown: table.shown,
      total: table.total,
      changedFrom: table.takeChangedFrom(),
      busy,
      select,
      filter: this.filter,
      facets: facetsChanged ? table.facets() : null,
    });
    this.isOther = false;
  }

  /** What takes the whole session to compute, and is told only when it has changed. */
  private sendRest(session: LoadSession): void {
    if (this.actionsSent !== session.actions.length) {
      this.actionsSent = session.actions.length;
      this.send({ type: 'actions', actions: shownActions(session) });
    }
    if (this.timelineState.calls !== session.calls.length) this.sendTimeline(session);
  }

  private sendTimeline(session: LoadSession): void {
    clearTimeout(this.timelineTimer);
    const wait = this.timelineState.calls < 0 ? 0 : this.timelineState.at + TIMELINE_PAUSE_MS - performance.now();
    if (wait > 0) {
      this.timelineTimer = setTimeout(() => this.shown && this.sendTimeline(this.shown.session()), wait);
      return;
    }
    this.timelineState = { calls: session.calls.length, at: performance.now() };
    this.send({ type: 'timeline', timeline: timelineOf(session) });
  }

  private abiOf(arch: Architecture): SyscallAbi {
    const abi = this.abis.get(arch) ?? syscallAbi(arch);
    this.abis.set(arch, abi);
    return abi;
  }
}
