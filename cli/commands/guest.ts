// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { deleteGuest, endGuests, guestsFolder, listGuestKernels, pruneGuests, resetGuest } from '../../core/guest/manage';
import { ExitCode } from '../../core/model';
import { workplace, type CliContext, type Command, type Workplace } from '../context';

interface Call {
  readonly context: CliContext;
  readonly place: Workplace;
  /** The one argument, if any. */
  readonly name: string | undefined;
  readonly json: boolean;
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

async function list({ context, place, json }: Call): Promise<void> {
  const kernels = await listGuestKernels(place.dirs, place.packages);
  if (json) {
    const shown = kernels.map(({ saved, ...kernel }) => ({ ...kernel, saved: saved.map(({ memoryMiB, cpus, accelerator, savedAt, diskBytes }) => ({ memoryMiB, cpus, accelerator, savedAt, diskBytes })) }));
    context.out.write(`${JSON.stringify(shown, null, 2)}\n`);
    return;
  }
  for (const { release, running, saved, diskBytes } of kernels) {
    context.out.write(`${release.padEnd(32)} ${megabytes(diskBytes).padStart(8)}${saved.length > 0 ? '  saved' : ''}\n`);
    for (const { name, pid, since, memoryMiB, accelerator } of running) context.out.write(`  ${name}: runs since ${since}, ${memoryMiB} MiB, ${accelerator.toUpperCase()}, QEMU ${pid}\n`);
  }
}

async function kernels({ context, place, json }: Call): Promise<void> {
  const offers = await place.packages.listKernels({ progress: place.progress, signal: context.signal });
  place.progress.done();
  if (json) context.out.write(`${JSON.stringify(offers.map(({ id, release, suite, flavour }) => ({ id, release, suite, flavour })), null, 2)}\n`);
  else for (const { id, release, suite } of offers) context.out.write(`${id.padEnd(14)} ${release.padEnd(32)} ${suite}\n`);
}

async function prune({ context, place, json }: Call): Promise<void> {
  const offers = await place.packages.listKernels({ progress: place.progress, signal: context.signal });
  place.progress.done();
  const { releases, bytes } = await pruneGuests(place.dirs, place.packages, offers.map(({ release }) => release));
  if (json) context.out.write(`${JSON.stringify({ deleted: releases, bytes })}\n`);
  else context.out.write(releases.length === 0 ? 'Every kernel here is the newest of its series.\n' : `${releases.join(', ')} deleted, ${megabytes(bytes)} free\n`);
}

const verbs: Readonly<Record<string, { readonly takes: 'nothing' | 'maybe a name' | 'a name'; run(call: Call): Promise<void> }>> = {
  list: { takes: 'nothing', run: list },
  kernels: { takes: 'nothing', run: kernels },
  stop: {
    takes: 'maybe a name',
    run: async ({ context, place, name }) => void context.out.write(`${(await endGuests(guestsFolder(place.dirs), name)).join(', ')} ended\n`),
  },
  reset: {
    takes: 'a name',
    run: async ({ context, place, name = '' }) => {
      await resetGuest(guestsFolder(place.dirs), name);
      context.out.write(`${name} is as it was after boot\n`);
    },
  },
  delete: {
    takes: 'a name',
    run: async ({ context, place, name = '' }) => void context.out.write(`${name} deleted, ${megabytes(await deleteGuest(place.dirs, place.packages, name))} free\n`),
  },
  prune: { takes: 'nothing', run: prune },
};

export const guest: Command = {
  name: 'guest',
  usage: 'guest list [--json] | kernels [--json] | stop [NAME] | reset NAME | delete RELEASE | prune [--json]',
  summary: 'guests and their kernels: what runs, what can be had, what they take on disk; end, renew or delete one',

  async run(args, context) {
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options: { json: { type: 'boolean', default: false } } });
    const [word = '', name, ...more] = positionals;
    const verb = verbs[word];
    if (verb === undefined || more.length > 0 || (verb.takes === 'nothing') === (name !== undefined) && verb.takes !== 'maybe a name') {
      context.err.write(`Usage: kmodlab ${guest.usage}\n`);
      return ExitCode.usage;
    }
    await verb.run({ context, place: workplace(context), name, json: values.json });
    return ExitCode.ok;
  },
};
