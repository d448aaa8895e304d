// SPDX-License-Identifier: MIT
// The keeper's program: one guest, one process. Started through flock(1), so that it holds the guest's lock while it lives.
import fs from 'node:fs';
import { LineSplitter } from '../platform/process';
import { Keeper } from './keeper';
import { KeeperConfig, LISTENING_LINE } from './protocol';

function keep(configText: string): void {
  const config = KeeperConfig.parse(JSON.parse(configText));
  const keeper = new Keeper(config);
  process.stdin.on('close', () => keeper.starterLeft());
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined); // our starter has left
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => keeper.end());
  process.on('uncaughtException', (error) => {
    // QEMU dies with us; the folder is removed by the next keeper.
    process.stderr.write(`${error.stack ?? error.message}\n`);
    fs.appendFileSync(`${config.folder}/keeper.log`, `${error.stack ?? error.message}\n`);
    process.exit(1);
  });
  void keeper
    .listen()
    .then(() => {
      process.stdout.write(`${LISTENING_LINE}\n`);
      return keeper.keep();
    })
    .then(() => keeper.finished)
    .then(() => process.exit(0));
}

let configured = false;
const lines = new LineSplitter((line) => {
  if (!configured) keep(line);
  configured = true;
});
process.stdin.on('data', (chunk) => lines.push(Buffer.from(chunk)));
