// SPDX-License-Identifier: MIT
/*
 * tests of config: every nth allocation fails, ours and libyaml's
 *
 * wrap: calloc malloc
 *
 * ASan's leak check at the end sees what is left behind.
 */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "config/problem.h"
#include "fault.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

FAULT_WRAP_POINTER(void *, calloc, (size_t count, size_t size), (count, size))
FAULT_WRAP_POINTER(void *, malloc, (size_t size), (size))

/* libyaml calls these by name, so that a program may bring its own. */
void *yaml_malloc(size_t size);
void *yaml_realloc(void *memory, size_t size);
char *yaml_strdup(const char *text);

void *yaml_malloc(size_t size)
{
	return malloc(size ? size : 1);
}

void *yaml_realloc(void *memory, size_t size)
{
	return fault_strikes() ? NULL : realloc(memory, size ? size : 1);
}

char *yaml_strdup(const char *text)
{
	return text && !fault_strikes() ? strdup(text) : NULL;
}

#define KEY "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="

static const char text[] =
	"%YAML 1.2\n"
	"---\n"
	"x-a: &a {image: 'nginx:${TAG:-1}', labels: [a, 'b=c']}\n"
	"services:\n"
	"  web:\n"
	"    <<: *a\n"
	"    command: sh -c 'exit 0'\n"
	"    env_file: web.env\n"
	"    environment: {A: $A, B: , C: [x]}\n"
	"    ports: ['80-90', {target: 99}]\n"
	"    oops: 1\n"
	"  db:\n"
	"    <<: [*a]\n"
	"    volumes: [data:/a, './web.env:/b:ro', {type: tmpfs, target: /c}]\n"
	"    tmpfs: /run:size=1m\n"
	"    security_opt: [no-new-privileges]\n"
	"    cap_add: [ALL]\n"
	"    scale: 2\n"
	"    networks: {front: {aliases: [x]}, default: }\n"
	"    links: [web]\n"
	"    dns: [1.1.1.1]\n"
	"    extra_hosts: ['a=1.1.1.1']\n"
	"    healthcheck: {test: [CMD, x]}\n"
	"volumes: {data: , more: {}}\n"
	"networks:\n"
	"  front:\n"
	"    ipam:\n"
	"      config: [{subnet: 10.1.0.0/16, aux_addresses: {a: 10.1.0.9}}]\n"
	"host:\n"
	"  name: a.b\n"
	"  network:\n"
	"    eth0: {address: 192.0.2.1/24, routes: [{to: 10.2.0.0/16}]}\n"
	"    br0: {bridge: {members: [eth1]}}\n"
	"    wg0:\n"
	"      wireguard:\n"
	"        peers:\n"
	"          - public_key: " KEY "\n"
	"            allowed_ips: [10.3.0.0/16]\n"
	"            endpoint: 'a:1'\n"
	"            preshared_key_file: psk\n"
	"  firewall: [{port: 22-23}]\n"
	"  time: {servers: [a]}\n";

static struct problems problems;
static struct config config;

static void write_file(int folder_fd, const char *name, const char *bytes)
{
	auto_fd fd = openat(folder_fd, name,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd_write_all(fd, bytes, strlen(bytes)) == 0);
}

static int load_with_fault(const char *yaml, int folder_fd, unsigned int nth,
	bool *fired)
{
	auto_arena arena = { .limit_bytes = 4 << 20 };
	struct config_source source = { "compose.yaml", yaml, strlen(yaml),
		folder_fd };
	int result;

	memset(&problems, 0, sizeof(problems));
	fault_arm(nth, ENOMEM);
	result = config_load(&source, &arena, &config, &problems);
	*fired = fault_fired();
	return result;
}

/* Loads it again and again, until all of its allocations have failed once. */
static void fail_each(const char *yaml, int folder_fd)
{
	unsigned int fds = fault_count_fds();
	unsigned int nth = 1;
	bool fired = true;

	for (; fired && nth < 10000; nth++) {
		int result = load_with_fault(yaml, folder_fd, nth, &fired);

		CHECK(result == (fired ? -ENOMEM : -EINVAL));
		CHECK(config.service_count == 0);
		CHECK(fault_count_fds() == fds);
	}
	printf("# %u allocations\n", nth - 2);
	CHECK(nth > 20);
}

static void test_every_allocation(void)
{
	char folder[] = "/tmp/tare-config-XXXXXX";
	struct error err;

	CHECK(mkdtemp(folder) != NULL);
	auto_fd folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	write_file(folder_fd, ".env", "A=1\nTAG=\"2\"\n");
	write_file(folder_fd, "web.env", "E='x'\nF=$A\n");
	write_file(folder_fd, "psk", KEY "\n");

	fail_each(text, folder_fd);
	CHECK(problems.error_count == 2); /* oops, and C */
	CHECK(fd_remove_tree(AT_FDCWD, folder, &err) == 0);
}

/* It is read more than once then. */
static void test_tabs(void)
{
	fail_each("services:\n\ta: {image: x, ports: [1]}\n", -1);
	CHECK(problems.error_count == 1);
}

int main(void)
{
	RUN(test_every_allocation);
	RUN(test_tabs);
	return check_done();
}
