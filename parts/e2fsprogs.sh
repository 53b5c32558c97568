# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# ext4 tools. For the root: bin/e2fsprogs with links mke2fs, e2fsck, resize2fs.
# For building and testing images on the host: also bin/debugfs, bin/dumpe2fs.
#
# source: e2fsprogs
# deps: musl linux-headers
# inputs: parts/e2fsprogs-main.c

CFLAGS=$CFLAGS LDFLAGS=$LDFLAGS BUILD_CC=gcc BUILD_CFLAGS=-O1 \
	"$SRC/configure" --host="$HOST" --prefix=/usr --sysconfdir=/etc \
	--disable-nls --disable-rpath --disable-backtrace --disable-uuidd \
	--disable-fuse2fs --disable-imager --disable-defrag --disable-tdb \
	--disable-testio-debug --without-libarchive --without-pthread \
	--with-udev-rules-dir=no --with-crond-dir=no --with-systemd-unit-dir=no
make -j"$JOBS" libs
make -j"$JOBS" -C misc mke2fs dumpe2fs
make -j"$JOBS" -C e2fsck e2fsck
make -j"$JOBS" -C resize resize2fs
make -j"$JOBS" -C debugfs debugfs

# whole PROGRAM FOLDER VARIABLE: all its objects as one, of whose names only
# PROGRAM_main can be seen.
whole()
{
	# shellcheck disable=SC2016 # make expands it
	objects=$(printf 'print:\n\t@echo $(%s)\n' "$3" |
		make -s -C "$2" -f Makefile -f - print)
	# shellcheck disable=SC2086 # a list of files
	(cd "$2" && "$CC" -r -nostdlib -o "$WORK/$1.o" $objects)
	"${CROSS}objcopy" --redefine-sym "main=$1_main" \
		--keep-global-symbol="$1_main" "$1.o"
}

whole mke2fs misc MKE2FS_OBJS
whole e2fsck e2fsck OBJS
whole resize2fs resize RESIZE_OBJS
mkdir -p "$OUT/bin"
# shellcheck disable=SC2086 # lists of flags
"$CC" $CFLAGS $LDFLAGS -o e2fsprogs "$TOP/parts/e2fsprogs-main.c" \
	mke2fs.o e2fsck.o resize2fs.o lib/libsupport.a lib/libext2fs.a \
	lib/libe2p.a lib/libblkid.a lib/libuuid.a lib/libcom_err.a
"$STRIP" -o "$OUT/bin/e2fsprogs" e2fsprogs
for link in mke2fs e2fsck resize2fs; do
	ln -s e2fsprogs "$OUT/bin/$link"
done
"$STRIP" -o "$OUT/bin/debugfs" debugfs/debugfs
"$STRIP" -o "$OUT/bin/dumpe2fs" misc/dumpe2fs
