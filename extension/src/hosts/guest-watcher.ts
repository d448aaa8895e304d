// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import { guestsFolder, listGuestKernels, listGuests, type GuestKernel } from '../../../core/guest/manage';
import { guestKernel } from '../../../core/hosts/registry';
import { Failure } from '../../../core/model';
import type { PackageStore } from '../../../core/packages';
import { ensurePrivateDir, type Dirs } from '../../../core/platform/dirs';
import { Emitter } from '../emitter';
import type { GuestView } from '../tree/hosts-tree';
import { Coalesced } from '../webviews/coalesce';
import { storedFor } from './stored-kernels';

/** The guests of this user, whichever process opened them, and what lies on disk of them. Sizes are read while somebody looks. */
export class GuestWatcher {
  private readonly changed = new Emitter<void>();
  private readonly reread = new Coalesced(() => void this.guarded(() => this.readRunning()));
  private watcher: fs.FSWatcher | undefined;
  private running: ReadonlyMap<string, { readonly release: string; readonly since: string }> = new Map();
  private kernels: readonly GuestKernel[] = [];
  private measuring: Promise<void> | undefined;

  constructor(
    private readonly dirs: Dirs,
    private readonly packages: PackageStore,
    private readonly log: (line: string) => void,
  ) {}

  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  /** Begins to watch; resolves when it is known what runs. */
  async watch(): Promise<void> {
    await this.guarded(async () => {
      this.watcher ??= this.start();
      await this.readRunning();
    });
  }

  /** Looks again what runs, and what lies on disk, which takes a moment: whole trees of files are counted. */
  look(): void {
    this.refresh();
    this.measuring ??= this.guarded(() => this.measure()).finally(() => (this.measuring = undefined));
  }

  /** Looks again what runs. */
  refresh(): void {
    if (this.watcher) this.reread.request();
  }

  /** Names of the guests that run, as `guest:6.1-cloud`. */
  get ids(): readonly string[] {
    return [...this.running.keys()];
  }

  /** When the guest that runs under an id was ready, ISO 8601; null when none runs. */
  since(id: string): string | null {
    return this.running.get(id)?.since ?? null;
  }

  /** What there is of the guest that an id names; null when nothing is. */
  of(id: string): GuestView | null {
    const release = this.running.get(id)?.release;
    const kernel = release === undefined ? storedFor(guestKernel(id) ?? '', this.kernels) : this.kernels.find((candidate) => candidate.release === release);
    if (release !== undefined) return { state: 'running', release, diskBytes: kernel?.diskBytes ?? null };
    return kernel ? { state: kernel.saved.length > 0 ? 'saved' : 'stopped', release: kernel.release, diskBytes: kernel.diskBytes } : null;
  }

  /** Whether the packages of a kernel lie on disk, as far as was looked. */
  isStored(release: string): boolean {
    return this.kernels.some((kernel) => kernel.release === release);
  }

  dispose(): void {
    this.watcher?.close();
    this.reread.dispose();
    this.changed.dispose();
  }

  private start(): fs.FSWatcher {
    const watcher = fs.watch(ensurePrivateDir(guestsFolder(this.dirs)), () => this.reread.request());
    watcher.on('error', (error) => this.log(`The guests are not watched any more: ${error.message}`));
    return watcher;
  }

  private async readRunning(): Promise<void> {
    const running = await listGuests(guestsFolder(this.dirs));
    this.running = new Map(running.filter(({ name }) => !name.startsWith('fresh-')).map(({ name, release, since }) => [`guest:${name}`, { release, since }]));
    this.changed.fire();
  }

  private async measure(): Promise<void> {
    this.kernels = await listGuestKernels(this.dirs, this.packages);
    this.changed.fire();
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.log(`The guests were not read: ${Failure.from(error).message}`);
    }
  }
}
