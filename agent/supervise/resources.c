// SPDX-License-Identifier: MIT
/* resources - what a service may use, as linux.resources of the OCI */
#include "supervise/resources.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "config/service.h"
#include "lib/arena.h"
#include "run/oci.h"
#include "supervise/nodes.h"

#define CPU_PERIOD_US 100000

/* There is no swap, so memswap_limit has nothing to limit. */
static struct oci_memory find_memory(const struct service *service,
	uint64_t machine_memory_bytes)
{
	struct oci_memory memory = { 0 };

	memory.limit = service->mem_limit_bytes > 0
			       ? OCI_NUMBER(service->mem_limit_bytes)
			       : OCI_NUMBER(machine_memory_bytes / 4 * 3);
	if (service->mem_reservation_bytes > 0)
		memory.reservation = OCI_NUMBER(service->mem_reservation_bytes);
	return memory;
}

static struct oci_cpu find_cpu(const struct service *service)
{
	struct oci_cpu cpu = { .cpus = service->cpuset };

	if (service->cpu_shares > 0)
		cpu.shares = OCI_NUMBER(service->cpu_shares);
	if (service->cpus_milli > 0) {
		cpu.period = OCI_NUMBER(CPU_PERIOD_US);
		cpu.quota =
			OCI_NUMBER(service->cpus_milli * CPU_PERIOD_US / 1000);
	} else if (service->cpu_quota_us != 0) {
		cpu.period = OCI_NUMBER(service->cpu_period_us > 0
						? service->cpu_period_us
						: CPU_PERIOD_US);
		cpu.quota = OCI_NUMBER(service->cpu_quota_us);
	}
	return cpu;
}

static struct oci_block_devices *choose_list(struct oci_block_io *io,
	enum block_limit_kind kind)
{
	switch (kind) {
	case BLOCK_WEIGHT:
		return &io->weights;
	case BLOCK_READ_BPS:
		return &io->read_bps;
	case BLOCK_READ_IOPS:
		return &io->read_iops;
	case BLOCK_WRITE_BPS:
		return &io->write_bps;
	case BLOCK_WRITE_IOPS:
		break;
	}
	return &io->write_iops;
}

static int fill_block_io(const struct service *service,
	const struct nodes *nodes, struct arena *arena,
	struct oci_block_io *out)
{
	size_t count = service->block_limit_count;

	*out = (struct oci_block_io){ 0 };
	if (service->block_weight > 0)
		out->weight = OCI_NUMBER(service->block_weight);
	if (count == 0)
		return 0;
	/* one run of items for each kind */
	for (int kind = BLOCK_WEIGHT; kind <= BLOCK_WRITE_IOPS; kind++) {
		struct oci_block_devices *list =
			choose_list(out, (enum block_limit_kind)kind);
		struct oci_block_device *items =
			arena_array(arena, count, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		for (size_t i = 0; i < count; i++) {
			const struct block_limit *limit =
				&service->block_limits[i];

			if ((int)limit->kind != kind)
				continue;
			items[list->count++] = (struct oci_block_device){
				nodes->disks[i].major,
				nodes->disks[i].minor,
				limit->value,
			};
		}
	}
	return 0;
}

/*
 * Nothing, then what the service asks for; the engine adds Docker's devices,
 * which every container has.
 */
static int fill_devices(const struct service *service,
	const struct nodes *nodes, struct arena *arena,
	struct oci_resources *out)
{
	struct oci_device_rule *rules = arena_array(arena,
		1 + nodes->count + service->device_rule_count, sizeof(*rules));
	size_t count = 0;

	if (!rules)
		return -ENOMEM;
	rules[count++] = (struct oci_device_rule){ false, 'a', -1, -1, "rwm" };
	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *node = &nodes->items[i];

		rules[count++] = (struct oci_device_rule){ true, node->type,
			node->major, node->minor, node->device->access };
	}
	for (size_t i = 0; i < service->device_rule_count; i++) {
		const struct device_rule *rule = &service->device_rules[i];

		rules[count++] = (struct oci_device_rule){ true, rule->type,
			rule->major, rule->minor, rule->access };
	}
	out->devices = rules;
	out->device_count = count;
	return 0;
}

int resources_fill(const struct service *service, const struct nodes *nodes,
	uint64_t machine_memory_bytes, struct arena *arena,
	struct oci_resources *out)
{
	int result;

	*out = (struct oci_resources){
		.memory = find_memory(service, machine_memory_bytes),
		.cpu = find_cpu(service),
		.pids_limit = OCI_NUMBER(service->pids_limit != 0
						 ? service->pids_limit
						 : RESOURCES_PIDS),
		.allows_all_devices = service->privileged,
		.kills_group = true, /* half a service is of no use */
	};
	result = fill_block_io(service, nodes, arena, &out->block_io);
	if (result == 0 && !service->privileged)
		result = fill_devices(service, nodes, arena, out);
	return result;
}

int resources_fill_process(const struct service *service, struct arena *arena,
	struct oci_process *out)
{
	struct oci_rlimit *limits =
		arena_array(arena, service->ulimit_count + 1, sizeof(*limits));
	size_t count = 0;
	bool has_files = false;

	if (!limits)
		return -ENOMEM;
	for (size_t i = 0; i < service->ulimit_count; i++) {
		const struct ulimit *limit = &service->ulimits[i];

		has_files |= limit->resource == RLIMIT_NOFILE;
		limits[count++] = (struct oci_rlimit){ limit->resource,
			limit->soft, limit->hard };
	}
	if (!has_files)
		limits[count++] = (struct oci_rlimit){ RLIMIT_NOFILE,
			RESOURCES_NOFILE_SOFT, RESOURCES_NOFILE_HARD };
	out->rlimits = limits;
	out->rlimit_count = count;
	out->oom_score_adj = OCI_NUMBER(service->oom_score_adj);
	return 0;
}
