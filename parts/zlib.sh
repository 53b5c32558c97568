# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# gzip'ed layers and archives. For speed rather than size.
#
# source: zlib
# deps: musl

CFLAGS="$CFLAGS -O2 -DHAVE_HIDDEN -DHAVE_UNISTD_H -DHAVE_STDARG_H"
mkdir -p "$OUT/include" "$OUT/lib"
archive "$OUT/lib/libz.a" "$SRC"/*.c
cp "$SRC/zlib.h" "$SRC/zconf.h" "$OUT/include/"
