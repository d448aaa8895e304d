// SPDX-License-Identifier: MIT
import type { Call, Expectation, KernelRecord, LoadSession, Prediction } from '../../../core/model';
import { callOf, emptySession, predictionOf, recordOf } from '../../support/session';

/** A session of an invented module, with nothing in it but its build. */
export function session(changes: Partial<LoadSession> = {}): LoadSession {
  return emptySession({
    id: 's1',
    module: { name: 'sample', folder: '/w/sample', sources: [], koBuildId: null },
    host: { name: 'guest', kind: 'guest', kernel: '6.1.0-1-amd64', arch: 'x86_64', bootId: 'boot' },
    startedAt: '2026-01-02T03:04:05Z',
    build: { compiler: 'gcc', argv: [], diagnostics: [], ok: true },
    recorder: { mode: 'log', reason: 'no probes', lost: 0 },
    ...changes,
  });
}

export function record(seq: number, text: string, changes: Partial<KernelRecord> = {}): KernelRecord {
  return { ...recordOf(text, seq), usec: 1_000_000 + seq * 1000, ...changes };
}

export function prediction(id: string, syscall: string, expect: Expectation): Prediction {
  const assumes = [{ id: 'a', text: 'descriptor 1 is open' }];
  return predictionOf({ id, source: { file: 'sample.c', line: 10 }, caller: 'sample_init', syscall, expect, assumes, because: 'It is so.' });
}

export function call(id: string, syscall: string, result: number | null, changes: Partial<Call> = {}): Call {
  const made = { source: { file: 'sample.c', line: 10 }, caller: 'sample_init', task: 'insmod', pid: 42, usec: 1_002_000 };
  return callOf({ id, syscall, nr: null, result, ...made, ...changes });
}
