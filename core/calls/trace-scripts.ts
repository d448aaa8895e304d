// SPDX-License-Identifier: MIT

/** Where a kernel's trace filesystem may lie (Documentation/trace/ftrace.rst). */
export const TRACEFS_FOLDERS: readonly string[] = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

/**
 * How every script that traces begins. Wants `token` and `folders` set and that many candidates ({@link TRACEFS_FOLDERS}) as
 * its next arguments, which it takes. Sets `tracefs` (empty when there is none) and `group`, the name of this process' events,
 * and gives `say`, which answers on standard error, `refuse`, `events_of GROUP`, which lists them as `GROUP/EVENT`, and
 * `drop_events GROUP`: by name, because `kprobe_events` opened for truncation would release everybody's; all in one write, then
 * one by one what is left, because the first that cannot go ends a write.
 * @param answer begins each line that is said
 */
export const beginTracing = (answer: string): string => `PATH=$PATH:/usr/sbin:/sbin
group=kmodlab_$$_$token
say() { echo "${answer} $*" >&2; }
refuse() { say unavailable "$@"; exit 0; }
[ "$(id -u)" = 0 ] || refuse no-root
tracefs=
while [ "$folders" -gt 0 ]; do
  [ -n "$tracefs" ] || [ -d "$1/instances" ] || mount -t tracefs tracefs "$1" 2>/dev/null
  [ -z "$tracefs" ] && [ -d "$1/instances" ] && tracefs=$1
  folders=$((folders - 1))
  shift
done
events_of() { sed -n "s,^[a-z][0-9]*:\\($1/[^ ]*\\) .*,\\1,p" "$tracefs/kprobe_events"; }
drop_events() {
  names=$(events_of "$1" | sed 's/^/-:/')
  [ -z "$names" ] || printf '%s\\n' "$names" >>"$tracefs/kprobe_events"
  events_of "$1" | while read -r event; do echo "-:$event" >>"$tracefs/kprobe_events"; done
}
`;
