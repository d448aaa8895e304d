// SPDX-License-Identifier: MIT
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildModule, type ModuleBuild } from '../../core/build/build';
import type { BuildEnvironment } from '../../core/hosts/host';
import { ExitCode, Failure, printable, type BuildDiagnostic } from '../../core/model';
import type { ModuleDescription } from '../../core/modules/discover';
import type { Command } from '../context';
import { workplace } from '../context';
import { pickModule, splitParameters, workspaceOf } from '../load-arguments';

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

/** What `--json` prints: paths are absolute, of this machine. */
function jsonOf({ name, folder }: ModuleDescription, { kernel, host }: BuildEnvironment, { ok, koPath, compiler, argv, diagnostics, dependencies }: ModuleBuild): object {
  const local = (file: string | null): string | null => (file === null ? null : path.resolve(folder, file));
  return {
    module: name,
    folder,
    kernel,
    builtOn: host?.name ?? null,
    ok,
    koPath,
    compiler,
    argv,
    diagnostics: diagnostics.map((each) => ({ ...each, file: local(each.file), related: (each.related ?? []).map((note) => ({ ...note, file: local(note.file) })) })),
    dependencies: dependencies.map((each) => ({ module: each.module.name, koPath: each.build.koPath })),
  };
}

export const build: Command = {
  name: 'build',
  usage: 'build [FOLDER] [--module NAME] [--host HOST] [--json]',
  summary: 'build a module for the kernel of a host',

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { module: { type: 'string' }, host: { type: 'string', default: 'guest' }, json: { type: 'boolean' } },
    });
    const { folder } = splitParameters(positionals);
    const module = await pickModule(folder, values.module, context.cwd, context.signal);
    const { dirs, progress, open } = workplace(context);
    const host = await open(values.host, { kind: 'idle', seconds: 900 });
    try {
      const environment = await host.buildEnvironment({ progress, signal: context.signal });
      if (!environment) {
        throw new Failure({
          code: 'no-build-environment',
          what: `${module.name} cannot be built for ${host.name}.`,
          why: "The headers of that host's kernel are not known.",
          next: 'Choose the guest, or a host whose kernel is one of Debian.',
        });
      }
      const result = await buildModule({ module, environment, dirs, progress, signal: context.signal, workspace: () => workspaceOf(module, context), onLine: (line) => progress.log(line) });
      progress.done();
      for (const diagnostic of result.diagnostics) context.err.write(`${diagnosticLine(diagnostic, module.folder)}\n`);
      if (values.json) context.out.write(`${JSON.stringify(jsonOf(module, environment, result), null, 2)}\n`);
      else if (result.koPath !== null) context.out.write(`${result.koPath}\n`);
      return result.ok ? ExitCode.ok : ExitCode.findings;
    } finally {
      await host.dispose();
    }
  },
};
