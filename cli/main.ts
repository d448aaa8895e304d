// SPDX-License-Identifier: MIT
import { ExitCode, Failure } from '../core/model';
import { commands } from './commands';
import type { CliContext, Command } from './context';

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function help(): string {
  const rows = commands.map((command) => `  ${command.usage}\n      ${command.summary}`);
  return [
    'kmodlab: predict, build, load and observe Linux kernel modules',
    '',
    'Usage: kmodlab COMMAND [ARGUMENTS]',
    '',
    ...rows,
    '',
    'Hosts: guest (default: a disposable virtual machine), guest:KERNEL (guest:newest-cloud), ssh:NAME, local.',
    'Exit codes: 0 ok, 1 findings or differences, 2 usage, 3 host or set-up, 130 cancelled. KMODLAB_LOG=1 prints the log.',
    '',
  ].join('\n');
}

function report(error: unknown, context: CliContext): ExitCode {
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    context.err.write(`kmodlab: ${error.message}\n`);
    return ExitCode.usage;
  }
  const failure = Failure.from(error);
  context.err.write(`\nkmodlab: ${failure.what}\n  Why:  ${failure.why}\n  Next: ${failure.next}\n`);
  if (failure.detail !== undefined && (context.env['KMODLAB_LOG'] !== undefined || failure.code === 'internal')) context.err.write(`\n${failure.detail}\n`);
  return failure.exitCode;
}

async function run(command: Command | undefined, name: string | undefined, args: readonly string[], context: CliContext): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    context.out.write(help());
    return name === undefined ? ExitCode.usage : ExitCode.ok;
  }
  if (!command) {
    context.err.write(`kmodlab: there is no command ${JSON.stringify(name)}; kmodlab help lists them\n`);
    return ExitCode.usage;
  }
  const ownArguments = args.slice(0, args.includes('--') ? args.indexOf('--') : undefined); // what follows is another program's
  if (ownArguments.includes('--help') || ownArguments.includes('-h')) {
    context.out.write(`Usage: kmodlab ${command.usage}\n  ${command.summary}\n`);
    return ExitCode.ok;
  }
  try {
    const code = await command.run(args, context);
    return context.signal.aborted ? ExitCode.cancelled : code;
  } catch (error) {
    return context.signal.aborted ? (report(error, context), ExitCode.cancelled) : report(error, context);
  }
}

async function main(): Promise<void> {
  const controller = new AbortController();
  for (const signal of ENDING_SIGNALS) process.on(signal, () => controller.abort());
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(ExitCode.ok); // the reader (head, less) has gone
  });
  const [name, ...args] = process.argv.slice(2);
  const command = commands.find((candidate) => candidate.name === name);
  const context: CliContext = { out: process.stdout, err: process.stderr, env: process.env, cwd: process.cwd(), signal: controller.signal, distDir: __dirname };
  process.exitCode = await run(command, name, args, context);
}

void main();
