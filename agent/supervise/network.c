// SPDX-License-Identifier: MIT
/* network - what changes in the machine's network while workloads run */
#include "supervise/network.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "supervise/addresses.h"

#define RESOLV_CONF "resolv.conf" /* written by dhcp-hook in net/ */
#define RESOLV_MAX  4096

/* True when they are others than before. */
static bool list_addresses(struct network_watch *network)
{
	char addresses[sizeof(network->addresses)];

	addresses_list(addresses, sizeof(addresses));
	if (text_equal(addresses, network->addresses))
		return false;
	(void)text_copy(network->addresses, sizeof(network->addresses),
		addresses);
	log_info("address: %s", *addresses ? addresses : "none");
	return true;
}

static void on_address_change(struct watch *watch, uint32_t events)
{
	struct network_watch *network =
		container_of(watch, struct network_watch, address_watch);

	(void)events;
	addresses_drain(watch->fd);
	if (list_addresses(network))
		network->on_change(network);
}

/*
 * Containers have our copy mounted, so it changes in place; who reads it at
 * that moment finds the old text or the new one, not an empty file.
 */
static void copy_resolv_conf(const struct network_watch *network)
{
	auto_fd fd = openat(network->run_fd, RESOLV_CONF,
		O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	auto_free char *text = NULL;
	size_t size = 0;

	/* one that is not there is an empty one */
	(void)fd_read_file(network->run_fd, "net/" RESOLV_CONF, RESOLV_MAX,
		&text, &size, NULL);
	if (fd < 0 || fd_write_all(fd, text, size) < 0 ||
		ftruncate(fd, (off_t)size) < 0)
		log_warn("write /etc/resolv.conf of the workloads: %s",
			strerror(errno));
}

/* Other files are replaced in that folder, too, each time a workload starts. */
static bool names_it(const char *events, size_t size)
{
	struct inotify_event event;
	size_t at = 0;

	while (size - at >= sizeof(event)) {
		memcpy(&event, events + at, sizeof(event));
		at += sizeof(event);
		if (event.mask & IN_Q_OVERFLOW || event.len > size - at)
			return true;
		if (event.len > 0 && text_equal(events + at, RESOLV_CONF))
			return true;
		at += event.len;
	}
	return false;
}

static void on_resolv_change(struct watch *watch, uint32_t events)
{
	char buffer[4096];
	/* what comes after this read is another event */
	ssize_t size = read(watch->fd, buffer, sizeof(buffer));

	(void)events;
	if (size > 0 && names_it(buffer, (size_t)size))
		copy_resolv_conf(container_of(watch, struct network_watch,
			resolv_watch));
}

static int watch_addresses(struct network_watch *network, struct error *err)
{
	struct watch *watch = &network->address_watch;

	watch->on_ready = on_address_change;
	watch->fd = addresses_open(err);
	if (watch->fd < 0)
		return watch->fd;
	/* an agent before has seen them come */
	(void)list_addresses(network);
	return loop_add(network->loop, watch, EPOLLIN, err);
}

static int watch_name_servers(struct network_watch *network, struct error *err)
{
	struct watch *watch = &network->resolv_watch;
	char path[32];
	int result = fd_make_dirs(network->run_fd, "net", 0755, err);

	if (result < 0)
		return result;
	watch->on_ready = on_resolv_change;
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd < 0)
		return error_errno(err, "watch for name servers");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/net",
		network->run_fd);
	if (inotify_add_watch(watch->fd, path, IN_MOVED_TO | IN_DELETE) < 0)
		return error_errno(err, "watch '%s'", path);
	copy_resolv_conf(network);
	return loop_add(network->loop, watch, EPOLLIN, err);
}

int network_open(struct network_watch *network, struct loop *loop, int run_fd,
	struct error *err)
{
	int result;

	network->loop = loop;
	network->run_fd = run_fd;
	result = watch_addresses(network, err);
	return result < 0 ? result : watch_name_servers(network, err);
}

void network_close(struct network_watch *network)
{
	loop_remove(network->loop, &network->address_watch);
	loop_remove(network->loop, &network->resolv_watch);
}
