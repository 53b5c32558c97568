# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The BIOS boot loader: share/syslinux/gptmbr.bin and bin/syslinux, which
# installs on a FAT file system in a file, without root, by calling mtools.
#
# Of the source only what these two need is built: the core, ldlinux.c32 and
# the library in it. What a newer compiler or linker than the source's wants is
# said below, instead of a patch.
#
# source: syslinux
# tools: nasm perl

cd "$SRC"
sed -i 's/^SUBDIRS = tools lib libutil.*\\$/SUBDIRS = tools lib elflink\/ldlinux/
	/^	  menu samples elflink/d
	s/^elflink\/ldlinux gpllib.*/elflink\/ldlinux: lib/' com32/Makefile
grep -qx 'SUBDIRS = tools lib elflink/ldlinux' com32/Makefile

# Tentative definitions in headers: -fno-common is the default since gcc 10.
# Control-flow marks: not for code that runs before there is a stack.
for file in mk/embedded.mk mk/elf.mk mk/lib.mk; do
	printf '\nCFLAGS += -fcommon -fcf-protection=none\n' >>"$file"
done
# Notes of the assembler have no place in a boot sector.
sed -i 's/\*(\.note\.GNU-stack)/*(.note.GNU-stack) *(.note.gnu.property)/' \
	mbr/*/mbr.ld

date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d)
unset CFLAGS LDFLAGS AR RANLIB STRIP ARFLAGS CC
make -j1 bios DATE="$date" HEXDATE="$(printf '0x%08x' "$SOURCE_DATE_EPOCH")" \
	BSUBDIRS='codepage com32 lzo core mbr' ISUBDIRS='libinstaller mtools' \
	PYTHON=python3

mkdir -p "$OUT/bin" "$OUT/share/syslinux"
cp bios/mbr/gptmbr.bin "$OUT/share/syslinux/"
strip -o "$OUT/bin/syslinux" bios/mtools/syslinux
