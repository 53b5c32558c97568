// SPDX-License-Identifier: MIT
/* survey - the networks of the machine as they are now, as data */
#include "net/survey.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "lib/text.h"

int survey_init(struct survey *survey, struct arena *arena)
{
	*survey = (struct survey){
		.arena = arena,
		.links = arena_array(arena, SURVEY_LINKS_MAX,
			sizeof(struct survey_link)),
		.addresses = arena_array(arena, SURVEY_ADDRESSES_MAX,
			sizeof(struct survey_address)),
		.leases = arena_array(arena, SURVEY_LEASES_MAX,
			sizeof(struct survey_lease)),
		.servers = arena_array(arena, SURVEY_SERVERS_MAX,
			sizeof(struct survey_server)),
		.routes = arena_array(arena, SURVEY_ROUTES_MAX,
			sizeof(struct survey_route)),
		.networks = arena_array(arena, SURVEY_NETWORKS_MAX,
			sizeof(struct survey_network)),
		.services = arena_array(arena, SURVEY_SERVICES_MAX,
			sizeof(struct survey_service)),
		.endpoints = arena_array(arena, SURVEY_ENDPOINTS_MAX,
			sizeof(struct survey_endpoint)),
		.ports = arena_array(arena, SURVEY_PORTS_MAX,
			sizeof(struct survey_port)),
	};
	return survey->links && survey->addresses && survey->leases &&
			       survey->servers && survey->routes &&
			       survey->networks && survey->services &&
			       survey->endpoints && survey->ports
		       ? 0
		       : -ENOMEM;
}

void survey_add_problem(struct survey *survey, const char *format, ...)
{
	char line[256];
	const char *copy;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	copy = arena_string(survey->arena, line);
	if (copy && survey->problem_count < SURVEY_NOTES_MAX)
		survey->problems[survey->problem_count++] = copy;
}

struct survey_link *survey_find_link(const struct survey *survey, int index)
{
	for (size_t i = 0; i < survey->link_count; i++) {
		if (survey->links[i].index == index)
			return &survey->links[i];
	}
	return NULL;
}

struct survey_link *survey_find_name(const struct survey *survey,
	const char *name)
{
	for (size_t i = 0; i < survey->link_count; i++) {
		if (text_equal(survey->links[i].name, name))
			return &survey->links[i];
	}
	return NULL;
}

bool survey_is_spare(const struct survey *survey,
	const struct survey_link *link)
{
	/* hardware has no kind; netd and we leave an alias on what we make */
	if (!*link->kind || *link->alias || !text_equal(link->state, "down"))
		return false;
	for (size_t i = 0; i < survey->address_count; i++) {
		if (survey->addresses[i].link == link->index)
			return false;
	}
	return true;
}

size_t survey_family(const struct address *address)
{
	return address->family == AF_INET6;
}
