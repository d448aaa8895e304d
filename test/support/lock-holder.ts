// SPDX-License-Identifier: MIT
// Takes a lock, says so, and keeps it until it is killed: tsx lock-holder.ts FILE
import { takeLock } from '../../core/platform/lock';

void takeLock(process.argv[2]!, { purpose: 'holding', subject: 'It', onBusy: () => true }).then(() => {
  console.log('held');
  process.stdin.resume();
});
