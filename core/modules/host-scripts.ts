// SPDX-License-Identifier: MIT
// Constant POSIX scripts that run on a host as `sh -s -- args…`; everything that varies is an argument.

export const PROC_MODULES = '/proc/modules';
export const PROC_DEVICES = '/proc/devices';
export const SYS_MODULE = '/sys/module';
export const TEMPORARY = '/tmp';

const FIND_TOOLS = 'PATH=$PATH:/usr/sbin:/sbin\n';

/** The log cannot be written to, so nothing was done. */
export const EXIT_NO_MARKER = 78;
/** The trace of the recorder, when there is one, is marked at the same places as the log. */
const TRACE = (marker: string): string => `[ -z "$trace" ] || { printf '%s\\n' "$${marker}" >"$trace"; } 2>/dev/null\n`;
const MARK_BEGIN = `printf '<6>%s\\n' "$begin" >"$log" || exit ${EXIT_NO_MARKER}\n${TRACE('begin')}`;
const MARK_END = `${TRACE('end')}printf '<6>%s\\n' "$end" >"$log"\n`;

/** Arguments: log, marker, trace or nothing. */
export const MARK = `log=$1 begin=$2 trace=$3\n${MARK_BEGIN}`;

/** Arguments: the folder for temporary files. Prints the path of a new private one. */
export const STAGE = `umask 077
mktemp -d "$1/kmodlab.XXXXXX"
`;

/** insmod gets the three standard descriptors, so that the module's file is its fourth. */
const NO_OTHER_DESCRIPTOR = '3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-';

/**
 * Arguments: log, trace or nothing, begin, end, /sys/module/NAME/sections, path of the .ko (alone in its folder), parameters…
 * Prints the descriptors that insmod gets (`… NUMBER -> TARGET`), which ls in its place lists, and where the sections with code
 * lie. The file is gone afterwards.
 */
export const INSERT = `${FIND_TOOLS}log=$1 trace=$2 begin=$3 end=$4 sections=$5 ko=$6
shift 6
ls -l /proc/self/fd </dev/null ${NO_OTHER_DESCRIPTOR} 2>/dev/null
${MARK_BEGIN}insmod "$ko" "$@" </dev/null ${NO_OTHER_DESCRIPTOR}
status=$?
${MARK_END}[ -z "$trace" ] || for file in "$sections"/.*text*; do
  [ -r "$file" ] && printf '%s %s\\n' "\${file##*/}" "$(cat "$file")"
done
rm -f -- "$ko"
rmdir -- "\${ko%/*}"
exit "$status"
`;

/** Removes the nodes (arguments) whose device is gone; one that leads to a device that is still there stays. */
const REMOVE_DANGLING = `for node do
  [ -c "$node" ] || continue
  major=$(printf %d "0x$(stat -c %t "$node")")
  grep -q "^ *$major " "$devices" || rm -f -- "$node"
done
`;

/** Arguments: log, trace or nothing, begin, end, module, /proc/devices, nodes… */
export const REMOVE = `${FIND_TOOLS}log=$1 trace=$2 begin=$3 end=$4 name=$5 devices=$6
shift 6
${MARK_BEGIN}rmmod "$name" </dev/null
status=$?
${MARK_END}[ "$status" -eq 0 ] || exit "$status"
${REMOVE_DANGLING}`;

/** Takes back what a load that came to nothing left. Arguments: the staged folder or nothing, module or nothing, /proc/modules. */
export const CLEAN_UP = `${FIND_TOOLS}staged=$1 name=$2 loaded=$3
[ -n "$staged" ] && rm -f -- "$staged"/*.ko && rmdir -- "$staged"
[ -n "$name" ] || exit 0
grep -q "^$name " "$loaded" || exit 0
rmmod "$name" </dev/null
`;

/** A node of that name is there and is another device or no device. */
export const EXIT_OTHER_NODE = 79;

/** Arguments: node, major, major in hexadecimal. A node that the host made by itself is taken as it is. */
export const MAKE_NODE = `${FIND_TOOLS}node=$1 major=$2 hex=$3
if [ -e "$node" ]; then
  [ -c "$node" ] && [ "$(stat -c %t "$node")" = "$hex" ] || exit ${EXIT_OTHER_NODE}
  echo there
  exit 0
fi
mknod -m 666 "$node" c "$major" 0
`;

/** Arguments: log, trace or nothing, begin, end, node, text. The shell writes the text and a line end in one write(2). */
export const WRITE = `log=$1 trace=$2 begin=$3 end=$4 node=$5 text=$6
${MARK_BEGIN}printf '%s\\n' "$text" >"$node"
status=$?
${MARK_END}exit "$status"
`;

/** Arguments: file. */
export const SHOW = `cat -- "$1"
`;
