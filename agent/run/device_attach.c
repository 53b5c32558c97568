// SPDX-License-Identifier: MIT
/* device_attach - loads device filters and gives them to cgroups */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/device_filter.h"
#include "run/kernel.h"
#include "run/oci.h"

#define LOADED_MAX   8
#define ATTACHED_MAX 64 /* linux/bpf-cgroup.h, BPF_CGROUP_MAX_PROGS */

/* Programs that this process has loaded; without code: an empty place. */
static struct loaded {
	struct bpf_insn *code;
	size_t count;
	int fd;
} loaded[LOADED_MAX];
static size_t next_place;

static int load(const struct bpf_insn *code, size_t count)
{
	static const char licence[] = "MIT";
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)code,
		.insn_cnt = (uint32_t)count,
		.license = (uint64_t)(uintptr_t)licence,
	};

	return kernel_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* A descriptor of the program, which stays ours; takes over code. */
static int load_once(struct bpf_insn *code, size_t count)
{
	struct loaded *place = &loaded[next_place];
	int fd;

	for (size_t i = 0; i < LOADED_MAX; i++) {
		if (loaded[i].code && loaded[i].count == count &&
			memcmp(loaded[i].code, code, count * sizeof(*code)) ==
				0) {
			free(code);
			return loaded[i].fd;
		}
	}
	fd = load(code, count);
	if (fd < 0) {
		free(code);
		return -errno;
	}
	if (place->code) {
		free(place->code);
		fd_close(&place->fd);
	}
	*place = (struct loaded){ .code = code, .count = count, .fd = fd };
	next_place = (next_place + 1) % LOADED_MAX;
	return fd;
}

/* Whether we are in a user namespace that does not have all users. */
static bool is_in_user_namespace(void)
{
	/* the map of the first one, user_namespaces(7) */
	static const unsigned long whole[] = { 0, 0, UINT32_MAX };
	auto_free char *map = NULL;
	char *at;

	if (fd_read_file(AT_FDCWD, "/proc/self/uid_map", 4096, &map, NULL,
		    NULL) < 0)
		return false;
	at = map;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		if (strtoul(at, &at, 10) != whole[i])
			return true;
	}
	return false;
}

/* A rule that takes away one device, or some of them, but not all. */
static bool takes_one_away(const struct oci_resources *resources)
{
	for (size_t i = 0; i < resources->device_count; i++) {
		const struct oci_device_rule *rule = &resources->devices[i];

		if (!rule->is_allowed && (rule->major >= 0 || rule->minor >= 0))
			return true;
	}
	return false;
}

/*
 * The program for these rules: a descriptor that stays ours, or -1 in *out when
 * there is to be none.
 */
static int make(const struct oci_resources *resources, int *out,
	struct error *err)
{
	struct bpf_insn *code;
	size_t count;
	int result = device_filter_assemble(resources, &code, &count, err);

	*out = -1;
	if (result < 0 || count == 0)
		return result;
	result = load_once(code, count);
	if (result == -EPERM && !takes_one_away(resources) &&
		is_in_user_namespace())
		return 0;
	if (result < 0)
		return error_set(err, result, "load the rules for devices: %s",
			strerror(-result));
	*out = result;
	return 0;
}

/* replaced_fd: a program that is there, or -1: one more. */
static int attach(int cgroup_dir_fd, int fd, int replaced_fd, struct error *err)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)cgroup_dir_fd,
		.attach_bpf_fd = (uint32_t)fd,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};

	if (replaced_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replaced_fd;
	}
	if (kernel_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
		return error_errno(err, "attach the rules for devices");
	return 0;
}

static int detach(int cgroup_dir_fd, int fd, struct error *err)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)cgroup_dir_fd,
		.attach_bpf_fd = (uint32_t)fd,
		.attach_type = BPF_CGROUP_DEVICE,
	};

	if (kernel_bpf(BPF_PROG_DETACH, &attr, sizeof(attr)) < 0)
		return error_errno(err, "detach the rules for devices");
	return 0;
}

int device_filter_apply(int cgroup_dir_fd,
	const struct oci_resources *resources, struct error *err)
{
	int fd;
	int result = make(resources, &fd, err);

	if (result < 0 || fd < 0)
		return result;
	return attach(cgroup_dir_fd, fd, -1, err);
}

/* The programs on a cgroup itself. */
struct attached {
	uint32_t ids[ATTACHED_MAX];
	size_t count;
};

static int list_attached(int cgroup_dir_fd, struct attached *out,
	struct error *err)
{
	union bpf_attr attr = { 0 };

	attr.query.target_fd = (uint32_t)cgroup_dir_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)out->ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	if (kernel_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)) < 0)
		return error_errno(err, "list the rules for devices");
	out->count = attr.query.prog_cnt;
	return 0;
}

static int open_by_id(uint32_t id, struct error *err)
{
	union bpf_attr attr = { .prog_id = id };
	int fd = kernel_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));

	return fd < 0 ? error_errno(err, "open the rules for devices") : fd;
}

static uint32_t id_of(int fd)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	return kernel_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) < 0
		       ? 0
		       : info.id;
}

/*
 * Puts program fd, or none, in place of those there are. One is exchanged; when
 * there are more, which we never do, all of them hold until the new one does.
 */
static int exchange(int cgroup_dir_fd, int fd, const struct attached *there,
	struct error *err)
{
	const uint32_t *ids = there->ids;
	size_t count = there->count;
	uint32_t new_id = fd < 0 ? 0 : id_of(fd);
	bool is_there = fd < 0;
	int result = 0;

	for (size_t i = 0; i < count; i++)
		is_there |= ids[i] == new_id;
	if (!is_there && count == 1) {
		auto_fd old = open_by_id(ids[0], err);

		return old < 0 ? old : attach(cgroup_dir_fd, fd, old, err);
	}
	if (!is_there)
		result = attach(cgroup_dir_fd, fd, -1, err);
	for (size_t i = 0; i < count && result == 0; i++) {
		auto_fd old = -1;

		if (ids[i] == new_id)
			continue;
		old = open_by_id(ids[i], err);
		result = old < 0 ? old : detach(cgroup_dir_fd, old, err);
	}
	return result;
}

int device_filter_replace(int cgroup_dir_fd,
	const struct oci_resources *resources, struct error *err)
{
	struct attached there;
	int fd;
	int result = make(resources, &fd, err);

	if (result < 0)
		return result;
	result = list_attached(cgroup_dir_fd, &there, err);
	if (result == -EPERM && fd < 0) /* nobody could have attached one */
		return 0;
	return result < 0 ? result : exchange(cgroup_dir_fd, fd, &there, err);
}
