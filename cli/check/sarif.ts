// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { RULE_IDS, RULES, type Range, type RuleId, type Severity } from '../../core/model';
import { version } from '../../package.json';
import { pathBytes, systemPath } from '../../server/src/workspace/file-names';
import type { LocatedFinding, Note, Output, Report } from './report';

const HOME = 'https://github.com/kmodlab/kmodlab';
const BASE = 'SRCROOT';
const LEVEL: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', information: 'note', hint: 'note' };

/** SARIF 2.1.0, written while the check runs: one run, its results first, its notes last. */
export class SarifReport implements Report {
  private separator = '';
  private readonly notes: Note[] = [];
  /** How often each line was found by each rule, so that fingerprints differ. */
  private readonly seen = new Map<string, number>();

  /** @param root folder that files are named relative to: the root of the repository, where there is one */
  constructor(
    private readonly output: Output,
    private readonly root: string,
  ) {
    const driver = { name: 'kmodlab', fullName: `Kernel Module Lab ${version}`, version, semanticVersion: version, informationUri: HOME, rules: RULE_IDS.map(ruleOf) };
    const run = { tool: { driver }, columnKind: 'utf16CodeUnits', originalUriBaseIds: { [BASE]: { uri: `${fileUri(root).replace(/\/$/, '')}/` } } };
    const head = JSON.stringify({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] });
    this.output.out(`${head.slice(0, -'}]}'.length)},"results":[\n`);
  }

  finding(finding: LocatedFinding): void {
    this.output.out(`${this.separator}${JSON.stringify(this.result(finding))}`);
    this.separator = ',\n';
  }

  note(note: Note): void {
    this.notes.push(note);
  }

  end(): void {
    const toolExecutionNotifications = this.notes.map(({ file, line, message }) => ({
      level: 'note',
      message: { text: message },
      locations: [{ physicalLocation: { artifactLocation: this.artifact(file), ...(line === null ? {} : { region: { startLine: line + 1 } }) } }],
    }));
    this.output.out(`\n],"invocations":${JSON.stringify([{ executionSuccessful: true, toolExecutionNotifications }])}}]}\n`);
  }

  private result(finding: LocatedFinding): object {
    const { rule, severity, folder, file, range, message, related, suppressed } = finding;
    const primary = this.physical(path.join(folder, file), range);
    const places = related.map((place, id) => ({ id, physicalLocation: this.physical(path.join(folder, place.file), place.range), message: { text: place.message } }));
    const last = related.some((place) => place.file === file && JSON.stringify(place.range) === JSON.stringify(range)) ? [] : [{ physicalLocation: primary, message: { text: message } }];
    const steps = [...places.map(({ physicalLocation, message: text }) => ({ physicalLocation, message: text })), ...last];
    return {
      ruleId: rule,
      ruleIndex: RULE_IDS.indexOf(rule as RuleId),
      level: LEVEL[severity],
      message: { text: message },
      locations: [{ physicalLocation: primary }],
      ...(places.length > 0 ? { relatedLocations: places } : {}),
      ...(places.length > 1 ? { codeFlows: [{ threadFlows: [{ locations: steps.map((location) => ({ location })) }] }] } : {}),
      partialFingerprints: { primaryLocationLineHash: this.fingerprint(finding) },
      suppressions: suppressed === null ? [] : [{ kind: 'inSource', ...(suppressed === '' ? {} : { justification: suppressed }) }],
    };
  }

  /** Stays the same when lines are added or removed elsewhere in the file. */
  private fingerprint({ rule, folder, file, lineText }: LocatedFinding): string {
    const text = JSON.stringify([rule, this.artifact(path.join(folder, file)).uri, lineText.trim().replaceAll(/\s+/g, ' ')]);
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
    const count = (this.seen.get(hash) ?? 0) + 1;
    this.seen.set(hash, count);
    return `${hash}:${count}`;
  }

  private physical(file: string, { start, end }: Range): object {
    const region = { startLine: start.line + 1, startColumn: start.character + 1, endLine: end.line + 1, endColumn: end.character + 1 };
    return { artifactLocation: this.artifact(file), region };
  }

  private artifact(file: string): { uri: string; uriBaseId?: string } {
    const relative = path.relative(this.root, file);
    const isInside = relative !== '' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
    return isInside ? { uri: relativeUri(relative), uriBaseId: BASE } : { uri: fileUri(file) };
  }
}

function ruleOf(id: RuleId): object {
  const { summary, severity } = RULES[id];
  const page = `${HOME}/blob/main/docs/rules/${id}.md`;
  return {
    id,
    name: id.replaceAll(/(?:^|-)(\w)/g, (_all, letter: string) => letter.toUpperCase()),
    shortDescription: { text: summary },
    fullDescription: { text: summary },
    help: { text: `${summary} ${page}`, markdown: `${summary}\n\n[What it means and how to mend it](${page})` },
    helpUri: page,
    defaultConfiguration: { level: LEVEL[severity] },
    properties: { tags: ['correctness', 'linux-kernel'], precision: 'very-high', 'problem.severity': severity === 'error' || severity === 'warning' ? severity : 'recommendation' },
  };
}

function fileUri(file: string): string {
  return typeof systemPath(file) === 'string' ? pathToFileURL(file).toString() : `file://${relativeUri(file)}`;
}

/** Each byte that may not stand in a path of a URI as `%XX`. */
function relativeUri(file: string): string {
  const slashes = file.split(path.sep).join('/');
  const safe = Array.from(pathBytes(slashes), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w./~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return safe.join('');
}
