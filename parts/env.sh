# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What every recipe gets from parts/build besides its folders. This file is an
# input of every part: a change here builds them all anew.

export LC_ALL=C TZ=UTC
umask 022

# One fixed time for whatever a part's build system stamps into its files.
export SOURCE_DATE_EPOCH=1735689600

# The folders of a build never reach the bytes of its result.
maps="-ffile-prefix-map=$SRC=/src -ffile-prefix-map=$WORK=/work"
maps="$maps -ffile-prefix-map=$OUT=/out"

# For code that ends up in the root: small, static, hardened.
CFLAGS="-Os -pipe -ffunction-sections -fdata-sections -fPIE"
CFLAGS="$CFLAGS -fstack-protector-strong -fno-asynchronous-unwind-tables"
CFLAGS="$CFLAGS $maps"
LDFLAGS="-static-pie -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--build-id=none"

AR=${CROSS}ar
RANLIB=${CROSS}ranlib
STRIP=${CROSS}strip
ARFLAGS=Drc
export maps CFLAGS LDFLAGS AR RANLIB STRIP ARFLAGS

# The name configure scripts know the target by.
case $ARCH in
x86_64) HOST=x86_64-linux-musl ;;
arm64)  HOST=aarch64-linux-musl ;;
esac
export HOST

# archive FILE.a SOURCE...: compile with CFLAGS and make a static library. For
# sources that need no configuration, this is the whole build.
archive()
{
	library=$1
	shift
	mkdir -p "$WORK/objects"
	# shellcheck disable=SC2086 # CFLAGS is a list
	(cd "$WORK/objects" && "$CC" $CFLAGS -c "$@" &&
		"$AR" Drc "$library" ./*.o)
}
