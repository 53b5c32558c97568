// SPDX-License-Identifier: MIT
/*
 * tests of net/survey_take: the kernel and files of this machine, and what
 * becomes of it when one of them fails
 *
 * wrap: socket recvfrom sendto openat fstat
 */
#include "net/survey.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/arena.h"
#include "lib/fd.h"
#include "lib/text.h"

FAULT_WRAP(int, socket, (int domain, int type, int protocol),
	(domain, type, protocol))
FAULT_WRAP(ssize_t, recvfrom,
	(int fd, void *data, size_t size, int flags, struct sockaddr *from,
		socklen_t *length),
	(fd, data, size, flags, from, length))
FAULT_WRAP(ssize_t, sendto,
	(int fd, const void *data, size_t size, int flags,
		const struct sockaddr *to, socklen_t length),
	(fd, data, size, flags, to, length))
FAULT_WRAP(int, fstat, (int fd, struct stat *out), (fd, out))

int __real_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat(int dir_fd, const char *path, int flags, ...)
{
	/* none of them makes a file */
	return fault_strikes() ? -1 : __real_openat(dir_fd, path, flags);
}

static char folder[] = "/tmp/tare-collect-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);

	auto_fd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
}

static void put_all(void)
{
	put("state", "version 1\nnote all is well\nend\n");
	put("ports", "version 1\n"
		     "network 0 front bridge tb0a1b2c3d out 172.18.0.0/16 -\n"
		     "port tcp - 80 web 80 172.18.0.2\n"
		     "end\n");
	put("names", "version 1\nclient 172.18.0.2 web 0 out\nend\n");
}

static bool has_problem(const struct survey *survey, const char *words)
{
	for (size_t i = 0; i < survey->problem_count; i++) {
		if (strstr(survey->problems[i], words))
			return true;
	}
	return false;
}

static void test_all(void)
{
	auto_arena arena = { 0 };
	struct survey survey;
	const struct survey_link *lo;

	put_all();
	CHECK(survey_take(&survey, folder, &arena) == 0);
	lo = survey_find_name(&survey, "lo");
	CHECK(lo && lo->mtu > 0 && !lo->is_bridge && !lo->is_port);
	CHECK(survey.note_count == 1 && survey.port_count == 1);
	CHECK(survey.endpoint_count == 1);
	CHECK(text_equal(survey.endpoints[0].network, "front"));
	CHECK(!survey.networks[0].is_there);
	/* without root there are no connections to be seen */
	CHECK(survey.problem_count == !survey.has_connections);
}

static void test_missing_files(void)
{
	auto_arena arena = { 0 };
	struct survey survey;

	put_all();
	put("ports", "version 1\n");
	CHECK(survey_take(&survey, folder, &arena) == 0);
	CHECK(has_problem(&survey, "its last line is not 'end'"));
	CHECK(survey.note_count == 1 && survey.network_count == 0);
	CHECK(survey_take(&survey, "/nonexistent", &arena) == 0);
	CHECK(has_problem(&survey, "No such file or directory"));
	CHECK(survey_find_name(&survey, "lo"));
}

static bool is_whole(const struct survey *survey)
{
	return survey_find_name(survey, "lo") && survey->note_count == 1 &&
	       survey->port_count == 1 && survey->endpoint_count == 1 &&
	       survey->has_connections;
}

/* Each failure is told, and nothing stays open. */
static void test_faults(void)
{
	unsigned int before = fault_count_fds();
	bool fired = true;

	put_all();
	for (unsigned int nth = 1; fired && nth < 200; nth++) {
		auto_arena arena = { 0 };
		struct survey survey;

		fault_arm(nth, ENOMEM);
		CHECK(survey_take(&survey, folder, &arena) == 0);
		fired = fault_fired();
		CHECK(survey.problem_count > 0 || is_whole(&survey));
		CHECK(fault_count_fds() == before);
	}
	CHECK(!fired);
}

int main(void)
{
	static const char *const names[] = { "state", "ports", "names" };
	int status;

	if (!mkdtemp(folder))
		abort();
	RUN(test_all);
	RUN(test_missing_files);
	RUN(test_faults);
	for (size_t i = 0; i < 3; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	status = check_done();
	return rmdir(folder) < 0 || status;
}
