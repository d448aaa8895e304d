// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { RecordParser } from '../../../core/kernel-log/record';
import { oopsInConsole, oopsText } from '../../../core/kernel-log/oops';
import { KernelRecord } from '../../../core/model';

function parse(...lines: string[]): KernelRecord[] {
  const records: KernelRecord[] = [];
  const parser = new RecordParser((record) => records.push(record));
  for (const line of lines) parser.push(line);
  parser.flush();
  return records;
}

describe('kernel log records', () => {
  it('reads priority, sequence number, time and text', () => {
    assert.deepEqual(parse('30,1234,5678901,-;hello, world; again'), [
      { seq: 1234, usec: 5678901, level: 6, facility: 3, text: 'hello, world; again', continuation: false, dictionary: {} },
    ]);
  });

  it('reads the caller field and the continuation flag', () => {
    const [first, second] = parse('6,1,2,c,caller=T123;part', '6,2,3,-,caller=C0;whole');
    assert.equal(first?.continuation, true);
    assert.equal(second?.continuation, false);
    assert.equal(second.text, 'whole');
  });

  it('adds the dictionary lines to their record', () => {
    const [record] = parse('7,160,424069,-;pci_root PNP0A03:00: host bridge', ' SUBSYSTEM=acpi', ' DEVICE=+acpi:PNP0A03:00', '7,161,424070,-;next');
    assert.deepEqual(record?.dictionary, { SUBSYSTEM: 'acpi', DEVICE: '+acpi:PNP0A03:00' });
  });

  it('undoes the escapes of the kernel, UTF-8 included', () => {
    assert.equal(parse(String.raw`6,1,1,-;tab\x09 back\x5cslash \xc3\xa9 \x1b[31m`)[0]?.text, 'tab\t back\\slash é \x1b[31m');
  });

  it('drops what is no record and survives hostile lines', () => {
    const hostile = ['', 'garbage', ' KEY=value', '6,1', '6,1,2', '-1,2,3,-;x', '99999999999,1,1,-;x', '6,99999999999999999999,1,-;x', `6,1,1,${'f'.repeat(5000)};x`, ' __proto__=x', ' =x'];
    assert.deepEqual(parse(...hostile), []);
    const [record] = parse(`6,1,1,-;${'x'.repeat(1_000_000)}`, ' __proto__=polluted');
    assert.equal(record?.text.length, 16_384);
    assert.equal(KernelRecord.safeParse(record).success, true);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });
});

describe('oops lines', () => {
  it('knows how kernels from 5.10 to 7.3 begin a fatal report', () => {
    const lines = [
      'BUG: kernel NULL pointer dereference, address: 0000000000000000',
      'Oops: 0002 [#1] PREEMPT SMP NOPTI',
      'Oops: Oops: 0002 [#1] SMP NOPTI',
      'kernel BUG at device.c:15!',
      'Kernel panic - not syncing: Fatal exception in interrupt',
      'general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP',
      'Unable to handle kernel paging request at virtual address ffff000000000000',
    ];
    for (const line of lines) assert.equal(oopsText(line), line);
    assert.equal(oopsText('my module says Oops, sorry'), null);
    assert.equal(oopsText('debug: BUG: not at the beginning'), null);
  });

  it('finds the first one in a console text with levels and times', () => {
    assert.equal(oopsInConsole('[    1.000000] fine\n<1>[    2.500000][  T143] BUG: unable to handle page fault\n[3.0] Oops: 0002 [#1]'), 'BUG: unable to handle page fault');
    assert.equal(oopsInConsole('all is well'), null);
  });
});
