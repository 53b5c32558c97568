# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# JSON: manifests and configs of OCI images.
#
# source: jansson
# deps: musl

# What its configure would find on musl with gcc.
sed -e 's/@json_inline@/inline/' \
	-e 's/@json_have_long_long@/1/' \
	-e 's/@json_have_localeconv@/0/' \
	-e 's/@json_have_atomic_builtins@/1/' \
	-e 's/@json_have_sync_builtins@/1/' \
	"$SRC/src/jansson_config.h.in" >jansson_config.h
if grep -n '@json' jansson_config.h; then
	echo "jansson_config.h.in has settings this recipe does not know" >&2
	exit 1
fi

for have in STDINT_H SYS_TYPES_H SYS_TIME_H UNISTD_H FCNTL_H OPEN READ CLOSE \
	GETPID GETTIMEOFDAY SCHED_YIELD; do
	echo "#define HAVE_$have 1"
done >jansson_private_config.h

CFLAGS="$CFLAGS -I$WORK -DHAVE_CONFIG_H -DUSE_URANDOM=1"
mkdir -p "$OUT/include" "$OUT/lib"
archive "$OUT/lib/libjansson.a" "$SRC"/src/*.c
cp "$SRC/src/jansson.h" jansson_config.h "$OUT/include/"
