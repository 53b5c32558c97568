// SPDX-License-Identifier: MIT
/* tests of supervise/folders and launch with real layers, overlays, mounts */
#include "supervise/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "config/config.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run_fixture.h"
#include "store/store.h"
#include "supervise/folders.h"
#include "supervise/places.h"

static struct fixture fixture;
static struct places places;
static struct volume_mount volumes[2];
static struct service service;
static struct image image;
static const char *layers[1];
static const struct launch_request request = { .places = &places,
	.service = &service,
	.image = &image };
static const char *command[] = { "/bin/sh", "-c", "cat /srv/page" };

static int open_path(const char *name)
{
	return open(fixture_path(&fixture, name),
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool begin(void)
{
	if (!fixture_open(&fixture,
		    "mkdir -p layer/srv layer/proc layer/sys layer/dev data run; "
		    "echo hello >layer/srv/page; chmod 750 layer/srv; "
		    "echo nameserver 1.1.1.1 >run/resolv.conf")) {
		check_skip(fixture_missing);
		return false;
	}
	places = PLACES_NONE;
	places.data_path = fixture_path(&fixture, "data");
	places.data_fd = open_path("data");
	places.run_fd = open_path("run");
	places.memory_bytes = 1 << 30;
	layers[0] = fixture_path(&fixture, "layer");
	image = (struct image){ .digest = "sha256:one",
		.layers = layers,
		.layer_count = 1,
		.working_dir = "",
		.user = "",
		.stop_signal = "" };
	volumes[0] = (struct volume_mount){ .kind = VOLUME_NAMED,
		.source = "site",
		.target = "/srv" };
	service = (struct service){ .name = "web",
		.image = "i",
		.command = { command, 3, true },
		.volumes = volumes,
		.volume_count = 1 };
	return true;
}

static void end(void)
{
	places_close(&places);
	fixture_close(&fixture);
}

static bool data_has(const char *name)
{
	return faccessat(places.data_fd, name, F_OK, 0) == 0;
}

static void make(void)
{
	struct error err = { 0 };

	CHECK(folders_make(&places, &service, &image, &err) == 0);
	if (err.code)
		printf("# %s\n", err.text);
	CHECK(folders_are_made(&places, &service, &image));
}

static void test_folders(void)
{
	struct stat status = { 0 };

	if (!begin())
		return;
	CHECK(!folders_are_made(&places, &service, &image));
	make();
	CHECK(data_has("volumes/site/page"));
	CHECK(fstatat(places.data_fd, "volumes/site", &status, 0) == 0);
	CHECK((status.st_mode & 07777) == 0750);
	/* what a volume has is never filled again */
	CHECK(unlinkat(places.data_fd, "volumes/site/page", 0) == 0);
	make();
	CHECK(!data_has("volumes/site/page"));
	end();
}

static void test_another_image_gets_a_fresh_upper_layer(void)
{
	if (!begin())
		return;
	make();
	CHECK(fd_make_dirs(places.data_fd, "containers/web/upper/old", 0755,
		      NULL) == 0);
	make();
	CHECK(data_has("containers/web/upper/old"));
	(void)snprintf(image.digest, sizeof(image.digest), "sha256:two");
	CHECK(!folders_are_made(&places, &service, &image));
	make();
	CHECK(!data_has("containers/web/upper/old"));
	end();
}

/* A copy that the power cut left is no volume. */
static void test_half_a_volume(void)
{
	if (!begin())
		return;
	CHECK(fd_make_dirs(places.data_fd, "volumes/.new-site/half", 0755,
		      NULL) == 0);
	CHECK(!folders_are_made(&places, &service, &image));
	make();
	CHECK(data_has("volumes/site/page"));
	CHECK(!data_has("volumes/site/half"));
	CHECK(!data_has("volumes/.new-site"));
	end();
}

static void test_launch(void)
{
	static struct launch launch;
	struct error err = { 0 };
	unsigned int before;

	if (!begin())
		return;
	before = fault_count_fds();
	make();
	CHECK(launch_prepare(&request, &launch, &err) == 0);
	if (err.code)
		printf("# %s\n", err.text);
	CHECK(strcmp(launch.cgroup, "web/1") == 0);
	/* nothing of it may fill the small /run */
	CHECK(data_has("containers/web/hosts"));
	launch.spec.process.env = fixture_env;
	launch.spec.process.rlimit_count = 0; /* where we run has lower ones */
	launch.spec.resources = (struct oci_resources){ 0 };
	fixture.output[0] = '\0';
	fixture.request.spec = &launch.spec;
	CHECK(container_create(&fixture.request, &fixture.container, &err) ==
		0);
	if (err.code)
		printf("# %s\n", err.text);
	launch_clear(&launch);
	CHECK(fixture_finish(&fixture) == 0);
	CHECK(fixture_said(&fixture, "hello"));
	CHECK(container_clear(&fixture.container, fixture.workloads_fd, &err) ==
		0);
	CHECK(fault_count_fds() == before);
	end();
}

/* What is missing is said, and nothing stays open. */
static void test_what_is_missing(void)
{
	static struct launch launch;
	struct error err = { 0 };
	unsigned int before;

	if (!begin())
		return;
	make();
	before = fault_count_fds();
	volumes[1] = (struct volume_mount){ .kind = VOLUME_FILE,
		.source = "./page",
		.target = "/page" };
	service.volume_count = 2;
	CHECK(launch_prepare(&request, &launch, &err) == -ENOENT);
	CHECK(strstr(err.text, "there is no config partition"));
	service.volume_count = 1;
	service.user = "nobody-of-that-name";
	CHECK(launch_prepare(&request, &launch, &err) == -ENOENT);
	CHECK(strstr(err.text, "nobody-of-that-name"));
	CHECK(fault_count_fds() == before);
	end();
}

int main(void)
{
	fixture_enter();
	RUN(test_folders);
	RUN(test_another_image_gets_a_fresh_upper_layer);
	RUN(test_half_a_volume);
	RUN(test_launch);
	RUN(test_what_is_missing);
	return check_done();
}
