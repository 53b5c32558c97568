# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# zstd layers: the decoder only. For speed rather than size.
#
# source: libzstd
# deps: musl

CFLAGS="$CFLAGS -O2 -DXXH_NAMESPACE=ZSTD_ -DZSTD_LEGACY_SUPPORT=0"
mkdir -p "$OUT/include" "$OUT/lib"
archive "$OUT/lib/libzstd.a" "$SRC"/lib/common/*.c "$SRC"/lib/decompress/*.[cS]
cp "$SRC/lib/zstd.h" "$SRC/lib/zstd_errors.h" "$OUT/include/"
