// SPDX-License-Identifier: MIT
/* run_mount_test - options of file systems, one by one */
#include "run/mount.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "lib/error.h"
#include "lib/fd.h"

static void test_options_of_a_tmpfs(void)
{
	static const struct {
		const char *options;
		mode_t mode;
	} rows[] = {
		{ NULL, 01777 },
		{ "", 01777 },
		{ "mode=700", 0700 },
		{ "mode=\"750\"", 0750 },
		{ ",,size=64k,mode=711,", 0711 },
		{ "mode=755,no such option", 0 },
		{ "mode=\"755,size=64k\"", 0 },
		{ "mode=\"755", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { 0 };
		struct stat status;
		auto_fd fd = mount_open("tmpfs", rows[i].options, 0, &err);

		check_row(rows[i].options);
		CHECK((fd >= 0) == (rows[i].mode != 0));
		CHECK((fd < 0) == (err.text[0] != '\0'));
		if (fd >= 0 && CHECK(fstat(fd, &status) == 0))
			CHECK((status.st_mode & 07777) == rows[i].mode);
	}
}

/* A layer whose name has a comma, as labels of SELinux have. */
static void test_a_comma_between_quotes(void)
{
	char folder[] = "/tmp/tare-mount-XXXXXX";
	char options[200];
	struct error err = { 0 };

	if (!CHECK(mkdtemp(folder) != NULL))
		return;
	auto_fd folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(fd_make_dirs(folder_fd, "a,b", 0755, &err) == 0);
	CHECK(fd_make_dirs(folder_fd, "c/it is here", 0755, &err) == 0);
	(void)snprintf(options, sizeof(options),
		"lowerdir=\"%s/a,b:%s/c\",redirect_dir=off", folder, folder);
	{
		auto_fd fd = mount_open("overlay", options, 0, &err);

		if (!CHECK(fd >= 0))
			printf("# %s\n", err.text);
		CHECK(faccessat(fd, "it is here", F_OK, 0) == 0);
	}
	CHECK(fd_remove_tree(AT_FDCWD, folder, &err) == 0);
}

int main(void)
{
	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	RUN(test_options_of_a_tmpfs);
	RUN(test_a_comma_between_quotes);
	return check_done();
}
