// SPDX-License-Identifier: MIT
/* devices - which devices a container has, and which it may open */
#include "run/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ANY          UINT32_MAX
#define DEPTH_MAX    4
#define ALL          (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define CODE_MAX     160

/* Major numbers of kernel Documentation/admin-guide/devices.txt. */
enum major {
	MAJOR_MEMORY = 1,
	MAJOR_TTY_AUX = 5,
	MAJOR_PTS = 136,
};

const struct device_node devices_default[] = {
	{ "/dev/null", MAJOR_MEMORY, 3 },
	{ "/dev/zero", MAJOR_MEMORY, 5 },
	{ "/dev/full", MAJOR_MEMORY, 7 },
	{ "/dev/random", MAJOR_MEMORY, 8 },
	{ "/dev/urandom", MAJOR_MEMORY, 9 },
	{ "/dev/tty", MAJOR_TTY_AUX, 0 },
};
const size_t devices_default_count = COUNT(devices_default);

/* Docker's device rules: what is not allowed by a row is denied. */
static const struct rule {
	int16_t type;
	int16_t access;
	uint32_t major;
	uint32_t minor;
} rules[] = {
	{ BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_MKNOD, ANY, ANY },
	{ BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_MKNOD, ANY, ANY },
	{ BPF_DEVCG_DEV_CHAR, ALL, MAJOR_MEMORY, 3 },
	{ BPF_DEVCG_DEV_CHAR, ALL, MAJOR_MEMORY, 5 },
	{ BPF_DEVCG_DEV_CHAR, ALL, MAJOR_MEMORY, 7 },
	{ BPF_DEVCG_DEV_CHAR, ALL, MAJOR_MEMORY, 8 },
	{ BPF_DEVCG_DEV_CHAR, ALL, MAJOR_MEMORY, 9 },
	{ BPF_DEVCG_DEV_CHAR, ALL, MAJOR_TTY_AUX, 0 },
	{ BPF_DEVCG_DEV_CHAR, ALL, MAJOR_TTY_AUX, 1 },
	{ BPF_DEVCG_DEV_CHAR, ALL, MAJOR_TTY_AUX, 2 }, /* ptmx */
	{ BPF_DEVCG_DEV_CHAR, ALL, MAJOR_PTS, ANY },
};

/* A BPF program in the making (kernel Documentation/bpf/standardization). */
struct code {
	struct bpf_insn at[CODE_MAX];
	size_t count;
};

/* Registers: what was asked for, as struct bpf_cgroup_dev_ctx has it. */
enum reg {
	REG_RESULT = BPF_REG_0,
	REG_CONTEXT = BPF_REG_1,
	REG_ACCESS = BPF_REG_2,
	REG_TYPE = BPF_REG_3,
	REG_MAJOR = BPF_REG_4,
	REG_MINOR = BPF_REG_5,
};

static void emit(struct code *code, struct bpf_insn instruction)
{
	code->at[code->count++] = instruction;
}

static struct bpf_insn load(enum reg to, size_t offset)
{
	return (struct bpf_insn){
		.code = BPF_LDX | BPF_MEM | BPF_W,
		.dst_reg = to & 0xf,
		.src_reg = REG_CONTEXT & 0xf,
		.off = (int16_t)offset,
	};
}

static struct bpf_insn copy(enum reg to, enum reg from)
{
	return (struct bpf_insn){
		.code = BPF_ALU | BPF_MOV | BPF_X,
		.dst_reg = to & 0xf,
		.src_reg = from & 0xf,
	};
}

static struct bpf_insn change(uint8_t operation, enum reg to, int32_t value)
{
	return (struct bpf_insn){
		.code = (uint8_t)(BPF_ALU | operation | BPF_K),
		.dst_reg = to & 0xf,
		.imm = value,
	};
}

/* Skips some instructions unless reg has that value. */
static struct bpf_insn skip_unless(enum reg reg, uint32_t value, size_t skip)
{
	return (struct bpf_insn){
		.code = BPF_JMP | BPF_JNE | BPF_K,
		.dst_reg = reg & 0xf,
		.off = (int16_t)skip,
		.imm = (int32_t)value,
	};
}

static void emit_return(struct code *code, int32_t value)
{
	emit(code, change(BPF_MOV, REG_RESULT, value));
	emit(code, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* Returns 1 from the program when the rule allows what was asked for. */
static void emit_rule(struct code *code, const struct rule *rule)
{
	bool by_access = rule->access != ALL;
	bool by_major = rule->major != ANY;
	bool by_minor = rule->minor != ANY;
	size_t left = 3U * by_access + by_major + by_minor + 2;

	emit(code, skip_unless(REG_TYPE, (uint32_t)rule->type, left));
	if (by_access) {
		left -= 3;
		emit(code, copy(REG_RESULT, REG_ACCESS));
		emit(code, change(BPF_AND, REG_RESULT, ~rule->access));
		emit(code, skip_unless(REG_RESULT, 0, left));
	}
	if (by_major)
		emit(code, skip_unless(REG_MAJOR, rule->major, --left));
	if (by_minor)
		emit(code, skip_unless(REG_MINOR, rule->minor, --left));
	emit_return(code, 1);
}

static void assemble(struct code *code)
{
	emit(code, load(REG_ACCESS,
			   offsetof(struct bpf_cgroup_dev_ctx, access_type)));
	emit(code, copy(REG_TYPE, REG_ACCESS));
	emit(code, change(BPF_AND, REG_TYPE, 0xffff));
	emit(code, change(BPF_RSH, REG_ACCESS, 16));
	emit(code, load(REG_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major)));
	emit(code, load(REG_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor)));
	for (size_t i = 0; i < COUNT(rules); i++)
		emit_rule(code, &rules[i]);
	emit_return(code, 0);
}

int devices_restrict(int cgroup_dir_fd, struct error *err)
{
	static const char licence[] = "MIT";
	struct code code = { .count = 0 };
	union bpf_attr attr = { 0 };
	auto_fd program = -1;

	assemble(&code);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)code.at;
	attr.insn_cnt = (uint32_t)code.count;
	attr.license = (uint64_t)(uintptr_t)licence;
	program = kernel_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (program < 0)
		return error_errno(err, "load the rules for devices");

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_dir_fd;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (kernel_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
		return error_errno(err, "attach the rules for devices");
	return 0;
}

/* Folders of /dev that are file systems of their own or not for copying. */
static bool is_special(const char *name)
{
	static const char *const names[] = { ".", "..", "fd", "mqueue", "pts",
		"shm" };

	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static int copy_node(int dev_fd, const char *name, const struct stat *status,
	struct error *err)
{
	if (mknodat(dev_fd, name, status->st_mode, status->st_rdev) < 0)
		return errno == EEXIST ? 0
				       : error_errno(err, "make '%s'", name);
	if (fchownat(dev_fd, name, status->st_uid, status->st_gid,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "give '%s' its owner", name);
	return 0;
}

static int copy_folder(int from_fd, int to_fd, unsigned int depth,
	struct error *err);

static int copy_subfolder(int from_fd, int to_fd, const char *name,
	unsigned int depth, struct error *err)
{
	auto_fd from = openat(from_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_fd to = -1;

	if (from < 0)
		return error_errno(err, "open '%s'", name);
	if (mkdirat(to_fd, name, 0755) < 0 && errno != EEXIST)
		return error_errno(err, "make folder '%s'", name);
	to = openat(to_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return error_errno(err, "open '%s'", name);
	return copy_folder(from, to, depth + 1, err);
}

static int copy_folder(int from_fd, int to_fd, unsigned int depth,
	struct error *err)
{
	int copy_fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = copy_fd < 0 ? NULL : fdopendir(copy_fd);
	const struct dirent *entry;
	int result = 0;

	if (!dir) {
		result = error_errno(err, "list devices");
		fd_close(&copy_fd);
		return result;
	}
	while (result == 0 && (entry = readdir(dir))) {
		struct stat status;

		if (is_special(entry->d_name) ||
			fstatat(from_fd, entry->d_name, &status,
				AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* it went away meanwhile */
		if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
			result = copy_node(to_fd, entry->d_name, &status, err);
		else if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX)
			result = copy_subfolder(from_fd, to_fd, entry->d_name,
				depth, err);
	}
	return result;
}

int devices_copy_all(int host_dev_fd, int dev_fd, struct error *err)
{
	return copy_folder(host_dev_fd, dev_fd, 0, err);
}
