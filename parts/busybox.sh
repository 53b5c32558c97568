# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# busybox three times: for a release, for DEBUG=1, and for examples/hello.
#
# source: busybox
# deps: musl
# inputs: rootfs/busybox.config rootfs/busybox-debug.config rootfs/busybox-hello.config

# Every option asked for must be in the final .config: kconfig drops silently.
check()
{
	tac wanted | awk -F= '!seen[$1]++' >last
	while read -r line; do
		case $line in
		*=n) ! grep -q "^${line%n}" .config ;;
		*)   grep -qxF -e "$line" .config ;;
		esac || echo "busybox-$name: not in the final config: $line"
	done <last >missing
	cat missing
	[ ! -s missing ]
}

# one NAME FRAGMENT...: build bin/busybox-NAME from allnoconfig and fragments.
one()
{
	name=$1
	shift
	mkdir -p "$WORK/$name"
	cd "$WORK/$name" || exit 1
	make -s -f "$SRC/Makefile" KBUILD_SRC="$SRC" HOSTCC=gcc allnoconfig
	cat "$@" >fragment
	{
		echo "CONFIG_EXTRA_CFLAGS=\"$CFLAGS\""
		echo "CONFIG_EXTRA_LDFLAGS=\"$LDFLAGS\""
		grep '^CONFIG_' fragment
	} >wanted
	# The last line about an option wins.
	sed 's/=.*/=/' wanted | while read -r key; do
		sed -i "/^$key/d; s/^# ${key%=} is not set\$//" .config
	done
	cat wanted >>.config
	# oldconfig reads from a file, not a pipe: "yes" would die of SIGPIPE.
	yes '' | sed 1000q >answers
	make -s HOSTCC=gcc oldconfig <answers
	check
	make -j"$JOBS" HOSTCC=gcc CC="$CC" AR="$AR" STRIP="$STRIP" \
		SKIP_STRIP=y busybox
	"$STRIP" -o "$OUT/bin/busybox-$name" busybox
}

export KCONFIG_NOTIMESTAMP=1
mkdir -p "$OUT/bin"
config=$TOP/rootfs/busybox
one release "$config.config"
one debug "$config.config" "$config-debug.config"
one hello "$config-hello.config"
