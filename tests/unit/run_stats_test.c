// SPDX-License-Identifier: MIT
/* run_stats_test - the files of a cgroup as numbers */
#include "run/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/cgroup.h"
#include "run_cgroup2.h"

static struct stats stats;
static struct error err;
static char folder[64];
static int folder_fd = -1;

static void begin(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/tare-stats-XXXXXX");
	if (!mkdtemp(folder))
		abort();
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void end(void)
{
	(void)fd_remove_tree(AT_FDCWD, folder, NULL);
	fd_close(&folder_fd);
}

static void put(const char *file, const char *content)
{
	auto_fd fd = openat(folder_fd, file,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fd_write_all(fd, content, strlen(content)) < 0)
		abort();
}

static void test_memory(void)
{
	const struct stats_memory *memory = &stats.memory;

	begin();
	put("memory.current", "4096\n");
	put("memory.peak", "8192\n");
	put("memory.max", "max\n");
	put("memory.swap.current", "1\n");
	put("memory.swap.max", "0\n");
	put("memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n"
			     "oom_group_kill 6\n");
	put("memory.stat", "anon 100\nfile 18446744073709551615\n"
			   "a_name_of_more_than_thirty_one_bytes 1\nlast 7\n");
	CHECK(stats_read(folder_fd, &stats, &err) == 0);
	CHECK(memory->memory.is_there && memory->memory.current == 4096);
	CHECK(memory->memory.peak == 8192);
	CHECK(memory->memory.limit == STATS_NO_LIMIT);
	CHECK(memory->swap.is_there && memory->swap.current == 1);
	CHECK(memory->swap.limit == 0 && memory->swap.peak == 0);
	CHECK(memory->low_events == 1 && memory->high_events == 2);
	CHECK(memory->max_events == 3 && memory->oom_events == 4);
	CHECK(memory->oom_kills == 5 && memory->oom_group_kills == 6);
	CHECK(memory->detail_count == 3);
	CHECK(strcmp(memory->details[0].name, "anon") == 0);
	CHECK(memory->details[0].value == 100);
	CHECK(memory->details[1].value == UINT64_MAX);
	CHECK(strcmp(memory->details[2].name, "last") == 0);
	CHECK(!memory->pressure.is_there);
	end();
}

static void test_cpu_pids_and_pressure(void)
{
	begin();
	put("cpu.stat", "usage_usec 10\nuser_usec 7\nsystem_usec 3\n"
			"nr_periods 4\nnr_throttled 2\nthrottled_usec 99\n"
			"nr_bursts 1\nburst_usec 5\n");
	put("cpu.pressure",
		"some avg10=12.34 avg60=0.07 avg300=100.00 total=55\n"
		"full avg10=1.00 avg60=2.00 avg300=3.00 total=44\n");
	put("pids.current", "3\n");
	put("pids.max", "10\n");
	CHECK(stats_read(folder_fd, &stats, &err) == 0);
	CHECK(stats.cpu.usage_us == 10 && stats.cpu.user_us == 7);
	CHECK(stats.cpu.system_us == 3 && stats.cpu.periods == 4);
	CHECK(stats.cpu.throttled_periods == 2);
	CHECK(stats.cpu.throttled_us == 99);
	CHECK(stats.cpu.bursts == 1 && stats.cpu.burst_us == 5);
	CHECK(stats.cpu.pressure.is_there);
	CHECK(stats.cpu.pressure.some.avg10 == 1234);
	CHECK(stats.cpu.pressure.some.avg60 == 7);
	CHECK(stats.cpu.pressure.some.avg300 == 10000);
	CHECK(stats.cpu.pressure.some.total_us == 55);
	CHECK(stats.cpu.pressure.full.avg300 == 300);
	CHECK(stats.cpu.pressure.full.total_us == 44);
	CHECK(stats.pids.current == 3 && stats.pids.limit == 10);
	CHECK(!stats.memory.memory.is_there && stats.io.device_count == 0);
	end();
}

static void test_io(void)
{
	const struct stats_device *device = &stats.io.devices[1];
	char many[8192] = "";

	begin();
	put("io.stat", "8:16 \n253:0\n"
		       "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
		       "259:7 rbytes=9 new=8\n");
	CHECK(stats_read(folder_fd, &stats, &err) == 0);
	CHECK(stats.io.device_count == 2);
	CHECK(stats.io.devices[0].major == 8 && stats.io.devices[0].minor == 0);
	CHECK(stats.io.devices[0].read_bytes == 1);
	CHECK(stats.io.devices[0].write_bytes == 2);
	CHECK(stats.io.devices[0].reads == 3 &&
		stats.io.devices[0].writes == 4);
	CHECK(stats.io.devices[0].discard_bytes == 5);
	CHECK(stats.io.devices[0].discards == 6);
	CHECK(device->major == 259 && device->minor == 7);
	CHECK(device->read_bytes == 9 && device->writes == 0);
	for (size_t i = 0; i < 100; i++)
		(void)snprintf(many + strlen(many), 64, "8:%zu rbytes=1\n", i);
	put("io.stat", many);
	CHECK(stats_read(folder_fd, &stats, &err) == 0);
	CHECK(stats.io.device_count == STATS_DEVICES_MAX);
	end();
}

static void test_huge_pages(void)
{
	begin();
	put("hugetlb.2MB.current", "2097152\n");
	put("hugetlb.2MB.rsvd.current", "1\n");
	put("hugetlb.2MB.max", "4194304\n");
	put("hugetlb.2MB.events", "max 3\n");
	CHECK(stats_read(folder_fd, &stats, &err) == 0);
	CHECK(stats.page_count == 1);
	CHECK(strcmp(stats.pages[0].size, "2MB") == 0);
	CHECK(stats.pages[0].amount.current == 2097152);
	CHECK(stats.pages[0].amount.limit == 4194304);
	CHECK(stats.pages[0].failures == 3);
	end();
}

static void test_odd_files(void)
{
	static const char *const contents[] = { "", "\n", "\n\n\n", "x", "x ",
		" ", "= =", "8:0 =", "some", "some avg10", "some avg10= total",
		"full =5", ":", "max", "-1" };
	static const char *const files[] = { "memory.current", "memory.stat",
		"memory.events", "cpu.stat", "cpu.pressure", "io.stat",
		"io.pressure", "pids.max", "hugetlb..current",
		"hugetlb.a.current" };
	unsigned int before;

	begin();
	before = fault_count_fds();
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		for (size_t j = 0; j < sizeof(files) / sizeof(files[0]); j++)
			put(files[j], contents[i]);
		CHECK(stats_read(folder_fd, &stats, &err) == 0);
	}
	CHECK(fault_count_fds() == before);
	end();
}

static void test_a_real_cgroup(void)
{
	const char *missing = cgroup2_enter();
	char name[32];
	struct stat status;

	if (missing) {
		check_skip(missing);
		return;
	}
	auto_fd root =
		open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(name, sizeof(name), "tare-stats-%d", (int)getpid());
	auto_fd fd = cgroup_make(root, name, &err);
	CHECK(stats_read(fd, &stats, &err) == 0);
	CHECK(stats.cpu.usage_us == 0 && stats.cpu.periods == 0);
	CHECK(stats.cpu.pressure.is_there ==
		(fstatat(fd, "cpu.pressure", &status, 0) == 0));
	CHECK(stats.memory.memory.is_there ==
		(fstatat(fd, "memory.current", &status, 0) == 0));
	CHECK(cgroup_remove(root, name, &err) == 0);
	CHECK(stats_read(fd, &stats, &err) < 0);
	CHECK(strstr(err.text, "what the container uses"));
}

int main(void)
{
	RUN(test_memory);
	RUN(test_cpu_pids_and_pressure);
	RUN(test_io);
	RUN(test_huge_pages);
	RUN(test_odd_files);
	RUN(test_a_real_cgroup);
	return check_done();
}
