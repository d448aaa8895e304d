// SPDX-License-Identifier: MIT
import { convention } from './convention';
import type { Fix, FixContext, Fixer } from './fix';
import { NotFixable } from './text-edit';
import { inKernelApi } from './in-kernel-api';
import { kernelFileIo } from './kernel-file-io';
import { kprobeLookup } from './kprobe-lookup';
import { nullCheck } from './null-check';
import { fourthArgument, initialiseRegisters, setRegisters } from './registers';
import { userAnnotation } from './user-annotation';
import { userCopy } from './user-copy';

export type { Fix } from './fix';
export type { TextEdit } from './text-edit';
export { pastedText } from './pasted-text';
export { suppress } from './suppression';

/** By rule, the best first. */
const FIXERS: Readonly<Record<string, readonly Fixer[]>> = {
  'calling-convention': [convention],
  'kernel-buffer': [inKernelApi, userCopy],
  'missing-user-annotation': [userAnnotation],
  'set-fs-buffer': [inKernelApi],
  'unchecked-lookup': [nullCheck],
  'unexported-symbol': [kprobeLookup, kernelFileIo],
  'unset-register': [initialiseRegisters, setRegisters],
  'vfs-kernel-buffer': [kernelFileIo],
  'wrong-register': [fourthArgument],
};

/** The fixes of a finding that keep the module right, the best first; none where that is not sure. */
export function fixesFor(context: FixContext): Fix[] {
  return (FIXERS[context.finding.rule] ?? []).flatMap((fixer) => {
    try {
      const plan = fixer(context);
      return plan ? [{ id: plan.id, title: plan.title, isPreferred: plan.isPreferred ?? false, note: plan.note ?? null, edits: plan.edits.finish() }] : [];
    } catch (error) {
      if (error instanceof NotFixable) return [];
      throw error;
    }
  });
}
