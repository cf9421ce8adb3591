#!/usr/bin/env bash
# elf.sh LIBRARY SONAME: what the dynamic linker is told about the shared library.
set -euo pipefail
library=$1 soname=$2
failed=0
fail() { echo "$*" >&2; failed=1; }

dynamic=$(readelf -dW "$library")
found=$(sed -n 's/.*(SONAME).*\[\(.*\)\].*/\1/p' <<<"$dynamic")
[ "$found" = "$soname" ] || fail "SONAME is '$found', not '$soname'"

grep -qE '\((RPATH|RUNPATH)\)' <<<"$dynamic" && fail "the library carries a search path of its own"
grep -q '(TEXTREL)' <<<"$dynamic" && fail "the code is not position-independent"

for needed in $(sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' <<<"$dynamic"); do
    case $needed in
    libc.so.* | libgcc_s.so.* | libm.so.* | libpthread.so.* | libdl.so.* | librt.so.* | libutil.so.* | ld-linux*.so.*) ;;
    *) fail "it needs $needed, which is not part of the C system" ;;
    esac
done

stack=$(readelf -lW "$library" | awk '$1 == "GNU_STACK" { print $(NF - 1) }')
[ "$stack" = RW ] || fail "the stack is '$stack', not RW: it must not be executable"
exit $failed
