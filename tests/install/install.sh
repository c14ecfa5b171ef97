#!/bin/sh
# What `make install` leaves behind serves CMake's find_package and pkg-config. usage: install.sh BUILD
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
check() { # NAME COMMAND...
    name=$1
    shift
    if "$@" >"$folder/log" 2>&1; then echo "ok $name"; else sed 's/^/# /' "$folder/log"; echo "not ok $name"; fi
}

check 'installs into a prefix' cmake --install "$1" --prefix "$folder/prefix"
check 'the installed command runs' "$folder/prefix/bin/postino" --version
awk '/^```c$/ {inside = 1; next} /^```$/ {if (inside) exit} inside' "$root/README.md" >"$folder/hello.c"
cat >"$folder/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(hello C)
find_package(Postino 0.1 REQUIRED)
add_executable(hello hello.c)
target_link_libraries(hello Postino::posix)
CMAKE
check 'find_package(Postino) finds it' cmake -S "$folder" -B "$folder/build" -DCMAKE_PREFIX_PATH="$folder/prefix"
check 'a program builds against Postino::posix' cmake --build "$folder/build"
PKG_CONFIG_PATH=$(dirname "$(find "$folder/prefix" -name postino.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
check 'a program builds by pkg-config' cc "$folder/hello.c" -o "$folder/hello" $(pkg-config --cflags --libs postino)
check 'the manual page is there' test -s "$folder/prefix/share/man/man1/postino.1"
