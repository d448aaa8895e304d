// SPDX-License-Identifier: MIT
import { endGuests, guestsFolder, listGuests } from '../../core/guest/manage';
import { ExitCode } from '../../core/model';
import type { Command } from '../context';
import { workplace } from '../context';

export const guest: Command = {
  name: 'guest',
  usage: 'guest list | kernels | stop [KERNEL]',
  summary: 'the running guests, the kernels that can be had, end a guest',

  async run(args, context) {
    const [verb, kernel] = args;
    const { dirs, packages, progress } = workplace(context);
    switch (verb) {
      case 'list':
        for (const { name, release, pid } of await listGuests(guestsFolder(dirs))) context.out.write(`${name}  ${release}  QEMU ${pid}\n`);
        return ExitCode.ok;
      case 'kernels': {
        const offers = await packages.listKernels({ progress, signal: context.signal });
        progress.done();
        for (const { id, release, suite } of offers) context.out.write(`${id.padEnd(14)} ${release.padEnd(32)} ${suite}\n`);
        return ExitCode.ok;
      }
      case 'stop':
        context.out.write(`${(await endGuests(guestsFolder(dirs), kernel)).join(', ')} ended\n`);
        return ExitCode.ok;
      default:
        context.err.write(`Usage: kmodlab ${guest.usage}\n`);
        return ExitCode.usage;
    }
  },
};
