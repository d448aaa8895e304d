// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, Finding, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { covered, initOf, loadAnalyzer, moduleOf, MODERN } from './helper';

const TEXT = 'static char text[9];';
const I386: AnalysisTarget = { arch: 'i386', kernel: '6.1' };
const MAPPED = 'unsigned long m = vm_mmap(NULL, 0, 4096, 3, 0x22, 0);';

describe('nested-kernel-pointer', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const all = (sources: SourceFile[], target = MODERN): Finding[] => analyzer.analyze(sources, target).findings;
  const find = (sources: SourceFile[], target = MODERN): string[] =>
    all(sources, target).filter(({ rule }) => rule === 'nested-kernel-pointer').map((finding) => covered(sources[0], finding.range));

  it('names the field, the structure, the argument and what the kernel does', () => {
    const sources = initOf(`${MAPPED} struct iovec v = { .iov_base = text, .iov_len = 9 }; if (copy_to_user((void __user *)m, &v, sizeof(v))) return -EFAULT; regs.si = m; regs.dx = 1; table[__NR_writev](&regs);`, TEXT);
    const [finding, ...others] = all(sources).filter(({ rule }) => rule.endsWith('-buffer') || rule === 'nested-kernel-pointer');
    assert.deepEqual(others, []);
    assert.match(
      finding?.message ?? '',
      /^writev\(\): 'iov_base' of the struct iovec that argument 2 \('vec'\) points to gets a kernel address \(static array 'text', line \d+\)\. Wherever the structure itself lies, the kernel takes this for an address of user space and rejects it, as it lies above TASK_SIZE_MAX: the call will normally return -EFAULT \(-14\)\.$/,
    );
    assert.equal(finding?.severity, 'warning');
    assert.deepEqual(finding.related.map(({ range }) => covered(sources[0], range)), ['text', 'text', 'table[__NR_writev](&regs)']);
  });

  it('stands beside the kernel-buffer of a structure that itself lies in the kernel', () => {
    const sources = initOf('struct iovec v = { .iov_base = text, .iov_len = 9 }; regs.si = (unsigned long)&v; table[__NR_writev](&regs);', TEXT);
    assert.deepEqual(all(sources).filter(({ rule }) => rule !== 'unset-register').map((finding) => `${finding.rule} ${covered(sources[0], finding.range)}`), ['nested-kernel-pointer text', 'kernel-buffer (unsigned long)&v']);
  });

  it('says what takes it without a check', () => {
    const [finding] = all(initOf('stack_t s = { .ss_sp = text }; regs.di = (unsigned long)&s; table[__NR_sigaltstack](&regs);', TEXT)).filter(({ rule }) => rule === 'nested-kernel-pointer');
    assert.match(finding?.message ?? '', /takes it without a check and uses it later/);
    assert.doesNotMatch(finding?.message ?? '', /EFAULT/);
  });

  const bad: readonly (readonly [title: string, sources: SourceFile[], expected: readonly string[], target?: AnalysisTarget])[] = [
    ['an array of struct iovec', initOf('struct iovec v[2]; v[0].iov_base = text; v[1].iov_base = other; regs.si = (unsigned long)v; table[__NR_readv](&regs);', `${TEXT} static char other[9];`), ['text', 'other']],
    ["over the caller's own buffer", moduleOf(`${TEXT} static entry_t original;
static asmlinkage long hook(const struct pt_regs *regs) { struct iovec v = { .iov_base = text }; copy_to_user((void __user *)regs->si, &v, sizeof(v)); return original(regs); }
static int __init start(void) { table = (entry_t *)lookup("sys_call_table"); original = table[__NR_writev]; table[__NR_writev] = hook; return 0; }`), ['text']],
    ['struct user_msghdr and what it points to', initOf('struct iovec v = { .iov_base = text }; struct user_msghdr h = { .msg_name = other, .msg_iov = &v }; regs.si = (unsigned long)&h; table[__NR_sendmsg](&regs);', `${TEXT} static char other[9];`), ['text', 'other', '&v']],
    ['union bpf_attr', initOf('union bpf_attr a = { .insns = (unsigned long)text, .license = (unsigned long)"GPL" }; regs.di = 5; regs.si = (unsigned long)&a; table[__NR_bpf](&regs);', TEXT), ['(unsigned long)text', '(unsigned long)"GPL"']],
    ['the arguments of a program', initOf('char *argv[] = { "/bin/sh", NULL }; regs.si = (unsigned long)argv; table[__NR_execve](&regs);'), ['"/bin/sh"']],
    ['the arguments of socketcall(2)', initOf('struct sockaddr_in to; unsigned long list[3]; list[0] = 3; list[1] = (unsigned long)&to; list[2] = 16; regs.bx = SYS_CONNECT; regs.cx = (unsigned long)list; table[__NR_socketcall](&regs);'), ['(unsigned long)&to'], I386],
    ['struct futex_waitv', initOf('static u32 word; struct futex_waitv w[1] = { { .uaddr = (unsigned long)&word } }; regs.di = (unsigned long)w; table[__NR_futex_waitv](&regs);'), ['(unsigned long)&word']],
    ['struct clone_args', initOf('int pidfd; struct clone_args a = { .pidfd = (unsigned long)&pidfd }; regs.di = (unsigned long)&a; table[__NR_clone3](&regs);'), ['(unsigned long)&pidfd']],
    ['through a helper', initOf('put(text);', `${TEXT} static long put(char *p) { struct iovec v = { .iov_base = p }; struct pt_regs r = { .di = 1, .si = (unsigned long)&v, .dx = 1 }; return table[__NR_writev](&r); }`), ['text']],
    ['an iterator of the kernel', initOf('struct iovec v = { .iov_base = text, .iov_len = 9 }; struct iov_iter i; iov_iter_init(&i, WRITE, &v, 1, 9);', TEXT), ['text']],
  ];
  for (const [title, sources, expected, target] of bad) {
    it(`finds: ${title}`, () => {
      assert.deepEqual(find(sources, target).sort(), [...expected].sort());
    });
  }

  const good: readonly (readonly [title: string, sources: SourceFile[], target?: AnalysisTarget])[] = [
    ['user memory', initOf(`${MAPPED} struct iovec v = { .iov_base = (void __user *)m, .iov_len = 9 }; regs.si = (unsigned long)&v; table[__NR_writev](&regs);`)],
    ['NULL', initOf('struct user_msghdr h = { .msg_name = NULL }; regs.si = (unsigned long)&h; table[__NR_sendmsg](&regs);')],
    ['an unknown address', initOf('struct iovec v = { .iov_base = get_thing() }; regs.si = (unsigned long)&v; table[__NR_writev](&regs);')],
    ['on one path only', initOf('struct iovec v = { .iov_base = get_thing() }; if (jiffies) v.iov_base = text; regs.si = (unsigned long)&v; table[__NR_writev](&regs);', TEXT)],
    ['under set_fs(KERNEL_DS)', initOf('struct iovec v = { .iov_base = text }; set_fs(KERNEL_DS); regs.si = (unsigned long)&v; table[__NR_writev](&regs);', TEXT)],
    [
      'an iterator that is read under set_fs(KERNEL_DS)',
      initOf('struct iovec v = { .iov_base = text, .iov_len = 9 }; struct msghdr h = { }; iov_iter_init(&h.msg_iter, WRITE, &v, 1, 9); set_fs(KERNEL_DS); sock_sendmsg(sock, &h); set_fs(USER_DS);', TEXT),
      { arch: 'x86_64', kernel: '5.9' },
    ],
    ['a field that is no pointer', initOf('struct iovec v = { .iov_len = (unsigned long)text }; regs.si = (unsigned long)&v; table[__NR_writev](&regs);', TEXT)],
    ['a call that reads no such structure', initOf('struct iovec v = { .iov_base = text }; regs.si = (unsigned long)&v; table[__NR_write](&regs);', TEXT)],
    ['struct kvec', initOf('struct kvec v = { .iov_base = text, .iov_len = 9 }; struct iov_iter i; struct msghdr h = { }; iov_iter_kvec(&i, WRITE, &v, 1, 9); kernel_sendmsg(sock, &h, &v, 1, 9);', TEXT)],
    ['an argument of socketcall(2) that is no pointer', initOf('unsigned long list[3] = { 3, 0, (unsigned long)text }; regs.bx = SYS_CONNECT; regs.cx = (unsigned long)list; table[__NR_socketcall](&regs);', TEXT), I386],
    ['an operation that takes no struct iovec', initOf('struct iovec v = { .iov_base = text }; regs.di = PTRACE_PEEKUSER; regs.r10 = (unsigned long)&v; table[__NR_ptrace](&regs);', TEXT)],
    ['overwritten by what is not known', initOf(`${MAPPED} struct iovec v = { .iov_base = text }; copy_to_user((void __user *)m, &v, sizeof(v)); copy_to_user((void __user *)m, get_thing(), sizeof(v)); regs.si = m; table[__NR_writev](&regs);`, TEXT)],
  ];
  for (const [title, sources, target] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(find(sources, target), []);
    });
  }
});
