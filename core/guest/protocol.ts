// SPDX-License-Identifier: MIT
// What a keeper and the owners of its guest say to each other, one JSON document a line, over the keeper's Unix socket.
import type { Socket } from 'node:net';
import * as z from 'zod';
import { LineSplitter } from '../platform/process';
import { Accelerator, MachineConfig } from './qemu';

/** Given to the keeper on its standard input, which stays open while its starter lives, until the first lease is there. */
export const KeeperConfig = z.object({
  /** The guest's folder; the keeper makes it, and removes it at its end. */
  folder: z.string(),
  /** Held while the keeper lives. Removed at its end when nobody else can want it. */
  lockFile: z.string(),
  removeLockFile: z.boolean(),
  kernelRelease: z.string(),
  machine: MachineConfig,
  /** Folder of the saved states; null: the guest boots each time. */
  statesDir: z.string().nullable(),
  /** Folder of what is known of KVM here; null: it is not tried. */
  kvmDir: z.string().nullable(),
  /** Processor time without an answer that makes a guest one that hangs. */
  hangSeconds: z.number().positive(),
});
export type KeeperConfig = z.infer<typeof KeeperConfig>;

export const LeaseSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['process', 'window']) }),
  z.object({ kind: z.literal('idle'), seconds: z.number().nonnegative().max(30 * 24 * 3600) }),
]);

export const OwnerMessage = z.discriminatedUnion('type', [
  /** From now on this connection is a lease, on a guest with another QEMU than the process `insteadOf`, which ends when it still runs. */
  z.object({ type: z.literal('lease'), lease: LeaseSchema, insteadOf: z.int().positive().optional() }),
  /** Asks how the guest is, also without a lease; answered by what was told last. */
  z.object({ type: z.literal('check') }),
  /** Ends the guest for everybody. */
  z.object({ type: z.literal('end') }),
]);
export type OwnerMessage = z.infer<typeof OwnerMessage>;

export const GuestEndpoint = z.object({
  port: z.int().positive(),
  keyFile: z.string(),
  knownHosts: z.string(),
  /** Folder for the owners' own sockets; goes with the guest. */
  folder: z.string(),
  kernelRelease: z.string(),
  consoleLog: z.string(),
  /** Of QEMU. */
  pid: z.int().positive(),
  memoryMiB: z.int().positive(),
  accelerator: Accelerator,
  /** When the guest was ready. */
  since: z.iso.datetime(),
});
export type GuestEndpoint = z.infer<typeof GuestEndpoint>;

export const KeeperMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('booting') }),
  z.object({ type: z.literal('ready'), endpoint: GuestEndpoint }),
  /** The guest did not come up. */
  z.object({ type: z.literal('failed'), code: z.string(), what: z.string(), why: z.string(), next: z.string(), detail: z.string() }),
  /** The guest was up and has ended; `hung`: it was ended because it ran no program any more. A lease hears of one guest only. */
  z.object({ type: z.literal('lost'), cause: z.enum(['panic', 'hung', 'ended', 'requested']), panic: z.string().nullable(), console: z.string(), qemu: z.string() }),
]);
export type KeeperMessage = z.infer<typeof KeeperMessage>;
export type GuestEnd = Extract<KeeperMessage, { type: 'lost' }>;

/** The line with which a keeper says on its standard output that its socket is there. */
export const LISTENING_LINE = 'listening';
export const SOCKET_NAME = 'keeper';

export function send(socket: Socket, message: OwnerMessage | KeeperMessage): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Delivers each valid message; anything else ends the connection, since the other side is not ours. */
export function onMessage<T>(socket: Socket, schema: z.ZodType<T>, deliver: (message: T) => void): void {
  const lines = new LineSplitter((line) => {
    const message = schema.safeParse(parse(line));
    if (message.success) deliver(message.data);
    else socket.destroy();
  });
  socket.on('data', (chunk) => lines.push(Buffer.from(chunk)));
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
