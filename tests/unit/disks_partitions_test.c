// SPDX-License-Identifier: MIT
/* disks_partitions_test - finding our partitions in a /sys made for it */
#include "partitions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"

static char folder[] = "/tmp/tare-sysfs-test-XXXXXX";
static char class[64];
static struct partitions found;

static void write_uevent(const char *where, const char *text)
{
	char path[192];

	(void)snprintf(path, sizeof(path), "%s/uevent", where);
	FILE *file = fopen(path, "we");
	if (!CHECK(file))
		return;
	(void)fputs(text, file);
	(void)fclose(file);
}

/* as the kernel has it: class/NAME leads to devices/DISK/NAME */
static void add(const char *disk, const char *name, const char *uevent)
{
	char real[160], link[160], target[160];

	(void)snprintf(real, sizeof(real), "%s/devices/%s", folder, disk);
	(void)mkdir(real, 0755);
	(void)snprintf(target, sizeof(target), "../devices/%s", disk);
	if (name) {
		(void)snprintf(real, sizeof(real), "%s/devices/%s/%s", folder,
			disk, name);
		(void)mkdir(real, 0755);
		(void)snprintf(target, sizeof(target), "../devices/%s/%s", disk,
			name);
	}
	(void)snprintf(link, sizeof(link), "%s/%s", class, name ? name : disk);
	CHECK(symlink(target, link) == 0 || errno == EEXIST);
	write_uevent(real, uevent);
}

static void add_labelled(const char *disk, const char *name, const char *label)
{
	char uevent[128];

	(void)snprintf(uevent, sizeof(uevent),
		"MAJOR=254\nDEVTYPE=partition\nPARTN=1\nPARTNAME=%s\n", label);
	add(disk, name, uevent);
}

static void remove_all(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)execlp("rm", "rm", "-rf", folder, NULL);
		_exit(1);
	}
	(void)waitpid(pid, NULL, 0);
}

static void start_anew(void)
{
	remove_all();
	(void)mkdir(folder, 0755);
	(void)snprintf(class, sizeof(class), "%s/devices", folder);
	(void)mkdir(class, 0755);
	(void)snprintf(class, sizeof(class), "%s/class", folder);
	(void)mkdir(class, 0755);
	partitions_sysfs = class;
}

static void test_finds_ours(void)
{
	start_anew();
	add("vda", NULL, "DEVTYPE=disk\n");
	add_labelled("vda", "vda1", "tare-a");
	add_labelled("vda", "vda3", "tare-config");
	add_labelled("vda", "vda4", "tare-data");
	add_labelled("vdb", "vdb1", "somebody-else");
	CHECK(partitions_find(&found, 0));
	CHECK(strcmp(found.disk, "vda") == 0);
	CHECK(strcmp(found.config, "vda3") == 0);
	CHECK(strcmp(found.data, "vda4") == 0);
	CHECK(!found.has_rivals);
}

static void test_none(void)
{
	start_anew();
	add("vda", NULL, "DEVTYPE=disk\n");
	add_labelled("vda", "vda1", "tare"); /* not our prefix */
	add("vdb", "vdb1", "PARTNAME");      /* no value */
	add("vdb", "vdb2", "XPARTNAME=tare-data\n");
	add("vdb", "vdb3", "");
	CHECK(!partitions_find(&found, 0));
	CHECK(!*found.disk && !*found.data && !*found.config);
	partitions_sysfs = "/nowhere";
	CHECK(!partitions_find(&found, 0));
}

/* it waits when there is nothing, and only then */
static void test_waits(void)
{
	struct timespec start, end;

	start_anew();
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	CHECK(!partitions_find(&found, 300));
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	long waited_ms = (end.tv_sec - start.tv_sec) * 1000 +
			 (end.tv_nsec - start.tv_nsec) / 1000000;
	CHECK(waited_ms >= 290 && waited_ms < 3000);
}

/* the kernel is in the midst of adding a disk: its last partition comes later */
static void test_waits_for_the_rest_of_a_disk(void)
{
	start_anew();
	add_labelled("vda", "vda1", "tare-a");
	(void)fflush(stdout);
	pid_t late = fork();
	if (late == 0) {
		const struct timespec pause_time = { .tv_nsec = 100000000 };

		(void)nanosleep(&pause_time, NULL);
		add_labelled("vda", "vda4", "tare-data");
		_exit(0);
	}
	CHECK(partitions_find(&found, 3000));
	CHECK(strcmp(found.data, "vda4") == 0);
	(void)waitpid(late, NULL, 0);
}

static void test_rivals(void)
{
	start_anew();
	add_labelled("vdb", "vdb4", "tare-data");
	add_labelled("vda", "vda4", "tare-data");
	CHECK(partitions_find(&found, 0));
	CHECK(found.has_rivals);
	CHECK(strcmp(found.data, "vda4") == 0);

	add_labelled("vdb", "vdb3", "tare-config"); /* now it has more */
	CHECK(partitions_find(&found, 0));
	CHECK(strcmp(found.data, "vdb4") == 0);
	CHECK(strcmp(found.config, "vdb3") == 0);
}

static void test_twins_on_one_disk(void)
{
	start_anew();
	add_labelled("sda", "sda10", "tare-data");
	add_labelled("sda", "sda9", "tare-data");
	CHECK(partitions_find(&found, 0));
	CHECK(strcmp(found.data, "sda9") == 0);
}

static void test_order_of_names(void)
{
	CHECK(partitions_name_precedes("vda", "vdb"));
	CHECK(partitions_name_precedes("vdz", "vdaa"));
	CHECK(!partitions_name_precedes("vda", "vda"));
	CHECK(partitions_name_precedes("vda9", "vda10"));
}

static void test_hostile_labels(void)
{
	char label[1200];

	start_anew();
	memset(label, 'x', sizeof(label) - 1);
	label[sizeof(label) - 1] = '\0';
	memcpy(label, "PARTNAME=tare-", 14);
	add("vda", "vda1", label);
	add_labelled("vda", "vda2", "tare-data/../../etc");
	CHECK(partitions_find(&found, 0)); /* counted, but not for data */
	CHECK(!*found.data);
}

static void test_disks(void)
{
	char names[4][PARTITION_NAME_MAX];

	start_anew();
	add("vda", NULL, "DEVTYPE=disk\n");
	add_labelled("vda", "vda1", "tare-a");
	add("vdb", NULL, "DEVTYPE=disk\n");
	CHECK(partitions_disks(names, 4) == 2);
	CHECK(partitions_disks(names, 1) == 1);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	unsigned int fds = fault_count_fds();
	RUN(test_finds_ours);
	RUN(test_none);
	RUN(test_waits);
	RUN(test_waits_for_the_rest_of_a_disk);
	RUN(test_rivals);
	RUN(test_twins_on_one_disk);
	RUN(test_order_of_names);
	RUN(test_hostile_labels);
	RUN(test_disks);
	CHECK(fault_count_fds() == fds);
	remove_all();
	return check_done();
}
