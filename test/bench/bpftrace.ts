// SPDX-License-Identifier: MIT
// bpftrace at the recorder's job, in the same guest: registers at the entry, the result at the return, a line for each call.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../../core/hosts/host';
import { Failure } from '../../core/model';
import { PackageStore } from '../../core/packages';
import { parseLibraries } from '../../core/packages/userland';
import { run } from '../../core/platform/process';

const FOLDER = '/opt/bpftrace';
const LOADER = 'lib64/ld-linux-x86-64.so.2';
const LIBRARIES = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'];
/** Of the ring buffer of each CPU: 16 MiB, as the recorder has. */
const PAGES = 4096;

/** The calls of the shell that asks the module for them; its own are few. */
const PROGRAM = `kprobe:__x64_sys_close /comm == "sh"/ { @fd[tid] = ((struct pt_regs *)arg0)->di; @at[tid] = nsecs; }
kretprobe:__x64_sys_close /@at[tid]/ { printf("%d %d %d %d\\n", tid, @fd[tid], retval, nsecs - @at[tid]); delete(@at[tid]); delete(@fd[tid]); }`;

const START = `cd "$1" && export BPFTRACE_PERF_RB_PAGES=${PAGES} && echo "pid $$" && exec ./${LOADER} --library-path ${LIBRARIES.join(':')} usr/bin/bpftrace -e "$2"
`;

/** A close() that can be told from all others: what was kept before it has been told of when it is. Given time to catch up first. */
const LAST = 'sleep 5; exec 9>/dev/null; exec 9>&-';
const LAST_LINE = /^\d+ 9 /;
const CATCH_UP_MS = 60_000;

/** Puts bpftrace and its libraries onto a host. @returns why it is not to be had, null when it is there */
export async function provideBpftrace(host: Host, packages: PackageStore): Promise<string | null> {
  try {
    const { root } = await packages.provideTree({ packages: ['bpftrace'], suite: 'bookworm' });
    const search = LIBRARIES.map((folder) => path.join(root, folder)).join(':');
    const listed = await run([path.join(root, LOADER), '--library-path', search, '--list', path.join(root, 'usr/bin/bpftrace')]);
    const libraries = parseLibraries(listed.stdout).flatMap((library) => (library.path?.startsWith(root) === true ? [path.relative(root, library.path)] : []));
    const archive = spawn('tar', ['--dereference', '-C', root, '-czf', '-', LOADER, 'usr/bin/bpftrace', ...libraries], { stdio: ['ignore', 'pipe', 'inherit'] });
    const unpacked = await host.run(['sh', '-c', 'mkdir -p "$0" && cd "$0" && tar xz', FOLDER], { stdin: archive.stdout });
    return unpacked.exitCode === 0 ? null : `it could not be copied: ${unpacked.stderr.trim()}`;
  } catch (error) {
    return Failure.from(error).why;
  }
}

/** Traces while `work` runs; gives how many calls it told of. */
export async function traceWith(host: Host, work: () => Promise<void>): Promise<number> {
  let told = 0;
  let pid = '';
  let onAttached: () => void = () => undefined;
  const attached = new Promise<void>((resolve) => (onAttached = resolve));
  let onLast: () => void = () => undefined;
  const last = new Promise<void>((resolve) => (onLast = resolve));
  const tracer = host.start(['sh', '-c', START, 'sh', FOLDER, PROGRAM], {
    onStdoutLine: (line) => {
      if (line.startsWith('pid ')) pid = line.slice(4);
      else if (line.startsWith('Attaching')) onAttached();
      else if (LAST_LINE.test(line)) onLast();
      else if (/^\d+ /.test(line)) told++;
    },
  });
  const ended = tracer.result.then(({ stderr }) => Promise.reject(new Error(`bpftrace ended: ${stderr}`)));
  await Promise.race([attached, ended]);
  await Promise.race([work(), ended]);
  await host.run(['sh', '-c', LAST]);
  await Promise.race([last, ended, delay(CATCH_UP_MS, undefined, { ref: false })]);
  ended.catch(() => undefined); // it is asked to end now
  await host.run(['kill', '-INT', pid]);
  await tracer.result;
  return told;
}
