// SPDX-License-Identifier: MIT
import { isRuleId, RULE_IDS, RULES, type RuleId } from '../../../core/model/rules';
import type { RuleLevels } from '../../../core/model/project-settings';
import type { Finding, Range, Severity, SourceFile } from '../../../core/model/analysis';
import { findSuppressions, suppresses, type Suppression } from './suppressions';

/** A finding that a comment in the source suppresses. */
export interface SuppressedFinding extends Finding {
  /** The comment's reason; empty when it gives none. */
  readonly reason: string;
}

export interface Reviewed {
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
}

/** What comes of the findings of one file by the rules' levels and the file's suppression comments. */
export interface ReviewOptions {
  readonly levels: RuleLevels;
  /** The file was analysed, so that a suppression without a finding is unused. */
  readonly analysed: boolean;
  /** Findings of the file for every supported kernel; asked for only when a suppression is unused on the target. */
  readonly elsewhere: () => readonly Finding[];
}

/**
 * @param findings of this file, from every module that it belongs to
 */
export function review(file: SourceFile, findings: readonly Finding[], { levels, analysed, elsewhere }: ReviewOptions): Reviewed {
  const suppressions = findSuppressions(file);
  const kept: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  for (const finding of findings) {
    const by = suppressions.find((suppression) => suppresses(suppression, finding));
    const level = levelOf(finding.rule, levels);
    if (level === 'off') continue;
    const levelled = level === undefined ? finding : { ...finding, severity: level };
    if (by) suppressed.push({ ...levelled, reason: by.reason });
    else kept.push(levelled);
  }
  const problems = [...suppressions.flatMap((suppression) => invalid(suppression)), ...(analysed ? unused(suppressions, findings, levels, elsewhere) : [])].flatMap(({ rule, severity = RULES[rule].severity, range, message }): Finding[] => {
    const level = levels[rule] ?? severity;
    return level === 'off' ? [] : [{ rule, severity: level, file: file.path, range, message, related: [] }];
  });
  return { findings: [...kept, ...problems].sort(byPlace), suppressed };
}

interface CommentProblem {
  readonly rule: RuleId;
  readonly severity?: Severity;
  readonly range: Range;
  readonly message: string;
}

function invalid({ rules, range, reason }: Suppression): CommentProblem[] {
  if (rules.length === 0) return [{ rule: 'invalid-suppression', range, message: 'This suppresses nothing: name the rule, as in kmodlab: ignore[kernel-buffer] reason.' }];
  const unknown = rules.filter(({ name }) => !isRuleId(name)).map((named): CommentProblem => ({ rule: 'invalid-suppression', range: named.range, message: `There is no rule '${named.name}'. Rules: ${RULE_IDS.join(', ')}.` }));
  const silent: CommentProblem[] = reason === '' ? [{ rule: 'invalid-suppression', severity: 'information', range, message: 'Say after the bracket why this is suppressed.' }] : [];
  return [...unknown, ...silent];
}

function unused(suppressions: readonly Suppression[], findings: readonly Finding[], levels: RuleLevels, elsewhere: () => readonly Finding[]): CommentProblem[] {
  const without = (against: readonly Finding[], candidates: readonly { suppression: Suppression; name: string; range: Range }[]): typeof candidates =>
    candidates.filter(({ suppression, name }) => !against.some((finding) => finding.rule === name && suppresses(suppression, finding)));
  const named = suppressions
    .filter(({ conditional }) => !conditional)
    .flatMap((suppression) => suppression.rules.filter(({ name }) => isRuleId(name) && levels[name] !== 'off').map(({ name, range }) => ({ suppression, name, range })));
  const here = without(findings, named);
  const anywhere = here.length === 0 ? [] : without(elsewhere(), here);
  return anywhere.map(({ name, range }) => ({ rule: 'unused-suppression', range, message: `'${name}' finds nothing here: this suppression can go.` }));
}

function levelOf(rule: string, levels: RuleLevels): RuleLevels[RuleId] {
  return isRuleId(rule) ? levels[rule] : undefined;
}

function byPlace(a: Finding, b: Finding): number {
  return a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character;
}
