// SPDX-License-Identifier: MIT
/* supervise_orphans_test - how processes ended, told once it can be told */
#include "supervise/orphans.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"

static struct loop loop;
static struct orphans orphans;
static int ends[2]; /* process 1 writes into [1] */
static int told;
static pid_t last_pid;
static int last_status;
static int left_when_told; /* bytes still in the pipe */

static int bytes_left(void)
{
	int bytes = -1;

	(void)ioctl(ends[0], FIONREAD, &bytes);
	return bytes;
}

static void on_orphan(struct orphans *of, pid_t pid, int status)
{
	(void)of;
	told++;
	last_pid = pid;
	last_status = status;
	left_when_told = bytes_left();
}

static void begin_agent(void)
{
	told = 0;
	orphans = ORPHANS_NONE;
	orphans.on_orphan = on_orphan;
	CHECK(loop_open(&loop, NULL) == 0);
	CHECK(orphans_open(&orphans, &loop, fcntl(ends[0], F_DUPFD_CLOEXEC, 0),
		      NULL) == 0);
}

static void end_agent(void)
{
	orphans_close(&orphans);
	loop_close(&loop);
}

static void put(int32_t pid, int32_t status)
{
	const int32_t record[] = { pid, status };

	CHECK(write(ends[1], record, sizeof(record)) == sizeof(record));
}

static void test_told_before_taken(void)
{
	unsigned int before = fault_count_fds();

	CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	put(7, 0x300);
	begin_agent();
	orphans_read(&orphans);
	CHECK(told == 1 && last_pid == 7 && last_status == 0x300);
	CHECK(left_when_told == 8); /* an agent that dies now leaves it */
	CHECK(bytes_left() == 0);
	orphans_read(&orphans);
	CHECK(told == 1);
	for (int i = 0; i < 1000; i++)
		put(i, 9);
	orphans_read(&orphans);
	CHECK(told == 1001 && last_pid == 999 && bytes_left() == 0);
	end_agent();
	begin_agent();
	orphans_read(&orphans);
	CHECK(told == 0);
	end_agent();
	(void)close(ends[0]);
	(void)close(ends[1]);
	CHECK(fault_count_fds() == before);
}

static void test_nobody_tells(void)
{
	orphans = ORPHANS_NONE;
	CHECK(loop_open(&loop, NULL) == 0);
	CHECK(orphans_open(&orphans, &loop, -1, NULL) == 0);
	orphans_read(&orphans);
	end_agent();
}

int main(void)
{
	RUN(test_told_before_taken);
	RUN(test_nobody_tells);
	return check_done();
}
