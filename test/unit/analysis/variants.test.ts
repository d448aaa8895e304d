// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { brief, loadAnalyzer, moduleOf, MODERN, results } from './helper';

/** Ways to write the same refused write, each with the expression that the finding must cover. */
const BUFFERS = {
  'static array': { before: 'static char data[40];', inside: '', name: 'data' },
  'local array': { before: '', inside: 'char data[40];', name: 'data' },
  'initialised array': { before: 'static const char data[] = "a text\\n";', inside: '', name: 'data' },
  'allocation': { before: '', inside: 'char *data = kmalloc(40, GFP_KERNEL);\n\tif (!data)\n\t\treturn -ENOMEM;', name: 'data' },
  'pointer to text': { before: 'static const char *data = "a text\\n";', inside: '', name: 'data' },
  'structure': { before: 'static struct { int n; char text[40]; } data;', inside: '', name: 'data.text' },
  'copy of user data': { before: '', inside: 'char *data = memdup_user((void __user *)jiffies, 40);\n\tif (IS_ERR(data))\n\t\treturn PTR_ERR(data);', name: 'data' },
} as const;

const LAUNDRIES = {
  'cast': { before: '', inside: '', value: (name: string) => `(unsigned long)${name}` },
  'unsigned long': { before: '', inside: (name: string) => `unsigned long number = (unsigned long)${name};`, value: () => 'number' },
  'void pointer': { before: '', inside: (name: string) => `const void *p = ${name};\n\tuintptr_t number = (uintptr_t)p;`, value: () => 'number' },
  'helper': { before: 'static unsigned long as_number(const void *p)\n{\n\treturn (unsigned long)p;\n}', inside: '', value: (name: string) => `as_number(${name})` },
  'macro': { before: '#define AS_NUMBER(p) ((unsigned long)(p))', inside: '', value: (name: string) => `AS_NUMBER(${name})`, covered: (name: string) => name },
  'field': { before: 'struct job { unsigned long where; };', inside: (name: string) => `struct job job = { .where = (unsigned long)${name} };`, value: () => 'job.where' },
  'offset': { before: '', inside: '', value: (name: string) => `(unsigned long)(${name} + 1)` },
} as const;

const REGISTERS = {
  'fields': (value: string) => ({ inside: `struct pt_regs regs;\n\tregs.di = 1;\n\tregs.si = ${value};\n\tregs.dx = 3;`, call: '&regs' }),
  'designators': (value: string) => ({ inside: `struct pt_regs regs = { .di = 1, .si = ${value}, .dx = 3 };`, call: '&regs' }),
  'literal': (value: string) => ({ inside: '', call: `&(struct pt_regs){ .di = 1, .si = ${value}, .dx = 3 }` }),
  'pointer': (value: string) => ({ inside: `struct pt_regs regs = { }, *r = &regs;\n\tr->di = 1;\n\tr->si = ${value};\n\tr->dx = 3;`, call: 'r' }),
  'heap': (value: string) => ({ inside: `struct pt_regs *r = kzalloc(sizeof(*r), GFP_KERNEL);\n\tif (!r)\n\t\treturn -ENOMEM;\n\tr->di = 1;\n\tr->si = ${value};`, call: 'r' }),
  'copy': (value: string) => ({ inside: `struct pt_regs first = { .di = 1, .si = ${value} }, regs;\n\tregs = first;`, call: '&regs' }),
  'cleared': (value: string) => ({ inside: `struct pt_regs regs;\n\tmemset(&regs, 0, sizeof(regs));\n\tregs.di = 1;\n\tregs.si = ${value};`, call: '&regs' }),
} as const;

const ENTRIES = {
  'index': { before: '', inside: '', call: 'table[__NR_write]' },
  'saved': { before: '', inside: 'entry_t f = table[__NR_write];', call: 'f' },
  'called through a star': { before: '', inside: 'entry_t f = table[__NR_write];', call: '(*f)' },
  'global': { before: 'static entry_t saved;', inside: 'saved = table[__NR_write];', call: 'saved' },
  'helper': { before: 'static entry_t entry(int nr)\n{\n\treturn table[nr];\n}', inside: '', call: 'entry(__NR_write)' },
  'macro': { before: '#define ENTRY(name) (table[__NR_##name])', inside: '', call: 'ENTRY(write)' },
  'cast of the address': { before: '', inside: 'unsigned long address = (unsigned long)table;', call: '((entry_t *)address)[__NR_write]' },
} as const;

const keys = <T extends object>(table: T): (keyof T)[] => Object.keys(table) as (keyof T)[];

describe('variants of one module', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  for (const bufferName of keys(BUFFERS)) {
    it(`every way to pass ${bufferName} on gives one finding at its expression, and -14`, () => {
      const buffer = BUFFERS[bufferName];
      for (const laundryName of keys(LAUNDRIES)) {
        for (const registersName of keys(REGISTERS)) {
          for (const entryName of keys(ENTRIES)) {
            const laundry = LAUNDRIES[laundryName];
            const value = laundry.value(buffer.name);
            const registers = REGISTERS[registersName](value);
            const entry = ENTRIES[entryName];
            const inside = typeof laundry.inside === 'function' ? laundry.inside(buffer.name) : laundry.inside;
            const sources = moduleOf(`${buffer.before}\n${laundry.before}\n${entry.before}
static int __init start(void)
{
	long rc;
	${buffer.inside}
	${inside}
	${registers.inside}

	table = (entry_t *)lookup("sys_call_table");
	${entry.inside}
	rc = ${entry.call}(${registers.call});
	pr_info("result %ld\\n", rc);
	return 0;
}`);
            const title = `${laundryName}, ${registersName}, ${entryName}`;
            const analysis = analyzer.analyze(sources, MODERN);
            const expected = 'covered' in laundry ? laundry.covered(buffer.name) : value;
            assert.deepEqual(brief(analysis.findings, sources), [`kernel-buffer ${expected}`], title);
            assert.deepEqual(results(analysis), ['write = -14'], title);
            assert.equal(analysis.predictions[0]?.report?.format, 'result %ld\n', title);
          }
        }
      }
    });
  }
});

describe('variants of the sample module of this repository', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const folder = path.join(import.meta.dirname, '../../../module');
  const original: readonly SourceFile[] = fs.readdirSync(folder).filter((file) => /\.[ch]$/.test(file)).map((file) => ({ path: file, text: fs.readFileSync(path.join(folder, file), 'utf8') }));
  const edited = (edit: (text: string, file: string) => string): SourceFile[] => {
    const sources = original.map((source) => ({ path: source.path, text: edit(source.text, source.path) }));
    assert.notDeepEqual(sources, original, 'the edit changes nothing');
    return sources;
  };
  const ALL = ['write = -14', 'dup = 4', 'close = 0', 'dup = 0', 'write = argument 2 len'];
  const check = (sources: readonly SourceFile[], calls: readonly string[], findings: readonly string[]): void => {
    const analysis = analyzer.analyze(sources, MODERN);
    assert.deepEqual(results(analysis), calls);
    assert.deepEqual(brief(analysis.findings, sources), findings);
    assert.ok(analysis.predictions.every((prediction) => prediction.report !== null));
  };
  const BUFFER = ['kernel-buffer (unsigned long)buf'];

  it('as it is', () => {
    check(original, ALL, BUFFER);
  });

  it('with other names', () => {
    check(
      edited((text) => text.replace(/\bbuf\b/g, 'zorn').replace(/\bparam\b/g, 'p').replace(/\brc\b/g, 'outcome').replace(/\bwrite_syscall\b/g, 'w').replace(/\bdevice2_sys_call_table\b/g, 'entries')),
      ALL,
      ['kernel-buffer (unsigned long)zorn'],
    );
  });

  it('with the address laundered through an unsigned long', () => {
    check(edited((text) => text.replace('param.si = (unsigned long)buf;', 'unsigned long address = (unsigned long)buf;\n\tparam.si = address;')), ALL, ['kernel-buffer address']);
  });

  it('with the address laundered through a helper in another file', () => {
    const sources = edited((text, file) => {
      if (file.endsWith('.h')) return text.replace('int device2_find_table(void);', 'int device2_find_table(void);\nunsigned long device2_number(const void *p);');
      if (file.endsWith('_table.c')) return `${text}\nunsigned long device2_number(const void *p)\n{\n\treturn (unsigned long)p;\n}\n`;
      return text.replace('(unsigned long)buf;', 'device2_number(buf);');
    });
    check(sources, ALL, ['kernel-buffer device2_number(buf)']);
  });

  it('closing descriptor 1 instead of 0', () => {
    check(edited((text) => text.replace('set_descriptor(&param, 0)', 'set_descriptor(&param, 1)')), ['write = -14', 'dup = 4', 'close = 0', 'dup = -9', 'write = argument 2 len'], BUFFER);
  });

  it('copying descriptor 2', () => {
    check(edited((text) => text.replaceAll('set_descriptor(&param, 1)', 'set_descriptor(&param, 2)')), ALL, BUFFER);
  });

  it('with texts of other lengths', () => {
    check(edited((text) => text.replace('"String from driver"', '"x"').replaceAll('dup() = %ld', 'what dup() gave: %ld')), ALL, BUFFER);
  });

  it('echoing all but three bytes', () => {
    check(edited((text) => text.replace('param.dx = len;', 'param.dx = len - 3;')), [...ALL.slice(0, 4), 'write = argument 2 len - 3'], BUFFER);
  });

  it('in one file', () => {
    const order = ['device2.h', 'device2_table.c', 'device2_kernel_buffer.c', 'device2_descriptors.c', 'device2_echo.c', 'device2_main.c'];
    const text = order.map((name) => original.find((source) => source.path === name)?.text ?? '').join('\n').replace(/#include "device2\.h"/g, '');
    check([{ path: 'device2.c', text }], ALL, BUFFER);
  });

  it('with the experiments in another order', () => {
    const sources = edited((text) => text.replace(/(\tif \(wanted\("kernel_buffer"\)\)\n[^\n]*\n)([^]*?)(\tif \(wanted\("descriptors"\)\)\n[^\n]*\n)/, '$3$2$1'));
    check(sources, ['dup = 4', 'close = 0', 'dup = 0', 'write = -14', 'write = argument 2 len'], BUFFER);
  });
});
