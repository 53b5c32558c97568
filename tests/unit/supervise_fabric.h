/* SPDX-License-Identifier: MIT */
/*
 * supervise_fabric - a fabric for tests: the kernel's side is stand-ins that
 * note in the journal what they are asked
 *
 * A test that includes this has their names in its "wrap:" line.
 */
#ifndef TARE_SUPERVISE_FABRIC_TEST_H
#define TARE_SUPERVISE_FABRIC_TEST_H

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "net/conntrack.h"
#include "net/link.h"
#include "net/ruleset.h"
#include "supervise/etc.h"
#include "supervise/fabric.h"
#include "supervise/places.h"
#include "supervise/tether.h"
#include "supervise_cases.h"
#include "supervise_crowd.h"
#include "supervise_links.h"

#define DEADLINE_MS 10000

static char base[] = "/tmp/tare-fabric-XXXXXX";
static struct places places;
static struct loop loop;
static struct timer limit;
static bool has_timed_out;
static struct fabric fabric;
static struct arena arenas[3]; /* of configs */
static struct config configs[3];

static char journal[8192];
static unsigned int rules_applied, stop_at;
static size_t uplinks;
static int rules_to_fail, networks_to_fail, attach_to_fail, settle_to_fail;
static int uplinks_to_fail;

static inline void note(const char *what, const char *who)
{
	size_t used = strlen(journal);

	(void)snprintf(journal + used, sizeof(journal) - used, "%s %s\n", what,
		who);
}

int __wrap_link_read_taken(struct arena *arena, const struct prefix **out,
	size_t *count, struct error *err);
int __wrap_link_read_uplinks(char out[][IFNAMSIZ], size_t *count,
	struct error *err);
int __wrap_link_apply_networks(const struct topology *topology,
	struct error *err);
int __wrap_link_attach(const struct topology *topology, size_t endpoint,
	int netns_fd, struct error *err);
int __wrap_link_settle(const struct topology *topology, size_t first,
	size_t count, int netns_fd, struct error *err);
int __wrap_ruleset_apply(struct ruleset *ruleset,
	const struct topology *topology, struct error *err);
int __wrap_conntrack_forget(const struct address *address, uint8_t protocol,
	struct error *err);

int __wrap_link_read_taken(struct arena *arena, const struct prefix **out,
	size_t *count, struct error *err)
{
	(void)arena;
	(void)err;
	*out = NULL;
	*count = 0;
	return 0;
}

int __wrap_link_read_uplinks(char out[][IFNAMSIZ], size_t *count,
	struct error *err)
{
	for (size_t i = 0; i < uplinks; i++)
		(void)snprintf(out[i], IFNAMSIZ, "eth%zu", i % 100);
	*count = 0;
	if (uplinks_to_fail > 0 && uplinks_to_fail--)
		return error_set(err, -EINTR, "read the machine's links");
	*count = uplinks;
	return 0;
}

int __wrap_link_apply_networks(const struct topology *topology,
	struct error *err)
{
	char count[8];

	(void)snprintf(count, sizeof(count), "%zu",
		topology->network_count % 1000);
	note("networks", count);
	if (networks_to_fail > 0 && networks_to_fail--)
		return error_set(err, -ENODEV, "make network 'lan': no eth9");
	return 0;
}

int __wrap_link_attach(const struct topology *topology, size_t endpoint,
	int netns_fd, struct error *err)
{
	CHECK(netns_fd >= 0);
	note("attach", topology->endpoints[endpoint].container);
	if (attach_to_fail > 0 && attach_to_fail--)
		return error_set(err, -EPERM, "attach it");
	links_put(topology, endpoint);
	return 0;
}

int __wrap_link_settle(const struct topology *topology, size_t first,
	size_t count, int netns_fd, struct error *err)
{
	const char *container = topology->endpoints[first].container;

	CHECK(netns_fd >= 0);
	note("settle", container);
	if (settle_to_fail > 0 && settle_to_fail--)
		return error_set(err, -EPERM, "settle it");
	(void)links_stale(topology, container, true);
	for (size_t i = first; i < first + count; i++)
		links_put(topology, i);
	return 0;
}

int __wrap_ruleset_apply(struct ruleset *ruleset,
	const struct topology *topology, struct error *err)
{
	char serving[8] = "";
	size_t count = 0;

	(void)ruleset;
	for (size_t i = 0; i < topology->endpoint_count; i++)
		count += topology->endpoints[i].is_serving;
	(void)snprintf(serving, sizeof(serving), "%zu", count % 10000);
	note("rules", serving);
	if (topology->uplink_count > 0)
		note("fast path", topology->uplinks[0]);
	if (rules_applied + 1 >= stop_at)
		loop_stop(&loop);
	if (rules_to_fail > 0 && rules_to_fail--)
		return error_set(err, -EOPNOTSUPP, "make table 'inet tare'");
	rules_applied++;
	return 0;
}

int __wrap_conntrack_forget(const struct address *address, uint8_t protocol,
	struct error *err)
{
	char own[ADDRESS_TEXT_SIZE];

	(void)err;
	CHECK(protocol == 17);
	note("forget", address_print(address, own));
	return 0;
}

static inline void sink(enum log_level level, const char *text)
{
	(void)level;
	note("log", text);
}

static unsigned int times(const char *what)
{
	unsigned int count = 0;

	for (const char *at = journal; (at = strstr(at, what)); at++)
		count++;
	return count;
}

static inline void on_limit(struct timer *timer)
{
	(void)timer;
	has_timed_out = true;
	loop_stop(&loop);
}

/* Runs until rules have been asked for. */
static inline void run_until_rules(void)
{
	stop_at = rules_applied + 1;
	loop.is_stopping = false;
	loop_arm(&limit, DEADLINE_MS);
	CHECK(loop_run(&loop, NULL) == 0 && !has_timed_out);
	loop_disarm(&limit);
}

static inline void open_fabric(void)
{
	struct error err;

	memset(&fabric, 0, sizeof(fabric));
	CHECK(fabric_open(&fabric, &loop, &places, &err) == 0);
}

static inline void begin(void)
{
	journal[0] = '\0';
	rules_applied = 0;
	uplinks = 0;
	rules_to_fail = networks_to_fail = attach_to_fail = settle_to_fail = 0;
	uplinks_to_fail = 0;
	links_begin();
	open_fabric();
}

static inline void end(void)
{
	fabric_close(&fabric, &loop);
	links_end();
	for (size_t i = 0; i < 3; i++)
		arena_clear(&arenas[i]);
	CHECK(fd_remove_tree(places.data_fd, "net", NULL) == 0);
	CHECK(fd_remove_tree(places.run_fd, "net", NULL) == 0);
}

static inline const struct service *service(size_t config, const char *name)
{
	for (size_t i = 0; i < configs[config].service_count; i++) {
		if (text_equal(configs[config].services[i].name, name))
			return &configs[config].services[i];
	}
	abort();
}

static inline int weave(size_t number, const char *yaml)
{
	const struct blueprint_source source = { .config = &configs[number] };

	arena_clear(&arenas[number]);
	if (!cases_load(yaml, &arenas[number], &configs[number]))
		return -EINVAL;
	return fabric_weave(&fabric, &source);
}

/* While all of another config still run, which keep their addresses. */
static inline int weave_beside(size_t number, const char *yaml, size_t last)
{
	static const struct service *leaving[64];
	struct blueprint_source source = { .config = &configs[number],
		.last = &configs[last],
		.leaving = leaving };

	arena_clear(&arenas[number]);
	if (!cases_load(yaml, &arenas[number], &configs[number]))
		return -EINVAL;
	for (size_t i = 0; i < configs[last].service_count && i < 64; i++)
		leaving[source.leaving_count++] = &configs[last].services[i];
	return fabric_weave(&fabric, &source);
}

/* As if it ran: this process is its first. */
static inline int attach(const char *name)
{
	struct error err = { .text = "" };
	int result = tether_attach(&fabric, service(0, name), getpid(), &err);

	if (result < 0)
		note("refused", err.text);
	return result;
}

static inline void mark(const char *name, bool is_running, bool is_serving)
{
	fabric_mark(&fabric, service(0, name), is_running, is_serving);
}

static inline char *text_of(int dir_fd, const char *name)
{
	char *text = NULL;

	(void)fd_read_file(dir_fd, name, 1 << 20, &text, NULL, NULL);
	return text ? text : calloc(1, 1);
}

static inline bool names_say(const char *what)
{
	auto_free char *text = text_of(places.run_fd, "net/names");

	if (strstr(text, what))
		return true;
	printf("# names:\n%s", text);
	return false;
}

#define WEB "services: {web: {image: i}, db: {image: i}}\n"

static inline void open_places(void)
{
	char path[64];

	places = PLACES_NONE;
	for (int i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%d", base, i);
		CHECK(mkdir(path, 0700) == 0);
		*(i ? &places.run_fd : &places.data_fd) =
			open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
}

static inline bool fabric_test_begin(void)
{
	struct error err;

	if (!mkdtemp(base))
		return false;
	open_places();
	log_set_sink(sink);
	return loop_open(&loop, &err) == 0 &&
	       loop_add_timer(&loop, &limit, on_limit, &err) == 0;
}

static inline int fabric_test_end(void)
{
	loop_remove(&loop, &limit.watch);
	loop_close(&loop);
	places_close(&places);
	CHECK(fd_remove_tree(AT_FDCWD, base, NULL) == 0);
	return check_done();
}

#endif
