// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { AnalysisSettings, RuleLevels } from '../../../core/model/project-settings';
import type { AnalysisTarget } from '../../../core/model/analysis';
import { parseProjectFile, PROJECT_FILE, type ProjectFile } from './project-file';
import type { SourceFiles } from './source-files';

/** The project file that counts for a source, and every path that decided on it. */
export interface FoundProject {
  readonly project: (ProjectFile & { readonly path: string }) | null;
  readonly dependencies: readonly string[];
}

/**
 * Looks for `.kmodlab` from a source's folder upwards, as far as the folder that holds `.git`, else the root of the file
 * system. The nearest one counts alone.
 * @param file absolute path of the source
 */
export async function findProject(file: string, files: SourceFiles): Promise<FoundProject> {
  const dependencies: string[] = [];
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, PROJECT_FILE);
    dependencies.push(candidate);
    const text = await files.read(candidate);
    if (text !== undefined) return { project: { path: candidate, ...parseProjectFile(text) }, dependencies };
    if (folder === path.dirname(folder) || (await files.exists(path.join(folder, '.git')))) return { project: null, dependencies };
  }
}

/** What the analysis of a file goes by. */
export interface AnalysisOptions {
  readonly target: AnalysisTarget;
  readonly levels: RuleLevels;
}

/** Settings that are not of the project: those of an editor, or a command line's. */
export interface OtherSettings {
  readonly analysis: AnalysisSettings;
  readonly rules: RuleLevels;
}

/**
 * Puts settings in their order: a known target (the selected host, a command line) before the project file before the
 * editor's settings.
 */
export function optionsFor(known: Partial<AnalysisTarget>, project: ProjectFile | null, settings: OtherSettings): AnalysisOptions {
  const inFile = project?.settings ?? {};
  return {
    target: {
      arch: known.arch ?? inFile.analysis?.arch ?? settings.analysis.arch ?? 'x86_64',
      kernel: known.kernel ?? inFile.analysis?.targetKernel ?? settings.analysis.targetKernel ?? null,
      ...(known.version === undefined ? {} : { version: known.version }),
      ...(known.dispatch ? { dispatch: known.dispatch } : {}),
      ...(known.config ? { config: known.config } : {}),
    },
    levels: { ...settings.rules, ...inFile.rules },
  };
}
