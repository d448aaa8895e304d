// SPDX-License-Identifier: MIT
import type { Architecture } from '../model';
import { beginTracing } from './trace-scripts';

/** Begins each line that the script answers with on standard error. */
export const ANSWER = 'kmodlab-calls';

/** How syscall entries look to a kernel probe. */
export interface ProbeAbi {
  /** Of the entry's symbol, e.g. `__x64_sys_` before `write`. */
  readonly prefix: string;
  /** Fetches the return address at a function's first instruction. */
  readonly returnAddress: string;
  /** Fetches the address of the entry's only argument, a `struct pt_regs`. */
  readonly frame: string;
  /** Fetches the result right after a call. */
  readonly result: string;
  /** Fetches the six argument registers from the `struct pt_regs` that the entry is given. */
  readonly registers: readonly string[];
}

function atLeast(kernel: string, major: number, minor: number): boolean {
  const [, have = '0', haveMinor = '0'] = /^(\d+)\.(\d+)/.exec(kernel) ?? [];
  return Number(have) > major || (Number(have) === major && Number(haveMinor) >= minor);
}

/**
 * Offsets in struct pt_regs: arch/x86/include/asm/ptrace.h, arch/arm64/include/uapi/asm/ptrace.h; null where no probe is
 * known. On arm64 the first argument is read from orig_x0 since 7.3 (arch/arm64/include/asm/syscall_wrapper.h).
 */
export function probeAbi(arch: Architecture, kernel: string): ProbeAbi | null {
  switch (arch) {
    case 'x86_64':
      return { prefix: '__x64_sys_', returnAddress: '$stack0', result: '%ax', frame: '%di', registers: [112, 104, 96, 56, 72, 64].map((offset) => `+${offset}(%di)`) };
    case 'arm64':
      return { prefix: '__arm64_sys_', returnAddress: '%x30', result: '%x0', frame: '%x0', registers: [atLeast(kernel, 7, 3) ? 272 : 0, 8, 16, 24, 32, 40].map((offset) => `+${offset}(%x0)`) };
    case 'i386':
      return null;
  }
}

/**
 * Records until standard input ends, then leaves nothing behind. What makes it right:
 * - Events and the instance are named after this process, so another window's stay; those whose process is gone are swept.
 * - The return probe is defined first: the entry probe, defined last, runs first and still finds the true return address
 *   on the stack. Where somebody else's return probe came later it finds the trampoline, and the return event tells the caller.
 * - Filters drop in the kernel what returns into the kernel's own text, which is how every process' own syscalls return,
 *   and what the processes do that carry this output: each of their calls would cause the next.
 * - `dd` reads and writes; busybox's cat would splice, which holds the lock of the pipe to the SSH server while it waits.
 * - Symbols come in the order of their addresses: the first three that match are at the beginning. How long the kernel's text is
 *   stands in /proc/iomem (zero for who may not know), and only the lower half of an address is computed with, as not every shell
 *   knows numbers beyond 63 bits; `_etext` is searched for where that does not tell.
 * - Programs are started sparingly: a guest without KVM takes several milliseconds for each.
 * - The stack is taken of the first calls of each syscall only: it is several times as long as the rest of an event.
 * - trace_clock `perf` is local_clock(), which printk uses.
 * - The instance goes first: that disables all of its events at once, which one by one takes a grace period each. It stays
 *   for now where somebody else reads it.
 *
 * All that takes long (the buffer, the kernel's symbols) is done before it is told what to record.
 *
 * Arguments: token, buffer of all CPUs in KiB, instances of a return probe, prefix of the symbols, fetch of the return
 * address, fetches of the registers, stacks to take of a syscall, number of trace folders, those folders.
 * Standard input: `record SYSCALL ENTRY` for each, `begin`; then `watch N MODULE FUNCTION`, `sync WORD`, `finish`. Answers on
 * standard error, the trace on standard output.
 */
export const RECORD = `token=$1 total=$2 active=$3 prefix=$4 ra=$5 registers=$6 stacks=$7 folders=$8
shift 8
${beginTracing(ANSWER)}reader=
if grep -q '\\[confidentiality\\]' /sys/kernel/security/lockdown 2>/dev/null; then refuse lockdown; fi
[ -n "$tracefs" ] || refuse no-tracefs
events=$tracefs/kprobe_events
[ -w "$events" ] || refuse no-kprobes

remove() (
  instance=$tracefs/instances/$1
  if [ -d "$instance" ] && ! rmdir "$instance"; then
    for trigger in "$instance/events/$1"/e_*/trigger; do echo '!stacktrace' >"$trigger"; done
    echo 0 >"$instance/events/$1/enable"
  fi
  drop_events "$1"
  [ ! -d "$instance" ] || rmdir "$instance"
) 2>/dev/null
sweep() {
  owner=\${1#kmodlab_}
  tr '\\0' '\\n' <"/proc/\${owner%%_*}/cmdline" 2>/dev/null | grep -qx "\${owner#*_}" || remove "$1"
}
stale() {
  for instance in "$tracefs/instances"/kmodlab_[0-9]*; do [ ! -d "$instance" ] || sweep "\${instance##*/}"; done
  read -r event <"$events" || return 0
  sed -n 's,^[a-z][0-9]*:\\(kmodlab_[0-9]*_[^/]*\\)/.*,\\1,p' "$events" | sort -u | while read -r name; do sweep "$name"; done
}
clean() {
  trap '' EXIT HUP INT TERM PIPE
  [ -z "$reader" ] || { kill -KILL "$reader"; wait "$reader"; }
  remove "$group"
  exit 0
}
stale
trap clean EXIT HUP INT TERM
trap '' PIPE

instance=$tracefs/instances/$group
mkdir "$instance" 2>/dev/null || refuse no-instance
set -- "$instance"/per_cpu/cpu*
size=$((total / $#))
[ "$size" -ge 8 ] || size=8
echo "$size" >"$instance/buffer_size_kb"
echo perf >"$instance/trace_clock" || refuse no-clock
for option in sym-addr context-info; do echo "$option" >"$instance/trace_options"; done
for option in sym-offset record-tgid hex bin raw verbose; do echo "no$option" >"$instance/trace_options"; done 2>/dev/null

low= high= trampoline=
symbols() {
  while read -r address type name module; do
    case $name in
    _stext) low=\${low:-0x$address} ;;
    _etext) high=\${high:-0x$address} ;;
    arch_rethook_trampoline | kretprobe_trampoline | __kretprobe_trampoline) trampoline=\${trampoline:-0x$address} ;;
    esac
  done <<EOF
$(grep -F "$@" -e ' _stext' -e ' arch_rethook_trampoline' -e 'kretprobe_trampoline' -e ' _etext' /proc/kallsyms)
EOF
}
text_size() {
  range=$(grep ' : Kernel code$' /proc/iomem)
  range=\${range%% : *}
  range=\${range##* }
  echo $((0x\${range#*-} - 0x\${range%-*} + 1))
}
symbols -m 3
[ -n "$low" ] || symbols
case $low in 0x*[1-9a-f]*) ;; *) refuse no-addresses ;; esac
size=$(text_size 2>/dev/null)
end=$((0x\${low#??????????} + \${size:-0}))
[ "\${size:-0}" -lt 65536 ] || [ "$end" -gt 4294967295 ] || high=\${low%????????}$(printf %08x "$end")
[ -n "$high" ] && [ -n "$trampoline" ] || symbols
[ -n "$high" ] || refuse no-addresses
ours=
pid=$$
while [ "$pid" -gt 1 ]; do
  ours="$ours && common_pid != $pid"
  read -r stat <"/proc/$pid/stat" || break
  stat=\${stat##*') '}
  stat=\${stat#* }
  pid=\${stat%% *}
done 2>/dev/null

dd if="$instance/trace_pipe" bs=65536 2>/dev/null &
reader=$!
ours="$ours && common_pid != $reader"
fetch="ra=$ra:x64 sp=%sp:x64"
watch_stack() { echo "stacktrace:$stacks if $2" >"$instance/events/$group/$1/trigger" || true; }
filter() { echo "$2" >"$instance/events/$group/$1/filter"; }
record() {
  symbol=$prefix$2
  outside="(ra < $low || ra >= $high\${trampoline:+ || ra == $trampoline})$ours"
  echo "r$active:$group/x_$1 $symbol ret=\\$retval:s64" >>"$events" && echo "p:$group/e_$1 $symbol $fetch $registers" >>"$events" &&
    filter "e_$1" "$outside" && watch_stack "e_$1" "$outside" &&
    filter "x_$1" "(__probe_ret_ip < $low || __probe_ret_ip >= $high)$ours"
}
defined=

while read -r verb first second third; do
  case $verb in
  record) if record "$first" "$second" 2>/dev/null; then defined=1; else say missing "$first"; fi ;;
  begin)
    [ -n "$defined" ] || refuse no-probe
    echo 1 >"$instance/events/$group/enable" || refuse no-probe
    say ready "$instance/trace_marker" "$trampoline"
    ;;
  watch)
    echo "r$active:$group/n_$first $second:$third ret=\\$retval:s64" >>"$events" && echo "p:$group/m_$first $second:$third $fetch" >>"$events" &&
      filter "n_$first" "\${ours# && }" && filter "m_$first" "\${ours# && }" &&
      echo 1 >"$instance/events/$group/n_$first/enable" && echo 1 >"$instance/events/$group/m_$first/enable" || say unwatched "$first"
    ;;
  sync) say "$first" ;;
  finish)
    echo 0 >"$instance/events/$group/enable"
    say overrun $(sed -n 's/^\\(overrun\\|commit overrun\\|dropped events\\): //p' "$instance"/per_cpu/cpu*/stats)
    events_here=" $(events_of "$group" | tr '\\n' ' ')"
    while read -r event hits missed; do
      case $events_here in *" $group/$event "*) say missed "$event" "$hits" "$missed" ;; esac
    done <"$tracefs/kprobe_profile"
    say finished
    echo "${ANSWER} finished" >"$instance/trace_marker"
    ;;
  esac
done
`;
