// SPDX-License-Identifier: MIT
import { findNodeAtLocation, parseTree, printParseErrorCode, type JSONPath, type Node, type ParseError } from 'jsonc-parser';
import type * as z from 'zod';
import { ProjectSettings } from '../../../core/model/project-settings';
import { RULES } from '../../../core/model/rules';
import type { Range, Severity } from '../../../core/model/analysis';
import { SourceText } from '../analysis/syntax/source';

/** The name of the file, looked for from a source's folder upwards. */
export const PROJECT_FILE = '.kmodlab';
const MAX_LENGTH = 64 * 1024;

/** Something in a project file that is not understood, and so does not count. */
export interface Problem {
  readonly severity: Severity;
  readonly range: Range;
  readonly message: string;
}

export interface ProjectFile {
  readonly settings: ProjectSettings;
  readonly problems: readonly Problem[];
}

const MAX_PROBLEMS = 100;
const MAX_DEPTH = 20;

/** Reads a project file: JSON with comments. What is wrong in it is a problem at its place; the rest of it counts. */
export function parseProjectFile(text: string): ProjectFile {
  const source = new SourceText({ path: PROJECT_FILE, text });
  const range = (start: number, length: number): Range => ({ start: source.position(start), end: source.position(start + length) });
  if (text.length > MAX_LENGTH) return { settings: {}, problems: [{ severity: 'error', range: range(0, 0), message: 'This is too large to be read: 64 KB at the most.' }] };
  if (isTooDeep(text)) return { settings: {}, problems: [{ severity: 'error', range: range(0, 0), message: 'This is nested too deeply to be read.' }] };
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  const problems = errors.slice(0, MAX_PROBLEMS).map(({ error, offset, length }): Problem => ({ severity: 'error', range: range(offset, length), message: `This is not JSON: ${wordsOf(printParseErrorCode(error))}.` }));
  if (!root) return { settings: {}, problems };
  const { settings, faults } = lenient(root);
  return { settings, problems: [...problems, ...faults.map(({ node, message }): Problem => ({ severity: 'warning', range: range(node.offset, node.length), message }))] };
}

interface Fault {
  readonly node: Node;
  readonly message: string;
}

/** The settings without what the schema refuses. */
function lenient(root: Node): { settings: ProjectSettings; faults: Fault[] } {
  const faults: Fault[] = [];
  const value = valueOf(root);
  for (let round = 0; round < 3; round++) {
    const parsed = ProjectSettings.safeParse(value);
    if (parsed.success) return { settings: parsed.data, faults };
    for (const issue of parsed.error.issues.slice(0, MAX_PROBLEMS)) {
      const refused = refusedPaths(issue);
      faults.push(...refused.flatMap((path) => faultAt(root, path, issue)));
      if (refused.some((path) => path.length === 0)) return { settings: {}, faults };
      for (const path of refused) remove(value, path);
    }
  }
  return { settings: {}, faults };
}

function refusedPaths(issue: z.core.$ZodIssue): JSONPath[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
}

function faultAt(root: Node, path: JSONPath, issue: z.core.$ZodIssue): Fault[] {
  const value = path.length === 0 ? root : findNodeAtLocation(root, path);
  if (!value) return [];
  const key = value.parent?.type === 'property' ? value.parent.children?.[0] : undefined;
  return [{ node: issue.code === 'unrecognized_keys' && key ? key : value, message: messageOf(issue, path) }];
}

function messageOf(issue: z.core.$ZodIssue, path: JSONPath): string {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const key = JSON.stringify(path.at(-1));
      return path[0] === 'rules' ? `There is no rule ${key}. Rules: ${Object.keys(RULES).join(', ')}.` : `There is no setting ${key} here.`;
    }
    case 'invalid_value':
      return `Write ${list(issue.values.map((value) => JSON.stringify(value)))}.`;
    case 'invalid_type':
      return `This must be ${issue.expected === 'object' ? 'an object' : `a ${issue.expected}`}.`;
    default:
      return issue.message;
  }
}

function list(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

/** The value of a tree as plain data; a key that stands twice counts with its last value. */
function valueOf(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(valueOf);
  if (node.type !== 'object') return node.value;
  const properties = (node.children ?? []).flatMap(({ children }): [string, unknown][] => {
    const [key, value] = children ?? [];
    return key && value ? [[String(key.value), valueOf(value)]] : [];
  });
  return Object.fromEntries(properties);
}

function remove(value: unknown, path: JSONPath): void {
  let holder = value;
  for (const part of path.slice(0, -1)) holder = isRecord(holder) ? holder[part] : undefined;
  const last = path.at(-1);
  if (isRecord(holder) && last !== undefined) Reflect.deleteProperty(holder, last);
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The parser recurses: a hostile file must not end the process. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** `CloseBraceExpected` → `close brace expected`. */
function wordsOf(code: string): string {
  return code.replaceAll(/(?<=[a-z])[A-Z]/g, ' $&').toLowerCase();
}
