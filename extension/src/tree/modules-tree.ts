// SPDX-License-Identifier: MIT
import { visibleText, type PreflightLine } from '../../../core/model';
import type { ModuleParameter } from '../../../core/modules/modinfo';
import { note, type TreeNode } from './tree-node';

/** A module of the workspace, as its view shows it. */
export interface ModuleView {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** As people read it: relative to the workspace. */
  readonly shownFolder: string;
  /** Names of the hosts that have it in their kernel. */
  readonly loadedOn: readonly string[];
  /** Names of the hosts that it is on its way to. */
  readonly loadingOn: readonly string[];
  /** What was checked before the last load; null when there was none. */
  readonly preflight: { readonly host: string; readonly lines: readonly PreflightLine[] } | null;
  /** What the module takes; asked when the row is opened. */
  readonly parameters: () => Promise<readonly ModuleParameter[]>;
  /** What was given last, here or on the command line. */
  readonly values: Readonly<Record<string, string>>;
}

/** The rows of the Modules view. */
export function moduleTree(modules: readonly ModuleView[]): TreeNode[] {
  return modules.toSorted((a, b) => a.name.localeCompare(b.name) || a.folder.localeCompare(b.folder)).map((module) => moduleRow(module, modules.length === 1));
}

function moduleRow(module: ModuleView, isOnly: boolean): TreeNode {
  const { name, folder, shownFolder, loadedOn, loadingOn } = module;
  const loaded = [...(loadingOn.length === 0 ? [] : [`loading on ${loadingOn.join(', ')}…`]), ...(loadedOn.length === 0 ? [] : [`loaded on ${loadedOn.join(', ')}`])];
  const expanded = isOnly || verdictOf(module.preflight?.lines ?? []) === 'blocked';
  return {
    id: `module:${folder}:${name}${expanded ? ':open' : ''}`,
    label: visibleText(name),
    description: visibleText([...loaded, shownFolder].join(' · ')),
    tooltip: visibleText([name, folder, ...loaded].join('\n')),
    icon: loadingOn.length > 0 ? 'loading~spin' : loadedOn.length > 0 ? 'package' : 'file-code',
    context: ['module', ...(loadedOn.length > 0 ? ['loaded'] : [])].join(' '),
    subject: { kind: 'module', folder, name },
    children: [preflightRow(module), parametersRow(module)],
    expanded,
  };
}

const RANK = { ok: 0, warning: 1, blocked: 2 } as const;

function verdictOf(lines: readonly PreflightLine[]): PreflightLine['verdict'] {
  return lines.reduce<PreflightLine['verdict']>((worst, { verdict }) => (RANK[verdict] > RANK[worst] ? verdict : worst), 'ok');
}

const VERDICT = {
  ok: { icon: 'pass', iconColor: 'testing.iconPassed' },
  warning: { icon: 'warning', iconColor: 'list.warningForeground' },
  blocked: { icon: 'error', iconColor: 'list.errorForeground' },
} as const;

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

function preflightRow({ folder, name, preflight }: ModuleView): TreeNode {
  const id = `preflight:${folder}:${name}`;
  const context = 'preflight';
  const subject = { kind: 'module', folder, name } as const;
  if (preflight === null || preflight.lines.length === 0) return { ...note(id, 'Preflight', 'circle-outline', { description: 'not checked yet' }), context, subject };
  const { host, lines } = preflight;
  const verdict = verdictOf(lines);
  const of = (wanted: PreflightLine['verdict']): number => lines.filter((line) => line.verdict === wanted).length;
  const says = verdict === 'ok' ? 'ready' : [...(of('blocked') > 0 ? [`${count(of('blocked'), 'check')} blocked`] : []), ...(of('warning') > 0 ? [count(of('warning'), 'warning')] : [])].join(', ');
  const worstFirst = lines.toSorted((a, b) => RANK[b.verdict] - RANK[a.verdict]);
  return {
    ...note(`${id}:${verdict}`, 'Preflight', VERDICT[verdict].icon, { description: visibleText(`${says} · ${host}`), iconColor: VERDICT[verdict].iconColor }),
    context,
    subject,
    children: worstFirst.map((line, index) => lineRow(`${id}:${index}`, line)),
    expanded: verdict === 'blocked',
  };
}

/** A check by what it looks at, as its text says how that is. */
function nameOf(check: string): string {
  return check === 'not loaded' ? 'In the kernel' : `${check.charAt(0).toUpperCase()}${check.slice(1)}`;
}

/** A line of the verdict; what mends it stands beneath it. */
function lineRow(id: string, { check, verdict, text, fix }: PreflightLine): TreeNode {
  return {
    ...note(id, visibleText(nameOf(check)), VERDICT[verdict].icon, { description: visibleText(verdict === 'ok' ? text : `${verdict} · ${text}`), tooltip: visibleText(fix === null ? text : `${text}\n${fix}`), iconColor: VERDICT[verdict].iconColor }),
    ...(fix === null ? {} : { children: [note(`${id}:fix`, visibleText(fix), 'lightbulb', { tooltip: visibleText(fix) })], expanded: verdict === 'blocked' }),
  };
}

function parametersRow({ folder, name, parameters, values }: ModuleView): TreeNode {
  const id = `parameters:${folder}:${name}`;
  const given = Object.entries(values).map(([key, value]) => `${key}=${value}`).join(' ');
  return {
    ...note(id, 'Parameters', 'symbol-parameter', { description: visibleText(given === '' ? 'at their defaults' : `last ${given}`) }),
    context: 'parameters',
    subject: { kind: 'module', folder, name },
    children: async () => {
      const rows = (await parameters()).map((parameter) => parameterRow(`${id}:${parameter.name}`, parameter, values[parameter.name]));
      return rows.length > 0 ? rows : [note(`${id}:none`, 'It takes no parameters', 'circle-slash')];
    },
  };
}

function parameterRow(id: string, { name, type, description }: ModuleParameter, value: string | undefined): TreeNode {
  const shown = [type ?? 'type unknown', ...(value === undefined ? [] : [`last ${JSON.stringify(value)}`]), ...(description === null ? [] : [description])];
  return note(id, visibleText(name), 'symbol-variable', { description: visibleText(shown.join(' · ')), tooltip: visibleText([name, ...shown].join('\n')) });
}
