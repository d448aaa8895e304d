// SPDX-License-Identifier: MIT
import type { Host } from '../hosts/host';
import type { CharacterDevice } from '../model';
import type { ProcessResult } from '../platform/process';
import { NODES, PROC_DEVICES, PROC_MISC, SYS_CHAR_DEVICES } from './host-scripts';

const LINE = /^ *(\d{1,4}) (.{1,255})$/;
const MISC_MAJOR = 10;
const MAX_DEVICES = 64;
const NODE_LINE = /^(\d{1,4}):(\d{1,7}) (\/dev\/[\w.!/:@+-]{1,200})$/;

function numbered(text: string): { number: number; name: string }[] {
  return text.split('\n').flatMap((line) => {
    const [, number, name] = LINE.exec(line) ?? [];
    return name === undefined ? [] : [{ number: Number(number), name }];
  });
}

/** Takes the lines of one file out of what grep printed of several: each begins with its file's name and a colon. */
function linesOf(grepped: string, file: string): string {
  const prefix = `${file}:`;
  return grepped.split('\n').flatMap((line) => (line.includes(prefix) ? line.slice(line.indexOf(prefix) + prefix.length) : [])).join('\n');
}

/** The character devices in what grep printed of /proc/devices and /proc/misc, whose devices share one major number. */
export function readDevices(grepped: string): CharacterDevice[] {
  const section = /Character devices:\n([\s\S]*?)(?:\n\n|\n?Block devices:|$)/.exec(linesOf(grepped, PROC_DEVICES))?.[1] ?? '';
  return [
    ...numbered(section).map(({ number, name }) => ({ name, major: number, minor: 0, node: null })),
    ...numbered(linesOf(grepped, PROC_MISC)).map(({ number, name }) => ({ name, major: MISC_MAJOR, minor: number, node: null })),
  ];
}

/** Those of `after` that `before` does not have. */
export function newDevices(before: readonly CharacterDevice[], after: readonly CharacterDevice[]): CharacterDevice[] {
  return after.filter(({ name, major, minor }) => !before.some((old) => old.name === name && old.major === major && old.minor === minor));
}

/** The nodes that the host made by itself for new devices: each node is a device of its own, one without a node stays as it is. */
export async function deviceNodes(host: Host, devices: readonly CharacterDevice[], guard: (work: Promise<ProcessResult>) => Promise<ProcessResult>): Promise<CharacterDevice[]> {
  if (devices.length === 0) return [];
  const wanted = devices.slice(0, MAX_DEVICES).map(({ major, minor }) => `${major}:${major === MISC_MAJOR ? minor : '*'}`);
  const { stdout } = await guard(host.script(NODES, [SYS_CHAR_DEVICES, '/dev', ...wanted]));
  const nodes = stdout.split('\n').flatMap((line) => {
    const [, major, minor, node] = NODE_LINE.exec(line) ?? [];
    return node === undefined ? [] : [{ major: Number(major), minor: Number(minor), node }];
  });
  const all = devices.flatMap((device) => {
    const own = nodes.filter(({ major, minor }) => major === device.major && (major !== MISC_MAJOR || minor === device.minor));
    return own.length === 0 ? [device] : own.map((node) => ({ name: device.name, ...node }));
  });
  return all.slice(0, MAX_DEVICES);
}

/** Cuts what a script printed into its parts: a line `@ NAME` begins one. */
export function partsOf(output: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const part of `\n${output}`.split('\n@ ').slice(1)) {
    const end = part.indexOf('\n');
    parts.set(end < 0 ? part : part.slice(0, end), end < 0 ? '' : part.slice(end + 1));
  }
  return parts;
}
