/* SPDX-License-Identifier: MIT */
/*
 * insns - a QEMU TCG plugin that counts the instructions a guest executes.
 *
 *	-plugin libinsns.so,out=FILE[,stop=HEX]
 *
 * The count goes to FILE when QEMU ends; with stop only, and then QEMU ends at
 * once, when the guest executes an instruction whose bytes start with HEX (a
 * guest that ends before that leaves no count). So a program
 * in the guest marks the end of a measurement by one harmless instruction, and
 * needs neither a device nor a privilege for it.
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

static uint64_t insns;
static const char *out_path;
static unsigned char stop[16];
static size_t stop_size;

static void report(void)
{
	FILE *out = fopen(out_path, "we");

	if (!out || fprintf(out, "%" PRIu64 "\n", insns) < 0 || fclose(out)) {
		perror(out_path);
		_exit(1);
	}
}

static void on_exit_of_qemu(plugin_id id, void *data)
{
	(void)id;
	(void)data;
	report();
}

static void on_stop(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	report();
	_exit(0);
}

static bool is_stop(const struct qemu_plugin_insn *insn)
{
	return stop_size > 0 && qemu_plugin_insn_size(insn) >= stop_size &&
	       memcmp(qemu_plugin_insn_data(insn), stop, stop_size) == 0;
}

static void on_translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &insns,
		count);
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (is_stop(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_stop,
				CB_NO_REGS, NULL);
	}
}

/* pairs of hex digits; false when it is something else or too long */
static bool parse_stop(const char *hex)
{
	for (; *hex; hex += 2) {
		unsigned int byte;

		if (stop_size == sizeof(stop) ||
			sscanf(hex, "%2x", &byte) != 1 || !hex[1])
			return false;
		stop[stop_size++] = (unsigned char)byte;
	}
	return true;
}

EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info,
	int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4) == 0) {
			out_path = strdup(argv[i] + 4);
		} else if (strncmp(argv[i], "stop=", 5) != 0 ||
			   !parse_stop(argv[i] + 5)) {
			fprintf(stderr, "insns: bad argument '%s'\n", argv[i]);
			return -1;
		}
	}
	if (!out_path) {
		fprintf(stderr, "insns: out=FILE is missing\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	if (stop_size == 0)
		qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
