// SPDX-License-Identifier: MIT
import path from 'node:path';
import { DEFAULT_IDLE_SECONDS } from '../core/guest/lease';
import type { Host } from '../core/hosts/host';
import { checkLoad } from '../core/modules/examine';
import { startLoad, type LoadDeps, type LoadedModule, type LoadPlan, type SigningKey } from '../core/modules/load';
import { ExitCode, Failure, printable, type LoadSession, type PreflightLine, type SessionEvent } from '../core/model';
import { comparePredictions } from '../core/sessions/compare';
import { formatComparison, formatSession } from '../core/sessions/format';
import { loadAnalyzer, predictWith } from './analysis';
import { terminalSecrets } from './ask-secret';
import { diagnosticLine } from './commands/build';
import { recordLine } from './commands/log';
import { terminalConfirmation } from './confirm';
import type { CliContext, Workplace } from './context';
import { workplace } from './context';
import { pickTarget, readInput, syscallNames, workspaceOf, type LoadTarget } from './load-arguments';
import { showAction } from './loaded';

/** Options that `load` and `reload` share, for `parseArgs`. */
export const LOAD_OPTIONS = {
  module: { type: 'string' },
  host: { type: 'string', default: 'guest' },
  unload: { type: 'boolean' },
  exec: { type: 'string', multiple: true },
  run: { type: 'string', multiple: true },
  root: { type: 'boolean' },
  stdin: { type: 'string' },
  syscalls: { type: 'string' },
  record: { type: 'boolean' },
  'no-record': { type: 'boolean' },
  watchdog: { type: 'string' },
  'sign-key': { type: 'string' },
  'sign-cert': { type: 'string' },
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** What was given for {@link LOAD_OPTIONS}. */
export interface LoadValues {
  readonly module?: string | undefined;
  readonly host: string;
  readonly unload?: boolean | undefined;
  readonly exec?: readonly string[] | undefined;
  readonly run?: readonly string[] | undefined;
  readonly root?: boolean | undefined;
  readonly stdin?: string | undefined;
  readonly syscalls?: string | undefined;
  readonly 'no-record'?: boolean | undefined;
  readonly watchdog?: string | undefined;
  readonly 'sign-key'?: string | undefined;
  readonly 'sign-cert'?: string | undefined;
  readonly 'dry-run'?: boolean | undefined;
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export interface LoadRequest {
  /** Of the positional arguments: a module's folder or a .ko. */
  readonly target: string;
  /** Parameters, once the module is known. */
  readonly parametersOf: (target: LoadTarget, stateDir: string) => Record<string, string>;
  /** What is loaded under that name gives way. */
  readonly replaces: boolean;
}

/** `load` and `reload`: loads, does what was asked for, unloads or leaves the module, prints the session. */
export async function runLoad(request: LoadRequest, values: LoadValues, context: CliContext): Promise<ExitCode> {
  const target = await pickTarget(request.target, values.module, context);
  const place = workplace(context);
  const signing = signingKey(values, context, place);
  const stdin = values.stdin === undefined ? '' : await readInput(path.resolve(context.cwd, values.stdin));
  const seconds = watchdogSeconds(values.watchdog);
  const analyzer = await loadAnalyzer(context.distDir);
  try {
    const host = await place.open(values.host, { kind: 'idle', seconds: DEFAULT_IDLE_SECONDS });
    try {
      const plan: LoadPlan = {
        module: target.module,
        host,
        parameters: request.parametersOf(target, place.dirs.state),
        predict: predictWith(analyzer),
        record: values['no-record'] ? false : { syscalls: syscallNames(values.syscalls) },
        workspace: () => workspaceOf(target.module, context),
        ...(target.prebuilt === null ? {} : { prebuilt: target.prebuilt }),
        ...(request.replaces ? { replaces: 'loaded' as const } : {}),
        ...(seconds === null ? {} : { watchdogSeconds: seconds }),
        ...(signing ? { signing } : {}),
      };
      if (values['dry-run']) return await dryRun(plan, host, values, context, place);
      const loaded = await startLoad(plan, loadDeps(plan, values, context, place));
      const session = await useAndLeave(loaded, values, stdin, context);
      place.progress.done();
      printSession(session, values, context);
      return ExitCode.ok;
    } finally {
      place.progress.done();
      await host.dispose();
    }
  } finally {
    analyzer.dispose();
  }
}

function loadDeps(plan: LoadPlan, values: LoadValues, context: CliContext, { store, dirs, progress }: Workplace): LoadDeps {
  const confirm = values.yes ? () => Promise.resolve(true) : terminalConfirmation(context, () => progress.done());
  const onEvent = (event: SessionEvent): void => {
    if (event.type === 'build') for (const diagnostic of event.build.diagnostics) context.err.write(`${diagnosticLine(diagnostic, plan.module.folder)}\n`);
    if (event.type === 'preflight') for (const line of event.lines) if (line.verdict === 'warning') context.err.write(verdictText(line));
    if (event.type !== 'record' || values.json) return;
    progress.done();
    context.out.write(`${recordLine(event.record)}\n`);
  };
  return { store, dirs, progress, signal: context.signal, onEvent, ...(confirm ? { confirmFirstLoad: confirm } : {}) };
}

/** `warning: text`, with what to do on the next line. */
function verdictText({ verdict, text, fix }: PreflightLine): string {
  return [`${verdict}: ${text}`, ...(fix === null ? [] : [`  Fix: ${fix}`])].map((line) => `${printable(line)}\n`).join('');
}

async function dryRun(plan: LoadPlan, host: Host, values: LoadValues, context: CliContext, { store, dirs, progress }: Workplace): Promise<ExitCode> {
  const lines = await checkLoad(plan, { store, dirs, progress, signal: context.signal });
  progress.done();
  const isBlocked = lines.some(({ verdict }) => verdict === 'blocked');
  if (values.json) context.out.write(`${JSON.stringify({ module: plan.module.name, host: host.name, loadable: !isBlocked, preflight: lines }, null, 2)}\n`);
  else for (const line of lines) context.out.write(verdictText(line));
  return isBlocked ? ExitCode.findings : ExitCode.ok;
}

/** Runs what was asked for; whatever happens, the session is ended before this process is. */
async function useAndLeave(loaded: LoadedModule, values: LoadValues, stdin: string, context: CliContext): Promise<LoadSession> {
  try {
    await exercise(loaded, values, stdin, context);
    return values.unload ? await loaded.unload() : await loaded.detach();
  } catch (error) {
    if (context.signal.aborted) await loaded.unload().catch(() => loaded.detach());
    else await loaded.detach();
    throw error;
  }
}

async function exercise(loaded: LoadedModule, values: LoadValues, stdin: string, context: CliContext): Promise<void> {
  const as = { asRoot: values.root === true };
  const out = values.json ? context.err : context.out;
  for (const command of values.exec ?? []) showAction(await loaded.exercise(['sh', '-c', command], stdin, as), out);
  for (const program of values.run ?? []) showAction(await loaded.exerciseProgram(path.resolve(context.cwd, program), [], stdin, as), out);
}

function printSession(session: LoadSession, { json }: LoadValues, context: CliContext): void {
  if (json) context.out.write(`${JSON.stringify(session, null, 2)}\n`);
  else context.out.write(`\n${formatSession(session)}\n\n${formatComparison(comparePredictions(session))}\n`);
}

function usage(what: string, why: string, next: string): Failure {
  return new Failure({ code: 'usage', what, why, next, exitCode: ExitCode.usage });
}

function signingKey(values: LoadValues, context: CliContext, { progress, packages }: Workplace): SigningKey | null {
  const { 'sign-key': keyFile, 'sign-cert': certFile } = values;
  if (keyFile === undefined && certFile === undefined) return null;
  if (keyFile === undefined || certFile === undefined) throw usage('The module cannot be signed.', 'A key and its certificate belong together.', 'Give both, --sign-key and --sign-cert.');
  const ask = terminalSecrets(() => progress.done());
  const passphrase = ask && ((retry: boolean): Promise<string | null> => ask({ of: keyFile, kind: 'passphrase', prompt: `Passphrase of ${keyFile}`, retry }));
  const own = (file: string): string => (file.startsWith('pkcs11:') ? file : path.resolve(context.cwd, file));
  return { keyFile: own(keyFile), certFile: own(certFile), signFile: () => packages.provideTool('sign-file', { progress, signal: context.signal }), ...(passphrase ? { passphrase } : {}) };
}

function watchdogSeconds(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw usage(`"${text.slice(0, 40)}" is no time for a watchdog.`, 'It is a number of seconds.', 'Write e.g. --watchdog 60.');
}
