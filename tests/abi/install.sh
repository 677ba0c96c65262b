#!/usr/bin/env bash
# install.sh BUILD: a program that knows only the installed tree builds and runs, found through
# pkg-config (shared and static) and through find_package; the tree may be moved after the install.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -z "${SANITIZE:-}" ] || export CFLAGS="-fsanitize=$SANITIZE" LDFLAGS="-fsanitize=$SANITIZE"

cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/prefix"
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name wherry.pc)")
libdir=$(dirname "$PKG_CONFIG_PATH")
export LD_LIBRARY_PATH=$libdir

test -f "$(find "$work/prefix" -name LICENSE)"

# shellcheck disable=SC2046,SC2086
{
  cc -std=c11 -Wall -Wextra -Werror ${CFLAGS:-} -o "$work/shared" "$here/program.c" \
    $(pkg-config --cflags --libs wherry)
  "$work/shared"
  cc -std=c11 -Wall -Wextra -Werror ${CFLAGS:-} -o "$work/static" "$here/program.c" \
    $(pkg-config --cflags wherry) "$libdir/libwherry.a" \
    $(pkg-config --libs-only-other --static wherry) -lm
  env -u LD_LIBRARY_PATH "$work/static"
}

mkdir "$work/project"
cp "$here/program.c" "$work/project"
cat >"$work/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.16)
project(program C)
find_package(Wherry 0.1 REQUIRED)
foreach(kind IN ITEMS shared static)
  add_executable(program_${kind} program.c)
  target_link_libraries(program_${kind} PRIVATE Wherry::${kind})
endforeach()
END
cmake -S "$work/project" -B "$work/project/build" -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/project/build" >/dev/null
"$work/project/build/program_shared"
"$work/project/build/program_static"

if [ -x "$build/bin/wherry" ]; then
  installed=$("$work/prefix/bin/wherry" --version)
  case $installed in
  *"$(pkg-config --modversion wherry)"*) ;;
  *) echo "wherry --version says $installed"; exit 1 ;;
  esac
fi
