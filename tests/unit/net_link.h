/* SPDX-License-Identifier: MIT */
/*
 * net_link - network namespaces for tests: one for the host, one for a container
 *
 * scene_begin moves the test into a network namespace of its own; container_*
 * makes another, of a child that sleeps. What there is in one of them is asked
 * of ip(8), which is not ours.
 */
#ifndef TARE_TEST_NET_LINK_H
#define TARE_TEST_NET_LINK_H

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "lib/address.h"
#include "lib/error.h"
#include "net/topology.h"
#include "run/kernel.h"

static struct error err;
static const char *missing; /* why it cannot be tested here, or NULL */
static pid_t container;
static int container_fd = -1;

/* Runs a shell text in the network namespace of pid; its exit status. */
static inline int shell_in(pid_t pid, const char *text)
{
	char path[64];
	int status = -1;
	pid_t child;

	(void)snprintf(path, sizeof(path), "--net=/proc/%d/ns/net", (int)pid);
	child = fork();
	if (child == 0) {
		(void)execl("/usr/bin/nsenter", "nsenter", path, "/bin/sh",
			"-c", text, (char *)NULL);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline bool holds_in(pid_t pid, const char *text)
{
	if (shell_in(pid, text) == 0)
		return true;
	printf("# does not hold: %s\n", text);
	(void)fflush(stdout);
	(void)shell_in(pid,
		"{ ip -br link; ip -br address; ip route; ip -6 route; } |"
		"sed 's/^/# /'");
	return false;
}

static inline bool holds(const char *text)
{
	return holds_in(getpid(), text);
}

static inline void container_begin(void)
{
	struct clone_args args = { .flags = CLONE_NEWNET,
		.exit_signal = SIGCHLD };
	char path[64];

	container = kernel_clone3(&args);
	if (container == 0) {
		for (;;)
			(void)pause();
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)container);
	container_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (container < 0 || container_fd < 0)
		abort();
}

static inline void container_end(void)
{
	(void)kill(container, SIGKILL);
	(void)waitpid(container, NULL, 0);
	(void)close(container_fd);
	container = 0;
	container_fd = -1;
}

/* Links of a network namespace, "lo" too. */
static inline int count_links(pid_t pid)
{
	char path[64];
	char line[512];
	int count = -2; /* two lines of titles */
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		count++;
	if (file)
		(void)fclose(file);
	return count;
}

static inline void scene_begin(void)
{
	if (geteuid() != 0 || access("/usr/bin/nsenter", X_OK) < 0 ||
		shell_in(getpid(), "command -v ip >/dev/null") != 0)
		missing = "needs root, nsenter and ip (iproute2)";
	else if (kernel_unshare(CLONE_NEWNET) < 0)
		missing = "may not make a network namespace";
	else if (shell_in(getpid(),
			 "ip link add tbfee1dead type bridge &&"
			 "ip link del tbfee1dead && ip link set lo up") != 0)
		missing = "the kernel has no bridges";
}

static inline struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix) < 0)
		abort();
	return prefix;
}

static inline struct address address_of(const char *text)
{
	return prefix_of(text).address;
}

static inline bool failed(const char *wanted)
{
	if (strstr(err.text, wanted))
		return true;
	printf("# wanted '%s', it is '%s'\n", wanted, err.text);
	return false;
}

#endif
