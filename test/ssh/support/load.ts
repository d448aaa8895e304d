// SPDX-License-Identifier: MIT
import path from 'node:path';
import { loadAnalyzer, predictWith } from '../../../cli/analysis';
import type { Host } from '../../../core/hosts/host';
import type { LoadSession } from '../../../core/model';
import { discoverModules, type ModuleDescription } from '../../../core/modules/discover';
import { startLoad, type LoadDeps, type LoadedModule, type LoadPlan } from '../../../core/modules/load';
import { SessionStore } from '../../../core/sessions/store';
import type { Rig } from './rig';

export async function moduleIn(folder: string): Promise<ModuleDescription> {
  const [module] = await discoverModules(folder);
  if (!module) throw new Error(`no module in ${folder}`);
  return module;
}

/** Loads the module of a folder, with its predictions, as the command line and the extension do. */
export async function loadOn(host: Host, { dirs }: Pick<Rig, 'dirs'>, folder = path.resolve('module'), more: Partial<LoadDeps> = {}, plan: Partial<LoadPlan> = {}): Promise<LoadedModule> {
  const analyzer = await loadAnalyzer(path.resolve('dist'));
  try {
    const deps: LoadDeps = { store: new SessionStore(dirs.state), dirs, confirmFirstLoad: () => Promise.resolve(true), ...more };
    return await startLoad({ module: await moduleIn(folder), host, parameters: {}, predict: predictWith(analyzer), ...plan }, deps);
  } finally {
    analyzer.dispose();
  }
}

/** The newest session on disk: what another process would see of it. */
export async function newestSession({ dirs }: Pick<Rig, 'dirs'>): Promise<LoadSession> {
  const store = new SessionStore(dirs.state);
  const [newest] = await store.list();
  if (!newest) throw new Error('there is no session');
  return store.read(newest.id);
}
