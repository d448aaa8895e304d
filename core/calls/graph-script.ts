// SPDX-License-Identifier: MIT
import { beginTracing } from './trace-scripts';

/** Begins each line that the script answers with on standard error. */
export const GRAPH_ANSWER = 'kmodlab-graph';

/**
 * Runs the function-graph tracer on one syscall's entry until standard input ends, then puts the tracer back as it was.
 * - The tracer belongs to the whole kernel (tracing instances of their own have it since 6.11), so it is taken only while
 *   nobody else has it.
 * - Only what the processes of this connection, and their children, do is traced: the process that serves it is an
 *   ancestor of each command that comes after.
 * - Only the lines of tasks that made the call are sent: the others are many, and the guest's SSH server is slow.
 * - Probes write into the same buffer: one at the address that the syscall returns to tells whose call it was (a return
 *   probe cannot, it may find the tracer's own trampoline), return probes tell what each function gave back.
 *
 * Arguments: token, buffer of all CPUs in KiB, number of trace folders, those folders, `MODULE:SYMBOL+OFFSET` that
 * the syscall returns to, fetch of the result there, the entry's symbol, functions whose return is wanted. Standard input: `finish`. Answers on standard error, the trace on standard output.
 */
export const TRACE_GRAPH = `token=$1 total=$2 folders=$3
shift 3
${beginTracing(GRAPH_ANSWER)}caller=$1 result=$2 entry=$3
shift 3
[ -n "$tracefs" ] || refuse no-tracefs
grep -qw function_graph "$tracefs/available_tracers" || refuse no-tracer
[ "$(cat "$tracefs/current_tracer")" = nop ] || refuse busy

size=$(cat "$tracefs/buffer_size_kb")
case $size in *[!0-9]*) size=1408 ;; esac
clean() {
  trap '' EXIT HUP INT TERM PIPE
  echo nop >"$tracefs/current_tracer"
  for file in set_graph_function set_graph_notrace set_ftrace_pid set_event_pid; do : >"$tracefs/$file"; done
  [ ! -d "$tracefs/events/$group" ] || echo 0 >"$tracefs/events/$group/enable"
  drop_events "$group"
  for saved in $options; do echo "\${saved#*=}" >"$tracefs/options/\${saved%%=*}"; done
  echo "$size" >"$tracefs/buffer_size_kb"
  echo 1 >"$tracefs/tracing_on"
  exit 0
} 2>/dev/null
options=
trap clean EXIT HUP INT TERM
trap '' PIPE

option() {
  [ -e "$tracefs/options/$1" ] || return 0
  options="$options $1=$(cat "$tracefs/options/$1")"
  echo "$2" >"$tracefs/options/$1"
}
for name in funcgraph-abstime funcgraph-proc funcgraph-cpu funcgraph-duration funcgraph-tail funcgraph-retval function-fork event-fork; do option "$name" 1; done
for name in funcgraph-overhead funcgraph-irqs funcgraph-args funcgraph-retaddr funcgraph-retval-hex sym-addr; do option "$name" 0; done
cpus=$(ls "$tracefs/per_cpu" | wc -l)
echo $((total / cpus)) >"$tracefs/buffer_size_kb"
echo "$entry" >"$tracefs/set_graph_function" 2>/dev/null || refuse no-entry
echo local_clock >"$tracefs/set_graph_notrace" 2>/dev/null
pid=$$
while [ "\${pid:-0}" -gt 1 ]; do
  for file in set_ftrace_pid set_event_pid; do echo "$pid" >>"$tracefs/$file"; done
  pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)
done
echo "p:$group/x $caller ret=$result:s64" >>"$tracefs/kprobe_events" 2>/dev/null || refuse no-probe
number=0
for name in "$@"; do
  echo "r64:$group/r_$number $name ret=\\$retval:s64" >>"$tracefs/kprobe_events" || say silent "$number"
  number=$((number + 1))
done 2>/dev/null
echo 1 >"$tracefs/events/$group/enable" || refuse no-probe
echo >"$tracefs/trace"
echo function_graph >"$tracefs/current_tracer" || refuse no-tracer
say ready

while read -r verb; do
  [ "$verb" = finish ] || continue
  echo 0 >"$tracefs/tracing_on"
  pids=$(sed -n 's,^ *[0-9.]* |  *[0-9]*) .*-\\([0-9]*\\)  *|.*/\\* x: .*,\\1,p' "$tracefs/trace" | sort -u | tr '\\n' '|')
  [ -z "$pids" ] || grep -E -e "-(\${pids%|}) +\\|" -e '^CPU:' "$tracefs/trace"
  say finished
done
`;
