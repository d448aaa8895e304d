// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { LoadSession } from '../../core/model';
import { discoverModules, type ModuleDescription } from '../../core/modules/discover';
import { startLoad, type LoadDeps, type LoadedModule, type LoadPlan } from '../../core/modules/load';
import { SessionStore } from '../../core/sessions/store';
import type { TestGuest } from './support';

export async function moduleOf(folder: string): Promise<ModuleDescription> {
  const [module] = await discoverModules(folder);
  assert.ok(module, `no module in ${folder}`);
  return module;
}

/** The source of a module of one file; `body` has its functions and module_init(). */
export function moduleSource(body: string, license = 'GPL'): string {
  return `// SPDX-License-Identifier: GPL-2.0-only\n#include <linux/module.h>\n${body}\nMODULE_DESCRIPTION("Test");\nMODULE_LICENSE("${license}");\n`;
}

/** Writes a module of one file into a folder. */
export function putModule(folder: string, name: string, body: string): string {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'Kbuild'), `obj-m := ${name}.o\n`);
  fs.writeFileSync(path.join(folder, `${name}.c`), moduleSource(body));
  return folder;
}

/** Makes folders with one module each, which go with the suite; call it in a `describe`. */
export function temporaryModules(): (name: string, body: string) => string {
  const folders: string[] = [];
  after(() => {
    for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
  });
  return (name, body) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'km-'));
    folders.push(folder);
    return putModule(folder, name, body);
  };
}

export function depsOf({ dirs }: TestGuest, more: Partial<LoadDeps> = {}): LoadDeps {
  return { store: new SessionStore(dirs.state), dirs, ...more };
}

/** Loads the module of a folder, without predictions. */
export async function load(guest: TestGuest, folder: string, plan: Partial<LoadPlan> = {}, more: Partial<LoadDeps> = {}): Promise<LoadedModule> {
  return startLoad({ module: await moduleOf(folder), host: guest.host, parameters: {}, predict: null, ...plan }, depsOf(guest, more));
}

export const texts = (session: LoadSession): string[] => session.records.map(({ text }) => text);
