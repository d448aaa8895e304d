// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { openBrowser, provideChromium } from './browser';
import { keepEvidence, SHOTS } from './evidence';
import { Lifetime } from './lifetime';
import { provideVsCode } from './provision';
import { consoleProgress } from './report';
import { installExtension, startServer } from './server';
import { DRIVEN, writeMachineSettings, writeUserSettings, type Settings } from './settings';
import { packageExtension } from './vsix';
import { Workbench } from './workbench-page';
import { copyModule, ownFolders } from './workspace';
import { guestsFolder, listGuests } from '../../../core/guest/manage';
import { userDirs } from '../../../core/platform/dirs';
import { SessionStore } from '../../../core/sessions/store';

/** The packaged extension in a fresh VS Code with a copy of device2 open, in a browser that tests drive. */
export interface DriveSession {
  readonly workbench: Workbench;
  /** The copy that is open: tests may break it. */
  readonly folder: string;
  /** Opens another folder in its place. */
  open(folder: string): Promise<void>;
  /** Sets user settings besides, from the next opening on. */
  changeSettings(settings: Settings): void;
  /** The load sessions of this VS Code. */
  readonly store: SessionStore;
  /** What a program needs in its environment to share guests and sessions with this VS Code. */
  readonly env: NodeJS.ProcessEnv;
  /** Names of the guests that run for this session. */
  guests(): Promise<readonly string[]>;
  /** What the pages complained about so far. */
  browserLog(): string;
  /** Saves logs and a picture; undefined when the run was interrupted, which leaves nothing to look into. */
  keepEvidence(): Promise<string | undefined>;
  /** @returns the command lines of processes that outlived the window and had to be killed */
  end(): Promise<readonly string[]>;
}

/**
 * @param shotsFolder name of the folder that this run's screenshots go to; what an older run left there is removed
 * @param machineSettings settings of scope `machine-overridable`
 * @param moreEnv environment of the server besides
 */
export async function openDrive(shotsFolder: string, machineSettings: Settings = {}, moreEnv: NodeJS.ProcessEnv = {}): Promise<DriveSession> {
  const lifetime = new Lifetime().stopOnSignals();
  lifetime.signal.addEventListener('abort', () => void lifetime.end()); // the steps that are left fail at once, without a page
  try {
    const work = { progress: consoleProgress(), signal: lifetime.signal };
    const host = await provideVsCode(work);
    const chromium = await provideChromium(work);
    const dataDir = lifetime.temporaryFolder('kmodlab-drive');
    await installExtension(host, lifetime, dataDir, await packageExtension(lifetime));
    writeUserSettings(dataDir, DRIVEN);
    writeMachineSettings(dataDir, machineSettings);
    const env = { ...ownFolders(lifetime, dataDir), ...moreEnv };
    const server = await startServer(host, lifetime, { dataDir, env });
    const page = await openBrowser(chromium, lifetime, dataDir);
    const workbench = new Workbench(page, path.join(SHOTS, shotsFolder));
    const folder = copyModule(dataDir);
    const open = (path: string): Promise<void> => workbench.open(server.port, path);
    await open(folder);
    await workbench.page.locator('.statusbar-item [aria-label^="Modules are loaded on"]').waitFor(); // the extension is active
    return {
      workbench,
      folder,
      open,
      changeSettings: (settings) => writeUserSettings(dataDir, { ...DRIVEN, ...settings }),
      store: new SessionStore(userDirs(env).state),
      env,
      guests: async () => (await listGuests(guestsFolder(userDirs(env)))).map(({ name }) => name),
      browserLog: () => fs.readFileSync(path.join(dataDir, 'browser.log'), 'utf8'),
      keepEvidence: () => (lifetime.signal.aborted ? Promise.resolve(undefined) : keepEvidence(dataDir, page)),
      end: () => lifetime.end(),
    };
  } catch (error) {
    await lifetime.end();
    throw error;
  }
}

/** Opens a session before the tests of a suite, keeps evidence of those that fail, and ends it. */
export function withDrive(openSession: () => Promise<DriveSession>): () => DriveSession {
  let session: DriveSession | undefined;
  const opened = (): DriveSession => {
    if (session === undefined) throw new Error('The set-up failed, and has said why.');
    return session;
  };
  before(async () => void (session = await openSession()));
  afterEach(async function () {
    if (this.currentTest?.isFailed() !== true) return;
    const kept = await opened().keepEvidence();
    if (kept !== undefined) console.log(`    logs and a picture are in ${kept}`);
  });
  after(() => session?.end());
  return opened;
}
