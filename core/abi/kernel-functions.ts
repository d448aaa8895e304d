// SPDX-License-Identifier: MIT
import type { AbiArgument, AbiFunction } from './types';

const FILE: AbiArgument = { name: 'file', type: 'struct file *', user: false };
const COUNT: AbiArgument = { name: 'count', type: 'size_t', user: false };
const POSITION: AbiArgument = { name: 'pos', type: 'loff_t *', user: false };

function reads(name: string): AbiFunction {
  return { name, arguments: [FILE, { name: 'buf', type: 'char __user *', user: true, failure: 'faults', direction: 'out', length: { argument: 2, unit: 'bytes' } }, COUNT, POSITION] };
}

function writes(name: string): AbiFunction {
  return { name, arguments: [FILE, { name: 'buf', type: 'const char __user *', user: true, failure: 'faults', direction: 'in', length: { argument: 2, unit: 'bytes' } }, COUNT, POSITION] };
}

/** include/linux/uio.h: an iterator over memory that struct iovec describes, which is that of the process. */
const ITERATOR: AbiFunction = {
  name: 'iov_iter_init',
  arguments: [
    { name: 'i', type: 'struct iov_iter *', user: false },
    { name: 'direction', type: 'unsigned int', user: false },
    { name: 'iov', type: 'const struct iovec *', user: false },
    { name: 'nr_segs', type: 'unsigned long', user: false },
    { name: 'count', type: 'size_t', user: false },
  ],
};

/**
 * Functions of the kernel that take a user pointer although the kernel calls them, from include/linux/fs.h:
 * vfs_read() and vfs_write(); their variants without checks, __vfs_read() and __vfs_write(), which are gone in 5.10.
 */
const FUNCTIONS: ReadonlyMap<string, AbiFunction> = new Map([ITERATOR, reads('vfs_read'), reads('__vfs_read'), writes('vfs_write'), writes('__vfs_write')].map((each) => [each.name, each]));

/** The handlers of struct file_operations that take one, by their field. */
const FILE_OPERATIONS: ReadonlyMap<string, AbiFunction> = new Map([
  ['read', reads('f_op->read')],
  ['write', writes('f_op->write')],
]);

/** A function of the kernel by its name (or `f_op->read`, `f_op->write`); undefined where it takes no user pointer. */
export function kernelFunction(name: string): AbiFunction | undefined {
  return FUNCTIONS.get(name) ?? [...FILE_OPERATIONS.values()].find((handler) => handler.name === name);
}

/** A handler of struct file_operations by its field. */
export function fileOperation(field: string): AbiFunction | undefined {
  return FILE_OPERATIONS.get(field);
}
