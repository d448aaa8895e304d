// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Failure } from '../../core/model';

const OPEN_LOG = 'Open Log';

/** Shows failures as one message of three sentences; everything longer goes to the log. */
export class Messages {
  constructor(private readonly log: vscode.LogOutputChannel) {}

  /** Does not wait for the person: the message may stay for as long as it likes. A cancel was asked for and needs no message. */
  failure(error: unknown): void {
    const failure = Failure.from(error);
    if (failure.code === 'cancelled') {
      this.log.info(failure.message);
      return;
    }
    this.log.error(`${failure.code}: ${failure.message}`);
    if (failure.detail !== undefined) this.log.error(failure.detail);
    void vscode.window.showErrorMessage(failure.message, OPEN_LOG).then((choice) => {
      if (choice === OPEN_LOG) this.log.show(true);
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
