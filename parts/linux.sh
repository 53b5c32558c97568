# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The kernel, whole but for its initramfs. rootfs/mkosfile puts that in: it
# copies the objects, build/, and lets the kernel's own makefiles link them
# again, for which they need the source where it was. The rest is for reading:
# config, System.map.
#
# source: linux
# tree: shared
# inputs: kernel-config/*.config kernel-config/*.bootconfig kernel-config/check kernel-config/kmake
# tools: bc bison flex perl zstd

configs=$TOP/kernel-config
case $ARCH in
x86_64) image=arch/x86/boot/bzImage ;;
arm64)  image=arch/arm64/boot/vmlinuz.efi ;;
esac

kmake()
{
	"$configs/kmake" "$ARCH" "$CROSS" "$SRC" "$OUT/build" "$@"
}

# What no fragment names is off, so this is tinyconfig and the fragments.
mkdir -p "$OUT/build" "$OUT/bin"
set -- "$configs/base.config" "$configs/container.config" \
	"$configs/vm.config" "$configs/$ARCH.config"
sed -E '/^CONFIG_/!d
	s/^([A-Za-z0-9_]+=("[^"]*"|[^[:space:]#]*)).*/\1/' "$@" >wanted
kmake -s KCONFIG_ALLCONFIG="$PWD/wanted" allnoconfig
"$configs/check" "$OUT/build/.config" "$@"
[ ! -f "$configs/$ARCH.bootconfig" ] ||
	cp "$configs/$ARCH.bootconfig" "$OUT/build/"

gcc -O1 -o "$OUT/bin/gen_init_cpio" "$SRC/usr/gen_init_cpio.c"
printf 'dir /dev 0755 0 0\n' >empty
"$OUT/bin/gen_init_cpio" -t 0 empty >"$OUT/build/initramfs.cpio"
kmake -j"$JOBS" "${image##*/}"

# Large, and made anew by the next link.
cd "$OUT/build" || exit
rm -f vmlinux vmlinux.o .tmp_vmlinux* "$image"
find arch/*/boot '(' -name 'vmlinux*' -o -name 'Image*' ')' -type f \
	-size +100k -delete
cp .config "$OUT/config"
mv System.map "$OUT/"
ln -s "$SRC" "$OUT/source"
printf 'arch=%s cross=%s image=%s\n' "$ARCH" "$CROSS" "$image" >"$OUT/target"
