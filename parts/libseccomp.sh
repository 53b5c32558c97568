# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Compiles the system call filter of a container.
#
# source: libseccomp
# deps: musl
# tools: gperf

"$SRC/configure" --host="$HOST" --prefix=/ --disable-shared --enable-static
make -j"$JOBS" -C include
make -j"$JOBS" -C src libseccomp.la
mkdir -p "$OUT/include" "$OUT/lib"
cp src/.libs/libseccomp.a "$OUT/lib/"
cp include/seccomp.h "$SRC/include/seccomp-syscalls.h" "$OUT/include/"
