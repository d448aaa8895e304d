// SPDX-License-Identifier: MIT
import { SESSION_VERSION, type Call, type Expectation, type KernelRecord, type LoadSession, type Prediction } from '../../../core/model';

/** A session of an invented module, with nothing in it. */
export function session(changes: Partial<LoadSession> = {}): LoadSession {
  return {
    version: SESSION_VERSION,
    id: 's1',
    module: { name: 'sample', folder: '/w/sample', sources: [], koBuildId: null },
    host: { name: 'guest', kind: 'guest', kernel: '6.1.0-1-amd64', arch: 'x86_64', bootId: 'boot' },
    parameters: {},
    startedAt: '2026-01-02T03:04:05Z',
    endedAt: null,
    end: null,
    build: { compiler: 'gcc', argv: [], diagnostics: [], ok: true },
    preflight: [],
    records: [],
    gaps: [],
    actions: [],
    findings: [],
    predictions: [],
    recorder: { mode: 'log', reason: 'no probes', lost: 0 },
    lost: { records: 0 },
    calls: [],
    ...changes,
  };
}

export function record(seq: number, text: string, changes: Partial<KernelRecord> = {}): KernelRecord {
  return { seq, usec: 1_000_000 + seq * 1000, level: 6, facility: 0, text, continuation: false, dictionary: {}, ...changes };
}

export function prediction(id: string, syscall: string, expect: Expectation): Prediction {
  return { id, source: { file: 'sample.c', line: 10 }, caller: 'sample_init', syscall, expect, assumes: [{ id: 'a', text: 'descriptor 1 is open' }], because: 'It is so.', report: null };
}

export function call(id: string, syscall: string, result: number | null, changes: Partial<Call> = {}): Call {
  return {
    id,
    parentId: null,
    syscall,
    nr: null,
    registers: null,
    result,
    unknownBecause: null,
    errno: null,
    source: { file: 'sample.c', line: 10 },
    caller: 'sample_init',
    task: 'insmod',
    pid: 42,
    usec: 1_002_000,
    durationUsec: null,
    status: 'returned',
    evidence: 'log',
    predictionId: null,
    recordSeq: null,
    action: null,
    ...changes,
  };
}
