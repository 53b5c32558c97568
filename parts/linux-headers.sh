# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The kernel's user headers, which musl does not bring.
#
# source: linux
# tree: shared

case $ARCH in
x86_64) kernel_arch=x86 ;;
arm64)  kernel_arch=arm64 ;;
esac

make -C "$SRC" O="$WORK" ARCH="$kernel_arch" INSTALL_HDR_PATH="$OUT" \
	headers_install
find "$OUT" ! -name '*.h' ! -type d -delete
