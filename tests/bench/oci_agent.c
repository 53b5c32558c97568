// SPDX-License-Identifier: MIT
/*
 * oci_agent - the agent's way to start containers, in a loop
 *
 *   oci_agent run COUNT BUNDLE CGROUP
 *	starts the container of BUNDLE, reaps and clears it, COUNT times, and
 *	prints the microseconds of each
 *   oci_agent idle COUNT BUNDLE CGROUP own|shared
 *	says "begin", waits for a line, starts COUNT that sleep, says "ready",
 *	waits for the end of standard input, and clears them; "shared" are in
 *	the network namespace of this process
 *
 * It is linked with the objects of the agent. CGROUP is a folder in cgroupfs.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "oci/document.h"
#include "run/container.h"
#include "run/oci.h"

#define COUNT_MAX 1000

static struct container containers[COUNT_MAX];

static const char *const sleeper[] = { "/bin/sleep", "1000000", NULL };

static int fail(const struct error *err)
{
	(void)fprintf(stderr, "oci_agent: %s\n", err->text);
	return 1;
}

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int start(const struct oci_spec *spec, int cgroup_fd, size_t number,
	struct error *err)
{
	char name[32];
	struct container_request request = {
		.spec = spec,
		.cgroup_root_fd = cgroup_fd,
		.cgroup = name,
		.io = CONTAINER_IO_PIPES,
	};

	(void)snprintf(name, sizeof(name), "agent-%zu", number);
	return container_create(&request, &containers[number], err);
}

/* As the agent does when the pidfd of a container becomes readable. */
static int run_once(const struct oci_spec *spec, int cgroup_fd,
	struct error *err)
{
	struct container *container = &containers[0];
	struct pollfd wait = { .events = POLLIN };
	int result = start(spec, cgroup_fd, 0, err);

	if (result < 0)
		return result;
	wait.fd = container->pid_fd;
	if (poll(&wait, 1, -1) < 0)
		return error_errno(err, "wait for the container");
	result = container_reap(container, err);
	if (result == 0)
		return container_clear(container, cgroup_fd, err);
	return result < 0 ? result
			  : error_set(err, -1, "run the container: status %d",
				    result);
}

static int run(const struct oci_spec *spec, int cgroup_fd, size_t count)
{
	struct error err;

	for (size_t i = 0; i < count; i++) {
		int64_t begin = now_us();

		if (run_once(spec, cgroup_fd, &err) < 0)
			return fail(&err);
		printf("%lld\n", (long long)(now_us() - begin));
	}
	return 0;
}

static void wait_line(void)
{
	int byte;

	do
		byte = getchar();
	while (byte != '\n' && byte != EOF);
}

static int idle(struct oci_spec *spec, int cgroup_fd, size_t count)
{
	struct error err = { .code = 0 };
	int result = 0;

	spec->process.args = sleeper;
	printf("begin\n");
	wait_line();
	for (size_t i = 0; result == 0 && i < count; i++)
		result = start(spec, cgroup_fd, i, &err);
	if (result == 0) {
		printf("ready\n");
		wait_line();
	}
	for (size_t i = 0; i < count; i++)
		(void)container_clear(&containers[i], cgroup_fd, NULL);
	return result < 0 ? fail(&err) : 0;
}

/* Four descriptors each, as the agent has them. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* a start will say it */
}

int main(int argc, char **argv)
{
	static struct arena arena;
	struct oci_spec spec;
	struct error err;
	size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	int bundle_fd = argc > 4 ? open(argv[3], O_PATH | O_CLOEXEC) : -1;
	int cgroup_fd = argc > 4 ? open(argv[4], O_RDONLY | O_CLOEXEC) : -1;

	if (bundle_fd < 0 || cgroup_fd < 0 || count < 1 || count > COUNT_MAX) {
		(void)fprintf(stderr,
			"oci_agent: see the head of its source\n");
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	raise_limit();
	for (size_t i = 0; i < COUNT_MAX; i++)
		containers[i] = CONTAINER_NONE;
	if (document_load_spec(bundle_fd, "config.json", &arena, &spec, &err) <
		0)
		return fail(&err);
	spec.bundle = argv[3];
	if (chdir(argv[3]) < 0) /* paths of the document are relative to it */
		return 2;
	if (strcmp(argv[1], "run") == 0)
		return run(&spec, cgroup_fd, count);
	if (argc > 5 && strcmp(argv[5], "shared") == 0)
		spec.namespaces[OCI_NAMESPACE_NETWORK].is_asked = false;
	return idle(&spec, cgroup_fd, count);
}
