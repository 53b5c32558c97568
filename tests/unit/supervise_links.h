/* SPDX-License-Identifier: MIT */
/*
 * supervise_links - links of containers as the kernel would have them, for
 * tests of supervise: they outlive an agent that is killed
 *
 * A test that includes this has link_attach, link_compare and link_settle in
 * its "wrap:" line.
 */
#ifndef TARE_SUPERVISE_LINKS_H
#define TARE_SUPERVISE_LINKS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "lib/error.h"
#include "lib/text.h"
#include "net/link.h"
#include "net/link_parts.h"
#include "net/topology.h"

#define LINKS_MAX 256

struct kernel_link {
	char name[IFNAMSIZ]; /* "": there is none */
	char container[80];
	char alias[LINK_ALIAS_SIZE];
};

static struct kernel_link *links; /* shared with children */

static inline void links_begin(void)
{
	links = mmap(NULL, LINKS_MAX * sizeof(*links), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (links == MAP_FAILED)
		abort();
}

static inline void links_end(void)
{
	(void)munmap(links, LINKS_MAX * sizeof(*links));
}

/* That of a name, or a free one. */
static inline struct kernel_link *links_find(const char *name)
{
	size_t free = LINKS_MAX;

	for (size_t i = 0; i < LINKS_MAX; i++) {
		if (text_equal(links[i].name, name))
			return &links[i];
		if (free == LINKS_MAX && links[i].name[0] == '\0')
			free = i;
	}
	if (free == LINKS_MAX)
		abort();
	return &links[free];
}

static inline void links_put(const struct topology *topology, size_t endpoint)
{
	const struct topology_endpoint *own = &topology->endpoints[endpoint];
	struct kernel_link *link = links_find(own->link);

	(void)text_copy(link->name, sizeof(link->name), own->link);
	(void)text_copy(link->container, sizeof(link->container),
		own->container);
	link_make_port_alias(link->alias, topology, endpoint, LINK_IN_PLACE);
}

/* Those of a container that are no endpoint's. */
static inline size_t links_stale(const struct topology *topology,
	const char *container, bool removes)
{
	size_t count = 0;

	for (size_t i = 0; i < LINKS_MAX; i++) {
		size_t at = 0;

		if (!text_equal(links[i].container, container))
			continue;
		while (at < topology->endpoint_count &&
			!text_equal(topology->endpoints[at].link,
				links[i].name))
			at++;
		if (at < topology->endpoint_count)
			continue;
		count++;
		if (removes)
			memset(&links[i], 0, sizeof(links[i]));
	}
	return count;
}

/* How many links a container has. */
static inline size_t links_of(const char *container)
{
	size_t count = 0;

	for (size_t i = 0; i < LINKS_MAX; i++)
		count += text_equal(links[i].container, container);
	return count;
}

int __wrap_link_compare(const struct topology *topology, bool *out,
	struct error *err);

int __wrap_link_compare(const struct topology *topology, bool *out,
	struct error *err)
{
	(void)err;
	for (size_t i = 0; i < topology->endpoint_count; i++) {
		const struct topology_endpoint *own = &topology->endpoints[i];
		char alias[LINK_ALIAS_SIZE];

		link_make_port_alias(alias, topology, i, LINK_IN_PLACE);
		out[i] = !link_is_veth(topology, i) ||
			 (text_equal(links_find(own->link)->alias, alias) &&
				 links_stale(topology, own->container, false) ==
					 0);
	}
	return 0;
}

#endif
