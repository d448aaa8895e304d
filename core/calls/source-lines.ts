// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import type { BuildEnvironment, Host } from '../hosts/host';
import type { SourceLine } from '../model';
import { run, type ProcessResult } from '../platform/process';
import type { CodePlace } from './module-code';

export interface SourceLinesOptions {
  readonly environment: Pick<BuildEnvironment, 'wrap' | 'makeArgs' | 'host'>;
  /** The unstripped .ko, in its build folder. */
  readonly koPath: string;
  /** How debug information names the folder of the module's sources; default: the build folder. */
  readonly sourceRoot?: string;
}

const LIMIT_MS = 30_000;
const MAX_FRAMES = 64;
const MAX_ADDRESSES = 4_000;

/** `$1`: the number of addresses, which follow; the rest: addr2line and its options. Standard input: the .ko. */
const ON_HOST_SCRIPT = `count=$1
shift
ko=$(mktemp) || exit 1
trap 'rm -f -- "$ko"' EXIT
trap 'exit 130' HUP INT TERM PIPE
cat >"$ko" || exit 1
at=0 addresses=
while [ "$at" -lt "$count" ]; do
  addresses="$addresses
$1"
  shift
  at=$((at + 1))
done
echo "$addresses" | LC_ALL=C "$@" "$ko"
`;


function key({ section, offset }: CodePlace): string {
  return `${section}+${offset}`;
}

/** `CROSS_COMPILE=` and `LLVM=1` of the build choose the binutils. */
function program(makeArgs: readonly string[]): string {
  if (makeArgs.some((argument) => /^LLVM=./.test(argument))) return 'llvm-addr2line';
  const prefix = makeArgs.find((argument) => argument.startsWith('CROSS_COMPILE='))?.slice('CROSS_COMPILE='.length) ?? '';
  return `${prefix}addr2line`;
}

/** The output of `addr2line -a -f -i`: an address, then a function and a `file:line` of each frame, innermost first. */
export function parseAddr2line(output: string): Map<number, string[]> {
  const found = new Map<number, string[]>();
  let frames: string[] = [];
  let isFunction = true;
  for (const line of output.split('\n')) {
    const address = /^0x([0-9a-f]{1,16})$/.exec(line)?.[1];
    if (address !== undefined) {
      frames = [];
      isFunction = true;
      found.set(Number.parseInt(address, 16), frames);
      continue;
    }
    if (!isFunction && frames.length < MAX_FRAMES) frames.push(line.replace(/ \(discriminator \d+\)$/, ''));
    isFunction = !isFunction;
  }
  return found;
}

/** As the .ko was built there, the host has the tools for it; this machine may have none, or none for that architecture. */
async function onHost(host: Host, argv: readonly string[], addresses: readonly string[], koPath: string): Promise<ProcessResult> {
  const few = addresses.slice(0, MAX_ADDRESSES);
  return host.run(['sh', '-c', ON_HOST_SCRIPT, 'sh', String(few.length), ...few, ...argv], { stdin: await fs.readFile(koPath), timeoutMs: LIMIT_MS });
}

/**
 * Source lines of places in a .ko, by the addr2line of the toolchain that built it: it comes with the assembler, so it is
 * there wherever a module can be built, and it knows relocations, compressed sections, DWARF 4 and 5 and inlined functions.
 */
export class SourceLines {
  private readonly known = new Map<string, Promise<readonly SourceLine[]>>();
  private readonly sourceRoot: string;

  constructor(private readonly options: SourceLinesOptions) {
    this.sourceRoot = options.sourceRoot ?? path.dirname(options.koPath);
  }

  /** Looks many places up at once, so that {@link at} need not. */
  prefetch(places: readonly CodePlace[]): void {
    for (const section of new Set(places.map((place) => place.section))) {
      const wanted = places.filter((place) => place.section === section && !this.known.has(key(place)));
      if (wanted.length === 0) continue;
      const answers = this.ask(section, wanted.map(({ offset }) => offset));
      for (const place of wanted) this.known.set(key(place), answers.then((lines) => lines.get(place.offset) ?? []));
    }
  }

  /** The frames at a place that lie in the module's own files, innermost first; none without debug information. */
  async at(place: CodePlace): Promise<readonly SourceLine[]> {
    this.prefetch([place]);
    return (await this.known.get(key(place))) ?? [];
  }

  private async ask(section: string, offsets: readonly number[]): Promise<Map<number, SourceLine[]>> {
    const { environment, koPath } = this.options;
    const addresses = [...new Set(offsets)].map((offset) => `0x${offset.toString(16)}`);
    const argv = [program(environment.makeArgs), '-a', '-f', '-i', '-j', section, '-e'];
    const result = environment.host ? await onHost(environment.host, argv, addresses, koPath) : await this.here([...argv, koPath], addresses);
    const frames = [...parseAddr2line(result.stdout)];
    return new Map(frames.map(([offset, texts]) => [offset, texts.flatMap((text) => this.ownLine(text) ?? [])]));
  }

  private here(argv: readonly string[], addresses: readonly string[]): Promise<ProcessResult> {
    const { environment, koPath } = this.options;
    const wrapped = environment.wrap(argv, [path.dirname(koPath)]);
    return run(wrapped.argv, { env: { ...wrapped.env, LC_ALL: 'C' }, stdin: `${addresses.join('\n')}\n`, timeoutMs: LIMIT_MS });
  }

  /** `FILE:LINE` as a line of the module; null for the kernel's headers and for `??`. */
  private ownLine(text: string): SourceLine | null {
    const [, name = '', line = '0'] = /^(.{1,4096}):(\d{1,9})$/.exec(text) ?? [];
    if (name === '' || Number(line) === 0) return null;
    const relative = path.posix.relative(this.sourceRoot, path.posix.resolve(this.sourceRoot, name));
    if (relative === '' || relative.startsWith('..')) return null;
    return { file: relative, line: Number(line) };
  }
}
