// SPDX-License-Identifier: MIT
import path from 'node:path';
import { LSPErrorCodes, ResponseError, type CancellationToken } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { AnalysisTarget, Finding } from '../../../core/model/analysis';
import type { Analyzer, FixedFinding, Inspection } from '../analysis';
import { suppress, type Fix } from '../analysis/fixes';
import { isKernelModule } from '../analysis/module';
import { review } from '../analysis/review';
import { modulesOf, type ModuleFiles } from '../workspace/modules';
import type { AnalysisOptions, FoundProject } from '../workspace/project';
import { FollowedModules } from './followed-modules';
import { filePath } from './open-files';
import { FilesOfOneLook, type AskedFiles, type SourceFiles } from '../workspace/source-files';

/** One module of a document, analysed. */
export interface InspectedModule extends ModuleFiles {
  readonly inspection: Inspection;
}

/** A document with everything that the analysis says of it. */
export interface InspectedDocument {
  readonly modules: readonly InspectedModule[];
  readonly options: AnalysisOptions;
  readonly project: FoundProject['project'];
  /** Absolute paths of the files that had a say, there or not. */
  readonly dependencies: ReadonlySet<string>;
}

/** The findings of a document with their fixes; paths are relative to `folder`. */
export interface FixedDocument {
  readonly folder: string;
  readonly own: string;
  readonly fixed: readonly FixedFinding[];
}

export interface InspectorDeps {
  readonly analyzer: Promise<Analyzer>;
  readonly files: SourceFiles;
  /** The project file and the options of a document. */
  readonly optionsOf: (uri: string, files: SourceFiles) => Promise<AnalysisOptions & FoundProject>;
}

/** Analyses documents with their modules. */
export class Inspector {
  private readonly followed: Promise<FollowedModules>;
  private readonly keys = new FindingKeys();
  private readonly asked = new WeakMap<TextDocument, AskedFiles>();

  constructor(private readonly deps: InspectorDeps) {
    this.followed = deps.analyzer.then((analyzer) => new FollowedModules(analyzer));
    this.followed.catch(() => undefined); // whoever asks is told
  }

  /**
   * Other messages are answered while it works.
   * @throws ResponseError RequestCancelled, or ContentModified when the document has changed since it was asked for
   */
  async inspect(document: TextDocument, token?: CancellationToken): Promise<InspectedDocument> {
    const { uri, version } = document;
    const isWanted = (): boolean => document.version === version && token?.isCancellationRequested !== true;
    for (;;) {
      const files = new FilesOfOneLook(this.deps.files, this.asked.get(document));
      const { project, dependencies, ...options } = await this.deps.optionsOf(uri, files);
      const gathered = await this.gather(document, files, options.target);
      this.asked.set(document, files.asked);
      const followed = await this.followed;
      const modules: InspectedModule[] = [];
      for (const module of gathered.modules) {
        if (!isWanted()) break;
        const inspection = await followed.inspect(module.folder, module.sources, options.target, isWanted);
        if (inspection) modules.push({ ...module, inspection });
      }
      if (token?.isCancellationRequested === true) throw new ResponseError(LSPErrorCodes.RequestCancelled, 'Cancelled.');
      if (!isWanted()) throw new ResponseError(LSPErrorCodes.ContentModified, 'The document has changed.');
      if (modules.length === gathered.modules.length) return { modules, options, project, dependencies: new Set([...gathered.dependencies, ...dependencies]) };
    }
  }

  /** The findings of the document itself, from all its modules, by its rules' levels and its suppression comments. */
  async findingsOf({ modules, options }: InspectedDocument): Promise<Finding[]> {
    const followed = await this.followed;
    const [first] = modules;
    const source = first?.sources.find((candidate) => candidate.path === first.own);
    if (!source) return [];
    const { target, levels } = options;
    const anywhere: AnalysisTarget = { arch: target.arch, kernel: null };
    const elsewhere = (): Finding[] => this.ownFindings(modules.map((module) => ({ ...module, inspection: followed.inspectNow(module.folder, module.sources, anywhere) })));
    const analysed = modules.some(({ sources }) => isKernelModule(sources));
    return [...review(source, this.ownFindings(modules), { levels, analysed, elsewhere }).findings];
  }

  /** What can be done about those findings of the document that `wanted` takes, suppression included; the best first. */
  async fixesOf(document: TextDocument, wanted: (finding: Finding) => boolean, token?: CancellationToken): Promise<FixedDocument> {
    const inspected = await this.inspect(document, token);
    const shown = new Map((await this.findingsOf(inspected)).filter(wanted).map((finding) => [this.keys.of(finding), finding]));
    const [first] = inspected.modules;
    const source = first?.sources.find(({ path: name }) => name === first.own);
    const followed = await this.followed;
    const byFinding = new Map<string, Fix[]>([...shown.keys()].map((key) => [key, []]));
    for (const { folder, own, sources } of shown.size > 0 ? inspected.modules : []) {
      for (const { finding, fixes } of followed.fixes(folder, sources, inspected.options.target, (each) => each.file === own && shown.has(this.keys.of(each)))) {
        const known = byFinding.get(this.keys.of(finding)) ?? [];
        known.push(...fixes.filter(({ id }) => !known.some((fix) => fix.id === id)));
      }
    }
    const fixed = [...shown].map(([key, finding]) => ({ finding, fixes: [...(byFinding.get(key) ?? []), ...(source && isSuppressible(finding) ? [suppress(source, finding)] : [])] }));
    return { folder: first?.folder ?? '', own: first?.own ?? '', fixed };
  }

  /** Findings at places of the own file; what two modules say alike counts once. */
  private ownFindings(modules: readonly InspectedModule[]): Finding[] {
    const findings = new Map<string, Finding>();
    for (const { own, inspection } of modules) {
      for (const finding of inspection.findings) if (finding.file === own) findings.set(this.keys.of(finding), finding);
    }
    return [...findings.values()];
  }

  private async gather(document: TextDocument, files: SourceFiles, target: AnalysisTarget): Promise<{ modules: readonly ModuleFiles[]; dependencies: ReadonlySet<string> }> {
    const file = filePath(document.uri);
    if (file !== null) return modulesOf(file, files, target);
    const own = 'untitled.c';
    return { modules: [{ folder: path.sep, own, sources: [{ path: own, text: document.getText() }] }], dependencies: new Set() };
  }
}

/** What tells findings apart. Most of them are the same objects as before the last edit. */
class FindingKeys {
  private readonly known = new WeakMap<Finding, string>();

  of(finding: Finding): string {
    const { rule, range, message } = finding;
    const key = this.known.get(finding) ?? JSON.stringify([rule, range, message]);
    this.known.set(finding, key);
    return key;
  }
}

function isSuppressible({ rule }: Finding): boolean {
  return rule !== 'unused-suppression' && rule !== 'invalid-suppression';
}
