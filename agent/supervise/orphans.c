// SPDX-License-Identifier: MIT
/* orphans - how processes ended whose agent was gone */
#include "supervise/orphans.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"

#define RECORDS_MAX 64 /* at a time */

struct record {
	int32_t pid;
	int32_t status;
};

static size_t read_some(struct orphans *orphans)
{
	struct record records[RECORDS_MAX];
	ssize_t size = tee(orphans->watch.fd, orphans->copy[1], sizeof(records),
		SPLICE_F_NONBLOCK);
	size_t count;

	if (size < (ssize_t)sizeof(records[0]) ||
		read(orphans->copy[0], records, (size_t)size) != size)
		return 0;
	count = (size_t)size / sizeof(records[0]);
	for (size_t i = 0; i < count; i++)
		orphans->on_orphan(orphans, records[i].pid, records[i].status);
	if (read(orphans->watch.fd, records, count * sizeof(records[0])) < 0)
		return 0;
	return count;
}

void orphans_read(struct orphans *orphans)
{
	while (orphans->watch.fd >= 0 && read_some(orphans) > 0)
		;
}

static void on_ready(struct watch *watch, uint32_t events)
{
	struct orphans *orphans = container_of(watch, struct orphans, watch);

	(void)events;
	if (read_some(orphans) > 0)
		return;
	/* nobody writes there any more, or what is there are no records */
	orphans_close(orphans);
}

int orphans_open(struct orphans *orphans, struct loop *loop, int fd,
	struct error *err)
{
	int result;

	orphans->loop = loop;
	orphans->watch.on_ready = on_ready;
	orphans->watch.fd = fd;
	if (fd < 0)
		return 0;
	if (pipe2(orphans->copy, O_CLOEXEC | O_NONBLOCK) < 0)
		result = error_errno(err, "make a pipe");
	else
		result = loop_add(loop, &orphans->watch, EPOLLIN, err);
	if (result < 0)
		orphans_close(orphans);
	return result;
}

void orphans_close(struct orphans *orphans)
{
	loop_remove(orphans->loop, &orphans->watch);
	fd_close(&orphans->copy[0]);
	fd_close(&orphans->copy[1]);
}
