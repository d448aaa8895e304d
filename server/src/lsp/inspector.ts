// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { AnalysisTarget, Finding } from '../../../core/model/analysis';
import type { Analyzer, Inspection } from '../analysis';
import { isKernelModule } from '../analysis/module';
import { review } from '../analysis/review';
import { modulesOf, type ModuleFiles } from '../workspace/modules';
import type { AnalysisOptions, FoundProject } from '../workspace/project';
import { FollowedModules } from './followed-modules';
import { filePath } from './open-files';
import type { SourceFiles } from '../workspace/source-files';

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

export interface InspectorDeps {
  readonly analyzer: Promise<Analyzer>;
  readonly files: SourceFiles;
  /** The project file and the options of a document. */
  readonly optionsOf: (uri: string) => Promise<AnalysisOptions & FoundProject>;
}

/** Analyses documents with their modules. */
export class Inspector {
  private readonly followed: Promise<FollowedModules>;

  constructor(private readonly deps: InspectorDeps) {
    this.followed = deps.analyzer.then((analyzer) => new FollowedModules(analyzer));
    this.followed.catch(() => undefined); // whoever asks is told
  }

  async inspect(document: TextDocument): Promise<InspectedDocument> {
    const { project, dependencies, ...options } = await this.deps.optionsOf(document.uri);
    const gathered = await this.gather(document, options.target);
    const followed = await this.followed;
    const modules = gathered.modules.map((module) => ({ ...module, inspection: followed.inspect(module.folder, module.sources, options.target) }));
    return { modules, options, project, dependencies: new Set([...gathered.dependencies, ...dependencies]) };
  }

  /** The findings of the document itself, from all its modules, by its rules' levels and its suppression comments. */
  async findingsOf({ modules, options }: InspectedDocument): Promise<Finding[]> {
    const followed = await this.followed;
    const [first] = modules;
    const source = first?.sources.find((candidate) => candidate.path === first.own);
    if (!source) return [];
    const { target, levels } = options;
    const anywhere: AnalysisTarget = { arch: target.arch, kernel: null };
    const elsewhere = (): Finding[] => ownFindings(modules.map((module) => ({ ...module, inspection: followed.inspect(module.folder, module.sources, anywhere) })));
    const analysed = modules.some(({ sources }) => isKernelModule(sources));
    return [...review(source, ownFindings(modules), { levels, analysed, elsewhere }).findings];
  }

  private async gather(document: TextDocument, target: AnalysisTarget): Promise<{ modules: readonly ModuleFiles[]; dependencies: ReadonlySet<string> }> {
    const file = filePath(document.uri);
    if (file !== null) return modulesOf(file, this.deps.files, target);
    const own = 'untitled.c';
    return { modules: [{ folder: path.sep, own, sources: [{ path: own, text: document.getText() }] }], dependencies: new Set() };
  }
}

/** Findings at places of the own file; what two modules say alike counts once. */
function ownFindings(modules: readonly InspectedModule[]): Finding[] {
  const findings = new Map<string, Finding>();
  for (const { own, inspection } of modules) {
    for (const finding of inspection.findings) if (finding.file === own) findings.set(JSON.stringify([finding.rule, finding.range, finding.message]), finding);
  }
  return [...findings.values()];
}
