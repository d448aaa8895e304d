// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { Failure, LoadSession, SessionEvent, type KernelPath } from '../model';
import { ensurePrivateDir } from '../platform/dirs';
import { SessionFold } from './journal';
import { foldGently, JournalReader, parseJournalLine } from './journal-file';
import { summaryOf, summaryOfJournal, type SessionSummary } from './summary';

/** Appends the events of one session to its journal. */
export interface SessionWriter {
  readonly id: string;
  /** The session so far. */
  session(): LoadSession;
  append(event: SessionEvent): void;
  /** Writes ID.json from the journal. */
  finish(): LoadSession;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const MAX_SESSION_BYTES = 256 * 1024 * 1024;

function writeFailure(error: unknown): Failure {
  const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
  return new Failure(
    {
      code: full ? 'disk-full' : 'session-unwritable',
      what: 'The load session could not be saved.',
      why: full ? 'The disk is full.' : error instanceof Error ? `${error.message}.` : 'Its folder cannot be written.',
      next: full ? 'Free some space, then load the module again.' : 'Check the folder of the sessions (KMODLAB_STATE_DIR).',
    },
    { cause: error },
  );
}

function unreadable(id: string, why: string): Failure {
  return new Failure({ code: 'session-unreadable', what: `The load session ${id} cannot be read.`, why, next: 'Delete it, or choose another session.' });
}

function foldOf(file: string): SessionFold {
  const fold = new SessionFold();
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    const event = parseJournalLine(line);
    if (event) fold.push(event);
  }
  return fold;
}

class JournalWriter implements SessionWriter {
  /** Length of the journal as far as this writer knows. */
  private bytes: number;

  constructor(
    readonly id: string,
    private readonly jsonl: string,
    private readonly json: string,
    private fold: SessionFold,
  ) {
    this.bytes = fs.statSync(jsonl).size;
  }

  session(): LoadSession {
    const session = this.fold.session();
    if (!session) throw new Error(`journal ${this.id} does not begin with a session`);
    return session;
  }

  append(event: SessionEvent): void {
    this.fold.push(event);
    const line = `${JSON.stringify(event)}\n`;
    this.bytes += Buffer.byteLength(line);
    try {
      fs.appendFileSync(this.jsonl, line, { mode: 0o600 });
    } catch (error) {
      throw writeFailure(error);
    }
  }

  finish(): LoadSession {
    const temporary = `${this.json}.${process.pid}.tmp`;
    try {
      if (fs.statSync(this.jsonl).size > this.bytes) this.fold = foldOf(this.jsonl); // another process has added to it
      const session = this.session();
      fs.writeFileSync(temporary, `${JSON.stringify(session, null, 2)}\n`, { mode: 0o600, flush: true });
      fs.renameSync(temporary, this.json);
      return session;
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw writeFailure(error);
    }
  }
}

/** The load sessions under `STATE/sessions`: `ID.jsonl` is the journal, `ID.json` the whole session once it has ended. */
export class SessionStore {
  readonly folder: string;

  /** @param stateDir {@link Dirs.state} */
  constructor(stateDir: string) {
    this.folder = path.join(stateDir, 'sessions');
  }

  /** Starts a journal. @throws Failure `disk-full`, `session-unwritable` */
  create(session: LoadSession): SessionWriter {
    try {
      ensurePrivateDir(this.folder);
      fs.closeSync(fs.openSync(this.journalPath(session.id), 'ax', 0o600));
    } catch (error) {
      throw writeFailure(error);
    }
    const writer = new JournalWriter(session.id, this.journalPath(session.id), this.finalPath(session.id), new SessionFold());
    writer.append({ type: 'started', session });
    return writer;
  }

  /** Continues the journal of a session that was left loaded. @throws Failure `no-session`, `session-unreadable` */
  reopen(id: string): SessionWriter {
    const fold = this.foldJournal(id);
    if (!fold) throw this.missing(id);
    fs.rmSync(this.finalPath(id), { force: true });
    return new JournalWriter(id, this.journalPath(id), this.finalPath(id), fold);
  }

  /** Adds to a session, also to one that has ended, how the kernel came to a call's result. @throws Failure `no-session`, `session-unwritable` */
  addKernelPath(id: string, callId: string, path: KernelPath): LoadSession {
    const writer = this.reopen(id);
    writer.append({ type: 'kernelPath', callId, path });
    return writer.session().end === null ? writer.session() : writer.finish();
  }

  /** Newest first; what cannot be read is left out. */
  async list(): Promise<SessionSummary[]> {
    const summaries: SessionSummary[] = [];
    for (const id of await this.ids()) {
      const summary = (await summaryOfJournal(this.journalPath(id))) ?? (await this.read(id).then(summaryOf, () => null));
      if (summary) summaries.push(summary);
    }
    return summaries;
  }

  /**
   * @param id a session's id, or `latest`
   * @throws Failure `no-session`, `session-unreadable`
   */
  async read(id: string): Promise<LoadSession> {
    if (id === 'latest') return this.read(await this.latest());
    const text = await this.readFinal(id);
    const parsed = text === null ? null : LoadSession.safeParse(parseJson(text));
    const session = parsed?.success ? parsed.data : this.foldJournal(id)?.session();
    if (session) return session;
    throw text === null ? this.missing(id) : unreadable(id, 'Its files are damaged or of another version.');
  }

  /**
   * As {@link read}, a piece of the journal at a time: nothing else waits long, however many calls there are.
   * @throws Failure `no-session`, `session-unreadable`, `cancelled`
   */
  async readGently(id: string, signal?: AbortSignal): Promise<LoadSession> {
    const file = this.journalPath(id);
    const size = (await fs.promises.stat(file).catch(() => null))?.size;
    if (size === undefined) return this.read(id);
    if (size > MAX_SESSION_BYTES) throw unreadable(id, 'Its journal is larger than 256 MB.');
    const session = await foldGently(file, signal);
    if (signal?.aborted) throw Failure.cancelled('The load session was not read to its end.');
    if (!session) throw unreadable(id, 'Its journal is damaged or of another version.');
    return session;
  }

  /**
   * Gives every event of a session from its beginning, then each new one as any process writes it.
   * Ends when the session has ended for good (`loaded` may still go on) or when `signal` aborts.
   * @throws Failure `no-session`
   */
  async follow(id: string, onEvent: (event: SessionEvent) => void, signal?: AbortSignal): Promise<void> {
    const file = this.journalPath(id);
    if (!fs.existsSync(file)) throw this.missing(id);
    await new JournalReader(file, onEvent).follow(signal);
  }

  /** Removes the oldest sessions beyond `keep`; one whose module is still loaded, or that still runs, stays. */
  async prune(keep = 200): Promise<void> {
    for (const id of (await this.ids()).slice(keep)) {
      const session = await this.read(id).catch(() => null);
      if (session && (session.end === null || session.end.state === 'loaded')) continue;
      fs.rmSync(this.journalPath(id), { force: true });
      fs.rmSync(this.finalPath(id), { force: true });
    }
  }

  /** Newest first: an id begins with its time. */
  private async ids(): Promise<string[]> {
    const names = await fs.promises.readdir(this.folder).catch(() => []);
    const ids = names.filter((name) => /\.jsonl?$/.test(name)).map((name) => name.replace(/\.jsonl?$/, ''));
    return [...new Set(ids)].filter((id) => ID.test(id)).sort().reverse();
  }

  private async latest(): Promise<string> {
    for (const id of await this.ids()) {
      if (await this.read(id).catch(() => null)) return id;
    }
    throw this.missing('latest');
  }

  private foldJournal(id: string): SessionFold | null {
    const file = this.journalPath(id);
    const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) return null;
    if (size > MAX_SESSION_BYTES) throw unreadable(id, 'Its journal is larger than 256 MB.');
    return foldOf(file);
  }

  private async readFinal(id: string): Promise<string | null> {
    const file = this.finalPath(id);
    const stat = await fs.promises.stat(file).catch(() => null);
    if (!stat) return null;
    if (stat.size > MAX_SESSION_BYTES) throw unreadable(id, 'Its file is larger than 256 MB.');
    return fs.promises.readFile(file, 'utf8');
  }

  private journalPath(id: string): string {
    return path.join(this.folder, `${this.checked(id)}.jsonl`);
  }

  private finalPath(id: string): string {
    return path.join(this.folder, `${this.checked(id)}.json`);
  }

  private checked(id: string): string {
    if (!ID.test(id)) throw this.missing(id);
    return id;
  }

  private missing(id: string): Failure {
    return new Failure({
      code: 'no-session',
      what: id === 'latest' ? 'There is no load session yet.' : `There is no load session ${JSON.stringify(id.slice(0, 80))}.`,
      why: `Nothing of that name lies in ${this.folder}.`,
      next: 'Load a module first, or list the sessions.',
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
