// SPDX-License-Identifier: MIT
import type { Call, LoadSession, Prediction } from '../../core/model';
import { emptySession, predictionOf, recordOf } from './session';

const NAMES = ['write', 'getpid', 'dup', 'close'];

/** A session of an invented module that made very many calls: four syscalls, three tasks, every tenth call failed, some differ. */
export function largeSession(count: number, id = '20260101T000000Z-many-000001'): LoadSession {
  return emptySession({
    id,
    module: { name: 'many', folder: '/home/me/many', sources: [], koBuildId: null },
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:01:00.000Z',
    end: { state: 'unloaded', reason: 'rmmod removed it.' },
    build: { compiler: 'gcc', argv: [], diagnostics: [], ok: true },
    recorder: { mode: 'probe', reason: 'Kernel probes on write, getpid, dup, close.', lost: 0 },
    records: [recordOf('many: loaded')],
    predictions: NAMES.map((syscall, index): Prediction => predictionOf({ id: `p${index}`, syscall, source: { file: `many_${syscall}.c`, line: 10 + index }, expect: syscall === 'getpid' ? { kind: 'unknown' } : { kind: 'exact', value: syscall === 'close' ? 0 : 4 } })),
    calls: Array.from({ length: count }, (_, index) => largeCall(index)),
  });
}

function largeCall(index: number): Call {
  const kind = index % NAMES.length;
  const syscall = NAMES[kind] ?? 'write';
  const failed = index % 10 === 0;
  const values = [index % 7, syscall === 'write' ? 0xffffffffc0284060n : 0, 28, 0, 0, 0];
  return {
    id: `call-${index + 1}`,
    parentId: null,
    syscall,
    nr: kind,
    registers: ['di', 'si', 'dx', 'r10', 'r8', 'r9'].map((name, at) => ({ name, value: `0x${(values[at] ?? 0).toString(16)}` })),
    result: failed ? -14 : syscall === 'close' ? 0 : 4,
    unknownBecause: null,
    errno: failed ? 'EFAULT' : null,
    source: { file: `many_${syscall}.c`, line: 10 + kind },
    caller: `many_${syscall}+0x4e`,
    task: ['insmod', 'sh', 'worker'][index % 3] ?? null,
    pid: 100 + (index % 3),
    usec: 1_000 + index * 12,
    durationUsec: 3.5,
    status: 'returned',
    evidence: 'probe',
    predictionId: `p${kind}`,
    recordSeq: null,
    action: null,
  };
}
