// SPDX-License-Identifier: MIT
import { Failure } from '../model/failure';
import type { ProcessResult } from '../platform/process';
import { unsupportedSystem } from './machine';

/** Characters of output that are kept: the last ones, where the error stands. */
const MAX_DETAIL = 8000;

/** Says whether the user ended it: our abort, or the terminal's Ctrl-C that reached the program first. */
export function wasCancelled(result: ProcessResult, signal: AbortSignal | undefined): boolean {
  return result.cancelled || signal?.aborted === true || result.signal === 'SIGINT';
}

/**
 * What an apt or dpkg-deb run that failed means to the user. Recognised by the C-locale messages of apt 2.2 to 3.0.
 * @param what One sentence: what could not be done.
 */
export function packageFailure(what: string, result: ProcessResult, signal?: AbortSignal): Failure {
  const detail = `${result.stdout}\n${result.stderr}`.trim().slice(-MAX_DETAIL);
  if (wasCancelled(result, signal)) return Failure.cancelled(what);
  if (result.startError?.code === 'ENOENT') return unsupportedSystem("Debian's package tools (apt, dpkg) are not installed.");
  const is = (pattern: RegExp): boolean => pattern.test(detail);
  if (is(/No space left on device|not have enough free space|Disk quota exceeded/)) return diskFull(what, detail);
  if (is(/\b404\b.*Not Found/)) {
    return new Failure({ code: 'package-gone', what, why: 'The package has left the archive since the lists were read.', next: 'Try again: the lists are read anew.', detail });
  }
  if (is(/Hash Sum mismatch|File has unexpected size|not a Debian format archive|corrupt|unexpected end of file/)) {
    return new Failure({
      code: 'package-corrupt',
      what,
      why: 'What was downloaded is not what the signed package list promises.',
      next: 'Try again; if it stays so, a proxy or the mirror changes the files.',
      detail,
    });
  }
  if (is(/NO_PUBKEY|is not signed|signatures couldn't be verified|EXPKEYSIG|KEYEXPIRED|Missing key/)) {
    return new Failure({
      code: 'archive-keys-too-old',
      what,
      why: "The Debian archive keys of this machine do not cover that suite's signature.",
      next: 'Update the package debian-archive-keyring.',
      detail,
    });
  }
  if (is(/Could not (connect|resolve)|Temporary failure|Unable to connect|Network is unreachable|timed out|Connection (failed|refused|reset)|Cannot initiate the connection|Failed to fetch|\b50\d\b/)) {
    return new Failure({
      code: 'packages-unreachable',
      what,
      why: "The package archive that this machine's apt is set up for cannot be reached.",
      next: 'Check the network and the proxy settings of apt, then try again.',
      detail,
    });
  }
  return new Failure({ code: 'apt-failed', what, why: 'The package tools ended with an error.', next: 'See the log for their output.', detail });
}

export function diskFull(what: string, detail: string): Failure {
  return new Failure({
    code: 'disk-full',
    what,
    why: 'The disk that holds the cache folder is full.',
    next: 'Free some space, or set KMODLAB_CACHE_DIR to a folder on another disk.',
    detail,
  });
}

/** Turns an error of the file system into a {@link Failure}; others stay as they are. */
export function fileFailure(what: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return diskFull(what, error.message);
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(String(error.code))) return error;
  return new Failure({
    code: 'cache-not-writable',
    what,
    why: 'The cache folder cannot be written.',
    next: 'Change its permissions, or set KMODLAB_CACHE_DIR to a folder of yours.',
    detail: error.message,
  });
}
