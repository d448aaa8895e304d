// SPDX-License-Identifier: MIT
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildModule } from '../../core/build/build';
import { ExitCode, Failure, printable, type BuildDiagnostic } from '../../core/model';
import type { Command } from '../context';
import { workplace } from '../context';
import { pickModule, splitParameters } from '../load-arguments';

/** A diagnostic in the form that the problem matchers of the extension read: as gcc prints its own, notes behind it. */
export function diagnosticLine(diagnostic: BuildDiagnostic, folder: string): string {
  const severity = diagnostic.severity === 'error' ? 'error' : diagnostic.severity === 'warning' ? 'warning' : 'note';
  const tool = diagnostic.tool === 'gcc' ? '' : `${diagnostic.tool}: `;
  const notes = (diagnostic.related ?? []).map((note) => `${placeText(note, folder)}: note: ${note.message}`);
  return [`${placeText(diagnostic, folder)}: ${severity}: ${tool}${diagnostic.message}`, ...notes].map(printable).join('\n');
}

function placeText({ file, line, column }: Pick<BuildDiagnostic, 'file' | 'line' | 'column'>, folder: string): string {
  return file === null ? 'kmodlab' : `${path.resolve(folder, file)}:${line ?? 1}${column === null ? '' : `:${column}`}`;
}

export const build: Command = {
  name: 'build',
  usage: 'build [FOLDER] [--module NAME] [--host HOST]',
  summary: 'build a module for the kernel of a host',

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { module: { type: 'string' }, host: { type: 'string', default: 'guest' } },
    });
    const { folder } = splitParameters(positionals);
    const module = await pickModule(folder, values.module, context.cwd, context.signal);
    const { dirs, progress, open } = workplace(context);
    const host = await open(values.host, { kind: 'idle', seconds: 900 });
    try {
      const environment = await host.buildEnvironment(context.signal);
      if (!environment) {
        throw new Failure({
          code: 'no-build-environment',
          what: `${module.name} cannot be built for ${host.name}.`,
          why: "The headers of that host's kernel are not known here.",
          next: 'Choose the guest, or a host whose kernel is one of Debian.',
        });
      }
      const result = await buildModule({ module, environment, dirs, progress, signal: context.signal, onLine: (line) => progress.log(line) });
      progress.done();
      for (const diagnostic of result.diagnostics) context.err.write(`${diagnosticLine(diagnostic, module.folder)}\n`);
      if (result.koPath !== null) context.out.write(`${result.koPath}\n`);
      return result.ok ? ExitCode.ok : ExitCode.findings;
    } finally {
      await host.dispose();
    }
  },
};
