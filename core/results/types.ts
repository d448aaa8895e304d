// SPDX-License-Identifier: MIT
// What is shown of a session, in words and numbers that need no further look-up: the webview and the exports draw it as it is.
import type { Action, HostIdentity, SessionEnd, SourceLine } from '../model';

/** `pending`: predicted and not made yet, while the module is still loaded. */
export type ShownVerdict = 'agree' | 'differ' | 'unknown' | 'notPredicted' | 'neverMade' | 'pending';

/** A call beside the same one of another session. */
export type ShownDifference = 'same' | 'differs' | 'onlyFirst' | 'onlySecond';

/** A value of a call, in the words it is shown with: `-14`, `EFAULT`, `Bad address`. */
export interface ShownValue {
  readonly text: string;
  readonly name: string | null;
  readonly meaning: string | null;
}

export interface CallRow {
  /** Time since the beginning of the session, `+0.041 ms`; null when the call was never made. */
  readonly time: string | null;
  readonly task: string | null;
  readonly syscall: string;
  /** `(fd, buf, count)` */
  readonly signature: string;
  /** In a comparison of sessions: what the other session's call returned. */
  readonly predicted: ShownValue;
  readonly observed: ShownValue;
  readonly verdict: ShownVerdict | ShownDifference;
  readonly evidence: string;
  readonly caller: string | null;
  readonly source: SourceLine | null;
}

export interface ArgumentRow {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly register: string;
  /** As read from the register; null when it was not recorded. */
  readonly value: string | null;
  /** What the syscall makes of it: `28`, `O_RDWR`, `kernel address (module)`; null with the value. */
  readonly meaning: string | null;
}

/** One thing known of a call, with its name: `Task`, `insmod`. */
export interface CallFact {
  readonly name: string;
  readonly text: string;
}

export interface CallDetails {
  /** Null for a call that was predicted and not made. */
  readonly callId: string | null;
  readonly row: CallRow;
  /** Why it returned what it did, in sentences computed from what was recorded; the first is the answer, if there is one. */
  readonly why: readonly string[];
  /** What the predicted value means, where it is an argument of the call. */
  readonly expected: string | null;
  readonly because: string | null;
  readonly assumes: readonly string[];
  readonly facts: readonly CallFact[];
  readonly arguments: readonly ArgumentRow[];
  /** Where its pointers lie; null when it has none that was recorded. */
  readonly addresses: AddressPicture | null;
  /** What it did to the descriptors of its task; null when that is nothing. */
  readonly descriptors: DescriptorStory | null;
  /** Who called, innermost first; empty when the stack was not recorded. */
  readonly stack: readonly { readonly function: string; readonly source: SourceLine | null }[];
  /** The kernel's own way to the result; null until somebody asked for it. */
  readonly kernelPath: ShownKernelPath | null;
  /** That way can be asked for. */
  readonly canExplain: boolean;
  /** The kernel log line that says the result. */
  readonly logLine: string | null;
  /** What stands between this call and a full account of it (`registers were not recorded: …`). */
  readonly notes: readonly string[];
}

export interface ShownKernelFunction {
  readonly depth: number;
  readonly name: string;
  /** What it returned, `-14 EFAULT`; null when that was not read. */
  readonly value: string | null;
  /** The innermost function that returned the call's error. */
  readonly isOrigin: boolean;
  /** A check that no tracer shows was concluded, not traced. */
  readonly inferred: boolean;
  readonly note: string | null;
}

export interface ShownKernelPath {
  readonly title: string;
  readonly functions: readonly ShownKernelFunction[];
  /** What is left out. */
  readonly notes: readonly string[];
}

/** One area of an address space, from low to high addresses. */
export interface PictureArea {
  readonly label: string;
  readonly side: 'user' | 'hole' | 'kernel';
  /** First address, `0x…`; null where the kernel chose it at boot and did not tell. */
  readonly from: string | null;
  readonly pointers: readonly PicturePointer[];
}

/** A pointer of a call in the area that holds it. */
export interface PicturePointer {
  readonly name: string;
  readonly address: string;
  /** `28 bytes`; null when the call says no length. */
  readonly size: string | null;
  /** Place within the area, 0 (its first address) to 1; null when the area's borders are not known. */
  readonly at: number | null;
  /** The syscall wants a user address here, and this is none. */
  readonly wrong: boolean;
}

export interface AddressPicture {
  readonly areas: readonly PictureArea[];
  /** What access_ok() compares with, in words: `0x7ffffffff000`, or for both depths when the host's is not known. */
  readonly limit: string;
  /** The picture in sentences, for those who do not see it. */
  readonly text: string;
}

/** What stands at one number of a descriptor table. `unknown`: nothing that was seen says it. */
export interface DescriptorCell {
  readonly state: 'open' | 'free' | 'unknown';
  readonly text: string;
  /** It rests on an assumption of the prediction, or follows from what the kernel did; null when a call showed it. */
  readonly basis: 'assumed' | 'inferred' | null;
}

export interface DescriptorRow {
  readonly number: number;
  readonly before: DescriptorCell;
  readonly after: DescriptorCell;
  /** This call made it what it is, or took it away. */
  readonly changed: boolean;
  /** This call was given it as an argument. */
  readonly used: boolean;
}

export interface DescriptorStep {
  readonly callId: string;
  /** `dup(1) = 4` */
  readonly call: string;
  readonly source: SourceLine | null;
  readonly rows: readonly DescriptorRow[];
  /** What happened, in one or two sentences. */
  readonly text: string;
}

/** The calls of one task that concern its descriptors, around the one that is shown. */
export interface DescriptorStory {
  readonly task: string;
  readonly steps: readonly DescriptorStep[];
  /** The step of the call that is shown. */
  readonly current: number;
  /** Steps of this task before the first one here. */
  readonly earlier: number;
  /** There are more after the last one here. */
  readonly hasLater: boolean;
}

/** One call on the timeline, or many that stand too close to be told apart. */
export interface TimelineBar {
  /** Microseconds on the session's clock. */
  readonly from: number;
  readonly to: number;
  readonly calls: number;
  /** The call that a click selects: the one that differs, else the first. */
  readonly callId: string;
  readonly verdict: ShownVerdict;
  readonly failed: boolean;
  readonly label: string;
}

export interface TimelineLane {
  readonly task: string;
  readonly bars: readonly TimelineBar[];
}

export interface TimelineMark {
  readonly usec: number;
  readonly level: number;
  readonly records: number;
  readonly text: string;
}

export interface Timeline {
  readonly from: number;
  readonly to: number;
  readonly lanes: readonly TimelineLane[];
  /** Tasks that found no lane. */
  readonly otherTasks: number;
  readonly marks: readonly TimelineMark[];
  /** Every call has a bar of its own, and stretches without events are shortened. */
  readonly single: boolean;
  /** The picture in a sentence. */
  readonly text: string;
}

export interface ShownAction extends Pick<Action, 'stdin' | 'stdout' | 'stderr' | 'exitCode'> {
  readonly command: string;
  readonly at: string;
}

export interface ResultsSummary {
  readonly tone: 'good' | 'bad' | 'neutral';
  /** One glance: `6 of 6 calls as predicted`. */
  readonly headline: string;
  readonly detail: string;
  readonly counts: Readonly<Partial<Record<ShownVerdict | ShownDifference, number>>>;
}

export interface ResultsHeader {
  readonly module: string;
  readonly host: HostIdentity;
  readonly parameters: readonly string[];
  readonly startedAt: string;
  readonly end: SessionEnd | null;
  /** The end in a few words: `loaded`, `unloaded`, `refused by the kernel`. */
  readonly state: string;
  /** What went wrong, in the kernel's own words where it said any; null when nothing did. */
  readonly problem: string | null;
}
