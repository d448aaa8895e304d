// SPDX-License-Identifier: MIT

/** CLI exit codes, as README documents them. */
export const ExitCode = { ok: 0, findings: 1, usage: 2, host: 3, cancelled: 130 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface FailureText {
  /** Stable identifier, kebab-case, e.g. `qemu-missing`: what tests and documentation refer to. */
  readonly code: string;
  /** One sentence: what happened. */
  readonly what: string;
  /** One sentence: why. */
  readonly why: string;
  /** One sentence: what to do next. */
  readonly next: string;
  /** Anything longer (tool output, a stack): goes to the log, never into a notification. */
  readonly detail?: string;
  readonly exitCode?: ExitCode;
}

/** What a tool or a kernel said may end without a full stop. */
function asSentence(text: string): string {
  return /[.!?…:]["')\]]?$/.test(text) ? text : `${text}.`;
}

/**
 * A failure that a user can meet, as a value. Everything thrown across a room's border is one of these;
 * any other exception is a defect of ours and is reported as such.
 */
export class Failure extends Error {
  readonly code: string;
  readonly what: string;
  readonly why: string;
  readonly next: string;
  readonly detail: string | undefined;
  readonly exitCode: ExitCode;

  constructor(text: FailureText, options?: { cause?: unknown }) {
    super([text.what, text.why, text.next].map(asSentence).join(' '), options);
    this.name = 'Failure';
    this.code = text.code;
    this.what = text.what;
    this.why = text.why;
    this.next = text.next;
    this.detail = text.detail;
    this.exitCode = text.exitCode ?? ExitCode.host;
  }

  static cancelled(what: string): Failure {
    return new Failure({
      code: 'cancelled',
      what,
      why: 'It was cancelled.',
      next: 'Run it again when you are ready.',
      exitCode: ExitCode.cancelled,
    });
  }

  /** Wraps an unknown exception so that every caller can show three sentences. */
  static from(error: unknown): Failure {
    if (error instanceof Failure) return error;
    const message = error instanceof Error ? error.message : String(error);
    const detail = error instanceof Error ? error.stack : undefined;
    return new Failure(
      {
        code: 'internal',
        what: `Kernel Module Lab met an error of its own: ${message}`,
        why: 'This is a defect in the product, not in your module.',
        next: 'Please report it with the log.',
        ...(detail === undefined ? {} : { detail }),
      },
      { cause: error },
    );
  }
}
