// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../model/failure';
import { bringUp, type BringUpOptions } from './bring-up';
import { diskFailure } from './disk';
import { watchForHang } from './hang';
import { Holders } from './holders';
import { makeInstance } from './instance';
import { KVM_BOOT_MS, KvmTrial } from './kvm';
import type { Machine } from './machine';
import type { MachineEnd } from './process';
import { isPortOpen } from '../platform/loopback';
import type { MachineConfig } from './qemu';
import { sweepStates } from './saved-state';
import { onMessage, OwnerMessage, send, SOCKET_NAME, type KeeperConfig, type KeeperMessage } from './protocol';

const STARTER = Symbol('starter');
/** What an owner that is stopped, or gone mad, has to hear of its guest's end. */
const FAREWELL_MS = 5000;
/** A QEMU that hangs within a call of KVM cannot be ended; nobody waits for it longer. */
const TRIAL_END_MS = 2000;

type LeaseMessage = Extract<OwnerMessage, { type: 'lease' }>;

/**
 * Owns the guest of one name: brings it up, tells its owners what becomes of it, has the next one ready when it crashed, and
 * ends it when no lease is left. A lease is an open connection; the kernel closes it however its owner ends.
 */
export class Keeper {
  private readonly server: Server;
  private readonly connections = new Set<Socket>();
  private readonly holders = new Holders<Socket | symbol>();
  private onStarterReleased: () => void = () => undefined;
  private readonly starterReleased = new Promise<void>((resolve) => {
    this.onStarterReleased = resolve;
  });
  private readonly life = new AbortController();
  private machineConfig: MachineConfig;
  private machine: Machine | undefined;
  /** Counts the guests; a lease is on one of them. */
  private generation = 0;
  private state: KeeperMessage = { type: 'booting' };
  private told: Promise<void> = Promise.resolve();
  /** Somebody wants the guest that is there. */
  private isUsed = true;
  /** Somebody wants the guest that follows. */
  private nextIsWanted = false;
  private onWanted: () => void = () => undefined;
  private hang: string | null = null;
  private trial: Promise<void> = Promise.resolve();
  private readonly trialLife = new AbortController();
  private endRequested = false;
  private finish: () => void = () => undefined;
  /** Resolves when nothing is left of the guest: QEMU gone, folder removed, owners told. */
  readonly finished = new Promise<void>((resolve) => {
    this.finish = resolve;
  });

  constructor(private readonly config: KeeperConfig) {
    this.machineConfig = config.machine;
    this.holders.add(STARTER, this.generation + 1, false);
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

  /** Keeps guests, one after the other, for as long as they are wanted; resolves when the last has ended or did not come up. Never rejects. */
  async keep(): Promise<void> {
    try {
      do await this.live();
      while (await this.isWantedAgain());
    } catch (error) {
      const { code, what, why, next, detail } = diskFailure(error) ?? Failure.from(error);
      this.tell({ type: 'failed', code, what, why, next, detail: detail ?? '' });
    }
    this.trialLife.abort();
    await Promise.race([this.trial, sleep(TRIAL_END_MS, undefined, { ref: false })]);
    await this.starterReleased; // it has heard of a failure that was quicker than its connection
    this.cleanUp();
  }

  /** Ends the guest; {@link finished} follows. */
  end(): void {
    this.server.close();
    this.life.abort();
    this.trialLife.abort();
    this.machine?.kill();
    this.onWanted();
  }

  /** One guest, from its beginning until its owners know that it has ended. */
  private async live(): Promise<void> {
    const { folder, kernelRelease, hangSeconds } = this.config;
    const number = ++this.generation;
    this.state = { type: 'booting' };
    this.nextIsWanted = false;
    this.hang = null;
    const consoleLog = path.join(folder, 'console.log');
    const { keyFile, knownHosts, identity } = makeInstance(folder, number);
    const machine = await this.bringUp({ consoleLog, identity });
    this.machine = machine;
    let hasTold: () => void = () => undefined;
    this.told = new Promise((resolve) => (hasTold = resolve));
    const stopWatching = watchForHang(machine, hangSeconds, (how) => {
      this.hang = how;
      machine.kill();
    });
    const { memoryMiB, accelerator } = this.machineConfig;
    this.tell({
      type: 'ready',
      endpoint: { port: machine.port, pid: machine.pid, keyFile, knownHosts, folder, kernelRelease, consoleLog, memoryMiB, accelerator, since: new Date().toISOString() },
    });
    if (number === 1) this.lookAfterLaterOnes(identity);
    const end = await machine.ended;
    stopWatching();
    for (const file of [keyFile, knownHosts]) fs.rmSync(file, { force: true });
    this.tell(this.lost(end));
    hasTold();
  }

  /** Under KVM only as long as that works. */
  private async bringUp(start: Pick<BringUpOptions, 'consoleLog' | 'identity'>): Promise<Machine> {
    const { folder, kernelRelease, statesDir, kvmDir } = this.config;
    const log = (line: string): void => fs.appendFileSync(path.join(folder, 'keeper.log'), `${line}\n`);
    const options = { ...start, statesDir, kernelRelease, scratch: folder, log };
    if (this.machineConfig.accelerator === 'tcg') return await bringUp(this.machineConfig, options, this.life.signal);
    const { bootTimeoutMs } = this.machineConfig;
    try {
      return await bringUp({ ...this.machineConfig, bootTimeoutMs: Math.min(bootTimeoutMs, KVM_BOOT_MS) }, options, this.life.signal);
    } catch (error) {
      if (!(error instanceof Failure && ['guest-boot-timeout', 'guest-boot-failed'].includes(error.code))) throw error;
      log(`Under KVM it did not come up: ${error.why}`);
      this.machineConfig = { ...this.machineConfig, accelerator: 'tcg' };
      const machine = await bringUp(this.machineConfig, options, this.life.signal);
      if (kvmDir !== null) new KvmTrial(kvmDir, this.machineConfig).withdraw(error.why);
      return machine;
    }
  }

  /** Behind the back of the guest that is ready: tidies up, and tries KVM. */
  private lookAfterLaterOnes(identity: BringUpOptions['identity']): void {
    const { kvmDir, folder, statesDir } = this.config;
    if (statesDir !== null) sweepStates(statesDir);
    if (kvmDir === null) return;
    const trial = new KvmTrial(kvmDir, this.machineConfig);
    if (trial.isDue) this.trial = trial.run(path.join(folder, 'kvm'), identity, this.trialLife.signal);
  }

  /** Also when nobody has asked yet: an owner that is there to stay finds the next guest ready, unless that one ends unused. */
  private async isWantedAgain(): Promise<boolean> {
    const isSpare = this.isUsed && this.holders.someStay;
    this.isUsed = false;
    if (!this.nextIsWanted && !isSpare && !this.life.signal.aborted) await new Promise<void>((resolve) => (this.onWanted = resolve));
    if (this.nextIsWanted) this.isUsed = true;
    return !this.life.signal.aborted;
  }

  private welcome(socket: Socket): void {
    this.connections.add(socket);
    let idleSeconds: number | null = null;
    onMessage(socket, OwnerMessage, (message) => {
      switch (message.type) {
        case 'lease':
          // A guest on its way out takes no more owners: the connection closes unanswered.
          if (this.life.signal.aborted) break;
          if (message.lease.kind === 'idle') idleSeconds = message.lease.seconds;
          this.takeLease(socket, message);
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

  private takeLease(socket: Socket, { lease, insteadOf }: LeaseMessage): void {
    const isEnded = this.state.type === 'lost' || (insteadOf !== undefined && this.state.type === 'ready' && this.state.endpoint.pid === insteadOf);
    this.holders.add(socket, isEnded ? this.generation + 1 : this.generation, lease.kind !== 'process');
    this.release(STARTER);
    if (!isEnded) {
      this.isUsed = true;
      send(socket, this.state);
      return;
    }
    this.nextIsWanted = true;
    send(socket, { type: 'booting' });
    this.machine?.kill();
    this.onWanted();
  }

  /** QEMU's end may not have reached us when an owner asks; its port closes with it. */
  private async answerCheck(socket: Socket): Promise<void> {
    const { told, state } = this;
    if (state.type === 'ready' && !(await isPortOpen(state.endpoint.port))) await told;
    send(socket, this.state);
  }

  private holdFor(seconds: number): void {
    const holder = Symbol('idle');
    this.holders.add(holder, this.generation, true);
    setTimeout(() => this.release(holder), seconds * 1000).unref();
  }

  private release(holder: Socket | symbol): void {
    if (!this.holders.delete(holder)) return;
    if (holder === STARTER) this.onStarterReleased();
    if (this.holders.size === 0) this.end();
  }

  private lost(end: MachineEnd): KeeperMessage {
    const wasEnded = this.endRequested || this.nextIsWanted;
    const cause = end.panic !== null ? 'panic' : this.hang !== null ? 'hung' : wasEnded ? 'requested' : 'ended';
    return { type: 'lost', cause, panic: end.panic, console: end.console, qemu: this.hang ?? end.qemu };
  }

  /** To the owners of the guest that is there. */
  private tell(message: KeeperMessage): void {
    this.state = message;
    for (const connection of this.connections) {
      if (this.holders.generationOf(connection) === this.generation) send(connection, message);
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
  if (socket.readableEnded) socket.destroy(); // it is on its way out itself, and expects us to be gone when it is
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
