/* SPDX-License-Identifier: MIT */
/* sysctls - the settings of the running kernel, and why they are so */
#include "sysctls.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "say.h"

/* Below /proc/sys, or a whole path. What is the kernel's default already is here when
 * somebody relies on it. */
static const struct sysctl_row {
	const char *name, *value;
} rows[] = {
	/* clang-format off */

	/* a broken kernel restarts, and a hanging one counts as broken */
	{ "kernel/panic",                          "5" },
	{ "kernel/panic_on_oops",                  "1" },
	{ "kernel/softlockup_panic",               "1" },

	/* the kernel keeps its addresses and its log to root */
	{ "kernel/kptr_restrict",                  "2" },
	{ "kernel/dmesg_restrict",                 "1" },
	{ "kernel/perf_event_paranoid",            "3" },
	{ "kernel/randomize_va_space",             "2" },
	{ "kernel/printk",                         "4" },

	/* interfaces that were the way in too often: for root only, or for
	 * nobody (io_uring: 1 leaves it to processes with CAP_SYS_ADMIN) */
	{ "kernel/unprivileged_bpf_disabled",      "1" },
	{ "net/core/bpf_jit_harden",               "2" },
	{ "vm/unprivileged_userfaultfd",           "0" },
	{ "kernel/io_uring_disabled",              "1" },
	{ "kernel/kexec_load_disabled",            "1" },
	{ "kernel/sysrq",                          "0" },
	{ "dev/tty/ldisc_autoload",                "0" },
	{ "dev/tty/legacy_tiocsti",                "0" },
	{ "kernel/yama/ptrace_scope",              "1" },
	{ "vm/mmap_min_addr",                      "65536" },

	/* links and fifos in shared folders do not trick the one who opens */
	{ "fs/protected_symlinks",                 "1" },
	{ "fs/protected_hardlinks",                "1" },
	{ "fs/protected_fifos",                    "2" },
	{ "fs/protected_regular",                  "2" },
	{ "fs/suid_dumpable",                      "0" },

	/* nobody redirects us or routes through us by surprise */
	{ "net/ipv4/conf/all/rp_filter",           "2" },
	{ "net/ipv4/conf/default/rp_filter",       "2" },
	{ "net/ipv4/conf/all/accept_redirects",    "0" },
	{ "net/ipv4/conf/default/accept_redirects", "0" },
	{ "net/ipv6/conf/all/accept_redirects",    "0" },
	{ "net/ipv6/conf/default/accept_redirects", "0" },
	{ "net/ipv4/conf/all/secure_redirects",    "0" },
	{ "net/ipv4/conf/default/secure_redirects", "0" },
	{ "net/ipv4/conf/all/send_redirects",      "0" },
	{ "net/ipv4/conf/default/send_redirects",  "0" },
	{ "net/ipv4/conf/all/accept_source_route", "0" },
	{ "net/ipv4/conf/default/accept_source_route", "0" },
	{ "net/ipv6/conf/all/accept_source_route", "0" },
	{ "net/ipv4/conf/all/log_martians",        "1" },
	{ "net/ipv4/conf/default/log_martians",    "1" },
	{ "net/ipv4/icmp_echo_ignore_broadcasts",  "1" },
	{ "net/ipv4/icmp_ignore_bogus_error_responses", "1" },
	{ "net/ipv4/tcp_syncookies",               "1" },
	{ "net/ipv4/tcp_rfc1337",                  "1" },

	/* room: many small services watch files and hold connections */
	{ "fs/inotify/max_user_instances",         "1024" },
	{ "fs/inotify/max_user_watches",           "65536" },
	{ "vm/max_map_count",                      "262144" },
	{ "net/core/somaxconn",                    "4096" },

	/* power may go at any moment: what was written reaches the disk within
	 * some 5 s, not 30, also for those who do not sync */
	{ "vm/dirty_expire_centisecs",             "300" },
	{ "vm/dirty_writeback_centisecs",          "200" },

	/* the kernel comes with one, of no use to anybody and with a name that
	 * people like; theirs is made by netd */
	{ "/sys/class/net/bonding_masters",        "-bond0" },

	/* changes of cgroups, mounts and namespaces wait for all processors;
	 * hurrying them halves the start of a container on a busy machine */
	{ "/sys/kernel/rcu_expedited",             "1" },

	/* a workload may take port 80 without being root */
	{ "net/ipv4/ip_unprivileged_port_start",   "0" },
	{ "net/ipv4/ping_group_range",             "0 2147483647" },
	/* clang-format on */
};

void sysctls_set(void)
{
	char path[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		(void)snprintf(path, sizeof(path), "%s%s",
			rows[i].name[0] == '/' ? "" : "/proc/sys/",
			rows[i].name);
		int result = file_write(path, rows[i].value);
		if (result < 0 && result != -ENOENT)
			note("setup", "set '%s' to '%s': %s", rows[i].name,
				rows[i].value, strerror(-result));
	}
}
