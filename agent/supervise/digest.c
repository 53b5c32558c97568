// SPDX-License-Identifier: MIT
/* digest - what a changed config means for a workload that runs */
#include "supervise/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "config/service.h"
#include "lib/hash.h"
#include "lib/text.h"

enum shape {
	SHAPE_NUMBER, /* size bytes as they are */
	SHAPE_STRING,
	SHAPE_STRINGS,
	SHAPE_SHARE,
	SHAPE_VOLUMES, /* these are lists: pointer, and count as the next row */
	SHAPE_PORTS,
	SHAPE_DEVICES,
	SHAPE_DEVICE_RULES,
	SHAPE_SYSCTLS,
	SHAPE_BLOCK_LIMITS,
	SHAPE_ULIMITS,
	SHAPE_ATTACHMENTS,
	SHAPE_ADDRESSES,
	SHAPE_EXTRA_HOSTS,
	SHAPE_LINKS,
	SHAPE_LATER, /* it has readers that see it by themselves */
	SHAPE_MARK,  /* where it stands in the file is nobody's business */
};

/* A member of an element of a list. */
struct part {
	size_t offset;
	size_t size; /* 0: a string; SIZE_MAX: strings */
};

#define NUMBER(type, name)                                        \
	{                                                         \
		offsetof(struct type, name),                      \
			sizeof(((const struct type *)NULL)->name) \
	}
#define STRING(type, name)                      \
	{                                       \
		offsetof(struct type, name), 0, \
	}

#define STRINGS(type, name)                            \
	{                                              \
		offsetof(struct type, name), SIZE_MAX, \
	}

#define LIST(type, ...)                                    \
	{                                                  \
		sizeof(struct type), (const struct part[]) \
		{                                          \
			__VA_ARGS__,                       \
			{                                  \
				SIZE_MAX, 0                \
			}                                  \
		}                                          \
	}

/* sizes of pointers are what a string's row is about */
/* NOLINTBEGIN(bugprone-sizeof-expression) */
/* clang-format off */
static const struct list {
	size_t size; /* of an element */
	const struct part *parts;
} lists[] = {
	[SHAPE_VOLUMES] = LIST(volume_mount, NUMBER(volume_mount, kind),
		STRING(volume_mount, source), STRING(volume_mount, target),
		NUMBER(volume_mount, read_only), NUMBER(volume_mount, no_copy),
		NUMBER(volume_mount, tmpfs_size_bytes),
		NUMBER(volume_mount, tmpfs_mode),
		NUMBER(volume_mount, tmpfs_uid),
		NUMBER(volume_mount, tmpfs_gid),
		NUMBER(volume_mount, tmpfs_exec)),
	[SHAPE_PORTS] = LIST(port, NUMBER(port, published),
		NUMBER(port, target), STRING(port, protocol),
		NUMBER(port, host), NUMBER(port, is_unsaid)),
	[SHAPE_DEVICES] = LIST(device, STRING(device, source),
		STRING(device, target), STRING(device, access)),
	[SHAPE_DEVICE_RULES] = LIST(device_rule, NUMBER(device_rule, type),
		NUMBER(device_rule, major), NUMBER(device_rule, minor),
		STRING(device_rule, access)),
	[SHAPE_SYSCTLS] = LIST(sysctl, STRING(sysctl, name),
		STRING(sysctl, value)),
	[SHAPE_BLOCK_LIMITS] = LIST(block_limit, NUMBER(block_limit, kind),
		STRING(block_limit, path), NUMBER(block_limit, value)),
	[SHAPE_ULIMITS] = LIST(ulimit, NUMBER(ulimit, resource),
		NUMBER(ulimit, soft), NUMBER(ulimit, hard)),
	[SHAPE_ATTACHMENTS] = LIST(attachment, STRING(attachment, network),
		STRINGS(attachment, aliases),
		NUMBER(attachment, ipv4_address),
		NUMBER(attachment, ipv6_address), NUMBER(attachment, mac),
		NUMBER(attachment, priority), NUMBER(attachment, gw_priority),
		STRING(attachment, interface_name)),
	[SHAPE_ADDRESSES] = LIST(address, NUMBER(address, family),
		NUMBER(address, bytes)),
	[SHAPE_EXTRA_HOSTS] = LIST(extra_host, STRING(extra_host, name),
		NUMBER(extra_host, address)),
	[SHAPE_LINKS] = LIST(service_link, STRING(service_link, service),
		STRING(service_link, alias)),
};

#define ROW(field, shape, kind) { \
	#field, DIGEST_##kind, SHAPE_##shape, offsetof(struct service, field), \
	sizeof(((const struct service *)NULL)->field) }

static const struct row {
	const char *name;
	enum digest_kind kind;
	enum shape shape;
	size_t offset;
	size_t size;
} rows[] = {
	ROW(name, STRING, NOTHING), /* who is compared has the same */
	ROW(image, STRING, RECREATE),
	ROW(entrypoint, STRINGS, RECREATE),
	ROW(command, STRINGS, RECREATE),
	ROW(environment, STRINGS, RECREATE),
	ROW(working_dir, STRING, RECREATE),
	ROW(user, STRING, RECREATE),
	ROW(hostname, STRING, RECREATE),
	ROW(restart, NUMBER, NOTHING),
	ROW(restart_max, NUMBER, NOTHING),
	ROW(volumes, VOLUMES, RECREATE),
	ROW(volume_count, NUMBER, RECREATE),
	ROW(ports, PORTS, NOTHING), /* rules of the machine */
	ROW(port_count, NUMBER, NOTHING),
	ROW(read_only, NUMBER, RECREATE),
	ROW(healthcheck, LATER, NOTHING),
	ROW(has_init, NUMBER, RECREATE),
	ROW(has_terminal, NUMBER, RECREATE),
	ROW(keeps_stdin_open, NUMBER, RECREATE),
	ROW(group_add, STRINGS, RECREATE),

	ROW(privileged, NUMBER, RECREATE),
	ROW(has_host_users, NUMBER, RECREATE),
	ROW(users_of, STRING, RECREATE),
	ROW(pid, SHARE, RECREATE),
	ROW(ipc, SHARE, RECREATE),
	ROW(is_shm_shared, NUMBER, RECREATE),
	ROW(has_host_uts, NUMBER, RECREATE),
	ROW(has_host_cgroup, NUMBER, RECREATE),
	ROW(cgroup_parent, STRING, RECREATE),
	ROW(no_new_privileges, NUMBER, RECREATE),
	ROW(shows_system_paths, NUMBER, RECREATE),
	ROW(is_seccomp_off, NUMBER, RECREATE),
	ROW(seccomp_file, STRING, RECREATE),
	ROW(cap_add, STRINGS, RECREATE),
	ROW(cap_drop, STRINGS, RECREATE),
	ROW(devices, DEVICES, RECREATE),
	ROW(device_count, NUMBER, RECREATE),
	ROW(device_rules, DEVICE_RULES, RECREATE),
	ROW(device_rule_count, NUMBER, RECREATE),
	ROW(sysctls, SYSCTLS, RECREATE),
	ROW(sysctl_count, NUMBER, RECREATE),

	ROW(mem_limit_bytes, NUMBER, LIVE),
	ROW(mem_reservation_bytes, NUMBER, LIVE),
	ROW(memswap_limit_bytes, NUMBER, LIVE),
	ROW(shm_size_bytes, NUMBER, RECREATE),
	ROW(cpus_milli, NUMBER, LIVE),
	ROW(cpu_shares, NUMBER, LIVE),
	ROW(cpu_quota_us, NUMBER, LIVE),
	ROW(cpu_period_us, NUMBER, LIVE),
	ROW(cpuset, STRING, LIVE),
	ROW(pids_limit, NUMBER, LIVE),
	ROW(block_weight, NUMBER, LIVE),
	ROW(block_limits, BLOCK_LIMITS, LIVE),
	ROW(block_limit_count, NUMBER, LIVE),
	ROW(ulimits, ULIMITS, RECREATE),
	ROW(ulimit_count, NUMBER, RECREATE),
	ROW(oom_score_adj, NUMBER, RECREATE),

	ROW(stop_signal, NUMBER, NOTHING),
	ROW(stop_grace_ms, NUMBER, NOTHING),
	ROW(depends_on, STRINGS, NOTHING),
	ROW(depends_conditions, LATER, NOTHING),
	ROW(labels, STRINGS, NOTHING),
	ROW(mark, MARK, NOTHING),

	ROW(base, STRING, NOTHING),
	ROW(replica, NUMBER, NOTHING),
	ROW(replica_count, NUMBER, NOTHING),
	ROW(has_virtual_address, NUMBER, NOTHING),
	ROW(network_mode, NUMBER, RECREATE),
	ROW(network_of, STRING, RECREATE),
	/* its links, which change while it runs; see tether.h */
	ROW(attachments, ATTACHMENTS, NOTHING),
	ROW(attachment_count, NUMBER, NOTHING),
	/* these become files of its /etc */
	ROW(dns, ADDRESSES, RECREATE),
	ROW(dns_count, NUMBER, RECREATE),
	ROW(dns_search, STRINGS, RECREATE),
	ROW(dns_opt, STRINGS, RECREATE),
	ROW(extra_hosts, EXTRA_HOSTS, RECREATE),
	ROW(extra_host_count, NUMBER, RECREATE),
	ROW(links, LINKS, NOTHING), /* names that the name server knows */
	ROW(link_count, NUMBER, NOTHING),
	ROW(expose, STRINGS, NOTHING),
	ROW(network_mark, MARK, NOTHING),
};
/* clang-format on */
/* NOLINTEND(bugprone-sizeof-expression) */

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static uint64_t hash_string_at(uint64_t hash, const void *at)
{
	const char *string;

	memcpy(&string, at, sizeof(string));
	return hash_string(hash, string);
}

static uint64_t hash_strings(uint64_t hash, const struct strings *strings)
{
	hash = hash_bytes(hash, &strings->is_set, sizeof(strings->is_set));
	hash = hash_bytes(hash, &strings->count, sizeof(strings->count));
	for (size_t i = 0; i < strings->count; i++)
		hash = hash_string(hash, strings->items[i]);
	return hash;
}

static bool is_zero(const char *at, size_t size)
{
	while (size > 0 && at[size - 1] == 0)
		size--;
	return size == 0;
}

static size_t part_width(const struct part *part)
{
	if (part->size == SIZE_MAX)
		return sizeof(struct strings);
	return part->size > 0 ? part->size : sizeof(char *);
}

static uint64_t hash_part(uint64_t hash, const struct part *part,
	const char *at)
{
	if (part->size == SIZE_MAX)
		return hash_strings(hash, (const void *)at);
	return part->size > 0 ? hash_bytes(hash, at, part->size)
			      : hash_string_at(hash, at);
}

/* Each part by its number, as new ones come after the others. */
static uint64_t hash_list(uint64_t hash, const struct list *list,
	const char *items, size_t count)
{
	for (size_t i = 0; i < count; i++, items += list->size) {
		const struct part *part = list->parts;

		for (unsigned char n = 1; part->offset != SIZE_MAX;
			n++, part++) {
			const char *at = items + part->offset;

			if (is_zero(at, part_width(part)))
				continue;
			hash = hash_bytes(hash, &n, 1);
			hash = hash_part(hash, part, at);
		}
		hash = hash_bytes(hash, "", 1); /* the end of an element */
	}
	return hash;
}

static uint64_t hash_row(uint64_t hash, const struct row *row,
	const char *service)
{
	const char *at = service + row->offset;
	const struct share *share = (const void *)at;
	const char *items;
	size_t count;

	switch (row->shape) {
	case SHAPE_NUMBER:
		return hash_bytes(hash, at, row->size);
	case SHAPE_STRING:
		return hash_string_at(hash, at);
	case SHAPE_STRINGS:
		return hash_strings(hash, (const void *)at);
	case SHAPE_SHARE:
		hash = hash_bytes(hash, &share->mode, sizeof(share->mode));
		return hash_string(hash, share->service);
	case SHAPE_VOLUMES:
	case SHAPE_PORTS:
	case SHAPE_DEVICES:
	case SHAPE_DEVICE_RULES:
	case SHAPE_SYSCTLS:
	case SHAPE_BLOCK_LIMITS:
	case SHAPE_ULIMITS:
	case SHAPE_ATTACHMENTS:
	case SHAPE_ADDRESSES:
	case SHAPE_EXTRA_HOSTS:
	case SHAPE_LINKS:
		memcpy(&items, at, sizeof(items));
		memcpy(&count, service + row[1].offset, sizeof(count));
		return hash_list(hash, &lists[row->shape], items, count);
	case SHAPE_LATER:
	case SHAPE_MARK:
		return hash;
	}
	return hash;
}

/* Of a service that declares nothing: always the same. */
static const uint64_t *defaults(void)
{
	static const struct service nothing;
	static uint64_t values[ROWS];
	static bool are_known;

	for (size_t i = 0; !are_known && i < ROWS; i++)
		values[i] =
			hash_row(HASH_START, &rows[i], (const char *)&nothing);
	are_known = true;
	return values;
}

uint64_t digest_service(const struct service *service, enum digest_kind kind)
{
	const uint64_t *undeclared = defaults();
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < ROWS; i++) {
		uint64_t value;

		if (rows[i].kind != kind)
			continue;
		value = hash_row(HASH_START, &rows[i], (const char *)service);
		if (value == undeclared[i])
			continue;
		hash = hash_string(hash, rows[i].name);
		hash = hash_bytes(hash, &value, sizeof(value));
	}
	return hash;
}

int digest_kind_of(const char *field)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (text_equal(rows[i].name, field))
			return (int)rows[i].kind;
	}
	return -1;
}
