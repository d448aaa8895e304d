// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readSymvers, SymversReader, type ExportedSymbol } from '../../../core/build/symvers';

const one = (line: string): [string, ExportedSymbol][] => [...readSymvers(line)];

describe('Module.symvers', () => {
  it('tells checksum, exporter, license and namespace', () => {
    const symbols = readSymvers('0x4c9d28b0\tphys_base\tvmlinux\tEXPORT_SYMBOL\t\n0x55e89584\tiscsi_host_add\tdrivers/scsi/libiscsi\tEXPORT_SYMBOL_GPL\t\n0xb4d328b7\tdma_buf_get\tvmlinux\tEXPORT_SYMBOL_GPL\tDMA_BUF\n');
    assert.deepEqual([...symbols], [
      ['phys_base', { crc: 0x4c9d28b0, module: 'vmlinux', gpl: false, namespace: null, forModules: null }],
      ['iscsi_host_add', { crc: 0x55e89584, module: 'drivers/scsi/libiscsi', gpl: true, namespace: null, forModules: null }],
      ['dma_buf_get', { crc: 0xb4d328b7, module: 'vmlinux', gpl: true, namespace: 'DMA_BUF', forModules: null }],
    ]);
  });

  it('has no checksum where the kernel makes none', () => {
    assert.equal(readSymvers('0x00000000\tsystem_state\tvmlinux\tEXPORT_SYMBOL\t').get('system_state')?.crc, null);
  });

  it('names the modules that a symbol is reserved for', () => {
    const symbol = readSymvers('0x00000000\tkvm_read\tarch/x86/kvm/kvm\tEXPORT_SYMBOL_GPL\tmodule:kvm-amd,kvm-intel').get('kvm_read');
    assert.deepEqual([symbol?.namespace, symbol?.forModules], [null, ['kvm-amd', 'kvm-intel']]);
  });

  it('reads the columns of older kernels', () => {
    const expected = { crc: 1, module: 'vmlinux', gpl: true, namespace: null, forModules: null };
    assert.deepEqual(one('0x00000001\tf\tvmlinux\tEXPORT_SYMBOL_GPL'), [['f', expected]]);
    assert.deepEqual(one('0x00000001\tf\t\tvmlinux\tEXPORT_SYMBOL_GPL'), [['f', expected]]);
    assert.deepEqual(one('0x00000001\tf\tNS\tvmlinux\tEXPORT_SYMBOL_GPL'), [['f', { ...expected, namespace: 'NS' }]]);
    assert.equal(one('0x00000001\tf\tvmlinux\tEXPORT_UNUSED_SYMBOL_GPL\t')[0]?.[1].gpl, true);
  });

  it('passes over what is no line of it', () => {
    for (const line of ['', 'f', '\t\t\t\t', '0x1\tf\tvmlinux', '0x123456789\tf\tvmlinux\tEXPORT_SYMBOL', 'zz\tf\tvmlinux\tEXPORT_SYMBOL', `0x1\t${'f'.repeat(10_000)}\tvmlinux\tEXPORT_SYMBOL`]) assert.deepEqual(one(line), []);
    assert.deepEqual([...readSymvers('0x1\t__proto__\tvmlinux\tEXPORT_SYMBOL\t\nrest').keys()], ['__proto__']);
  });

  it('keeps a bounded number of symbols', () => {
    const reader = new SymversReader();
    for (let at = 0; at < 200_001; at++) reader.push(`0x00000001\tf${at}\tvmlinux\tEXPORT_SYMBOL\t`);
    assert.equal(reader.symbols.size, 200_000);
    assert.equal(reader.truncated, true);
  });
});
