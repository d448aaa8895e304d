// SPDX-License-Identifier: MIT
import type { LoadSession, SourceLine } from '../../../core/model';
import { compareCall, type ComparisonRow, type Verdict } from '../../../core/sessions/compare';

/** A comparison of a call that was made. */
export type MadeCall = ComparisonRow & { readonly call: NonNullable<ComparisonRow['call']> };

/** A call in the source, with what came of it so far. */
export interface CallSite {
  /** From 1, in the file as it was built. */
  readonly line: number;
  readonly syscall: string;
  count: number;
  last: MadeCall;
  /** The last call of this site that returned something else than predicted. */
  differing: MadeCall | null;
  readonly verdicts: Set<Verdict>;
}

/** Sites by the file's path relative to the module's folder, in the order of their first calls. */
export type CallSites = ReadonlyMap<string, readonly CallSite[]>;

/**
 * Where the calls of a session were made: calls of one syscall with one prediction on one line are one site. Keeps what
 * it has seen, so that a session that grows costs only its new calls.
 */
export class CallSiteIndex {
  private sites = new Map<string, CallSite>();
  private files = new Map<string, CallSite[]>();
  private seen = 0;
  private basis: Pick<LoadSession, 'predictions'> & { readonly actions: number } = { predictions: [], actions: 0 };

  /** Takes over what the session has gained. */
  update(session: LoadSession): CallSites {
    const basis = { predictions: session.predictions, actions: session.actions.length };
    if (basis.predictions !== this.basis.predictions || basis.actions !== this.basis.actions || session.calls.length < this.seen) {
      this.sites = new Map();
      this.files = new Map();
      this.seen = 0;
      this.basis = basis;
    }
    const predictions = new Map(session.predictions.map((prediction) => [prediction.id, prediction]));
    for (; this.seen < session.calls.length; this.seen++) {
      const call = session.calls[this.seen];
      if (call?.source) this.add({ ...compareCall(predictions.get(call.predictionId ?? '') ?? null, call, session), call }, call.source);
    }
    return this.files;
  }

  private add(row: MadeCall, { file, line }: SourceLine): void {
    const { syscall, predictionId } = row.call;
    const key = `${file}\n${line} ${syscall} ${predictionId ?? ''}`;
    const known = this.sites.get(key);
    if (known) {
      known.count++;
      known.last = row;
      known.verdicts.add(row.verdict);
      if (row.verdict === 'differ') known.differing = row;
      return;
    }
    const site: CallSite = { line, syscall, count: 1, last: row, differing: row.verdict === 'differ' ? row : null, verdicts: new Set([row.verdict]) };
    this.sites.set(key, site);
    const list = this.files.get(file);
    if (list) list.push(site);
    else this.files.set(file, [site]);
  }
}

/** The sites of a session that is looked at once. */
export function callSites(session: LoadSession): CallSites {
  return new CallSiteIndex().update(session);
}
