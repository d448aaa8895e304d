// SPDX-License-Identifier: MIT
import { SYMVERS_FOLDER } from './make';

/** Exit codes of {@link BUILD_SCRIPT} before make was started. */
export const EXIT_NO_FOLDER = 121;
export const EXIT_NO_SOURCES = 122;
export const EXIT_NO_MAKE = 123;

/**
 * Builds in a private folder of the host, which goes with the script however that ends; folders of builds that were killed
 * go a day later. `$1`: a word that marks our own lines, `$2`: folder of the module within the archive, `$3`: the kernel's
 * build folder, `$4`: name of the module, `$5`: what the sources' folder is called in debug information, `$6`: number of
 * Module.symvers files in the archive, `$7`: bytes of the archive, the rest: arguments of make. Standard input: the archive;
 * its end means that we, or the connection, are gone, and ends the build. make has a process group of its own, so that all it
 * started ends with it; while it does not lead that group yet it is a shell, which drops a TERM, and gets KILL. The lines of make
 * are printed as they come, then the .ko and Module.symvers as base64, each behind a line `MARK file NAME`.
 */
export const BUILD_SCRIPT = `mark=$1 module=$2 kernel=$3 name=$4 called=$5 count=$6 size=$7
shift 7
umask 077
folder= make= watch=
sweep() {
  { [ -z "$watch" ] || kill "$watch"; [ -z "$make" ] || { kill -- "-$make" || { kill -KILL "$make"; kill -- "-$make"; }; wait "$make"; }; } 2>/dev/null
  [ -z "$folder" ] || rm -rf -- "$folder"
}
trap sweep EXIT
trap 'exit 130' HUP INT TERM PIPE
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES LANGUAGE KBUILD_OUTPUT KBUILD_EXTMOD O M
LC_ALL=C
export LC_ALL
base=\${TMPDIR:-/tmp}
case $base in *[!A-Za-z0-9/._-]*) base=/tmp ;; esac
find "$base" -maxdepth 1 -type d -user "$(id -u)" -name 'kmodlab-build.*' -mtime +0 -exec rm -rf -- {} + 2>/dev/null
folder=$(mktemp -d "$base/kmodlab-build.XXXXXX") || exit ${EXIT_NO_FOLDER}
exec 3<&0
head -c "$size" | tar -x -f - -C "$folder" || exit ${EXIT_NO_SOURCES}
command -v make >/dev/null || exit ${EXIT_NO_MAKE}
command -v pahole >/dev/null || set -- CONFIG_DEBUG_INFO_BTF_MODULES= "$@"
if grep -qs '^CONFIG_CC_IS_CLANG=y' "$kernel/include/config/auto.conf"; then set -- LLVM=1 "$@"; fi
debug=
grep -qs '^CONFIG_DEBUG_INFO=y' "$kernel/include/config/auto.conf" || debug=' -g'
at=0 symbols=
while [ "$at" -lt "$count" ]; do
  symbols="$symbols $folder/${SYMVERS_FOLDER}/$at"
  at=$((at + 1))
done
[ -z "$symbols" ] || set -- "KBUILD_EXTRA_SYMBOLS=$symbols" "$@"
echo "$mark folder $folder/$module"
setsid make -C "$kernel" "M=$folder/$module" "-j$(nproc)" --output-sync=target "KCFLAGS=-ffile-prefix-map=$folder/$module=$called$debug" "$@" modules </dev/null 2>&1 3<&- &
make=$!
{ read -r rest <&3; kill -HUP "$$"; } >/dev/null 2>&1 &
watch=$!
wait "$make" || exit
make=
for file in "$name.ko" Module.symvers; do
  [ -f "$folder/$module/$file" ] || continue
  echo "$mark file $file"
  base64 <"$folder/$module/$file"
done
echo "$mark end"
`;
