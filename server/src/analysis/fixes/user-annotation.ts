// SPDX-License-Identifier: MIT
import { textOf } from '../syntax/source';
import { isAt } from './findings';
import { Edits, editable } from './edits';
import type { Fixer } from './fix';

/** `__user` before the `*` of a parameter. */
export const userAnnotation: Fixer = ({ finding, program }) => {
  for (const unit of program.units) {
    for (const parameter of unit.syntax.functions.flatMap(({ parameters }) => parameters)) {
      const found = unit.spanOf(parameter);
      if (!isAt(finding, found)) continue;
      const { file, start } = editable(unit, parameter);
      const text = textOf(found);
      const star = text.indexOf('*');
      if (star < 0 || text.includes('*', star + 1) || text.includes('__user')) return null;
      const edits = new Edits();
      edits.insert(file, start + star, /\s/.test(text[star - 1] ?? '') ? '__user ' : ' __user ');
      return { id: 'user-annotation', title: `Mark '${parameter.name ?? ''}' as __user`, isPreferred: true, edits };
    }
  }
  return null;
};
