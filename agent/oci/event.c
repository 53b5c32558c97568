// SPDX-License-Identifier: MIT
/* event - a line of "events" as JSON, with the names that runc gives them */
#include "oci/event.h"

#include <jansson.h>

#include "oci/pool.h"
#include "run/stats.h"

#define NS_PER_US 1000
#define PER_CENT  100.0 /* the kernel gives hundredths */

static void add(json_t *object, const char *name, json_t *value)
{
	(void)json_object_set_new(object, name, value);
}

static void add_number(json_t *object, const char *name, uint64_t value)
{
	add(object, name,
		json_integer(
			value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

static json_t *pack_waiting(const struct stats_waiting *waiting)
{
	json_t *object = json_object();

	add(object, "avg10", json_real(waiting->avg10 / PER_CENT));
	add(object, "avg60", json_real(waiting->avg60 / PER_CENT));
	add(object, "avg300", json_real(waiting->avg300 / PER_CENT));
	add_number(object, "total", waiting->total_us);
	return object;
}

static void add_pressure(json_t *object, const struct stats_pressure *pressure)
{
	json_t *psi;

	if (!pressure->is_there)
		return;
	psi = json_object();
	add(psi, "some", pack_waiting(&pressure->some));
	add(psi, "full", pack_waiting(&pressure->full));
	add(object, "psi", psi);
}

static json_t *pack_cpu(const struct stats_cpu *cpu)
{
	json_t *object = json_object();
	json_t *usage = json_object();
	json_t *throttling = json_object();

	add_number(usage, "total", cpu->usage_us * NS_PER_US);
	add_number(usage, "kernel", cpu->system_us * NS_PER_US);
	add_number(usage, "user", cpu->user_us * NS_PER_US);
	add_number(throttling, "periods", cpu->periods);
	add_number(throttling, "throttledPeriods", cpu->throttled_periods);
	add_number(throttling, "throttledTime", cpu->throttled_us * NS_PER_US);
	add(object, "usage", usage);
	add(object, "throttling", throttling);
	add_pressure(object, &cpu->pressure);
	return object;
}

static json_t *pack_amount(const struct stats_amount *amount, uint64_t failures)
{
	json_t *object = json_object();

	add_number(object, "limit", amount->limit);
	add_number(object, "usage", amount->current);
	add_number(object, "max", amount->peak);
	add_number(object, "failcnt", failures);
	return object;
}

static json_t *pack_memory(const struct stats_memory *memory)
{
	json_t *object = json_object();
	json_t *raw = json_object();
	uint64_t cache = 0;

	for (size_t i = 0; i < memory->detail_count; i++) {
		const struct stats_number *detail = &memory->details[i];

		add_number(raw, detail->name, detail->value);
	}
	cache = (uint64_t)json_integer_value(json_object_get(raw, "file"));
	add_number(object, "cache", cache);
	add(object, "usage", pack_amount(&memory->memory, memory->max_events));
	add(object, "swap", pack_amount(&memory->swap, 0));
	add(object, "kernel", json_object());
	add(object, "kernelTCP", json_object());
	add(object, "raw", raw);
	add_pressure(object, &memory->pressure);
	return object;
}

static json_t *pack_pids(const struct stats_amount *pids)
{
	json_t *object = json_object();

	add_number(object, "current", pids->current);
	if (pids->limit != STATS_NO_LIMIT)
		add_number(object, "limit", pids->limit);
	return object;
}

static void add_transfer(json_t *array, const struct stats_device *device,
	const char *what, uint64_t value)
{
	json_t *object = json_object();

	add_number(object, "major", device->major);
	add_number(object, "minor", device->minor);
	add(object, "op", json_string(what));
	add_number(object, "value", value);
	(void)json_array_append_new(array, object);
}

static json_t *pack_io(const struct stats_io *io)
{
	json_t *object = json_object();
	json_t *bytes = json_array();
	json_t *operations = json_array();

	for (size_t i = 0; i < io->device_count; i++) {
		const struct stats_device *device = &io->devices[i];

		add_transfer(bytes, device, "Read", device->read_bytes);
		add_transfer(bytes, device, "Write", device->write_bytes);
		add_transfer(bytes, device, "Discard", device->discard_bytes);
		add_transfer(operations, device, "Read", device->reads);
		add_transfer(operations, device, "Write", device->writes);
		add_transfer(operations, device, "Discard", device->discards);
	}
	add(object, "ioServiceBytesRecursive", bytes);
	add(object, "ioServicedRecursive", operations);
	add_pressure(object, &io->pressure);
	return object;
}

static json_t *pack_pages(const struct stats *stats)
{
	json_t *object = json_object();

	for (size_t i = 0; i < stats->page_count; i++)
		add(object, stats->pages[i].size,
			pack_amount(&stats->pages[i].amount,
				stats->pages[i].failures));
	return object;
}

static json_t *pack_data(const struct stats *stats)
{
	json_t *data = json_object();

	add(data, "cpu", pack_cpu(&stats->cpu));
	add(data, "cpuset", json_object());
	add(data, "memory", pack_memory(&stats->memory));
	add(data, "pids", pack_pids(&stats->pids));
	add(data, "blkio", pack_io(&stats->io));
	add(data, "hugetlb", pack_pages(stats));
	add(data, "intel_rdt", json_object());
	add(data, "network_interfaces", json_null());
	return data;
}

char *event_print(const char *id, const struct stats *stats)
{
	json_t *event = json_object();
	char *text;

	add(event, "type", json_string(stats ? "stats" : "oom"));
	add(event, "id", json_string(id));
	if (stats)
		add(event, "data", pack_data(stats));
	text = pool_print(event, JSON_COMPACT | JSON_REAL_PRECISION(6));
	json_decref(event);
	return text;
}
