// SPDX-License-Identifier: MIT
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { Failure } from '../model/failure';
import type { Lease } from './lease';
import { KeeperMessage, onMessage, send, SOCKET_NAME, type GuestEnd, type GuestEndpoint } from './protocol';

const KEEPER_GONE: GuestEnd = { type: 'lost', cause: 'ended', panic: null, console: '', qemu: 'the process that keeps it was killed' };

/** Our side of one lease on a guest: an open connection to its keeper. */
export class GuestLease {
  /** Rejects with a Failure when the guest does not come up. */
  readonly ready: Promise<GuestEndpoint>;
  /** Resolves when the guest ends while this lease is open. */
  readonly ended: Promise<GuestEnd>;
  private readonly closed: Promise<void>;
  private closing = false;
  private knownEnd: GuestEnd | null = null;
  private readonly checks: ((end: GuestEnd | null) => void)[] = [];

  private constructor(
    private readonly socket: Socket,
    first: KeeperMessage,
    subscribe: (deliver: (message: KeeperMessage) => void) => void,
  ) {
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    let rejectReady: (failure: Failure) => void = () => undefined;
    let resolveReady: (endpoint: GuestEndpoint) => void = () => undefined;
    let resolveEnded: (end: GuestEnd) => void = () => undefined;
    this.ready = new Promise((resolve, reject) => {
      resolveReady = resolve;
      rejectReady = reject;
    });
    this.ready.catch(() => undefined); // whoever waits for it hears of it
    this.ended = new Promise((resolve) => (resolveEnded = resolve));
    const end = (message: GuestEnd): void => {
      this.knownEnd ??= message;
      socket.unref(); // it still counts as a lease, but keeps no process alive
      resolveEnded(message);
      for (const answer of this.checks.splice(0)) answer(message);
      rejectReady(endedBeforeReady());
    };
    const deliver = (message: KeeperMessage): void => {
      switch (message.type) {
        case 'booting':
          break;
        case 'ready':
          resolveReady(message.endpoint);
          for (const answer of this.checks.splice(0)) answer(null);
          break;
        case 'failed':
          rejectReady(new Failure(message));
          break;
        case 'lost':
          end(message);
          break;
      }
    };
    deliver(first);
    subscribe(deliver);
    void this.closed.then(() => {
      if (!this.closing) end(KEEPER_GONE);
      rejectReady(Failure.cancelled('The guest was not opened.'));
      for (const answer of this.checks.splice(0)) answer(null);
    });
  }

  /**
   * Connects to the guest in `folder` and takes a lease on it; was it lost, on the next one.
   * @param insteadOf process id of the QEMU of a guest that is not wanted any more: it is ended, and the next one taken
   * @returns null when no keeper serves that folder (any more)
   */
  static connect(folder: string, lease: Lease, insteadOf?: number): Promise<GuestLease | null> {
    return new Promise((resolve) => {
      const socket = connect(path.join(folder, SOCKET_NAME));
      let deliver: ((message: KeeperMessage) => void) | null = null;
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(null));
      socket.on('connect', () => send(socket, { type: 'lease', lease, ...(insteadOf === undefined ? {} : { insteadOf }) }));
      onMessage(socket, KeeperMessage, (message) => {
        if (deliver !== null) deliver(message);
        else resolve(new GuestLease(socket, message, (subscriber) => (deliver = subscriber)));
      });
    });
  }

  /** The guest's end; null while it runs, and when the lease was given back. */
  check(): Promise<GuestEnd | null> {
    if (this.knownEnd !== null || this.closing) return Promise.resolve(this.knownEnd);
    if (this.socket.destroyed) return this.ended;
    return new Promise((resolve) => {
      this.checks.push(resolve);
      send(this.socket, { type: 'check' });
    });
  }

  /** Ends the guest for everybody; resolves when nothing is left of it. */
  async end(): Promise<void> {
    this.closing = true;
    this.socket.ref();
    send(this.socket, { type: 'end' });
    await this.closed;
  }

  /** Gives the lease back. Was it the last one, the promise resolves when nothing is left of the guest. */
  async close(): Promise<void> {
    this.closing = true;
    this.socket.ref();
    this.socket.end();
    await this.closed;
  }
}

function endedBeforeReady(): Failure {
  return new Failure({
    code: 'guest-boot-failed',
    what: 'The guest did not come up.',
    why: 'The process that keeps it ended first.',
    next: 'Try again.',
  });
}
