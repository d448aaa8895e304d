// SPDX-License-Identifier: MIT
// A process that opens a guest and is killed by the test that started it. Its argument: the request, and where it stops.
import { acquireGuest, type KeeperInputs } from '../../../core/guest/open';

const { guestsDir, keeperPath, inputs, stopAt } = JSON.parse(process.argv[2]!) as {
  guestsDir: string;
  keeperPath: string;
  inputs: KeeperInputs;
  stopAt: 'preparing' | 'later';
};

async function prepare(): Promise<KeeperInputs> {
  console.log('preparing');
  if (stopAt === 'preparing') await new Promise((resolve) => setTimeout(resolve, 1_000_000));
  return inputs;
}

const nothing = (): void => undefined;
void acquireGuest({ guestsDir, name: 'shared', lease: { kind: 'process' }, keeperPath, prepare, onBoot: nothing, onWait: nothing }).then(() => console.log('ready'));
