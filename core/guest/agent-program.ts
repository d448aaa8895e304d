// SPDX-License-Identifier: MIT
// What makes a guest another one than all others that begin from the same saved state: its keys, its clock, its randomness.
import { call, data, elfProgram, jump, jumpIf, jumpUnless, keep, label, type Instruction } from './elf';

/** The line that the guest writes to its console when all that every guest has in common is done. */
export const WAITING_LINE = 'KMODLAB-WAITING';
/** The line that it writes when SSH answers. */
export const READY_LINE = 'KMODLAB-READY';
/** What a guest that has booted asks on its agent's port; one that begins from a saved state has done so before it was saved. */
export const INTRODUCTION_REQUEST = 'introduction?';

/** Where dropbear looks for its key when a connection needs it. */
const HOST_KEY = '/etc/dropbear/dropbear_ed25519_host_key';
const AUTHORIZED_KEYS = '/root/.ssh/authorized_keys';

/** What one guest is given for itself. */
export interface Identity {
  /** Dropbear's host key file. */
  readonly hostKey: Buffer;
  /** Of authorized_keys, with its line end. */
  readonly authorizedKey: Buffer;
}

/** Sizes in bytes of what makes up an introduction, in their order. */
const TIME = 16;
const ENTROPY_HEAD = 8;
const ENTROPY = 32;
const HOST_KEY_BYTES = 83;
const AUTHORIZED_KEY_BYTES = 89;
const ENTROPY_AT = TIME;
const HOST_KEY_AT = ENTROPY_AT + ENTROPY_HEAD + ENTROPY;
const AUTHORIZED_KEY_AT = HOST_KEY_AT + HOST_KEY_BYTES;
const INTRODUCTION_BYTES = AUTHORIZED_KEY_AT + AUTHORIZED_KEY_BYTES;

/** struct timespec, struct rand_pool_info with 32 bytes, and the keys. @throws RangeError when one has not the size that the program knows */
export function introduction(nowMs: number, entropy: Buffer, { hostKey, authorizedKey }: Identity): Buffer {
  const head = Buffer.alloc(TIME + ENTROPY_HEAD);
  head.writeBigInt64LE(BigInt(Math.floor(nowMs / 1000)), 0);
  head.writeBigInt64LE(BigInt(Math.round((nowMs % 1000) * 1e6)), 8);
  head.writeInt32LE(ENTROPY * 8, TIME);
  head.writeInt32LE(ENTROPY, TIME + 4);
  for (const [part, size] of [[entropy, ENTROPY], [hostKey, HOST_KEY_BYTES], [authorizedKey, AUTHORIZED_KEY_BYTES]] as const) {
    if (part.length !== size) throw new RangeError(`${part.length} bytes where the guest expects ${size}`);
  }
  return Buffer.concat([head, entropy, hostKey, authorizedKey]);
}

/** Numbers of x86-64's system calls. */
const [READ, WRITE, OPEN, CLOSE, IOCTL, EXIT, REBOOT, CLOCK_SETTIME] = [0, 1, 2, 3, 16, 60, 169, 227];
const [PORT, CONSOLE] = [0, 1];
const CLOCK_REALTIME = 0;
const RNDADDENTROPY = 0x40085203;
const RNDRESEEDCRNG = 0x5207;
const [O_RDONLY, O_WRONLY_CREAT_TRUNC] = [0, 0o1101];
const LARGEST = 4096;

const twice = (line: string): string => `${line}\n`.repeat(2); // a kernel message may run into one of them

function say(to: number, name: string, text: string): Instruction {
  return call(WRITE, to, { at: name }, text.length);
}

function store(path: string, offset: number, size: number): Instruction[] {
  return [
    call(OPEN, { at: path }, O_WRONLY_CREAT_TRUNC, 0o600),
    jumpIf('negative', 'fail'),
    keep,
    call(WRITE, 'kept', { stack: offset }, size),
    jumpUnless(size, 'fail'),
    call(CLOSE, 'kept'),
  ];
}

/**
 * Has the agent's port as its standard input, for both ways, and the console as its output. Says that it waits, takes its
 * introduction, and says that the guest is ready; from then on it answers what comes with the same, for as long as the kernel runs
 * programs. A shell would take twenty times as long to begin all this in a processor that is emulated; and only a program of its own
 * can have a kernel take up fresh entropy at once (a write to /dev/urandom is used at the next reseeding, up to a minute later).
 * What cannot be done ends the guest. Started again, it only answers.
 */
export const AGENT_PROGRAM: Buffer = elfProgram([
  call(OPEN, { at: 'authorized_keys' }, O_RDONLY),
  jumpIf('not negative', 'answer'),
  say(PORT, 'request', `${INTRODUCTION_REQUEST}\n`),
  say(CONSOLE, 'waiting', twice(WAITING_LINE)),
  call(READ, PORT, { stack: 0 }, INTRODUCTION_BYTES), // one write here is one buffer there, as long as it fits into a page
  jumpUnless(INTRODUCTION_BYTES, 'fail'),
  call(CLOCK_SETTIME, CLOCK_REALTIME, { stack: 0 }),
  jumpIf('not zero', 'fail'),
  call(OPEN, { at: 'urandom' }, O_RDONLY),
  jumpIf('negative', 'fail'),
  keep,
  call(IOCTL, 'kept', RNDADDENTROPY, { stack: ENTROPY_AT }),
  jumpIf('not zero', 'fail'),
  call(IOCTL, 'kept', RNDRESEEDCRNG),
  jumpIf('not zero', 'fail'),
  call(CLOSE, 'kept'),
  ...store('host_key', HOST_KEY_AT, HOST_KEY_BYTES),
  ...store('authorized_keys', AUTHORIZED_KEY_AT, AUTHORIZED_KEY_BYTES),
  say(CONSOLE, 'ready', twice(READY_LINE)),
  label('answer'),
  call(READ, PORT, { stack: 0 }, LARGEST),
  jumpIf('not positive', 'end'),
  keep,
  call(WRITE, PORT, { stack: 0 }, 'kept'),
  jump('answer'),
  label('end'),
  call(EXIT, 0),
  label('fail'),
  call(REBOOT, 0xfee1dead, 0x28121969, 0x4321fedc), // LINUX_REBOOT_CMD_POWER_OFF
  call(EXIT, 1),
  data('urandom', '/dev/urandom\0'),
  data('host_key', `${HOST_KEY}\0`),
  data('authorized_keys', `${AUTHORIZED_KEYS}\0`),
  data('request', `${INTRODUCTION_REQUEST}\n`),
  data('waiting', twice(WAITING_LINE)),
  data('ready', twice(READY_LINE)),
]);
