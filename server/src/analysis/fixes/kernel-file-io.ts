// SPDX-License-Identifier: MIT
import type { Program } from '../flow/program';
import type { RecordedCall } from '../flow/recorder';
import type { FunctionPlace } from '../flow/unit';
import { spaceOf } from '../flow/values';
import { visitsThatCount } from '../rules/user-arguments';
import type { Located } from '../syntax/ast';
import { uncast } from '../syntax/walk';
import { argumentOf, sameCall } from './findings';
import { Edits, editable, sourceOf } from './edits';
import { requireExports } from './exported';
import type { Fixer } from './fix';
import { needed, NotFixable } from './text-edit';
import { typesIn } from './operands';
import { callsOf, nameAt } from './references';
import { dropSetFs } from './set-fs';
import { expressionsOf } from './statements';

const VFS = /^vfs_(?:read|write)$/;
const HANDLER = /^(?:read|write)$/;
const LIMIT = /^(?:[gs]et_fs|get_ds)$/;

/** kernel_read() and kernel_write() in place of functions that take a buffer of user space, with set_fs() taken out around them. */
export const kernelFileIo: Fixer = ({ finding, program, calls }) => {
  const transfers = calls.filter(({ callee, syscall }) => callee !== null && syscall === null);
  const called = argumentOf(finding, transfers)?.call;
  const name = called ? null : nameAt(finding, program);
  if (!called && !(name !== null && (VFS.test(name) || LIMIT.test(name)))) return null;
  const places = called ? [called.code.place] : placesOf(program, new RegExp(`^${name ?? ''}$`));
  const edits = new Edits();
  const used = new Set<string>();
  for (const place of places) {
    const own = transfers.filter(({ code }, index) => code.place.definition === place.definition && transfers.findIndex((other) => other.code.expression === code.expression) === index);
    const hasLimit = callsOf(place, LIMIT).length > 0;
    for (const transfer of hasLimit || !called ? own : [called]) used.add(replaceTransfer(edits, transfer, transfers, program));
    if (!hasLimit && name !== null && own.length < callsOf(place, VFS).length) throw new NotFixable();
    if (hasLimit) dropSetFs(edits, place, own.map(({ code }): Located => code.expression));
    edits.include(editable(place.unit, place.definition.nameAt).file, 'linux/fs.h');
  }
  if (used.size === 0) throw new NotFixable();
  requireExports(program, [...used]);
  const functions = [...used].sort().map((each) => `${each}()`).join(' and ');
  return {
    id: 'kernel-file-io',
    title: name !== null && LIMIT.test(name) ? `Use ${functions} without set_fs()` : `Use ${functions}`,
    isPreferred: true,
    note: `A file without read_iter or write_iter is refused with -EINVAL${places.some(checksHandler) ? ', and the check of f_op->read or f_op->write that stays refuses the files that have only these' : ''}.`,
    edits,
  };
};

/** Whether a function asks for a file's handler besides calling it. */
function checksHandler({ definition }: FunctionPlace): boolean {
  const all = expressionsOf(definition.body);
  const called = new Set(all.flatMap((part) => (part.kind === 'call' ? [part.callee] : [])));
  return all.some((part) => part.kind === 'member' && HANDLER.test(part.field) && part.object.kind === 'member' && part.object.field === 'f_op' && !called.has(part));
}

function placesOf(program: Program, name: RegExp): FunctionPlace[] {
  return program.units.flatMap((unit) => unit.syntax.functions.map((definition) => ({ definition, unit })).filter((place) => callsOf(place, name).length > 0));
}

/** @returns the function that is called now */
function replaceTransfer(edits: Edits, transfer: RecordedCall, transfers: readonly RecordedCall[], program: Program): string {
  const { place, expression } = transfer.code;
  const index = needed(transfer.callee?.arguments).findIndex(({ user }) => user);
  const spaces = sameCall(transfer, transfers).flatMap((call) => visitsThatCount(call).map((visit) => spaceOf(visit.arguments[index]?.value ?? { kind: 'unknown' })));
  if (expression.arguments.length !== 4 || spaces.some((space) => space !== 'kernel')) throw new NotFixable();
  const name = transfer.callee?.arguments?.[index]?.direction === 'out' ? 'kernel_read' : 'kernel_write';
  edits.replace(editable(place.unit, expression.callee), name);
  const buffer = needed(expression.arguments[index]);
  const inner = uncast(buffer);
  if (inner === buffer) return name;
  const type = program.resolve(typesIn(place, program)(inner));
  const isPointer = type.kind === 'pointer' || type.kind === 'array' || inner.kind === 'string';
  edits.replace(editable(place.unit, buffer), isPointer ? sourceOf(place.unit, inner) : `(void *)${sourceOf(place.unit, inner)}`);
  return name;
}
