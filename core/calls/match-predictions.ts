// SPDX-License-Identifier: MIT
import type { Call, Prediction, SourceLine } from '../model';

/** Ties recorded calls to predictions by source line and syscall. */
export class PredictionMatcher {
  private readonly byPlace = new Map<string, Prediction[]>();
  /** The prediction of each return address that was seen, so that a call in a loop keeps its own. */
  private readonly byCaller = new Map<string, Prediction>();

  /** @param earlier calls that were tied before */
  constructor(predictions: readonly Prediction[], earlier: readonly Call[] = []) {
    for (const prediction of predictions) {
      const place = this.key(prediction.source, prediction.syscall);
      this.byPlace.set(place, [...(this.byPlace.get(place) ?? []), prediction]);
    }
    const byId = new Map(predictions.map((prediction) => [prediction.id, prediction]));
    for (const { syscall, caller, source, predictionId } of earlier) {
      const prediction = byId.get(predictionId ?? '');
      if (prediction && source && caller !== null) this.byCaller.set(`${this.key(source, syscall)} ${caller}`, prediction);
    }
  }

  /**
   * The prediction of a call, and the line it stands at: of the frames (innermost first) the first that has one, since a
   * call through an inlined helper may be predicted where the helper is used. Several of one line are taken in program
   * order, one for each return address.
   */
  match(syscall: string, caller: string, frames: readonly SourceLine[]): { prediction: Prediction | null; source: SourceLine | null } {
    for (const frame of frames) {
      const place = this.key(frame, syscall);
      const candidates = this.byPlace.get(place);
      if (!candidates) continue;
      const prediction = this.choose(candidates, `${place} ${caller}`);
      if (prediction) return { prediction, source: frame };
    }
    return { prediction: null, source: frames[0] ?? null };
  }

  private choose(candidates: readonly Prediction[], site: string): Prediction | null {
    const known = this.byCaller.get(site);
    if (known) return known;
    const taken = new Set(this.byCaller.values());
    const next = candidates.find((candidate) => !taken.has(candidate)) ?? null;
    if (next) this.byCaller.set(site, next);
    return next;
  }

  private key({ file, line }: SourceLine, syscall: string): string {
    return `${syscall} ${line} ${file}`;
  }
}
