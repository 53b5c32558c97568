// SPDX-License-Identifier: MIT
//
// One program for mke2fs, e2fsck and resize2fs, chosen by the name it is called
// by, so that they share one copy of their libraries in the root.
#include <stdio.h>
#include <string.h>

typedef int main_fn(int argc, char *argv[]);

main_fn mke2fs_main, e2fsck_main, resize2fs_main;

static const struct {
	const char *name;
	main_fn *main;
} programs[] = {
	{ "mke2fs", mke2fs_main },
	{ "mkfs.ext4", mke2fs_main },
	{ "e2fsck", e2fsck_main },
	{ "fsck.ext4", e2fsck_main },
	{ "resize2fs", resize2fs_main },
};

int main(int argc, char *argv[])
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (strcmp(name, programs[i].name) == 0)
			return programs[i].main(argc, argv);
	}
	fprintf(stderr, "'%s': call me mke2fs, e2fsck or resize2fs\n", name);
	return 64;
}
