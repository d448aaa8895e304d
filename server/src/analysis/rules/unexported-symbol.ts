// SPDX-License-Identifier: MIT
import { HIDDEN_SYMBOLS, hiddenSymbol, whyHidden } from '../../../../core/abi/hidden-symbols';
import type { Finding } from '../../../../core/model/analysis';
import type { Mentions } from '../flow/mentions';
import type { Program } from '../flow/program';
import type { Unit } from '../flow/unit';
import type { Expression, FunctionDefinition, Located } from '../syntax/ast';
import { rangeOf, type Span } from '../syntax/source';
import type { TargetFacts } from '../syntax/target';
import { walkExpression, walkStatement } from '../syntax/walk';
import { isBehind, related, type Rule } from './rule';

const ANY_HIDDEN = new RegExp(HIDDEN_SYMBOLS.map(({ name }) => name.source).join('|'));
const MODULE_ONLY = new Set(['MODULE_LICENSE', 'module_exit']);
/** Their argument is a name to look for at run time. */
const LOOKS_UP = /^(?:__?symbol_get|symbol_get|symbol_put|symbol_request)$/;
const MAX_RELATED = 4;

/** Symbols of the kernel that the module leaves undefined, and that the target does not export to modules. */
export const unexportedSymbol: Rule = (_calls, program) => {
  if (!program.units.some((unit) => unit.syntax.fileScopeCalls.some((call) => MODULE_ONLY.has(call.name)))) return [];
  const places = new Map<string, Map<string, Span>>();
  for (const { name, span } of references(program)) {
    const known = places.get(name) ?? new Map<string, Span>();
    places.set(name, known.set(`${span.file.path} ${span.start}`, span));
  }
  return [...places].flatMap(([name, spans]) => describe(name, [...spans.values()], program.target) ?? []);
};

function describe(name: string, spans: readonly Span[], target: TargetFacts): Finding | null {
  const symbol = hiddenSymbol(name);
  const [first, ...others] = [...spans].sort((a, b) => (a.file === b.file ? a.start - b.start : a.file.path < b.file.path ? -1 : 1));
  if (!symbol || !first) return null;
  const boundary = symbol.boundary(target.arch);
  const isHidden = isBehind(boundary, target);
  if (isHidden === 'no') return null;
  const effect = symbol.isGone ? 'the module does not compile' : "modpost refuses the module ('undefined!'), or else insmod does ('Unknown symbol')";
  return {
    rule: 'unexported-symbol',
    severity: isHidden === 'yes' ? 'error' : 'warning',
    file: first.file.path,
    range: rangeOf(first),
    message: `${name} ${whyHidden(symbol, target.arch)}: ${isHidden === 'yes' ? '' : 'on such a kernel '}${effect}. ${symbol.instead}`,
    related: others.slice(0, MAX_RELATED).map((span) => related(span, `${name} is used here too.`)),
  };
}

/** Every use of a name of the list that the module itself does not define, in code that is compiled in. */
function* references(program: Program): Generator<{ name: string; span: Span }> {
  let named: ReadonlySet<string> | null = null;
  for (const unit of program.units) {
    for (const definition of unit.syntax.functions) {
      if (!mentionsHidden(unit.mentions(definition))) continue;
      if (definition.isStatic) named ??= namesUsed(program);
      if (named && definition.isStatic && !named.has(definition.name)) continue;
      yield* undefinedIn(program, unit, definition);
    }
    for (const global of unit.syntax.globals) if (global.initializer && mentionsHidden(unit.mentions(global.initializer))) yield* undefinedAmong(program, unit, collect(global.initializer), new Set(), []);
  }
}

function undefinedIn(program: Program, unit: Unit, definition: FunctionDefinition): Generator<{ name: string; span: Span }> {
  const used: Identifier[] = [];
  const own = new Set(definition.parameters.flatMap(({ name }) => name ?? []));
  const undecided: Located[] = [];
  walkStatement(
    definition.body,
    (expression) => {
      keep(expression, used, undecided);
    },
    (statement) => {
      if (statement.kind === 'declaration') for (const declarator of statement.declarators) if (!declarator.isExtern) own.add(declarator.name);
      if (statement.kind === 'if' && isDecidedByCompiler(statement.condition)) undecided.push(statement);
    },
  );
  return undefinedAmong(program, unit, used, own, undecided);
}

type Identifier = Extract<Expression, { kind: 'identifier' }>;

function collect(expression: Expression): Identifier[] {
  const used: Identifier[] = [];
  const skipped: Located[] = [];
  walkExpression(expression, (part) => {
    keep(part, used, skipped);
  });
  return used.filter((identifier) => !isInside(identifier, skipped));
}

/** Notes an identifier, or an expression whose identifiers are no references. */
function keep(expression: Expression, used: Identifier[], skipped: Located[]): void {
  if (expression.kind === 'identifier') {
    if (hiddenSymbol(expression.name)) used.push(expression);
  } else if (expression.kind === 'sizeof') skipped.push(expression);
  else if (expression.kind === 'call' && expression.callee.kind === 'identifier' && LOOKS_UP.test(expression.callee.name)) skipped.push(expression);
  else if (expression.kind === 'conditional' && isDecidedByCompiler(expression.condition)) skipped.push(expression);
}

function* undefinedAmong(program: Program, unit: Unit, used: readonly Identifier[], own: ReadonlySet<string>, skipped: readonly Located[]): Generator<{ name: string; span: Span }> {
  for (const identifier of used) {
    const { name } = identifier;
    if (own.has(name) || isInside(identifier, skipped) || isDefined(program, unit, name)) continue;
    yield { name, span: unit.spanOf(identifier) };
  }
}

function isInside(located: Located, places: readonly Located[]): boolean {
  return places.some((place) => place.start <= located.start && located.end <= place.end);
}

function isDefined(program: Program, unit: Unit, name: string): boolean {
  return program.findFunction(name, unit) !== undefined || program.findGlobal(name, unit)?.isExternal === false || program.constant(name) !== null;
}

/** `if (LINUX_VERSION_CODE < …)`, `if (IS_ENABLED(…))`: the compiler drops what does not hold. */
function isDecidedByCompiler(condition: Expression): boolean {
  let found = condition.kind === 'number';
  walkExpression(condition, (part) => {
    if (part.kind === 'identifier' && /^(?:LINUX_VERSION_CODE|KERNEL_VERSION|IS_ENABLED|IS_BUILTIN|IS_MODULE|IS_REACHABLE|CONFIG_\w+)$/.test(part.name)) found = true;
  });
  return found;
}

/** Names that anything refers to: a static function that nothing names is not compiled in. */
function namesUsed(program: Program): ReadonlySet<string> {
  const names = new Set<string>();
  for (const unit of program.units) {
    for (const { identifiers } of unit.allMentions()) for (const name of identifiers) names.add(name);
    for (const call of unit.syntax.fileScopeCalls) for (const argument of call.arguments) for (const name of unit.mentions(argument).identifiers) names.add(name);
  }
  return names;
}

function mentionsHidden(mentions: Mentions): boolean {
  return mentions.someIdentifier(ANY_HIDDEN, (name) => ANY_HIDDEN.test(name));
}
