// SPDX-License-Identifier: MIT
import { SESSION_VERSION, type Action, type Call, type KernelRecord, type LoadSession, type Prediction } from '../../core/model';

/** A session with nothing in it yet. */
export function emptySession(more: Partial<LoadSession> = {}): LoadSession {
  return {
    version: SESSION_VERSION,
    id: '20260101T000000Z-hello-000001',
    module: { name: 'hello', folder: '/home/me/hello', sources: [], koBuildId: null },
    host: { name: 'Guest 6.1-cloud', kind: 'guest', kernel: '6.1.0', arch: 'x86_64', bootId: 'b' },
    parameters: {},
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    end: null,
    build: null,
    preflight: [],
    records: [],
    gaps: [],
    actions: [],
    findings: [],
    predictions: [],
    recorder: { mode: 'log', reason: 'r', lost: 0 },
    lost: { records: 0 },
    calls: [],
    ...more,
  };
}

export function recordOf(text: string, seq = 1): KernelRecord {
  return { seq, usec: seq * 10, level: 6, facility: 0, text, continuation: false, dictionary: {} };
}

export function predictionOf(more: Partial<Prediction> = {}): Prediction {
  return { id: 'p', source: { file: 'a.c', line: 7 }, caller: 'init', syscall: 'write', expect: { kind: 'unknown' }, assumes: [], because: 'Because.', report: null, ...more };
}

export function callOf(more: Partial<Call> = {}): Call {
  return {
    id: 'c',
    parentId: null,
    syscall: 'write',
    nr: 1,
    registers: null,
    result: 0,
    unknownBecause: null,
    errno: null,
    source: null,
    caller: null,
    task: null,
    pid: null,
    usec: 1,
    durationUsec: null,
    status: 'returned',
    evidence: 'log',
    predictionId: null,
    recordSeq: null,
    action: null,
    ...more,
  };
}

export function actionOf(bytes: number | null): Action {
  const deviceWrite = bytes === null ? null : { device: '/dev/x', bytes, text: '' };
  return { argv: ['true'], stdin: '', stdout: '', stderr: '', exitCode: 0, at: '2026-01-01T00:00:00.000Z', deviceWrite };
}
