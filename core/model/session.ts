// SPDX-License-Identifier: MIT
import * as z from 'zod';
import { Architecture, Finding, Prediction, Severity, SourceLine } from './analysis';

/** A 64-bit value, as `0x` and hexadecimal digits. */
export const Hex64 = z.string().regex(/^0x[0-9a-f]{1,16}$/);

export const HostKind = z.enum(['local', 'ssh', 'guest']);
export type HostKind = z.infer<typeof HostKind>;

export const HostIdentity = z.object({
  name: z.string(),
  kind: HostKind,
  /** `uname -r` */
  kernel: z.string(),
  arch: Architecture,
  /** /proc/sys/kernel/random/boot_id */
  bootId: z.string(),
  /** Levels of page tables, which say where user space ends; null or absent where that is not known. */
  levels: z.union([z.literal(4), z.literal(5)]).nullable().optional(),
});
export type HostIdentity = z.infer<typeof HostIdentity>;

/** One kernel log record (`prio,seq,usec,flags;text`, see Documentation/ABI/testing/dev-kmsg). */
export const KernelRecord = z.object({
  seq: z.int().nonnegative(),
  /** Microseconds since boot, printk's clock. */
  usec: z.int().nonnegative(),
  /** 0 (emerg) to 7 (debug) */
  level: z.int().min(0).max(7),
  facility: z.int().nonnegative(),
  text: z.string(),
  /** The record continues a line (`c` in the flags). */
  continuation: z.boolean(),
  /** `KEY=value` pairs that follow the text. */
  dictionary: z.record(z.string(), z.string()),
});
export type KernelRecord = z.infer<typeof KernelRecord>;

/** Sequence numbers that were lost: `from` to `to`, both inclusive. */
export const Gap = z.object({ from: z.int().nonnegative(), to: z.int().nonnegative() });
export type Gap = z.infer<typeof Gap>;

export const BuildDiagnostic = z.object({
  /** Relative to the module's folder where it lies inside, else absolute; null when the tool names no file. */
  file: z.string().nullable(),
  line: z.int().positive().nullable(),
  column: z.int().positive().nullable(),
  severity: Severity,
  message: z.string(),
  /** The tool that said it. */
  tool: z.enum(['gcc', 'modpost', 'make', 'ld', 'objtool']),
  /** Places that belong to it: notes of the compiler, and where a function was inlined. */
  related: z.array(z.object({ file: z.string(), line: z.int().positive(), column: z.int().positive().nullable(), message: z.string() })).optional(),
});
export type BuildDiagnostic = z.infer<typeof BuildDiagnostic>;

export const BuildResult = z.object({
  compiler: z.string(),
  argv: z.array(z.string()),
  diagnostics: z.array(BuildDiagnostic),
  ok: z.boolean(),
});
export type BuildResult = z.infer<typeof BuildResult>;

export const PreflightLine = z.object({
  check: z.string(),
  verdict: z.enum(['ok', 'warning', 'blocked']),
  text: z.string(),
  fix: z.string().nullable(),
});
export type PreflightLine = z.infer<typeof PreflightLine>;

/** A module that was loaded before this one because it needs it, by the same session. */
export const Dependency = z.object({ name: z.string(), from: z.enum(['workspace', 'kernel']) });
export type Dependency = z.infer<typeof Dependency>;

/** A process on the host that unloads the module after a time, also when nobody watches any more. */
export const Watchdog = z.object({
  seconds: z.int().positive(),
  /** What it did; null while it waits. */
  outcome: z.enum(['removed', 'refused', 'hangs']).nullable(),
});
export type Watchdog = z.infer<typeof Watchdog>;

/** A character device that appeared in /proc/devices or /proc/misc while the module was inserted. */
export const CharacterDevice = z.object({
  name: z.string(),
  major: z.int().nonnegative(),
  /** 0 unless it is a misc device, or the host made nodes for several. */
  minor: z.int().nonnegative(),
  /** Path of its node; null while none is known. */
  node: z.string().nullable(),
});
export type CharacterDevice = z.infer<typeof CharacterDevice>;

/** Something that was run on the host while the module was loaded. */
export const Action = z.object({
  argv: z.array(z.string()),
  stdin: z.string(),
  stdout: z.string(),
  stderr: z.string(),
  exitCode: z.int().nullable(),
  /** ISO 8601 */
  at: z.string(),
  /** What this action handed to a character device in one write(2); null when it is not such an action. */
  deviceWrite: z.object({ device: z.string(), bytes: z.int().nonnegative(), text: z.string() }).nullable(),
  /** The program of this machine that was copied to the host and run there; absent else. */
  program: z.string().optional(),
  /** Whether it was asked to be run as root; absent where it ran as the user of the host. */
  asRoot: z.literal(true).optional(),
});
export type Action = z.infer<typeof Action>;

export const SessionEndState = z.enum(['unloaded', 'loaded', 'refused', 'oops', 'hostLost', 'cancelled']);
export type SessionEndState = z.infer<typeof SessionEndState>;
export const SessionEnd = z.object({
  state: SessionEndState,
  reason: z.string(),
  /** The module's line where the kernel met a fatal error; absent when there was none, or none that it named. */
  source: SourceLine.optional(),
});
export type SessionEnd = z.infer<typeof SessionEnd>;

/** Six argument registers in the order of the syscall's arguments, with their architecture's names. */
export const Registers = z.array(z.object({ name: z.string(), value: Hex64 })).length(6);
export type Registers = z.infer<typeof Registers>;

/** A function on the kernel's stack when a call was made. */
export const StackFrame = z.object({
  /** With an offset where it is the module's; `?` where the kernel could not tell. */
  function: z.string(),
  /** Null for code that is not the module's. */
  source: SourceLine.nullable(),
});
export type StackFrame = z.infer<typeof StackFrame>;

/** One function of the kernel that ran during a call, as the function-graph tracer saw it. */
export const KernelFunction = z.object({
  name: z.string(),
  /** 0 for the syscall's entry. */
  depth: z.int().nonnegative(),
  durationUsec: z.number().nonnegative().nullable(),
  /** What it returned, read from the kernel; null when no probe could be put on it. */
  value: Hex64.nullable(),
});
export type KernelFunction = z.infer<typeof KernelFunction>;

/** The kernel's own way through one call, from a later load of the same source in a fresh guest. */
export const KernelPath = z.object({
  /** `uname -r` of that guest. */
  kernel: z.string(),
  result: z.int(),
  /** In the order in which they were entered. */
  functions: z.array(KernelFunction),
  /** There were more functions than are kept. */
  truncated: z.boolean(),
  /** Index of the innermost function that returned the call's error; null when the call did not fail. */
  origin: z.int().nonnegative().nullable(),
  /** A check in the function of `origin` that no tracer shows (inlined, or built without tracing): concluded, not traced. */
  inferred: z.object({ check: z.string(), because: z.string(), file: z.string(), line: z.int().positive().nullable() }).nullable(),
});
export type KernelPath = z.infer<typeof KernelPath>;

/** The first bytes of a buffer that a call was given, as they lay in the module's data once the module was loaded. */
export const CallBuffers = z.object({
  callId: z.string(),
  /** Index of the argument that points to it. */
  argument: z.int().min(0).max(5),
  /** Two hexadecimal digits each. */
  bytes: z.string().regex(/^([0-9a-f]{2}){1,32}$/),
});
export type CallBuffers = z.infer<typeof CallBuffers>;

/** One syscall made from kernel code. */
export const Call = z.object({
  id: z.string(),
  parentId: z.string().nullable(),
  syscall: z.string(),
  nr: z.int().nonnegative().nullable(),
  /** Null when they were not read from the kernel (evidence `log`). */
  registers: Registers.nullable(),
  result: z.int().nullable(),
  unknownBecause: z.string().nullable(),
  /** errno name for results from -4095 to -1. */
  errno: z.string().nullable(),
  source: SourceLine.nullable(),
  caller: z.string().nullable(),
  task: z.string().nullable(),
  pid: z.int().nullable(),
  usec: z.int().nonnegative(),
  durationUsec: z.number().nonnegative().nullable(),
  status: z.enum(['returned', 'entryOnly', 'unfinished']),
  evidence: z.enum(['probe', 'log']),
  predictionId: z.string().nullable(),
  /** The kernel log record (its seq) that says it, for evidence `log`. */
  recordSeq: z.int().nonnegative().nullable(),
  /** The action (index) during which it was made, null while init or exit ran. */
  action: z.int().nonnegative().nullable(),
  /** Who called, innermost first, beginning with the caller; absent when it was not recorded. */
  stack: z.array(StackFrame).optional(),
  buffers: z.array(CallBuffers.omit({ callId: true })).optional(),
  /** Why it returned what it did; absent until somebody asked. */
  kernelPath: KernelPath.optional(),
});
export type Call = z.infer<typeof Call>;

export const Recorder = z.object({
  mode: z.enum(['probe', 'log', 'none']),
  reason: z.string(),
  lost: z.int().nonnegative(),
  /** What kernel probes were asked for, as in `__NR_name`. */
  syscalls: z.array(z.string()).optional(),
});
export type Recorder = z.infer<typeof Recorder>;

/** A descriptor of a process, as /proc/PID/fd shows it. */
export const OpenDescriptor = z.object({ number: z.int().nonnegative(), target: z.string() });
export type OpenDescriptor = z.infer<typeof OpenDescriptor>;

export const SESSION_VERSION = 1;

/** One insmod…rmmod of one module on one host. Saved as ID.json; see SessionEvent for the journal. */
export const LoadSession = z.object({
  version: z.literal(SESSION_VERSION),
  id: z.string(),
  module: z.object({
    name: z.string(),
    /** Absolute path of the module's folder on this machine. */
    folder: z.string(),
    sources: z.array(z.object({ path: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
    koBuildId: z.string().nullable(),
  }),
  host: HostIdentity,
  parameters: z.record(z.string(), z.string()),
  /** ISO 8601 */
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  end: SessionEnd.nullable(),
  build: BuildResult.nullable(),
  preflight: z.array(PreflightLine),
  records: z.array(KernelRecord),
  gaps: z.array(Gap),
  actions: z.array(Action),
  findings: z.array(Finding),
  predictions: z.array(Prediction),
  recorder: Recorder,
  /** Of insmod, before it opened the module's file; absent when they were not read. */
  loaderDescriptors: z.array(OpenDescriptor).optional(),
  lost: z.object({ records: z.int().nonnegative() }),
  calls: z.array(Call),
  /** In the order in which they were loaded; absent when there are none. */
  dependencies: z.array(Dependency).optional(),
  /** What the module registered; absent until it was inserted. */
  devices: z.array(CharacterDevice).optional(),
  /** Device nodes that were made on the host, for those who unload. */
  nodes: z.array(z.string()).optional(),
  watchdog: Watchdog.optional(),
});
export type LoadSession = z.infer<typeof LoadSession>;

/** One line of ID.jsonl. The session is the fold of these (core/sessions/journal.ts). */
export const SessionEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), session: LoadSession }),
  z.object({ type: z.literal('build'), build: BuildResult }),
  z.object({ type: z.literal('preflight'), lines: z.array(PreflightLine) }),
  z.object({ type: z.literal('analysis'), findings: z.array(Finding), predictions: z.array(Prediction) }),
  z.object({ type: z.literal('recorder'), recorder: Recorder }),
  z.object({ type: z.literal('record'), record: KernelRecord }),
  z.object({ type: z.literal('gap'), gap: Gap }),
  z.object({ type: z.literal('action'), action: Action }),
  z.object({ type: z.literal('call'), call: Call }),
  z.object({ type: z.literal('kernelPath'), callId: z.string(), path: KernelPath }),
  z.object({ type: z.literal('buffers'), buffers: z.array(CallBuffers) }),
  z.object({ type: z.literal('loaderDescriptors'), descriptors: z.array(OpenDescriptor) }),
  z.object({ type: z.literal('koBuildId'), koBuildId: z.string() }),
  z.object({ type: z.literal('dependencies'), dependencies: z.array(Dependency) }),
  z.object({ type: z.literal('devices'), devices: z.array(CharacterDevice) }),
  z.object({ type: z.literal('node'), node: z.string() }),
  z.object({ type: z.literal('watchdog'), watchdog: Watchdog }),
  z.object({ type: z.literal('ended'), endedAt: z.string(), end: SessionEnd }),
]);
export type SessionEvent = z.infer<typeof SessionEvent>;
