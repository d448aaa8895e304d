// SPDX-License-Identifier: MIT
// Constant POSIX shell scripts that run on hosts. What varies travels as arguments, never as text.

/** `$0`: a word that marks the line with our process id; the rest: the program. A program killed by a signal gives 128 + n. */
export const RUN_SCRIPT = 'echo "$0 $$" >&2; "$@"; exit $?';

/**
 * `$0`: the marker of {@link RUN_SCRIPT}, `$1`: flags of sudo, `$2`: RUN_SCRIPT, the rest: the program. The prompt is the marker
 * and a question mark on a line of their own. In the C locale, because sudo's reasons are read.
 */
export const SUDO_SCRIPT = 'LC_ALL=C; export LC_ALL; prompt=$(printf "%s?\\nx" "$0"); flags=$1 run=$2; shift 2; exec sudo $flags -p "${prompt%x}" -- /bin/sh -c "$run" "$0" "$@"';

/** `$1`: the process id that {@link RUN_SCRIPT} told. Ends it and all that it started; what ignores SIGTERM is killed 2 s later. */
export const STOP_SCRIPT = `tree() (
  for stat in /proc/[0-9]*/stat; do
    read -r line < "$stat" || continue
    pid=\${line%% *}
    rest=\${line##*") "}
    parent=\${rest#* }
    if [ "\${parent%% *}" = "$1" ]; then tree "$pid"; fi
  done
  echo "$1"
)
pids=$(tree "$1" 2>/dev/null)
kill -TERM $pids 2>/dev/null
(sleep 2; kill -KILL $pids) >/dev/null 2>&1 </dev/null &
`;

/** `$1`: the file that standard input becomes, at once or not at all; `$2`: its size, less of which is a connection that broke. */
export const PUT_SCRIPT = 'part=$1.kmodlab-$$; cat >"$part" && [ "$(wc -c <"$part")" -eq "$2" ] && mv -f -- "$part" "$1" || { rm -f -- "$part"; exit 1; }';

/** `$1`: the file, `$2`: how many bytes at most. Prints it as base64. */
export const GET_SCRIPT = '[ -r "$1" ] || { echo "no such file, or it cannot be read" >&2; exit 1; }; head -c "$2" < "$1" | base64';
