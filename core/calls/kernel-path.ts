// SPDX-License-Identifier: MIT
import { hiddenCheck } from '../abi/hidden-checks';
import { errnoName } from '../abi/errno';
import type { KernelFunction, KernelPath } from '../model';
import type { TracedCall, TracedFunction } from './graph-trace';

export interface PathContext {
  /** `uname -r` of the kernel that was traced. */
  readonly kernel: string;
  readonly result: number;
}

/** A session must stay readable. */
const MAX_FUNCTIONS = 500;

/** An `int` in a 64-bit register: its upper half says nothing when the lower one is an error. */
function asError(value: bigint): number | null {
  const low = Number(BigInt.asIntN(32, value));
  const whole = BigInt.asIntN(64, value);
  const isInt = BigInt.asUintN(64, value) >> 32n === 0n;
  const number = isInt ? low : whole >= -4095n && whole < 0n ? Number(whole) : 0;
  return errnoName(number) === null ? null : number;
}

function flatten(root: TracedFunction): KernelFunction[] {
  const functions: KernelFunction[] = [];
  const add = (node: TracedFunction, depth: number): void => {
    functions.push({ name: node.name, depth, durationUsec: node.durationUsec, value: node.value === null ? null : `0x${BigInt.asUintN(64, node.value).toString(16)}` });
    for (const callee of node.callees) add(callee, depth + 1);
  };
  add(root, 0);
  return functions;
}

/** Goes down from the entry as long as a callee returned the same error; of several, the last one is what was passed on. */
function originOf(root: TracedFunction, error: number): TracedFunction {
  let node = root;
  for (;;) {
    const next = node.callees.findLast(({ value }) => value !== null && asError(value) === error);
    if (!next) return node;
    node = next;
  }
}

function indexOf(root: TracedFunction, wanted: TracedFunction): number {
  let index = -1;
  let found = -1;
  const visit = (node: TracedFunction): void => {
    index++;
    if (node === wanted) found = index;
    for (const callee of node.callees) if (found < 0) visit(callee);
  };
  visit(root);
  return found;
}

/**
 * Puts the values that one run read into the functions of another run of the same call, in which no probe disturbed the
 * trace. Functions are paired in order, by name. What the other run did without, and came to the same end, goes: an interrupt
 * ran it. Where the other run is not known whole, it stays as it is.
 */
export function borrowValues(into: TracedFunction, from: TracedFunction): void {
  into.value ??= from.value;
  if (into.value === from.value && from.callees.every(({ value }) => value !== null)) {
    const called = new Set(from.callees.map(({ name }) => name));
    into.callees.splice(0, Infinity, ...into.callees.filter(({ name }) => called.has(name)));
  }
  let at = 0;
  for (const callee of into.callees) {
    const found = from.callees.findIndex(({ name }, index) => index >= at && name === callee.name);
    const twin = from.callees[found];
    if (!twin) continue;
    borrowValues(callee, twin);
    at = found + 1;
  }
}

/** What a traced call tells of why it returned its result. */
export function kernelPath(call: TracedCall, { kernel, result }: PathContext): KernelPath {
  const all = flatten(call.root);
  const failed = errnoName(result) !== null;
  const origin = failed ? originOf(call.root, result) : null;
  const index = origin === null ? -1 : indexOf(call.root, origin);
  const reachable = index >= 0 && index < MAX_FUNCTIONS;
  // A callee whose return could not be read may have been the one.
  const certain = origin?.callees.every(({ value }) => value !== null) ?? false;
  return {
    kernel,
    result,
    functions: all.slice(0, MAX_FUNCTIONS),
    truncated: all.length > MAX_FUNCTIONS || call.truncated,
    origin: reachable ? index : null,
    inferred: reachable && origin && certain ? hiddenCheck(origin.name, result, kernel) : null,
  };
}

/** Names of the functions of a call, each once. */
export function functionNames(call: TracedCall): string[] {
  return [...new Set(flatten(call.root).map(({ name }) => name))];
}
