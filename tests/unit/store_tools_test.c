// SPDX-License-Identifier: MIT
/*
 * store_tools_test - archives of other people's tools
 *
 * umoci, skopeo and buildah pack images; each is imported, and what a container
 * would see (the layers joined by overlayfs) must be the tree that umoci
 * itself unpacks. What a machine lacks is skipped, and said.
 */
#include "store/store.h"

#include <errno.h>
#include <sys/mount.h>

#include "check.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "store/import.h"
#include "store_build.h"

static char scratch[64];
static int scratch_fd = -1;
static struct store store;

static bool shell(const char *script)
{
	return build_run(script, scratch) == 0;
}

/* Three layers with what diffs between layers can have. */
static const char make_image[] =
	"cd \"$1\" && mkdir images tmp && exec > tmp/log 2>&1\n"
	"umoci init --layout base && umoci new --image base:latest\n"
	"umoci unpack --image base:latest b && cd b/rootfs\n"
	"mkdir -p bin etc/conf.d var/cache/deep/er tmp srv/gone\n"
	"head -c 300000 /bin/sh > bin/sh && chmod 4755 bin/sh\n"
	"ln bin/sh bin/dash && ln -s ../bin/sh etc/sh && mkfifo var/fifo\n"
	"for i in 1 2 3 4 5; do echo $i > etc/conf.d/$i; done\n"
	"echo a > var/cache/deep/er/a && echo b > var/cache/b\n"
	"echo x > srv/gone/x && echo name > \"etc/odd name \\\\ \" && "
	"chmod 1777 tmp && chown 33:44 var/cache && touch -d @1000000000 etc/sh "
	"bin etc/conf.d/1 && touch -h -d @1000000001 etc/sh\n"
	"long=$(printf '%0150d' 7); mkdir -p long/$long && "
	"echo long > long/$long/$long && ln -s $long long/link\n"
	"setcap cap_net_raw+ep bin/dash 2> /dev/null || :\n"
	"setfattr -n user.note -v hello etc/conf.d/2 2> /dev/null || :\n"
	"cd ../.. && umoci repack --refresh-bundle --image base:latest b\n"
	"cd b/rootfs && rm etc/conf.d/3 && rm -r srv/gone && echo new > "
	"srv/new && rm -r var/cache && mkdir var/cache && echo c > var/cache/c\n"
	"rm bin/dash && mkdir bin/dash && echo in > bin/dash/in\n"
	"chmod 700 etc && echo changed > etc/conf.d/4\n"
	"cd ../.. && umoci repack --refresh-bundle --image base:latest b\n"
	"cd b/rootfs && rm -r bin/dash && ln -s sh bin/dash && rm var/fifo && "
	"echo again > etc/conf.d/3\n"
	"cd ../.. && umoci repack --refresh-bundle --image base:latest b\n"
	"umoci config --image base:latest --config.cmd /bin/sh "
	"--config.env A=b --config.workingdir /srv\n"
	"umoci unpack --image base:latest want && mv want/rootfs rootfs\n";

/* One line per file, and the sums of all contents. */
static const char compare[] =
	"list() { (cd \"$1\" && find . \\( -type d -printf "
	"'%p %y %m %U %G %Ts\\n' \\) -o \\( -type l -printf "
	"'%p %y %U %G %l %Ts\\n' \\) -o -printf "
	"'%p %y %m %U %G %n %s %Ts\\n' | sort; "
	"find . -type f -print0 | sort -z | xargs -0 sha256sum; "
	"getfattr -Rhd -m '^(user|security)' . 2> /dev/null || :); }\n"
	"list \"$1/rootfs\" > \"$1/tmp/want\"\n"
	"list \"$1/merged\" > \"$1/tmp/have\"\n"
	"test $(wc -l < \"$1/tmp/want\") -gt 20\n"
	"diff -u \"$1/tmp/want\" \"$1/tmp/have\" | sed 's/^/# /' >&2\n"
	"cmp -s \"$1/tmp/want\" \"$1/tmp/have\"\n";

static void open_store(void)
{
	struct error err;
	char path[128];

	store_close(&store);
	(void)shell("rm -rf \"$1/store\"");
	(void)snprintf(path, sizeof(path), "%s/store", scratch);
	if (store_open(&store, path, &err) < 0)
		build_die(err.text);
	(void)snprintf(path, sizeof(path), "%s/images", scratch);
	CHECK(store_add_source(&store, path, &err) == 0);
}

/* Mounts the layers as a container would see them. */
static bool mount_layers(const struct image *image)
{
	char options[4096] = "lowerdir=";
	char merged[128];
	size_t used = strlen(options);

	for (size_t i = 0; i < image->layer_count; i++)
		used += (size_t)snprintf(options + used, sizeof(options) - used,
			"%s%s", i ? ":" : "", image->layers[i]);
	(void)snprintf(merged, sizeof(merged), "%s/merged", scratch);
	(void)mkdir(merged, 0755); /* may be there */
	return mount("overlay", merged, "overlay", MS_RDONLY, options) == 0;
}

static void check_import(const char *reference, size_t layers)
{
	auto_arena arena = { .limit_bytes = 1 << 20 };
	struct image image;
	struct error err = { .code = 0 };
	char merged[128];

	check_row(reference);
	open_store();
	if (!CHECK(import_image(&store, reference, NULL, NULL, &err) == 0)) {
		printf("# %s\n", err.text);
		return;
	}
	if (!CHECK(store_find(&store, reference, &arena, &image, &err) == 0))
		return;
	CHECK(image.layer_count == layers);
	CHECK(image.command_count == 1 &&
		strcmp(image.command[0], "/bin/sh") == 0);
	if (!mount_layers(&image)) {
		check_skip("no overlay can be mounted here");
		return;
	}
	CHECK(shell(compare));
	(void)snprintf(merged, sizeof(merged), "%s/merged", scratch);
	CHECK(umount(merged) == 0);
}

static bool has_tools(const char *script)
{
	if (shell(script))
		return true;
	check_skip("a tool is not installed");
	return false;
}

static void test_umoci_folder(void)
{
	if (!has_tools("command -v umoci > /dev/null"))
		return;
	CHECK(shell("cd \"$1\" && rm -rf images && mkdir images && "
		    "cp -r base images/web"));
	check_import("web", 3);
}

static void test_umoci_folder_in_a_tar(void)
{
	if (!has_tools("command -v umoci > /dev/null"))
		return;
	CHECK(shell("cd \"$1\" && rm -rf images && mkdir images && "
		    "tar -C base -cf images/web.tar ."));
	check_import("web", 3);
}

/* skopeo makes the archive as its first argument says. */
static void check_skopeo(const char *how, const char *reference, size_t layers)
{
	char script[512];

	if (!has_tools("command -v umoci skopeo > /dev/null"))
		return;
	(void)snprintf(script, sizeof(script),
		"cd \"$1\" && rm -rf images && mkdir images && "
		"skopeo --insecure-policy --tmpdir tmp copy -q %s > tmp/log 2>&1",
		how);
	if (!CHECK(shell(script)))
		return;
	check_import(reference, layers);
}

static void test_skopeo_oci_archive(void)
{
	check_skopeo("oci:base:latest oci-archive:images/x.tar:web:1", "web:1",
		3);
}

static void test_skopeo_oci_folder(void)
{
	check_skopeo("oci:base:latest oci:images/web:latest", "web", 3);
}

static void test_skopeo_docker_archive(void)
{
	check_skopeo("oci:base:latest docker-archive:images/x.tar:"
		     "docker.io/library/web:1",
		"web:1", 3);
}

static void test_skopeo_zstd(void)
{
	check_skopeo("--dest-compress --dest-compress-format zstd "
		     "oci:base:latest oci:images/web:latest",
		"web", 3);
	CHECK(check_skipped ||
		shell("grep -q zstd \"$1\"/images/web/blobs/*/*"));
}

static void test_skopeo_plain(void)
{
	check_skopeo("--dest-decompress oci:base:latest oci:images/web:latest",
		"web", 3);
}

/* All that buildah keeps stays in the scratch folder. */
static void test_buildah(void)
{
	if (!has_tools("command -v umoci buildah > /dev/null"))
		return;
	CHECK(shell("cd \"$1\" && rm -rf images && mkdir images && "
		    "exec > tmp/log 2>&1 && "
		    "b=\"buildah --root $1/tmp/c --runroot $1/tmp/r "
		    "--storage-driver vfs\" && c=$($b from scratch) && "
		    "$b copy $c rootfs / && "
		    "$b config --cmd '[\"/bin/sh\"]' $c && "
		    "$b commit $c web && "
		    "$b push web docker-archive:$1/images/x.tar:localhost/web:1"
		    " && $b push web oci-archive:$1/images/y.tar:web:2"));
	open_store();
	{
		struct error err = { .code = 0 };

		/* what buildah names "localhost/" is found without it */
		if (!CHECK(import_image(&store, "web:1", NULL, NULL, &err) ==
			    0) ||
			!CHECK(import_image(&store, "web:2", NULL, NULL,
				       &err) == 0))
			printf("# %s\n", err.text);
	}
	CHECK(shell("f=$(echo \"$1\"/store/layers/*/etc/conf.d/4) && "
		    "test \"$(cat $f)\" = changed"));
}

/* GNU tar's own format, with long names as it writes them. */
static void test_gnu_tar(void)
{
	static const char *const formats[] = { "gnu", "pax", "ustar" };
	struct build_image image;
	const struct build_target none = { NULL, -1 };
	char script[512];

	if (!has_tools("command -v umoci > /dev/null"))
		return;
	for (size_t i = 0; i < 3; i++) {
		struct build_target target = none;
		struct build tar = { .size = 0 };
		char path[128];
		int fd;

		/* ustar has no place for the long link's folder */
		(void)snprintf(script, sizeof(script),
			"cd \"$1\" && rm -rf images && mkdir images && "
			"tar --format=%s --sort=name --numeric-owner --xattrs "
			"--xattrs-include='*' -C rootfs -cf layer.tar %s . "
			"2> tmp/log",
			formats[i], i == 2 ? "--no-xattrs" : "");
		check_row(formats[i]);
		if (!CHECK(shell(script)))
			continue;
		(void)snprintf(path, sizeof(path), "%s/layer.tar", scratch);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		tar.size = (size_t)lseek(fd, 0, SEEK_END);
		tar.bytes = malloc(tar.size);
		if (!tar.bytes ||
			pread(fd, tar.bytes, tar.size, 0) != (ssize_t)tar.size)
			build_die("read layer.tar");
		(void)close(fd);
		image = (struct build_image){ .count = 0 };
		build_layer(&image, tar, BUILD_GZIP);
		build_documents(&image);
		tar = (struct build){ .size = 0 };
		target.tar = &tar;
		build_layout(&target, &image, "web");
		build_write(scratch_fd, "images/x.tar", tar.bytes, tar.size);
		build_clear(&tar);
		open_store();
		CHECK(import_image(&store, "web", NULL, NULL, NULL) == 0);
		/* one layer: it is the tree itself */
		CHECK(shell("rm -rf \"$1/merged\" && "
			    "mv \"$1\"/store/layers/* \"$1/merged\""));
		if (i != 2) /* ustar keeps neither xattrs nor all of times */
			CHECK(shell(compare));
		build_image_clear(&image);
	}
}

int main(void)
{
	if (geteuid() != 0) {
		printf("1..0 # SKIP owners and whiteouts need root\n");
		return 0;
	}
	scratch_fd = build_scratch(scratch);
	store.dir_fd = -1;
	if (shell("command -v umoci > /dev/null") && !shell(make_image))
		build_die("umoci cannot make an image");
	RUN(test_umoci_folder);
	RUN(test_umoci_folder_in_a_tar);
	RUN(test_skopeo_oci_archive);
	RUN(test_skopeo_oci_folder);
	RUN(test_skopeo_docker_archive);
	RUN(test_skopeo_zstd);
	RUN(test_skopeo_plain);
	RUN(test_buildah);
	RUN(test_gnu_tar);
	store_close(&store);
	build_scratch_end(scratch, scratch_fd);
	return check_done();
}
