// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import { Failure } from '../model';
import type { ProcessResult } from '../platform/process';
import type { Host } from './host';
import { GET_SCRIPT, PUT_SCRIPT } from './remote-scripts';

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Copies a local file to a host through a command's standard input; it appears there whole or not at all.
 * @throws Failure `host-disk-full`, `host-put-failed`, `file-unreadable`, `cancelled`, `host-lost`
 */
export async function putFile(host: Host, localPath: string, remotePath: string, signal?: AbortSignal): Promise<void> {
  const handle = await fs.promises.open(localPath).catch((error: unknown) => {
    throw new Failure(
      { code: 'file-unreadable', what: `${localPath} was not copied to ${host.name}.`, why: 'It cannot be read here.', next: 'Check the path and its permissions.' },
      { cause: error },
    );
  });
  const what = `${localPath} was not copied to ${host.name}.`;
  try {
    const { size } = await handle.stat();
    const result = await host.run(['sh', '-c', PUT_SCRIPT, 'sh', remotePath, String(size)], { stdin: handle.createReadStream(), ...(signal ? { signal } : {}) });
    if (result.cancelled) throw Failure.cancelled(what);
    if (result.exitCode === 0) return;
    throw putFailed(host, localPath, remotePath, result);
  } finally {
    await handle.close();
  }
}

/** Why a file did not come to be on a host. */
export function putFailed(host: Pick<Host, 'name'>, localPath: string, remotePath: string, result: Pick<ProcessResult, 'stderr'>): Failure {
  const full = /No space left on device|Disk quota exceeded/i.test(result.stderr);
  return new Failure({
    code: full ? 'host-disk-full' : 'host-put-failed',
    what: `${localPath} was not copied to ${host.name}.`,
    why: full ? `There is no space left for ${remotePath}.` : `${remotePath} cannot be written there.`,
    next: full ? 'Free some space on the host.' : 'Check the folder and its permissions on the host.',
    detail: result.stderr,
  });
}

/**
 * Reads a file of a host.
 * @throws Failure `host-file-unreadable`, `host-file-too-large`, `cancelled`, `host-lost`
 */
export async function getFile(host: Host, remotePath: string, options: { maxBytes?: number; signal?: AbortSignal } = {}): Promise<Buffer> {
  const maxBytes = options.maxBytes ?? MAX_BYTES;
  const what = `${remotePath} of ${host.name} was not read.`;
  const result: ProcessResult = await host.run(['sh', '-c', GET_SCRIPT, 'sh', remotePath, String(maxBytes + 1)], {
    maxOutputBytes: 2 * maxBytes + 1024, // base64 with its line ends
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (result.cancelled) throw Failure.cancelled(what);
  if (result.exitCode !== 0) {
    throw new Failure({ code: 'host-file-unreadable', what, why: 'It is not there, or not readable.', next: 'Check the path.', detail: result.stderr });
  }
  const bytes = Buffer.from(result.stdout, 'base64');
  if (bytes.length <= maxBytes) return bytes;
  throw new Failure({ code: 'host-file-too-large', what, why: `It has more than ${maxBytes} bytes.`, next: 'Copy it by hand.' });
}
