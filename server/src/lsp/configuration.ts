// SPDX-License-Identifier: MIT
import type { Connection, Diagnostic } from 'vscode-languageserver/node';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnalysisTarget } from '../../../core/model/analysis';
import { readKernelHeaders } from '../../../core/modules/kernel-config';
import { findProject, optionsFor, type AnalysisOptions, type FoundProject } from '../workspace/project';
import { PROJECT_FILE, type Problem } from '../workspace/project-file';
import type { SourceFiles } from '../workspace/source-files';
import { toSeverity } from './convert';
import { filePath } from './open-files';
import type { PositionEncoding } from './position-encoding';
import { clientSettings, TargetParams, type ClientSettings, type EditorSettings } from './settings';

export interface ConfigurationDeps {
  readonly connection: Connection;
  readonly files: SourceFiles;
  readonly encoding: PositionEncoding;
}

/** What each document is analysed by: the selected host's kernel, project files, the client's settings. */
export class Configuration {
  /** The client answers `workspace/configuration`. */
  asksClient = false;
  private readonly byDocument = new Map<string, Promise<ClientSettings>>();
  private everywhere: ClientSettings = clientSettings({});
  private target: Promise<Partial<AnalysisTarget>> = Promise.resolve({});
  /** Problems that were published, as JSON, by the path of the project file. */
  private readonly published = new Map<string, string>();

  constructor(private readonly deps: ConfigurationDeps) {}

  /** Settings that the client sent by itself: initialization options, or a changed configuration. */
  settingsSent(section: unknown): void {
    if (section !== undefined && section !== null) this.everywhere = clientSettings(section);
    this.byDocument.clear();
  }

  /** The host's kernel as the client tells it. Anything else than what it should be changes nothing, and is reported. */
  targetSent(params: unknown): void {
    const parsed = TargetParams.safeParse(params);
    if (!parsed.success) {
      this.deps.connection.console.warn(`kmodlab/didChangeTarget was not understood: ${parsed.error.message}`);
      return;
    }
    const { kernel, arch, dispatch, headers } = parsed.data;
    const told = kernel === null ? {} : { kernel, ...(arch ? { arch } : {}), ...(dispatch ? { dispatch } : {}) };
    this.target = kernel === null || !headers ? Promise.resolve(told) : readKernelHeaders(headers, (file) => this.deps.files.read(file)).then((read) => ({ ...told, ...read }));
  }

  forget(uri: string): void {
    this.byDocument.delete(uri);
  }

  async optionsOf(uri: string, files: SourceFiles = this.deps.files): Promise<AnalysisOptions & FoundProject> {
    const file = filePath(uri);
    const found: FoundProject = file === null ? { project: null, dependencies: [] } : await findProject(file, files);
    return { ...found, ...optionsFor(await this.target, found.project, await this.settingsOf(uri)) };
  }

  async editorOf(uri: string): Promise<EditorSettings> {
    return (await this.settingsOf(uri)).editor;
  }

  /**
   * Shows what is wrong in project files at its place, in files that are open or not.
   * @param isValidated the client itself checks the open file by its schema
   */
  publishProblems({ project, dependencies }: FoundProject, isValidated: (file: string) => boolean): void {
    for (const file of dependencies.filter((candidate) => path.basename(candidate) === PROJECT_FILE)) {
      const problems = project?.path === file && !isValidated(file) ? project.problems : [];
      const text = JSON.stringify(problems);
      if (text === (this.published.get(file) ?? '[]')) continue;
      this.published.set(file, text);
      const uri = pathToFileURL(file).toString();
      const message = { uri, diagnostics: problems.map(toDiagnostic) };
      this.deps.encoding.toClient(message, uri).then((encoded) => this.deps.connection.sendDiagnostics(encoded)).catch((error: unknown) => this.deps.connection.console.error(String(error)));
    }
  }

  private settingsOf(uri: string): Promise<ClientSettings> {
    if (!this.asksClient) return Promise.resolve(this.everywhere);
    const known = this.byDocument.get(uri);
    if (known) return known;
    const asked = this.deps.connection.workspace.getConfiguration({ scopeUri: uri, section: 'kmodlab' }).then((section: unknown) => (section === null || section === undefined ? this.everywhere : clientSettings(section)), () => this.everywhere);
    this.byDocument.set(uri, asked);
    return asked;
  }
}

function toDiagnostic({ severity, range, message }: Problem): Diagnostic {
  return { range, severity: toSeverity(severity), code: 'project-file', source: 'kmodlab', message };
}
