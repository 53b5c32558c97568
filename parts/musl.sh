# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The C library, and bin/musl-gcc: the machine's compiler made to use it.
#
# source: musl
# deps: linux-headers
# inputs: parts/musl-gcc parts/musl-gcc.specs

cp -R "$SRC/." .
CC=${CROSS}gcc CROSS_COMPILE=$CROSS \
	CFLAGS="-pipe -fPIE -ffunction-sections -fdata-sections $maps" \
	LDFLAGS='' \
	./configure --target="$HOST" --prefix="$OUT" --syslibdir="$OUT/lib" \
	--disable-shared --disable-gcc-wrapper --enable-optimize=size
make -j"$JOBS"
make install

cp -R "$DEP_linux_headers/include/." "$OUT/include/"
mkdir -p "$OUT/bin"
sed "s/@CC@/${CROSS}gcc/" "$TOP/parts/musl-gcc" >"$OUT/bin/musl-gcc"
chmod 755 "$OUT/bin/musl-gcc"
cp "$TOP/parts/musl-gcc.specs" "$OUT/lib/"
