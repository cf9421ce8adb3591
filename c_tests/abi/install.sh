#!/usr/bin/env bash
# install.sh plain|staged: installs, moves the tree, and builds the README's first example against it
# through pkg-config, in each of the three ways to link. Then uninstalls, and nothing is left.
set -euo pipefail
layout=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "install.$layout: $*" >&2; exit 1; }

# Under ctest, make's own variables are those of the make that called ctest.
unset MAKEFLAGS MAKELEVEL MFLAGS
run_make() { "$MAKE" -C "$root" --no-print-directory "$@" >"$work/make.log" 2>&1 || { cat "$work/make.log" >&2; fail "make $*"; }; }

case $layout in
plain)
    stage=''
    prefix=$work/first/prefix
    where=(PREFIX="$prefix")
    lib=lib include=include
    ;;
staged)
    # A prefix that is not there, and folders as a distribution with several architectures has them.
    stage=$work/stage
    prefix=$work/absent/prefix
    lib=lib/some-arch include=include/some-arch/bytesio-0
    where=(PREFIX="$prefix" DESTDIR="$stage" LIBDIR="$prefix/$lib" INCLUDEDIR="$prefix/$include")
    ;;
*) fail "unknown layout" ;;
esac
major=${VERSION%%.*}
tree() { (cd "$1" && find . ! -type d | LC_ALL=C sort); }

run_make install "${where[@]}"
[ "$layout" = plain ] || [ ! -e "$prefix" ] || fail "$prefix was written in spite of DESTDIR"
mapfile -t adapters < <(cd "$root/include" && ls bytesio/*.h)
want=$(printf './%s\n' "$include/bytesio.h" "${adapters[@]/#/$include/}" "$lib/libbytesio.a" "$lib/libbytesio.so" \
    "$lib/libbytesio.so.$major" "$lib/libbytesio.so.$VERSION" "$lib/pkgconfig/bytesio.pc" \
    share/bytesio/bytesio.abi.json | LC_ALL=C sort)
[ "$(tree "$stage$prefix")" = "$want" ] || fail "installed: $(tree "$stage$prefix" | xargs), not: $(xargs <<<"$want")"
for link in "$lib/libbytesio.so" "$lib/libbytesio.so.$major"; do
    [ -L "$stage$prefix/$link" ] || fail "$link is not a link"
    case $(readlink "$stage$prefix/$link") in /*) fail "$link is not relative" ;; esac
done

mkdir "$work/moved"
mv "$stage$prefix" "$work/moved/here"
moved=$work/moved/here
grep -F -e "$prefix" -e "$work" -e @ "$moved/$lib/pkgconfig/bytesio.pc" && fail "bytesio.pc is not relocatable"
# Only ours may answer: a bytesio that the system has would hide a mistake.
export PKG_CONFIG_LIBDIR=$moved/$lib/pkgconfig PKG_CONFIG_PATH=''
pc() { "$PKG_CONFIG" "$@" bytesio; }
[ "$(pc --modversion)" = "$VERSION" ] || fail "bytesio.pc says $(pc --modversion)"

cmp "$root/include/bytesio.abi.json" "$(pc --variable=abi)" || fail "pkg-config's abi is not the ABI's data"

awk '/^```c$/ { inside = 1; next } /^```/ && inside { exit } inside' "$root/README.md" >"$work/example.c"
[ -s "$work/example.c" ] || fail "the README has no \`\`\`c block"
# What the README says that it prints: the first ```text block after the example.
awk '/^```c$/ { seen = 1 } /^```text$/ && seen { inside = 1; next } /^```/ && inside { exit } inside' \
    "$root/README.md" >"$work/expected"
[ -s "$work/expected" ] || fail "the README does not say what its example prints (\`\`\`text)"

warnings=(-std=c11 -Wall -Wextra -Werror)
# shellcheck disable=SC2046 # pkg-config prints options to be split
build() {
    case $1 in
    shared) "$CC" "${warnings[@]}" "$work/example.c" -o "$work/shared" $(pc --cflags --libs) ;;
    static) "$CC" "${warnings[@]}" "$work/example.c" -o "$work/static" -static $(pc --static --cflags --libs) ;;
    mixed) "$CC" "${warnings[@]}" "$work/example.c" -o "$work/mixed" $(pc --cflags) $(pc --variable=static_libs) ;;
    esac
}
# An adapter finds bytesio.h from where it is installed.
if echo '#include <zlib.h>' | "$CC" -E - >/dev/null 2>&1; then
    echo '#include <bytesio/zlib.h>' >"$work/adapter.c"
    "$CC" "${warnings[@]}" $(pc --cflags) -c "$work/adapter.c" -o "$work/adapter.o" || fail "an adapter does not compile"
fi
needs() { readelf -dW "$work/$1" | grep -c "NEEDED.*\[$2" || true; }
for way in shared static mixed; do
    build $way || fail "the example does not build ($way)"
    path=''
    [ $way != shared ] || path=$moved/$lib
    LD_LIBRARY_PATH=$path "$work/$way" >"$work/output" || fail "the example fails ($way)"
    cmp "$work/output" "$work/expected" || fail "the example prints ($way): $(cat "$work/output")"
done
[ "$(needs shared libbytesio.so.$major)" = 1 ] || fail "the shared example does not need libbytesio.so.$major"
[ "$(needs mixed libbytesio)" = 0 ] || fail "the mixed example needs a shared libbytesio"
[ "$(needs static lib)" = 0 ] || fail "the static example needs a shared library"

mkdir -p "$(dirname "$stage$prefix")"
mv "$moved" "$stage$prefix"
run_make uninstall "${where[@]}"
[ -z "$(tree "$stage$prefix")" ] || fail "left by uninstall: $(tree "$stage$prefix" | xargs)"
