// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { Failure } from '../model';
import { diskFailure } from './disk';
import { prepareInstance } from './instance';
import { startMachine, type Machine, type MachineEnd } from './machine';
import { isPortOpen } from './port';
import { onMessage, OwnerMessage, send, SOCKET_NAME, type KeeperConfig, type KeeperMessage } from './protocol';

const STARTER = Symbol('starter');
/** What an owner that is stopped, or gone mad, has to hear of its guest's end. */
const FAREWELL_MS = 5000;

/**
 * Owns one guest: boots it, tells its owners what becomes of it, and ends it when no lease is left.
 * A lease is an open connection; the kernel closes it however its owner ends.
 */
export class Keeper {
  private readonly server: Server;
  /** Open connections; those that are leases are holders too. */
  private readonly connections = new Set<Socket>();
  private readonly holders = new Set<unknown>([STARTER]);
  private onStarterReleased: () => void = () => undefined;
  private readonly starterReleased = new Promise<void>((resolve) => {
    this.onStarterReleased = resolve;
  });
  private readonly booting = new AbortController();
  private machine: Machine | undefined;
  private state: KeeperMessage = { type: 'booting' };
  private ending = false;
  private endRequested = false;
  private finish: () => void = () => undefined;
  /** Resolves when nothing is left of the guest: QEMU gone, folder removed, owners told. */
  readonly finished = new Promise<void>((resolve) => {
    this.finish = resolve;
  });

  constructor(private readonly config: KeeperConfig) {
    this.server = createServer({ allowHalfOpen: true }, (socket) => this.welcome(socket));
  }

  /** Makes the guest's folder and listens in it. The caller holds the guest's lock, so whatever is there is stale. */
  async listen(): Promise<void> {
    fs.rmSync(this.config.folder, { recursive: true, force: true });
    fs.mkdirSync(this.config.folder, { mode: 0o700 });
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(path.join(this.config.folder, SOCKET_NAME), resolve);
    });
  }

  /** The process that started the keeper is gone. Until the first lease it is what holds the guest. */
  starterLeft(): void {
    this.release(STARTER);
  }

  /** Boots the guest and watches it; resolves when it has ended or did not come up. Never rejects. */
  async boot(): Promise<void> {
    const { folder, image, sshKeygen, machine, kernelRelease } = this.config;
    const consoleLog = path.join(folder, 'console.log');
    try {
      const files = await prepareInstance(folder, image, sshKeygen);
      this.machine = await startMachine({ ...machine, initrd: files.initrd, consoleLog }, this.booting.signal);
      fs.rmSync(files.initrd);
      const { keyFile, knownHosts } = files;
      const { port, pid } = this.machine;
      this.tell({ type: 'ready', endpoint: { port, pid, keyFile, knownHosts, folder, kernelRelease, consoleLog } });
      this.tell(this.lost(await this.machine.ended));
    } catch (error) {
      const { code, what, why, next, detail } = diskFailure(error) ?? Failure.from(error);
      this.tell({ type: 'failed', code, what, why, next, detail: detail ?? '' });
    }
    await this.starterReleased; // it has heard of a failure that was quicker than its connection
    this.cleanUp();
  }

  /** Ends the guest; {@link finished} follows. */
  end(): void {
    this.ending = true;
    this.server.close();
    this.booting.abort();
    this.machine?.kill();
  }

  private welcome(socket: Socket): void {
    this.connections.add(socket);
    let idleSeconds: number | null = null;
    onMessage(socket, OwnerMessage, (message) => {
      switch (message.type) {
        case 'lease':
          // A guest on its way out takes no more owners: the connection closes unanswered.
          if (this.ending) break;
          this.holders.add(socket);
          this.release(STARTER);
          if (message.lease.kind === 'idle') idleSeconds = message.lease.seconds;
          send(socket, this.state);
          break;
        case 'check':
          void this.answerCheck(socket);
          break;
        case 'end':
          this.endRequested = true;
          this.end();
          break;
      }
    });
    const leave = (): void => {
      if (!this.connections.has(socket)) return;
      if (idleSeconds !== null && this.holders.has(socket)) this.holdFor(idleSeconds);
      this.release(socket);
      // The last owner's connection is closed only when the guest is gone: that is how it knows.
      if (this.holders.size > 0) {
        this.connections.delete(socket);
        socket.end();
      }
    };
    socket.on('error', () => socket.destroy());
    socket.on('end', leave);
    socket.on('close', leave);
  }

  /** QEMU's end may not have reached us when an owner asks; its port closes with it. */
  private async answerCheck(socket: Socket): Promise<void> {
    if (this.machine !== undefined && this.state.type === 'ready' && !(await isPortOpen(this.machine.port))) await this.machine.ended;
    send(socket, this.state);
  }

  private holdFor(seconds: number): void {
    const holder = Symbol('idle');
    this.holders.add(holder);
    setTimeout(() => this.release(holder), seconds * 1000).unref();
  }

  private release(holder: unknown): void {
    if (!this.holders.delete(holder)) return;
    if (holder === STARTER) this.onStarterReleased();
    if (this.holders.size === 0) this.end();
  }

  private lost(end: MachineEnd): KeeperMessage {
    const cause = this.endRequested ? 'requested' : end.panic === null ? 'ended' : 'panic';
    return { type: 'lost', cause, panic: end.panic, console: end.console, qemu: end.qemu };
  }

  private tell(message: KeeperMessage): void {
    this.state = message;
    for (const connection of this.connections) {
      if (this.holders.has(connection)) send(connection, message);
    }
  }

  private cleanUp(): void {
    this.server.close();
    fs.rmSync(this.config.folder, { recursive: true, force: true, maxRetries: 3 });
    if (this.config.removeLockFile) fs.rmSync(this.config.lockFile, { force: true });
    const open = [...this.connections];
    this.connections.clear();
    void Promise.all(open.map(farewell)).then(() => this.finish());
  }
}

/**
 * Closes our half and waits for the other one: an owner that still writes to a closed socket is told of an error by its
 * kernel, and would throw away what we said last.
 */
function farewell(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), FAREWELL_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.end();
  });
}
