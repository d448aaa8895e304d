// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { sourceRootOnHost } from '../build/make-on-host';
import { buildRoot } from '../build/mirror';
import { ModuleCode } from '../calls/module-code';
import { SourceLines } from '../calls/source-lines';
import type { Host } from '../hosts/host';
import { Failure, type LoadSession } from '../model';
import { SECTIONS, SYS_MODULE } from './host-scripts';
import { LocalKo } from './local-ko';
import { readModuleInfo } from './modinfo';
import { sectionLines, type SessionRecording } from './recording';

export interface ResumeOptions {
  readonly host: Host;
  /** The module's name as the kernel knows it. */
  readonly kernelName: string;
  /** Where builds are kept. */
  readonly cacheDir: string;
  readonly signal?: AbortSignal;
}

interface BuiltKo {
  readonly koPath: string;
  readonly ko: Buffer;
}

/**
 * Goes on recording the calls of a module that was left loaded by a session that recorded them, where the .ko that was loaded is
 * at hand still: it tells the lines. Else, and where probes cannot be had any more, the session says so.
 * @throws Failure `host-lost`, `cancelled`
 */
export async function resumeRecording(recording: SessionRecording, { host, kernelName, cacheDir, signal }: ResumeOptions): Promise<void> {
  const session = recording.session();
  if (session.recorder.mode !== 'probe') return;
  const built = await findBuilt(session, cacheDir);
  if (!built) {
    recording.tellUnrecorded('the .ko that was loaded is not there any more');
    return;
  }
  const { koPath, ko } = built;
  recording.prepareProbes(kernelName);
  recording.startProbes([...(session.recorder.syscalls ?? []), ...session.calls.map(({ syscall }) => syscall)]);
  const asRoot = { asRoot: true, ...(signal ? { signal } : {}) };
  const [sections, environment] = await Promise.all([recording.guard(host.script(SECTIONS, [SYS_MODULE, kernelName], asRoot)), host.buildEnvironment(signal ? { signal } : {}).catch(() => null)]);
  if (sections.cancelled) throw Failure.cancelled('Nothing was done.');
  const sourceRoot = environment?.host && path.dirname(koPath) !== session.module.folder ? sourceRootOnHost(session.module.name) : path.dirname(koPath);
  const lines = new SourceLines({ environment: new LocalKo(environment, null).environment, koPath, sourceRoot });
  await recording.probesReady(kernelName, () => ({ code: new ModuleCode(ko), lines }), true);
  recording.located(sectionLines(sections.stdout).replaceAll(/^\.init.*$/gm, '')); // that memory may be another module's by now
}

/** The .ko that a session loaded: among what was built of its module, else in its folder; null when it was built anew since, or deleted. */
async function findBuilt({ module: { name, folder, koBuildId } }: LoadSession, cacheDir: string): Promise<BuiltKo | null> {
  const root = buildRoot(cacheDir, folder);
  const kept = (await fs.readdir(root, { recursive: true }).catch(() => [])).filter((file) => path.basename(file) === `${name}.ko`);
  for (const koPath of [...kept.map((file) => path.join(root, file)), path.join(folder, `${name}.ko`)]) {
    const ko = await fs.readFile(koPath).catch(() => null);
    if (ko && koBuildId !== null && buildIdOf(ko) === koBuildId) return { koPath, ko };
  }
  return null;
}

function buildIdOf(ko: Buffer): string | null {
  try {
    return readModuleInfo(ko).buildId;
  } catch {
    return null; // half written, or no .ko
  }
}
