// SPDX-License-Identifier: MIT
/* run_seccomp_cache_test - programs in files, whole or not at all */
/* wrap: seccomp_compile */
#include "run/seccomp_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/oci.h"
#include "run/seccomp.h"
#include "run/seccomp_compile.h"

static const char key[] = "not a multiple of eight";
static struct sock_filter code[] = {
	{ 0x20, 0, 0, 0 },
	{ 0x06, 0, 0, SECCOMP_RET_ALLOW },
};
static const struct sock_fprog program = { 2, code };

static struct error err;
static unsigned int compiled;
static char folder[64];
static int base_fd = -1;
static int dir_fd = -1;

int __real_seccomp_compile(const struct oci_seccomp *profile,
	struct sock_fprog *out, struct error *err);
int __wrap_seccomp_compile(const struct oci_seccomp *profile,
	struct sock_fprog *out, struct error *err);

int __wrap_seccomp_compile(const struct oci_seccomp *profile,
	struct sock_fprog *out, struct error *err_out)
{
	compiled++;
	return __real_seccomp_compile(profile, out, err_out);
}

static void begin(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/tare-seccomp-XXXXXX");
	if (!mkdtemp(folder))
		abort();
	base_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir_fd = seccomp_cache_open(base_fd, "cache", &err);
	CHECK(dir_fd >= 0);
}

static void end(void)
{
	fd_close(&dir_fd);
	fd_close(&base_fd);
	(void)fd_remove_tree(AT_FDCWD, folder, NULL);
}

/* The one file in the folder. */
static const char *only_file(void)
{
	static char name[256];
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = fdopendir(copy);
	const struct dirent *entry;
	unsigned int count = 0;

	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof(name), "%s", entry->d_name);
		count++;
	}
	CHECK(count == 1);
	return name;
}

static bool is_kept(const char *wanted, size_t size)
{
	struct sock_fprog out = { 0 };
	int result = seccomp_cache_read(dir_fd, wanted, size, &out);
	bool is_same = result == 0 && out.len == program.len &&
		       memcmp(out.filter, code, sizeof(code)) == 0;

	CHECK(is_same || result == -ENOENT);
	free(out.filter);
	return is_same;
}

static void test_what_is_written_is_read(void)
{
	begin();
	CHECK(!is_kept(key, sizeof(key)));
	seccomp_cache_write(dir_fd, key, sizeof(key), &program);
	CHECK(is_kept(key, sizeof(key)));
	CHECK(!is_kept(key, sizeof(key) - 1));
	CHECK(!is_kept("Not a multiple of eight", sizeof(key)));
	seccomp_cache_write(dir_fd, key, sizeof(key), &program);
	CHECK(is_kept(key, sizeof(key)));
	(void)only_file();
	end();
}

/* Every byte flipped, every length cut, bytes behind it. */
static void test_damage_is_seen(void)
{
	char content[256];
	ssize_t size;

	begin();
	seccomp_cache_write(dir_fd, key, sizeof(key), &program);
	auto_fd fd = openat(dir_fd, only_file(), O_RDWR | O_CLOEXEC);
	size = pread(fd, content, sizeof(content), 0);
	CHECK(size > (ssize_t)(sizeof(key) + sizeof(code)));
	for (ssize_t i = 0; i < size; i++) {
		char flipped = (char)(content[i] ^ 0x10);

		CHECK(pwrite(fd, &flipped, 1, i) == 1);
		if (!CHECK(!is_kept(key, sizeof(key))))
			printf("# byte %zd of %zd\n", i, size);
		CHECK(pwrite(fd, &content[i], 1, i) == 1);
	}
	CHECK(is_kept(key, sizeof(key)));
	for (ssize_t i = size - 1; i >= 0; i--) {
		CHECK(ftruncate(fd, i) == 0);
		CHECK(!is_kept(key, sizeof(key)));
	}
	CHECK(pwrite(fd, content, (size_t)size, 0) == size);
	CHECK(is_kept(key, sizeof(key)));
	CHECK(pwrite(fd, code, sizeof(code), size) == sizeof(code));
	CHECK(!is_kept(key, sizeof(key)));
	end();
}

/* A file of the right name but for another profile: hashes can be equal. */
static void test_the_key_counts_not_the_name(void)
{
	static const char other[] = "NOT A MULTIPLE OF EIGHT";
	char name[256];

	begin();
	seccomp_cache_write(dir_fd, key, sizeof(key), &program);
	(void)snprintf(name, sizeof(name), "%s", only_file());
	CHECK(unlinkat(dir_fd, name, 0) == 0);
	seccomp_cache_write(dir_fd, other, sizeof(other), &program);
	CHECK(renameat(dir_fd, only_file(), dir_fd, name) == 0);
	CHECK(!is_kept(key, sizeof(key)));
	end();
}

static void test_the_folder_is_ours_alone(void)
{
	auto_fd fd = -1;

	begin();
	CHECK(fchmod(dir_fd, 0770) == 0);
	CHECK(seccomp_cache_open(base_fd, "cache", &err) == -EPERM);
	CHECK(strstr(err.text, "others could write"));
	CHECK(fchmod(dir_fd, 0702) == 0);
	CHECK(seccomp_cache_open(base_fd, "cache", &err) == -EPERM);
	CHECK(fchmod(dir_fd, 0700) == 0);
	fd = seccomp_cache_open(base_fd, "cache", &err);
	CHECK(fd >= 0);
	CHECK(symlinkat("cache", base_fd, "link") == 0);
	CHECK(seccomp_cache_open(base_fd, "link", &err) < 0);
	if (geteuid() == 0) {
		CHECK(fchown(dir_fd, 1000, 0) == 0);
		CHECK(seccomp_cache_open(base_fd, "cache", &err) == -EPERM);
	}
	end();
}

static void test_a_link_is_not_read(void)
{
	char name[256];

	begin();
	seccomp_cache_write(dir_fd, key, sizeof(key), &program);
	(void)snprintf(name, sizeof(name), "%s", only_file());
	CHECK(renameat(dir_fd, name, base_fd, "file") == 0);
	CHECK(symlinkat("../file", dir_fd, name) == 0);
	CHECK(!is_kept(key, sizeof(key)));
	end();
}

/* In a process of its own, as the memory of this one would know. */
static unsigned int compiles(const struct oci_seccomp *profile, int cache_fd)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		const struct sock_fprog *out;

		compiled = 0;
		if (seccomp_program(profile, cache_fd, &out, &err) < 0 ||
			seccomp_program(profile, cache_fd, &out, &err) < 0 ||
			out->len < 3)
			_exit(100);
		_exit((int)compiled);
	}
	(void)waitpid(pid, &status, 0);
	return (unsigned int)WEXITSTATUS(status);
}

static void test_a_profile_is_compiled_once(void)
{
	static const char *const names[] = { "fchdir", "chdir", NULL };
	static const char *const none[] = { NULL };
	struct oci_seccomp_rule rule = { .names = names,
		.action = SECCOMP_RET_ERRNO };
	struct oci_seccomp profile = { .default_action = SECCOMP_RET_ALLOW,
		.rules = &rule,
		.rule_count = 1 };

	begin();
	CHECK(compiles(&profile, -1) == 1);
	CHECK(compiles(&profile, dir_fd) == 1);
	CHECK(compiles(&profile, dir_fd) == 0);
	CHECK(compiles(&profile, -1) == 1);
	auto_fd file = openat(dir_fd, only_file(), O_WRONLY | O_CLOEXEC);
	CHECK(pwrite(file, "x", 1, 60) == 1);
	CHECK(compiles(&profile, dir_fd) == 1);
	CHECK(compiles(&profile, dir_fd) == 0);
	/* flags are for the kernel, the program is the same */
	profile.flags = SECCOMP_FILTER_FLAG_LOG;
	profile.architectures = none;
	CHECK(compiles(&profile, dir_fd) == 0);
	rule.errno_ret = OCI_NUMBER(2);
	CHECK(compiles(&profile, dir_fd) == 1);
	rule.names = names + 1;
	CHECK(compiles(&profile, dir_fd) == 1);
	profile.default_action = SECCOMP_RET_LOG;
	CHECK(compiles(&profile, dir_fd) == 1);
	end();
}

static void test_there_are_never_too_many(void)
{
	char name[256];
	unsigned int count = 0;
	struct stat status;

	begin();
	for (unsigned int i = 0; i < 600; i++) {
		(void)snprintf(name, sizeof(name), "key %u", i);
		seccomp_cache_write(dir_fd, name, sizeof(name), &program);
		CHECK(is_kept(name, sizeof(name)));
	}
	for (unsigned int i = 0; i < 600; i++) {
		(void)snprintf(name, sizeof(name), "key %u", i);
		count += is_kept(name, sizeof(name));
	}
	CHECK(count > 0 && count <= 256);
	CHECK(fstat(dir_fd, &status) == 0);
	end();
}

static void test_nothing_is_left_open(void)
{
	unsigned int before = fault_count_fds();
	struct sock_fprog out = { 0 };

	begin();
	seccomp_cache_write(dir_fd, key, sizeof(key), &program);
	CHECK(seccomp_cache_read(dir_fd, key, sizeof(key), &out) == 0);
	free(out.filter);
	end();
	CHECK(fault_count_fds() == before);
}

int main(void)
{
	RUN(test_what_is_written_is_read);
	RUN(test_damage_is_seen);
	RUN(test_the_key_counts_not_the_name);
	RUN(test_the_folder_is_ours_alone);
	RUN(test_a_link_is_not_read);
	RUN(test_a_profile_is_compiled_once);
	RUN(test_there_are_never_too_many);
	RUN(test_nothing_is_left_open);
	return check_done();
}
