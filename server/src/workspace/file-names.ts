// SPDX-License-Identifier: MIT

/** Bytes that are not UTF-8 stand in a string as U+DC80 to U+DCFF, which no text holds. */
const ESCAPED_BYTE = /[\udc80-\udcff]/;

/** The name of a file as a string; every byte of one that is not UTF-8 can be had back by {@link systemPath}. */
export function fileName(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('');
  }
}

/** The bytes of a path that {@link fileName} made. */
export function pathBytes(path: string): Uint8Array {
  if (!ESCAPED_BYTE.test(path)) return new TextEncoder().encode(path);
  const parts = path.split(/([\udc80-\udcff])/).map((part) => (ESCAPED_BYTE.test(part) ? Uint8Array.of(part.charCodeAt(0) - 0xdc00) : new TextEncoder().encode(part)));
  return Buffer.concat(parts);
}

/** A path as the system takes it. */
export function systemPath(path: string): string | Buffer {
  return ESCAPED_BYTE.test(path) ? Buffer.from(pathBytes(path)) : path;
}
