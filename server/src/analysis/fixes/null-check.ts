// SPDX-License-Identifier: MIT
import type { Program } from '../flow/program';
import type { FunctionPlace } from '../flow/unit';
import { integerType } from '../flow/types';
import type { Expression, Statement } from '../syntax/ast';
import type { SourceText } from '../syntax/source';
import { uncast } from '../syntax/walk';
import { isAt } from './findings';
import { Edits, editable, sourceOf } from './edits';
import type { Fixer } from './fix';
import { needed, NotFixable } from './text-edit';
import { indentAt, nextLine } from './layout';
import { contains, expressionsOf, inBlock, namesIn } from './statements';

/** Leaves the function with an error where a lookup finds nothing. */
export const nullCheck: Fixer = ({ finding, program }) => {
  const looked = finding.related[0];
  if (!looked) return null;
  for (const unit of program.units) {
    for (const definition of unit.syntax.functions) {
      for (const part of expressionsOf(definition.body)) {
        if (part.kind === 'call' && isAt(looked, unit.spanOf(part))) return plan({ definition, unit }, part, program);
      }
    }
  }
  return null;
};

function plan(place: FunctionPlace, lookup: Expression, program: Program): ReturnType<Fixer> {
  const { definition, unit } = place;
  const found = needed(inBlock(definition, lookup));
  if (found.statement.kind === 'expression' && found.statement.expression === lookup) return checked(place, lookup, found.statement, program);
  const variable = resultOf(found.statement, lookup, place);
  const [next] = found.after;
  if (next?.kind === 'if' && namesIn(next.condition).some(({ name }) => name === /^\w+/.exec(variable)?.[0])) throw new NotFixable(); // it is checked already
  requireNothingToUndo(place, lookup);
  const behind = found.statement.kind === 'declaration' ? lastDeclaration(found.statement, found.after, variable) : found.statement;
  const { file, start, end } = editable(unit, behind);
  const line = nextLine(file.text, end);
  if (/\S/.test(file.text.slice(end, line).replace(/\/\/.*|\/\*.*\*\//, ''))) throw new NotFixable();
  const edits = new Edits();
  const indent = indentAt(file.text, start);
  const blank = behind.kind === 'declaration' ? '\n' : '';
  edits.insert(file, line, `${blank}${indent}if (!${variable})\n${indent}\t${leave(edits, file, place, program)}\n`);
  return { id: 'null-check', title: `Return when '${variable}' was not found`, isPreferred: true, edits };
}

/** register_kprobe() itself says that it found nothing. */
function checked(place: FunctionPlace, lookup: Expression, statement: Statement, program: Program): ReturnType<Fixer> {
  const { unit } = place;
  requireNothingToUndo(place, lookup);
  const at = editable(unit, statement);
  const edits = new Edits();
  edits.replace(at, `if (${sourceOf(unit, lookup)} < 0)\n${indentAt(at.file.text, at.start)}\t${leave(edits, at.file, place, program)}`);
  return { id: 'null-check', title: 'Return when nothing was found', isPreferred: true, edits };
}

/** @throws NotFixable unless the function may be left where the lookup stands */
function requireNothingToUndo({ definition }: FunctionPlace, lookup: Expression): void {
  if (expressionsOf(definition.body).some((part) => part.kind === 'call' && part !== lookup && part.start < lookup.start && !contains(part, lookup) && !isHarmless(part.callee))) throw new NotFixable();
}

/** What the statement stores the lookup's result to. */
function resultOf(statement: Statement, lookup: Expression, { unit }: FunctionPlace): string {
  if (statement.kind === 'declaration') {
    return needed(statement.declarators.find(({ initializer }) => initializer && uncast(initializer) === lookup)).name;
  }
  const stored = statement.kind === 'expression' ? statement.expression : null;
  if (stored?.kind !== 'assign' || stored.operator !== '=' || uncast(stored.right) !== lookup) throw new NotFixable();
  const text = sourceOf(unit, stored.left);
  if (!/^[\w.>-]+$/.test(text)) throw new NotFixable();
  return text;
}

/** Checks come behind a function's declarations: those that follow must not use the variable. */
function lastDeclaration(statement: Statement, after: readonly Statement[], variable: string): Statement {
  let last = statement;
  for (const next of after) {
    if (next.kind !== 'declaration') break;
    if (next.declarators.some(({ initializer }) => initializer && namesIn(initializer).some(({ name }) => name === variable))) throw new NotFixable();
    last = next;
  }
  return last;
}

/** The statement that leaves the function. */
function leave(edits: Edits, file: SourceText, { definition }: FunctionPlace, program: Program): string {
  const type = program.resolve(definition.returns);
  if (type.kind === 'pointer') return 'return NULL;';
  if (type.kind === 'named' && type.name === 'void') return 'return;';
  const integer = needed(integerType(type, program));
  if (integer.bits === 1) return 'return false;';
  if (!integer.signed) return 'return 0;';
  edits.include(file, 'linux/errno.h');
  return 'return -ENOENT;';
}

/** Functions that leave nothing behind which an early return would have to undo. */
const HARMLESS = /^(?:_?printk|pr_\w+|no_printk|str\w+|mem(?:set|cpy|cmp)|s[cn]*printf|(?:un)?register_kprobe|kallsyms_lookup_name|lookup\w*|find\w*)$/;

function isHarmless(callee: Expression): boolean {
  return callee.kind === 'identifier' && HARMLESS.test(callee.name);
}
