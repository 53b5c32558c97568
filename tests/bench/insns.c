/* SPDX-License-Identifier: MIT */
/*
 * insns - a QEMU TCG plugin that counts the instructions a guest executes.
 *
 *	-plugin libinsns.so,out=FILE[,from=HEX][,to=HEX][,stop=HEX]
 *
 * The count goes to FILE when QEMU ends. HEX are the first bytes of an
 * instruction; counted is from the last time that the guest executes that of
 * "from" to the first time after it that it executes that of "to". With "stop",
 * QEMU ends at once when the guest executes that one. A guest that ends before
 * "to" or "stop" leaves no count. So a program in the guest marks begin and end
 * of a measurement by harmless instructions, and needs neither a device nor a
 * privilege for it.
 *
 * Counted per translated block, for one virtual CPU. Debian does not package
 * qemu-plugin.h: what is needed of its version 1 (QEMU 4.2 and newer) is
 * declared here, see docs/devel/tcg-plugins in QEMU.
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum inline_op {
	INLINE_ADD_U64
};
enum cb_flags {
	CB_NO_REGS
};

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
	void (*cb)(plugin_id id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb,
	enum inline_op op, void *counter, uint64_t amount);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
	void (*cb)(unsigned int cpu, void *data), enum cb_flags flags,
	void *data);
void qemu_plugin_register_atexit_cb(plugin_id id,
	void (*cb)(plugin_id id, void *data), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc,
	char **argv);

EXPORT extern const int qemu_plugin_version;
EXPORT const int qemu_plugin_version = 1;

static uint64_t insns, first, last;
static const char *out_path;

static void report(void)
{
	FILE *out = fopen(out_path, "we");

	if (!out || fprintf(out, "%" PRIu64 "\n", last - first) < 0 ||
		fclose(out)) {
		perror(out_path);
		_exit(1);
	}
}

static void on_from(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	first = insns;
	last = 0;
}

static void on_to(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (last == 0)
		last = insns;
}

static void on_stop(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	last = insns;
	report();
	_exit(0);
}

static struct mark {
	const char *name;
	void (*on_mark)(unsigned int cpu, void *data);
	size_t size; /* 0: not wanted */
	unsigned char bytes[16];
} marks[] = {
	{ .name = "from=", .on_mark = on_from },
	{ .name = "to=", .on_mark = on_to },
	{ .name = "stop=", .on_mark = on_stop },
};
enum {
	MARKS = sizeof(marks) / sizeof(marks[0]),
	TO = 1,
	STOP = 2,
};

static void on_exit_of_qemu(plugin_id id, void *data)
{
	(void)id;
	(void)data;
	if (marks[TO].size == 0)
		last = insns;
	if (last > 0)
		report();
}

static bool is_mark(const struct qemu_plugin_insn *insn,
	const struct mark *mark)
{
	return mark->size > 0 && qemu_plugin_insn_size(insn) >= mark->size &&
	       memcmp(qemu_plugin_insn_data(insn), mark->bytes, mark->size) ==
		       0;
}

static void look_for_marks(struct qemu_plugin_insn *insn)
{
	for (size_t i = 0; i < MARKS; i++) {
		if (is_mark(insn, &marks[i]))
			qemu_plugin_register_vcpu_insn_exec_cb(insn,
				marks[i].on_mark, CB_NO_REGS, NULL);
	}
}

static void on_translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &insns,
		count);
	for (size_t i = 0; i < count; i++)
		look_for_marks(qemu_plugin_tb_get_insn(tb, i));
}

/* pairs of hex digits; false when it is something else or too long */
static bool parse_bytes(struct mark *mark, const char *hex)
{
	for (; *hex; hex += 2) {
		unsigned int byte;

		if (mark->size == sizeof(mark->bytes) ||
			sscanf(hex, "%2x", &byte) != 1 || !hex[1])
			return false;
		mark->bytes[mark->size++] = (unsigned char)byte;
	}
	return true;
}

static bool parse(const char *argument)
{
	if (strncmp(argument, "out=", 4) == 0) {
		out_path = strdup(argument + 4);
		return true;
	}
	for (size_t i = 0; i < MARKS; i++) {
		size_t length = strlen(marks[i].name);

		if (strncmp(argument, marks[i].name, length) == 0)
			return parse_bytes(&marks[i], argument + length);
	}
	return false;
}

EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info,
	int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!parse(argv[i])) {
			fprintf(stderr, "insns: bad argument '%s'\n", argv[i]);
			return -1;
		}
	}
	if (!out_path) {
		fprintf(stderr, "insns: out=FILE is missing\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	if (marks[STOP].size == 0)
		qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
