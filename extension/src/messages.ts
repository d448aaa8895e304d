// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Failure } from '../../core/model';

const OPEN_LOG = 'Open Log';

/** What a person may choose to do at once about a failure. */
export interface Remedy {
  readonly title: string;
  readonly run: () => Promise<void>;
}

/** Shows failures as one message of three sentences; everything longer goes to the log. */
export class Messages {
  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly remedyFor: (failure: Failure) => Remedy | undefined,
    /** Whether a message says it already. */
    private readonly isTold: (failure: Failure) => boolean,
  ) {}

  /** Does not wait for the person: the message may stay for as long as it likes. A cancel was asked for and needs no message. */
  failure(error: unknown): void {
    const failure = Failure.from(error);
    if (failure.code === 'cancelled' || this.isTold(failure)) this.log.info(failure.message);
    else this.show(failure);
  }

  /** Shows a failure, whether it was told or not. */
  show(failure: Failure): void {
    this.log.error(`${failure.code}: ${failure.message}`);
    if (failure.detail !== undefined) this.log.error(failure.detail);
    const remedy = this.remedyFor(failure);
    void vscode.window.showErrorMessage(failure.message, ...(remedy ? [remedy.title] : []), OPEN_LOG).then((choice) => {
      if (choice === OPEN_LOG) this.log.show(true);
      else if (remedy && choice === remedy.title) void this.guard(remedy.run);
    });
  }

  /** Runs what a person asked for and shows its failure, whatever it throws. */
  async guard<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      this.failure(error);
      return undefined;
    }
  }
}
