// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { parametersOfSources } from '../../../core/modules/describe-parameters';

const of = (...texts: string[]): string[] => parametersOfSources(texts.map((text, at) => ({ path: `${at}.c`, text }))).map(({ name, type, description }) => `${name} ${type} ${description}`);

describe('the parameters that sources declare', () => {
  it('are found with their types and descriptions, in order', () => {
    assert.deepEqual(
      of(
        `static int count = 1;\nmodule_param(count, int, 0644);\nMODULE_PARM_DESC(count, "How many, \\"n\\", "\n  "1 to 9");
         module_param_named(loud, is_loud, bool, S_IRUGO);
         module_param_array(ports, ushort, &nports, 0);
         module_param_array_named(lines, own_lines, int, NULL, 0);`,
        'module_param_string(label, buffer, sizeof(buffer), 0);\nmodule_param_cb(level, &ops, &level, 0600);\nMODULE_PARM_DESC(level, "Level");',
      ),
      ['count int How many, "n", 1 to 9', 'loud bool null', 'ports array of ushort null', 'lines array of int null', 'label string null', 'level null Level'],
    );
  });

  it('are not those of comments, strings and other macros', () => {
    assert.deepEqual(of('/* module_param(a, int, 0); */\n// module_param(b, int, 0);\nchar *c = "module_param(c, int, 0);";\nmy_module_param(d, int, 0);\nmodule_param(e, int, 0);\nmodule_param(e, uint, 0);'), ['e int null']);
    assert.deepEqual(of('module_param(', `module_param(${'x'.repeat(500)}, int, 0);`, '"'.repeat(100_000)), []);
  });
});
