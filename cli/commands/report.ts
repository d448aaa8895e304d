// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { report as render, timelineSvg, type ReportFormat } from '../../core/results/export';
import { ExitCode, Failure, type LoadSession } from '../../core/model';
import type { CliContext, Command } from '../context';
import { workplace } from '../context';

const FORMATS = ['html', 'csv', 'json', 'svg'] as const;

export const report: Command = {
  name: 'report',
  usage: 'report [SESSION] [--html | --csv | --json | --svg] [-o FILE]',
  summary: 'a load session as one page (default), table, document or timeline',

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { html: { type: 'boolean' }, csv: { type: 'boolean' }, json: { type: 'boolean' }, svg: { type: 'boolean' }, output: { type: 'string', short: 'o' } },
    });
    const [format = 'html', ...others] = FORMATS.filter((name) => values[name]);
    if (others.length > 0 || positionals.length > 1) {
      throw new Failure({ code: 'usage', what: 'One session is reported in one format.', why: `${positionals.length} sessions and ${others.length + 1} formats were named.`, next: `Write: kmodlab ${report.usage}`, exitCode: ExitCode.usage });
    }
    const text = textOf(await workplace(context).store.read(positionals[0] ?? 'latest'), format);
    if (values.output === undefined || values.output === '-') context.out.write(text);
    else await write(values.output, text, context);
    return ExitCode.ok;
  },
};

function textOf(session: LoadSession, format: ReportFormat | 'svg'): string {
  if (format !== 'svg') return render(session, format);
  const svg = timelineSvg(session);
  if (svg === null) throw new Failure({ code: 'nothing-to-export', what: 'There is no timeline.', why: 'The module made no call that was recorded.', next: 'Choose another format, or another session.', exitCode: ExitCode.findings });
  return svg;
}

async function write(output: string, text: string, context: CliContext): Promise<void> {
  const file = path.resolve(context.cwd, output);
  try {
    await fs.writeFile(file, text);
  } catch (error) {
    throw new Failure({ code: 'report-unwritable', what: `${output} was not written.`, why: `${error instanceof Error ? error.message : String(error)}.`, next: 'Choose another file with -o.' }, { cause: error });
  }
  context.err.write(`${file}\n`);
}
