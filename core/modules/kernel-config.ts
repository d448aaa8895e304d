// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { AnalysisTarget } from '../model/analysis';

/** Where kernel headers keep the configuration, relative to their folder, the one that is read first. */
const FILES = ['include/config/auto.conf', 'include/generated/autoconf.h'] as const;

/** The configuration that a kernel was built with. */
interface KernelConfig {
  /** As LINUX_VERSION_CODE has it (`6.1.192`), where a distribution's release (`6.1.0-56-amd64`) hides the patch level; null when not said. */
  readonly version: string | null;
  /** What is set, by name without `CONFIG_`: `y`, `m` or a value. */
  readonly values: Readonly<Record<string, string>>;
}

const SETTING = /^(?:CONFIG_(\w{1,100})=(.*)|#define CONFIG_(\w{1,100}) (.*))$/gm;
const VERSION = /^[#* ]+Linux\/\S+ (\d{1,3}\.\d{1,3}\.\d{1,4})\S* Kernel Configuration$/m;
const MAX_SETTINGS = 50_000;

/**
 * What the headers of a kernel say of it; nothing when they cannot be read.
 * @param read gives the text of a file, undefined when there is none; does not reject
 */
export async function readKernelHeaders(folder: string, read: (file: string) => Promise<string | undefined>): Promise<Pick<AnalysisTarget, 'version' | 'config'>> {
  for (const name of FILES) {
    const text = await read(path.join(folder, name));
    if (text === undefined) continue;
    const { version, values } = parseKernelConfig(text);
    return { config: values, ...(version === null ? {} : { version }) };
  }
  return {};
}

/** Reads `auto.conf` or `autoconf.h`. What is no setting is passed over. */
function parseKernelConfig(text: string): KernelConfig {
  const values = new Map<string, string>();
  for (const [, inConf, confValue = '', inHeader, headerValue = ''] of text.matchAll(SETTING)) {
    if (values.size >= MAX_SETTINGS) break;
    if (inConf !== undefined) values.set(inConf, confValue.replace(/^"(.*)"$/, '$1'));
    else if (inHeader?.endsWith('_MODULE') === true) values.set(inHeader.slice(0, -'_MODULE'.length), 'm');
    else if (inHeader !== undefined) values.set(inHeader, headerValue === '1' ? 'y' : headerValue.replace(/^"(.*)"$/, '$1'));
  }
  return { version: VERSION.exec(text)?.[1] ?? null, values: Object.fromEntries(values) };
}
