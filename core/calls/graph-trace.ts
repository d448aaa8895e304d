// SPDX-License-Identifier: MIT

/** A function that ran, with those that it called. */
export interface TracedFunction {
  readonly name: string;
  durationUsec: number | null;
  /** 64 bits; null when they were not read. */
  value: bigint | null;
  readonly callees: TracedFunction[];
}

/** One run of a syscall's entry that was called from the place asked for. */
export interface TracedCall {
  readonly root: TracedFunction;
  readonly result: number;
  readonly truncated: boolean;
}

interface Task {
  readonly open: TracedFunction[];
  /** The last entry of the syscall that ended and whose caller has not been seen to go on. */
  ended: TracedFunction | null;
  size: number;
  lost: boolean;
}

const LINE = /^ *\d+\.\d{6} \| {2,}\d+\) +(.{1,16})-(\d{1,10}) +\|[^|]*\|  (.*)$/;
const DURATION = /\| +(\d+\.\d+) us +\|/;
const ENTER = /^ *([^ (){}]{1,512})\(\) \{/;
const LEAF = /^ *([^ (){}]{1,512})\(\);(?: \/\* (?:ret)?= ?(\S+) \*\/)?$/;
const LEAVE = /^ *\}(?: \/\* (\S{1,512}?)(?: (?:ret)?= ?(\S+))? \*\/)?$/;
const BACK = /^ *\/\* x: \(.{1,700}\) ret=(-?\d{1,20}) \*\/$/;
const RETURN = /^ *\/\* r_(\d{1,4}): \(.{1,1400}\) ret=(-?\d{1,20}) \*\/$/;
const MAX_LINE = 4096;
const MAX_FUNCTIONS = 20_000;
const MAX_DEPTH = 512;

function number(text: string | undefined): bigint | null {
  return text !== undefined && /^(-?\d{1,20}|0x[0-9a-f]{1,16})$/.test(text) ? BigInt(text) : null;
}

/**
 * Reads the function-graph tracer's text (kernel/trace/trace_functions_graph.c; options funcgraph-abstime, -proc, -cpu,
 * -duration and -tail, no overhead marks) in which events stand as comments: `x` when the caller has got the syscall's
 * result, `r_N` when the function `names[N]` returns: still in it (kernels with rethook) or in its caller.
 */
export class GraphTrace {
  readonly calls: TracedCall[] = [];
  /** All others that run are the probes' own machinery, when there are probes. */
  private readonly known: ReadonlySet<string>;
  private readonly tasks = new Map<string, Task>();

  /** @param entry symbol of the syscall's entry */
  constructor(
    private readonly entry: string,
    private readonly names: readonly string[],
  ) {
    this.known = new Set([entry, ...names]);
  }

  push(line: string): void {
    if (line.length > MAX_LINE || line.startsWith('#')) return;
    if (/^CPU:\d+ \[LOST \d+ EVENTS\]$/.test(line)) {
      for (const task of this.tasks.values()) task.lost = true;
      return;
    }
    const [, , pid, body] = LINE.exec(line) ?? [];
    if (pid === undefined || body === undefined) return;
    const task = this.task(pid);
    const back = BACK.exec(body);
    const returned = RETURN.exec(body);
    if (back) this.cameBack(task, BigInt(back[1] ?? '0'));
    else if (returned) this.returned(task, this.names[Number(returned[1])], BigInt(returned[2] ?? '0'));
    else this.step(task, body, DURATION.exec(line)?.[1]);
  }

  private task(pid: string): Task {
    const known = this.tasks.get(pid);
    if (known) return known;
    const task: Task = { open: [], ended: null, size: 0, lost: false };
    this.tasks.set(pid, task);
    return task;
  }

  private step(task: Task, body: string, duration: string | undefined): void {
    const durationUsec = duration === undefined ? null : Number(duration);
    const leaf = LEAF.exec(body);
    const enter = leaf ?? ENTER.exec(body);
    if (enter?.[1] !== undefined) {
      const node: TracedFunction = { name: enter[1], durationUsec, value: leaf ? number(leaf[2]) : null, callees: [] };
      this.add(task, node);
      if (leaf) this.close(task, node);
      else task.open.push(node);
      return;
    }
    const leave = LEAVE.exec(body);
    if (!leave) return;
    const node = task.open.pop();
    if (!node) return;
    node.durationUsec = durationUsec;
    node.value ??= number(leave[2]);
    this.close(task, node);
  }

  private add(task: Task, node: TracedFunction): void {
    const parent = task.open.at(-1);
    if (!parent) {
      task.size = 0;
      task.lost = false;
    } else if (++task.size > MAX_FUNCTIONS || task.open.length > MAX_DEPTH) {
      task.lost = true;
    } else {
      parent.callees.push(node);
    }
  }

  private close(task: Task, node: TracedFunction): void {
    if (node.name === this.entry) task.ended = node;
  }

  private cameBack(task: Task, result: bigint): void {
    const root = task.ended;
    task.ended = null;
    if (!root) return;
    root.value ??= result;
    this.calls.push({ root, result: Number(result), truncated: task.lost });
  }

  private returned(task: Task, name: string | undefined, value: bigint): void {
    const frame = task.open.findLast((node) => this.known.has(node.name));
    const callee = frame?.callees.findLast((node) => this.known.has(node.name));
    const node = [callee, frame].find((candidate) => candidate?.name === name && candidate?.value === null);
    if (node) node.value = value;
  }
}
