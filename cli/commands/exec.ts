// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { DEFAULT_IDLE_SECONDS } from '../../core/guest/lease';
import { ExitCode, Failure } from '../../core/model';
import { refuseForbiddenHost } from '../../core/modules/forbid';
import type { Command } from '../context';
import { workplace } from '../context';

export const exec: Command = {
  name: 'exec',
  usage: 'exec [HOST] [--root] -- PROGRAM [ARGUMENT…]',
  summary: 'run a program on a host, with these streams and its exit code',

  async run(args, context) {
    const end = args.indexOf('--');
    const argv = end < 0 ? [] : args.slice(end + 1);
    if (argv.length === 0) throw noProgram();
    const { values, positionals } = parseArgs({ args: args.slice(0, end), allowPositionals: true, options: { root: { type: 'boolean' } } });
    const { progress, open } = workplace(context);
    const host = await open(positionals[0] ?? 'guest', { kind: 'idle', seconds: DEFAULT_IDLE_SECONDS });
    try {
      refuseForbiddenHost(host, context.env);
      progress.done();
      const { exitCode } = await host.run(argv, {
        asRoot: values.root === true,
        signal: context.signal,
        stdin: process.stdin.isTTY ? '' : process.stdin,
        onStdout: (chunk) => context.out.write(chunk),
        onStderrLine: (line) => context.err.write(`${line}\n`),
        maxOutputBytes: 0,
      });
      return exitCode ?? ExitCode.host;
    } finally {
      progress.done();
      process.stdin.destroy();
      await host.dispose();
    }
  },
};

function noProgram(): Failure {
  return new Failure({
    code: 'usage',
    what: 'No program was run.',
    why: 'None is named behind "--".',
    next: 'Write, for example: kmodlab exec guest -- dmesg',
    exitCode: ExitCode.usage,
  });
}
