// SPDX-License-Identifier: MIT
/* interfaces - interfaces of the machine by the names that keys give them */
#include "config/interfaces.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/names.h"
#include "config/reader.h"
#include "lib/text.h"

#define VLAN_MAX 4094

uint32_t interface_vlan(const char *name)
{
	const char *dot = strrchr(name, '.');
	uint64_t id = 0;

	if (!dot || dot == name || text_parse_u64(dot + 1, VLAN_MAX, &id) < 0)
		return 0;
	return (uint32_t)id;
}

/* As the kernel and udev name devices (systemd.net-naming-scheme(7)). */
static bool looks_like_device(const char *name)
{
	static const char *const starts[] = { "en", "eth", "wl", "ww", "usb",
		"sl", "ib" };

	if (strchr(name, '.'))
		return false;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (text_starts_with(name, starts[i]))
			return true;
	}
	return false;
}

/* A device may still come; a name like none may be a mistake. */
static void warn_unknown(struct reader *reader, const struct draft *draft,
	const char *name, struct mark mark, const struct draft_host_link *own)
{
	bool has_dot = strchr(name, '.') != NULL;
	uint32_t vlan = interface_vlan(name);
	const char *best = NULL;
	size_t distance = 0;

	for (size_t i = 0; i < draft->host_link_count; i++) {
		const struct draft_host_link *link = &draft->host_links[i];
		const char *other = link->link.name;

		if (fnmatch(other, name, 0) == 0)
			return;
		if (link != own && has_dot == (strchr(other, '.') != NULL))
			name_suggest(name, other, &best, &distance);
	}
	if (best && (vlan == 0 || distance == 1))
		reader_warn(reader, mark,
			"no interface '%s' is declared, did you mean '%s'? It is waited for",
			name, best);
	else if (vlan > 0)
		reader_warn(reader, mark,
			"no interface '%s' is declared, it is waited for; if it is a VLAN, add '%s: {vlan: {parent: %.*s, id: %u}}' below host.network",
			name, name, (int)(strrchr(name, '.') - name), name,
			vlan);
	else
		reader_warn(reader, mark,
			"no interface '%s' is declared, it is waited for",
			name);
}

const struct draft_host_link *interface_named(const struct draft *draft,
	const char *name)
{
	for (size_t i = 0; i < draft->host_link_count; i++) {
		if (text_equal(draft->host_links[i].link.name, name))
			return &draft->host_links[i];
	}
	return NULL;
}

const struct draft_host_link *interface_find(struct reader *reader,
	const struct draft *draft, const char *name, struct mark mark,
	const struct draft_host_link *own)
{
	const struct draft_host_link *found = interface_named(draft, name);

	if (strpbrk(name, "*?")) {
		reader_error(reader, mark,
			"'%s' is a pattern, write the name of one interface",
			name);
		return NULL;
	}
	if (!found && (looks_like_device(name) || name_check_interface(name)))
		return NULL; /* a wrong name has been reported */
	if (!found) {
		warn_unknown(reader, draft, name, mark, own);
		return NULL;
	}
	if (mac_is_set(found->link.mac))
		reader_error(reader, mark,
			"'%s' is found by 'match:' and may have another name; declare that interface by its own name, without 'match:'",
			name);
	return found;
}
