// SPDX-License-Identifier: MIT
// QEMU Machine Protocol, as far as saving and restoring a machine takes: docs/interop/qmp-spec.rst of QEMU.
import type { Duplex } from 'node:stream';
import * as z from 'zod';
import { LineSplitter } from '../platform/process';

const Message = z.object({
  QMP: z.unknown().optional(),
  return: z.unknown().optional(),
  error: z.object({ desc: z.string() }).optional(),
  event: z.string().optional(),
  data: z.object({ status: z.string().optional() }).optional(),
});
type Message = z.infer<typeof Message>;

/** `events`: the end of a migration is told. `x-ignore-shared`: memory that is a file does not travel with the state. */
const CAPABILITIES = ['events', 'x-ignore-shared'].map((capability) => ({ capability, state: true }));

/** One conversation with a QEMU over its monitor. Errors that QEMU answers with reject. */
class Monitor {
  private readonly messages: Message[] = [];
  private wake: () => void = () => undefined;

  constructor(private readonly qmp: Duplex) {
    const lines = new LineSplitter((line) => {
      this.messages.push(Message.parse(JSON.parse(line)));
      this.wake();
    });
    qmp.on('data', (chunk: Buffer) => lines.push(chunk));
  }

  async begin(): Promise<void> {
    await this.next((message) => 'QMP' in message);
    await this.execute('qmp_capabilities', {});
    await this.execute('migrate-set-capabilities', { capabilities: CAPABILITIES });
  }

  async execute(command: string, args: Record<string, unknown>): Promise<void> {
    this.qmp.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    await this.next((message) => 'return' in message);
  }

  async migrated(): Promise<void> {
    const { data } = await this.next(({ event, data: about }) => event === 'MIGRATION' && ['completed', 'failed', 'cancelled'].includes(about?.status ?? ''));
    if (data?.status !== 'completed') throw new Error(`the migration has ${data?.status ?? 'no status'}`);
  }

  private async next(wanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const message = this.messages.shift();
      if (message?.error) throw new Error(message.error.desc);
      if (message && wanted(message)) return message;
      if (!message) await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

/**
 * Writes the machine's state, without its memory, to a Unix socket that the caller listens on.
 * The machine has stopped then and is good for nothing but its end. @throws Error what QEMU says
 */
export async function saveMachine(qmp: Duplex, socketPath: string): Promise<void> {
  const monitor = new Monitor(qmp);
  await monitor.begin();
  await monitor.execute('migrate', { uri: `unix:${socketPath}` });
  await monitor.migrated();
}

/** Has a QEMU that was started with `-incoming defer` go on from the state in its file descriptor `fd`. @throws Error what QEMU says */
export async function restoreMachine(qmp: Duplex, fd: number): Promise<void> {
  const monitor = new Monitor(qmp);
  await monitor.begin();
  await monitor.execute('migrate-incoming', { uri: `fd:${fd}` });
  await monitor.migrated();
}
