// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { SymversReader } from '../build/symvers';
import type { BuildEnvironment, Host } from '../hosts/host';
import { readKernelHeaders } from './kernel-config';
import type { ModuleInfo } from './modinfo';
import type { KernelKnowledge } from './preflight';

const MAX_NAMES = 2_000;
const MAX_OUTPUT = 4 * 1024 * 1024;

/** The lines of Module.symvers that are for the given names: the whole file has a megabyte. */
const WANTED = 'BEGIN { count = split(names, list, " "); for (i = 1; i <= count; i++) wanted[list[i]] = 1 } $2 in wanted';

/** What the headers say of a kernel, wherever they lie; nothing when they cannot be read. */
export function readHeadersOf(environment: BuildEnvironment | null): ReturnType<typeof readKernelHeaders> {
  if (!environment) return Promise.resolve({});
  const { host } = environment;
  return readKernelHeaders(environment.kernelDir, (file) => (host ? host.get(file) : fs.readFile(file)).then((bytes) => bytes.toString('utf8')).catch(() => undefined));
}

/** What is known of the host's kernel as far as a module is concerned by it. */
export async function knowledgeFor(info: ModuleInfo, environment: BuildEnvironment | null, config: KernelKnowledge['config']): Promise<KernelKnowledge> {
  if (!environment) return { config, exported: null };
  const wanted = new Set([...info.symbols.needed.map(({ name }) => name), ...(info.symbols.versions?.keys() ?? [])]);
  const file = path.posix.join(environment.kernelDir, 'Module.symvers');
  const text = environment.host ? await filterThere(environment.host, file, wanted) : await fs.readFile(file, 'utf8').catch(() => null);
  return { config, exported: text === null ? null : readWanted(text, wanted) };
}

async function filterThere(host: Host, file: string, wanted: ReadonlySet<string>): Promise<string | null> {
  const names = [...wanted].filter((name) => /^[\w.]+$/.test(name));
  if (names.length > MAX_NAMES) return null;
  const result = await host.run(['awk', '-F', '\t', '-v', `names=${names.join(' ')}`, WANTED, file], { maxOutputBytes: MAX_OUTPUT });
  return result.exitCode === 0 && !result.truncated ? result.stdout : null;
}

function readWanted(symvers: string, wanted: ReadonlySet<string>): SymversReader['symbols'] {
  const reader = new SymversReader();
  for (const match of symvers.matchAll(/^\S+\t(\S+)\t.*$/gm)) if (wanted.has(match[1] ?? '')) reader.push(match[0]);
  return reader.symbols;
}
