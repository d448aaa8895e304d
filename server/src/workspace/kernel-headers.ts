// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { AnalysisTarget } from '../../../core/model/analysis';
import { KERNEL_CONFIG_FILES, parseKernelConfig } from '../../../core/modules/kernel-config';
import type { SourceFiles } from './source-files';

/** What the headers of a kernel say of it; nothing when they cannot be read. */
export async function readKernelHeaders(folder: string, files: SourceFiles): Promise<Pick<AnalysisTarget, 'version' | 'config'>> {
  for (const name of KERNEL_CONFIG_FILES) {
    const text = await files.read(path.join(folder, name));
    if (text === undefined) continue;
    const { version, values } = parseKernelConfig(text);
    return { config: values, ...(version === null ? {} : { version }) };
  }
  return {};
}
