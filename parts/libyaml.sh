# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The YAML parser; the emitter is left out.
#
# source: libyaml
# deps: musl

CFLAGS="$CFLAGS -I$SRC/include -DYAML_DECLARE_STATIC"
CFLAGS="$CFLAGS -DYAML_VERSION_MAJOR=0 -DYAML_VERSION_MINOR=2"
CFLAGS="$CFLAGS -DYAML_VERSION_PATCH=5 -DYAML_VERSION_STRING=\"0.2.5\""
mkdir -p "$OUT/include" "$OUT/lib"
archive "$OUT/lib/libyaml.a" "$SRC/src/api.c" "$SRC/src/reader.c" \
	"$SRC/src/scanner.c" "$SRC/src/parser.c" "$SRC/src/loader.c"
cp "$SRC/include/yaml.h" "$OUT/include/"
