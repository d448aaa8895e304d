// SPDX-License-Identifier: MIT

/**
 * Macros of the kernel's headers that the analysis must see through, as definitions of the same effect.
 * A file of the module that defines one of them wins.
 */
export const PRELUDE = `
#define NULL ((void *)0)
#define true 1
#define false 0
#define likely(x) (x)
#define unlikely(x) (x)
#define READ_ONCE(x) (x)
#define ACCESS_ONCE(x) (x)
#define WRITE_ONCE(x, value) ((x) = (value))
#define smp_store_release(p, value) (*(p) = (value))
#define smp_load_acquire(p) (*(p))
#define BIT(n) (1UL << (n))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define asmlinkage_protect(...)
#define DECLARE_WORK(name, function) struct work_struct name = __WORK_INITIALIZER(name, function)
#define DECLARE_DELAYED_WORK(name, function) struct delayed_work name = __DELAYED_WORK_INITIALIZER(name, function, 0)
#define pr_fmt(fmt) fmt
#define pr_emerg(fmt, ...) printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...) printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...) printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...) printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...) printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warning(fmt, ...) printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...) printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...) printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...) no_printk(fmt, ##__VA_ARGS__)
#define pr_debug(fmt, ...) no_printk(fmt, ##__VA_ARGS__)
#define pr_devel(fmt, ...) no_printk(fmt, ##__VA_ARGS__)
`;

/** Annotations that mean nothing to the analysis and that the grammar does not take. */
export const BLANK_WORDS = new Set(
  `__init __exit __initdata __exitdata __initconst __exitconst __devinit __devexit __devinitdata __net_init __net_exit __meminit __cpuinit __ref __refdata
   __force __iomem __percpu __rcu __kernel __private __safe __nocast __bitwise __must_check __maybe_unused __always_unused __unused __used __packed __weak __pure __cold
   __hot __visible __malloc __deprecated __noreturn __read_mostly __ro_after_init __cacheline_aligned __cacheline_aligned_in_smp ____cacheline_aligned
   ____cacheline_aligned_in_smp __page_aligned_data __page_aligned_bss __sched __kprobes __lockfunc notrace noinline noinline_for_stack __noinline asmlinkage fastcall
   __no_sanitize_address __nocfi __noclone __attribute_const__ __latent_entropy __randomize_layout __no_randomize_layout __refconst __user_init __init_or_module
   __bpf_kfunc __nostackprotector nokprobe_inline noinstr __ksym __wsum_unused __gnu_inline __no_kcsan __free_noop __counted __flatten`.split(/\s+/),
);

/** As BLANK_WORDS, with a parenthesised argument. */
export const BLANK_CALLS = new Set(
  `__attribute__ __attribute __aligned __section __printf __scanf __acquires __releases __must_hold __acquire __release __alias __assume_aligned __alloc_size __diag_ignore
   __counted_by __nonstring_array __free __cleanup __guarded_by __cond_lock_annotation __declspec __no_sanitize`.split(/\s+/),
);

/** Words that the grammar knows under another name. */
export const RENAMED_WORDS: ReadonlyMap<string, string> = new Map([
  ['__always_inline', '__forceinline'],
  ['__user', '_Nonnull'],
  ['__inline', 'inline'],
  ['__inline__', 'inline'],
  ['__signed__', 'signed'],
  ['__const', 'const'],
  ['__volatile__', 'volatile'],
  ['__asm', '__asm__'],
]);

/** Stands first in the condition of a loop that a `for_each` macro makes, before the macro's arguments. */
export const EACH = 'kmodlab_each';

/** Macros of the kernel that take types as arguments, which are no C expressions. */
export const TAKES_TYPES = /^(?:va_arg|offsetof|__builtin_offsetof|typecheck|__same_type|sizeof_field|FIELD_SIZEOF|container_of\w*|kmalloc_obj\w*|kzalloc_obj\w*|\w*_entry(?:_safe|_rcu|_or_null)?)$/;
