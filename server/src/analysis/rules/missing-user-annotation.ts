// SPDX-License-Identifier: MIT
import type { Finding } from '../../../../core/model/analysis';
import { handlersIn, type Handler } from '../flow/handlers';
import type { Program } from '../flow/program';
import { rangeOf, textOf } from '../syntax/source';
import type { Rule } from './rule';

/** The buffer of a handler that is not declared as the user pointer that it is. */
export const missingUserAnnotation: Rule = (_calls, program) => {
  const findings = new Map<string, Finding>();
  for (const unit of program.units) {
    for (const global of unit.syntax.globals) {
      for (const handler of handlersIn(program, unit, global)) {
        const finding = describe(handler, program);
        if (finding) findings.set(`${finding.file} ${finding.range.start.line} ${finding.range.start.character}`, finding);
      }
    }
  }
  return [...findings.values()];
};

function describe({ place: { definition, unit }, buffer }: Handler, program: Program): Finding | null {
  const parameter = definition.parameters[buffer.index];
  if (buffer.space !== 'user' || !parameter?.name || definition.parameters.length !== buffer.parameters) return null;
  const type = program.resolve(parameter.type);
  if (type.kind !== 'pointer' || type.user) return null;
  const span = unit.spanOf(parameter);
  const written = textOf(span).replace(/\s+/g, ' ');
  const [before, after, ...more] = written.split('*');
  if (before === undefined || after === undefined || more.length > 0 || written.includes('__user')) return null;
  return {
    rule: 'missing-user-annotation',
    severity: 'hint',
    file: span.file.path,
    range: rangeOf(span),
    message: `'${parameter.name}' is an address of the process that calls ${buffer.from}(2), as in every struct ${buffer.struct}, but it is not marked __user, so sparse cannot tell when it is used as kernel memory. Write '${before.trimEnd()} __user *${after.trimStart()}'.`,
    related: [],
  };
}
