// SPDX-License-Identifier: MIT
// Constant POSIX scripts that run on a host as `sh -s -- args…`; everything that varies is an argument.

export const PROC_MODULES = '/proc/modules';
export const PROC_DEVICES = '/proc/devices';
export const PROC_MISC = '/proc/misc';
export const SYS_MODULE = '/sys/module';
export const SYS_CHAR_DEVICES = '/sys/dev/char';
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

/** Arguments: a private folder to make, /proc/modules, which is printed. */
export const STAGE = `mkdir -m 700 -- "$1" && cat -- "$2"
`;

/** insmod gets the three standard descriptors, so that the module's file is its fourth. */
const NO_OTHER_DESCRIPTOR = '3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-';

/** Lists the descriptors of a shell that stands in insmod's place; in parentheses, because ash redirects in the shell before it forks. */
const LIST_DESCRIPTORS = `sh -c '(ls -l "/proc/$$/fd" 2>/dev/null); :' </dev/null ${NO_OTHER_DESCRIPTOR}`;

/** Sets `group` to what leads a process that outlives us. */
const DETACH = 'if command -v setsid >/dev/null; then group=setsid; else group=nohup; fi\n';

/** What a watchdog is called, so that it is found again: this and the session's id. */
export const WATCHDOG_NAME = 'kmodlab-watchdog-';

/**
 * Within single quotes. Arguments: seconds, module, /proc/modules, log, marker. Says in the log what came of it: the marker and
 * `removed`, `refused` or `hangs`.
 */
const WATCHDOG = `sleep "$1"
grep -q "^$2 " "$3" || exit 0
rmmod "$2" </dev/null >/dev/null 2>&1 &
removal=$!
{ sleep 10; printf "<4>%s hangs\\n" "$5" >"$4"; } &
limit=$!
if wait "$removal"; then outcome=removed; else outcome=refused; fi
kill "$limit"
printf "<4>%s %s\\n" "$5" "$outcome" >"$4"
`;

/** Ends the watchdog of `session`. A bracket keeps grep from finding itself. */
const END_WATCHDOG = `end_watchdog() {
  for file in $(grep -sl "[k]modlab-watchdog-$session" /proc/[0-9]*/cmdline); do
    file=\${file%/cmdline}
    kill -- "-\${file##*/}" 2>/dev/null || kill "\${file##*/}"
  done
}
`;

/** Less of the .ko arrived than was announced, or it could not be kept; why is on stderr. */
export const EXIT_NOT_COPIED = 81;

/**
 * Arguments: log, begin, end, /proc/modules, /proc/devices, /proc/misc, /sys/module, module, session, seconds of the watchdog or 0,
 * its marker, path of the .ko, parameters… Standard input, for which it waits: an empty line when what was loaded before it is
 * there; a line with the size of the .ko and the trace or nothing; the .ko. Where it ends before, only the folder of the .ko goes. Prints parts
 * that begin with `@ NAME`: the `descriptors` that insmod gets (`… NUMBER -> TARGET`), of {@link LIST_DESCRIPTORS}; the devices
 * `before` and `after`; nothing, when `insmod` begins; where the `sections` with code lie, each line behind the name of its file.
 */
export const INSERT = `${FIND_TOOLS}log=$1 begin=$2 end=$3 modules=$4 devices=$5 misc=$6 sys=$7 name=$8 session=$9
shift 9
seconds=$1 watchdog=$2 ko=$3
shift 3
${END_WATCHDOG}show() { echo "@ $1"; grep -s '' "$devices" "$misc"; }
echo '@ descriptors'
${LIST_DESCRIPTORS}
forget() { rm -f -- "\${ko%/*}"/*.ko; rmdir -- "\${ko%/*}"; }
read -r line || { forget; exit 0; }
show before
read -r size trace || { forget; exit 0; }
cat >"$ko" && [ "$(wc -c <"$ko")" -eq "$size" ] || { forget; exit ${EXIT_NOT_COPIED}; }
echo '@ insmod'
${MARK_BEGIN}if [ "$seconds" -gt 0 ]; then
  ${DETACH}  $group sh -c '${WATCHDOG}' "${WATCHDOG_NAME}$session" "$seconds" "$name" "$modules" "$log" "$watchdog" </dev/null >/dev/null 2>&1 &
fi
insmod "$ko" "$@" </dev/null ${NO_OTHER_DESCRIPTOR}
status=$?
forget # before anything is printed: where nobody reads any more, that ends this shell
${MARK_END}[ "$status" -eq 0 ] || [ "$seconds" -eq 0 ] || end_watchdog
show after
echo '@ sections'
[ -z "$trace" ] || grep -s '' "$sys/$name/sections"/.*text* /dev/null
exit "$status"
`;

/** Arguments: /sys/module, module. Prints where its sections with code lie, each line behind the name of its file. */
export const SECTIONS = `grep -s '' "$1/$2/sections"/.*text* /dev/null
`;

/** A dependency was not taken; what insmod said is on stderr. */
export const EXIT_DEPENDENCY = 80;

/** Arguments: log, begin, /proc/modules, then module and .ko by turns. Prints each module that it has inserted. */
export const INSERT_DEPENDENCIES = `${FIND_TOOLS}log=$1 begin=$2 modules=$3 trace=
shift 3
${MARK_BEGIN}while [ "$#" -gt 0 ]; do
  if ! grep -q "^$1 " "$modules"; then
    insmod "$2" </dev/null || exit ${EXIT_DEPENDENCY}
    echo "$1"
  fi
  shift 2
done
`;

/** Arguments: module. Prints `insmod FILE` for it and for what it needs, in loading order, from the host's /lib/modules. */
export const FIND_MODULE = `${FIND_TOOLS}modprobe --show-depends -- "$1" </dev/null
`;

/** Removes the nodes (arguments) whose device is gone; one that leads to a device that is still there stays. */
const REMOVE_DANGLING = `for node do
  [ -c "$node" ] || continue
  major=$(printf %d "0x$(stat -c %t "$node")") minor=$(printf %d "0x$(stat -c %T "$node")")
  if [ "$major" -eq 10 ]; then grep -q "^ *$minor " "$misc" && continue; else grep -q "^ *$major " "$devices" && continue; fi
  rm -f -- "$node"
done
`;

/**
 * Arguments: log, trace or nothing, begin, end, module or nothing when it is gone already, session, /proc/devices, /proc/misc,
 * number of modules that go as well, those, nodes… Prints a module that it could not remove as well.
 */
export const REMOVE = `${FIND_TOOLS}log=$1 trace=$2 begin=$3 end=$4 name=$5 session=$6 devices=$7 misc=$8 count=$9
shift 9
${END_WATCHDOG}${MARK_BEGIN}status=0
if [ -n "$name" ]; then
  rmmod "$name" </dev/null
  status=$?
fi
while [ "$count" -gt 0 ]; do
  [ "$status" -ne 0 ] || rmmod "$1" </dev/null || echo "$1"
  shift
  count=$((count - 1))
done
${MARK_END}[ "$status" -eq 0 ] || exit "$status"
end_watchdog
${REMOVE_DANGLING}exit 0
`;

/**
 * Takes back what a load that came to nothing left. Arguments: the private folder, /proc/modules, session, modules to remove…
 * Prints the line of /proc/modules of each that is still there.
 */
export const CLEAN_UP = `${FIND_TOOLS}staged=$1 modules=$2 session=$3
shift 3
${END_WATCHDOG}[ -z "$session" ] || end_watchdog
[ -z "$staged" ] || { rm -f -- "$staged"/*.ko; rmdir -- "$staged"; } 2>/dev/null
status=0
for name do
  grep -q "^$name " "$modules" || continue
  rmmod "$name" </dev/null || status=$?
  grep "^$name " "$modules"
done
exit "$status"
`;

/** Arguments: /sys/dev/char, /dev, `MAJOR:MINOR` or `MAJOR:*`… Prints the number and the node of each device that has one (DEVNAME, uevent_show() in drivers/base/core.c). */
export const NODES = `sys=$1 dev=$2
shift 2
for number do
  for device in "$sys"/$number; do
    name=$(sed -n 's/^DEVNAME=//p' "$device/uevent" 2>/dev/null)
    [ -z "$name" ] || [ ! -c "$dev/$name" ] || echo "\${device##*/} /dev/$name"
  done
done
`;

/** A node of that name is there and is another device or no device. */
export const EXIT_OTHER_NODE = 79;

/** Arguments: node, major, minor, both in hexadecimal (`MAJOR MINOR`), mode. A node that the host made by itself is taken as it is. */
export const MAKE_NODE = `${FIND_TOOLS}node=$1 major=$2 minor=$3 hex=$4 mode=$5
if [ -e "$node" ]; then
  [ -c "$node" ] && [ "$(stat -c '%t %T' "$node")" = "$hex" ] || exit ${EXIT_OTHER_NODE}
  echo there
  exit 0
fi
mknod -m "$mode" "$node" c "$major" "$minor"
`;

/** Arguments: log, trace or nothing, begin, end, node, text. The shell writes the text and a line end in one write(2). */
export const WRITE = `log=$1 trace=$2 begin=$3 end=$4 node=$5 text=$6
${MARK_BEGIN}printf '%s\\n' "$text" >"$node"
status=$?
${MARK_END}exit "$status"
`;

/** Arguments: log, trace or nothing, begin, end, node, bytes. One read(2) of the device goes to standard output. */
export const READ = `log=$1 trace=$2 begin=$3 end=$4 node=$5 bytes=$6
${MARK_BEGIN}dd if="$node" bs="$bytes" count=1 status=none
status=$?
${MARK_END}exit "$status"
`;

/** Arguments: a private folder and all that is in it. */
export const DISCARD = `rm -rf -- "$1"
`;

/** Arguments: file. */
export const SHOW = `cat -- "$1"
`;
