// SPDX-License-Identifier: MIT
import { readDispatch } from '../../../core/hosts/dispatch';
import type { Host } from '../../../core/hosts/host';
import { Failure, type AnalysisTarget } from '../../../core/model';

/** `kmodlab/didChangeTarget`: what the server analyses for while a host is selected and open. */
export interface ServerTarget extends Partial<Omit<AnalysisTarget, 'kernel' | 'version' | 'config'>> {
  readonly kernel: string | null;
  /** Folder of the kernel's headers on this machine. */
  readonly headers?: string;
}

export interface HostTargetDeps {
  readonly selectedHost: () => string;
  readonly onSelect: (listener: () => void) => { dispose(): void };
  readonly hosts: { peek(id: string): Host | undefined; onChange(listener: () => void): { dispose(): void } };
  readonly send: (target: ServerTarget) => void;
  readonly log: (line: string) => void;
}

/** Tells the language server the kernel of the selected host, as soon and as exactly as it is known. */
export class HostTarget {
  private readonly subscriptions: readonly { dispose(): void }[];
  private current: Host | undefined;

  constructor(private readonly deps: HostTargetDeps) {
    const update = (): void => this.update();
    this.subscriptions = [deps.onSelect(update), deps.hosts.onChange(update)];
    update();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private update(): void {
    const host = this.deps.hosts.peek(this.deps.selectedHost());
    if (host === this.current) return;
    this.current = host;
    if (host) this.follow(host).catch((error: unknown) => this.deps.log(`The kernel of ${host.name} was not told to the language server: ${Failure.from(error).message}`));
    else this.deps.send({ kernel: null });
  }

  private async follow(host: Host): Promise<void> {
    const { kernel, arch } = await host.facts();
    const send = (target: ServerTarget): void => {
      if (this.current === host) this.deps.send(target);
    };
    send({ kernel, arch });
    const dispatch = arch === 'x86_64' ? await readDispatch(host) : undefined;
    const headers = (await host.buildEnvironment())?.kernelDir;
    send({ kernel, arch, ...(dispatch ? { dispatch } : {}), ...(headers === undefined ? {} : { headers }) });
  }
}
