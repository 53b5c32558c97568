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
	while read -r line; do
		case $line in
		"# "*) key=${line#\# } && ! grep -q "^${key%% *}=" .config ;;
		*)     grep -qxF -e "$line" .config ;;
		esac || echo "busybox-$name: not in the final config: $line"
	done <wanted >missing
	cat missing
	[ ! -s missing ]
}

# one NAME FRAGMENT...: build bin/busybox-NAME from allnoconfig and fragments;
# the last line about an option wins.
one()
{
	name=$1
	shift
	mkdir -p "$WORK/$name"
	cd "$WORK/$name" || exit 1
	make -s -f "$SRC/Makefile" KBUILD_SRC="$SRC" HOSTCC=gcc allnoconfig
	{
		echo "CONFIG_EXTRA_CFLAGS=\"$CFLAGS\""
		echo "CONFIG_EXTRA_LDFLAGS=\"$LDFLAGS\""
		cat "$@"
	} | tac | awk -F= '/^CONFIG_/ && !seen[$1]++ {
			print $2 == "n" ? "# " $1 " is not set" : $0
		}' >wanted
	awk '{ key = /^#/ ? $2 : $1; sub(/=.*/, "", key) }
		NR == FNR { asked[key] = 1; next }
		!(key in asked)' wanted .config >others
	cat others wanted >.config
	# A file, not a pipe: "yes" would die of SIGPIPE.
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
