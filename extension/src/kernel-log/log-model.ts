// SPDX-License-Identifier: MIT
import { visibleText, type KernelRecord, type LoadSession, type SessionEnd, type SessionEvent } from '../../../core/model';
import { endReason } from '../../../core/sessions/format';
import type { LogFilter, LogRow } from '../../../media/protocol';
import type { LiveSession } from '../sessions/session-feed';

const MAX_LINE_CHARS = 4096;
/** Lines that the view keeps, and how many of the oldest go when there are more. */
const MAX_ROWS = 100_000;
const DROPPED_AT_ONCE = 10_000;
const LEVEL_NAMES = ['emerg', 'alert', 'crit', 'error', 'warning', 'notice', 'info', 'debug'];

/**
 * The lines of every session of this window in the order they came, and which of them a filter lets through.
 * One record may be several lines; a gap and a session's begin and end are lines too, which no filter hides. The oldest
 * lines go when there are very many, and a line says so: the saved sessions keep them.
 */
export class LogModel {
  private rows: LogRow[] = [];
  private shown: number[] = [];
  private filter: LogFilter = { text: '', maxLevel: 7 };
  private passes = filterOf(this.filter);
  private readonly base = new Map<string, number>();
  private dropped = 0;
  /** Changes whenever indexes lose their meaning: another filter, a clear. */
  generation = 0;

  get total(): number {
    return this.rows.length;
  }

  get shownCount(): number {
    return this.shown.length;
  }

  apply(live: Pick<LiveSession, 'id' | 'moduleName'>, event: SessionEvent): void {
    switch (event.type) {
      case 'started':
        this.add({ kind: 'session', text: startText(event.session), mark: 'start' });
        return;
      case 'record':
        this.addRecord(live.id, event.record);
        return;
      case 'gap':
        this.add({ kind: 'gap', text: gapText(event.gap.from, event.gap.to) });
        return;
      case 'ended':
        this.add({ kind: 'session', text: endText(live.moduleName, event.end), mark: isFailedEnd(event.end.state) ? 'failed' : 'end' });
        return;
      default:
        return;
    }
  }

  setFilter(filter: LogFilter): void {
    if (filter.text === this.filter.text && filter.maxLevel === this.filter.maxLevel) return;
    this.filter = filter;
    this.generation++;
    this.passes = filterOf(filter);
    this.choose();
  }

  clear(): void {
    this.rows = [];
    this.shown = [];
    this.dropped = 0;
    this.generation++;
  }

  range(from: number, count: number): LogRow[] {
    const rows: LogRow[] = [];
    for (const index of this.shown.slice(Math.max(0, from), Math.max(0, from) + Math.max(0, count))) {
      const row = this.rows[index];
      if (row) rows.push(row);
    }
    return rows;
  }

  /** The shown lines `from` to `to`, both inclusive, as dmesg would print them. */
  text(from: number, to: number): string {
    return this.range(from, to - from + 1)
      .map((row) => {
        if (row.kind !== 'record') return `--- ${row.text}`;
        return `[${(row.usec / 1e6).toFixed(6).padStart(12)}] ${(LEVEL_NAMES[row.level] ?? '').padEnd(7)} ${row.text}`;
      })
      .join('\n');
  }

  private choose(): void {
    this.shown = [];
    this.rows.forEach((row, index) => {
      if (this.passes(row)) this.shown.push(index);
    });
  }

  private dropOldest(): void {
    const kept = this.rows.slice(DROPPED_AT_ONCE + (this.dropped > 0 ? 1 : 0));
    this.dropped += this.rows.length - kept.length - (this.dropped > 0 ? 1 : 0);
    this.rows = [{ kind: 'gap', text: `${this.dropped.toLocaleString('en')} older lines are no longer shown; the saved sessions keep them` }, ...kept];
    this.generation++;
    this.choose();
  }

  private addRecord(id: string, record: KernelRecord): void {
    const baseUsec = this.base.get(id) ?? record.usec;
    this.base.set(id, baseUsec);
    record.text.split('\n').forEach((line, index) => {
      const text = visibleText(line.length > MAX_LINE_CHARS ? `${line.slice(0, MAX_LINE_CHARS)}…` : line);
      this.add({ kind: 'record', usec: record.usec, baseUsec, level: record.level, text, first: index === 0 });
    });
  }

  private add(row: LogRow): void {
    if (this.rows.length >= MAX_ROWS) this.dropOldest();
    this.rows.push(row);
    if (this.passes(row)) this.shown.push(this.rows.length - 1);
  }
}

function filterOf(filter: LogFilter): (row: LogRow) => boolean {
  const hides = filter.text.startsWith('-') && filter.text.length > 1;
  const needle = (hides ? filter.text.slice(1) : filter.text).toLowerCase();
  return (row) => {
    if (row.kind !== 'record') return true;
    if (row.level > filter.maxLevel) return false;
    return needle === '' || row.text.toLowerCase().includes(needle) !== hides;
  };
}

function startText(session: LoadSession): string {
  const parameters = Object.entries(session.parameters).map(([name, value]) => `${name}=${value}`);
  const target = `${session.host.name}, Linux ${session.host.kernel}`;
  return visibleText(`Load of ${session.module.name} on ${target}${parameters.length > 0 ? ` with ${parameters.join(' ')}` : ''}`);
}

function endText(name: string, end: SessionEnd): string {
  const because = end.reason === '' ? '' : `: ${endReason(end)}`;
  switch (end.state) {
    case 'unloaded':
      return visibleText(`${name} was unloaded${because}`);
    case 'loaded':
      return visibleText(`${name} stays loaded; this session no longer reads the log${because}`);
    case 'refused':
      return visibleText(`${name} was not loaded${because}`);
    case 'oops':
      return visibleText(`The kernel reported an oops while ${name} was loaded${because}`);
    case 'hostLost':
      return visibleText(`The host stopped answering${because}`);
    case 'cancelled':
      return visibleText(`The load of ${name} was cancelled${because}`);
  }
}

function isFailedEnd(state: SessionEnd['state']): boolean {
  return state === 'refused' || state === 'oops' || state === 'hostLost';
}

function gapText(from: number, to: number): string {
  const lost = to - from + 1;
  return lost === 1 ? `1 record was lost here (number ${from})` : `${lost.toLocaleString('en')} records were lost here (numbers ${from} to ${to})`;
}
