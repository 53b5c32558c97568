/* SPDX-License-Identifier: MIT */
/* config - which text of /run/tare/net/wanted is in force */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "say.h"
#include "trial.h"
#include "uplinks.h"

#define WANTED  HOST_FOLDER "wanted"
#define GOOD    HOST_FOLDER "good"
#define REFUSED HOST_FOLDER "refused"

/* how often gateways are asked while a config is tried */
#define ASK_MS 1000

struct text {
	char bytes[WANTED_TEXT_MAX];
	size_t length;
};

static struct text in_force, good, refused, news;

static struct {
	enum trial_state state;
	struct trial_health before;
	int64_t began_ms, length_ms, ask_ms;
	time_t since; /* by the clock on the wall, for people */
} trial;

static bool is_same(const struct text *a, const struct text *b)
{
	return a->length == b->length &&
	       memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void copy(struct text *to, const struct text *from)
{
	memcpy(to->bytes, from->bytes, from->length + 1);
	to->length = from->length;
}

static bool read_text(const char *path, struct text *text)
{
	ssize_t length = file_read(path, text->bytes, sizeof(text->bytes));

	text->length = length < 0 ? 0 : (size_t)length;
	text->bytes[text->length] = '\0';
	return length > 0;
}

static void write_text(const char *path, const struct text *text)
{
	int result = file_replace(path, text->bytes, text->length, 0644);

	if (result < 0)
		note("netd", "write '%s': %s", path, strerror(-result));
}

/* make the text the one in force; false when it is none */
static bool use(struct host *host, const struct text *text)
{
	static struct wanted parsed;
	unsigned line;
	int result = wanted_parse(text->bytes, text->length, &parsed, &line);

	if (result == -EAGAIN)
		return false; /* not whole: there will be another */
	if (result < 0) {
		note("netd",
			"'" WANTED "' line %u is not understood, ignoring "
			"the file",
			line);
		return false;
	}
	memcpy(&host->wanted, &parsed, sizeof(parsed));
	host->has_wanted = true;
	if (text != &in_force)
		copy(&in_force, text);
	return true;
}

static void begin(struct host *host, int64_t now_ms, int64_t trial_ms)
{
	trial.began_ms = now_ms;
	trial.length_ms = trial_ms;
	trial.ask_ms = now_ms;
	trial.since = time(NULL);
	uplinks_forget(host); /* only what answers from now on counts */
}

static bool try(struct host *host, int64_t now_ms, int64_t trial_ms)
{
	const bool is_next = trial.state == TRIAL_RUNNING;
	struct trial_health now = uplinks_health(host);
	struct trial_step step = trial_next(trial.state,
		trial_is_dark(&now) ? TRIAL_CHANGED_DARK : TRIAL_CHANGED);

	if (!is_next)
		copy(&good, &in_force);
	if (!use(host, &news))
		return false;
	trial.state = step.state;
	*host->note = '\0';
	(void)unlink(REFUSED);
	if (step.action != TRIAL_TRY)
		return true;
	if (!is_next)
		trial.before = now;
	write_text(GOOD, &good);
	begin(host, now_ms, trial_ms);
	return true;
}

/* What another netd left: one in the middle of a trial has to show it anew that
 * everything is there. */
static bool start(struct host *host, int64_t now_ms, int64_t trial_ms)
{
	bool has_good = read_text(GOOD, &good);
	bool is_refused =
		read_text(REFUSED, &refused) && is_same(&refused, &news);

	if (has_good && is_refused && use(host, &good)) {
		trial.state = TRIAL_REFUSED;
		return true;
	}
	if (!use(host, &news))
		return false;
	if (has_good && !is_same(&good, &news)) {
		trial.state = TRIAL_RUNNING;
		trial.before = (struct trial_health){ true, true, true };
		begin(host, now_ms, trial_ms);
	}
	return true;
}

bool config_read(struct host *host, int64_t now_ms, int64_t trial_ms)
{
	if (!read_text(WANTED, &news))
		return false;
	if (!host->has_wanted)
		return start(host, now_ms, trial_ms);
	if (is_same(&news, &in_force) ||
		(trial.state == TRIAL_REFUSED && is_same(&news, &refused)))
		return false;
	return try(host, now_ms, trial_ms);
}

static void restore(struct host *host, const char *loss)
{
	struct tm when = { 0 };

	(void)gmtime_r(&trial.since, &when);
	(void)snprintf(host->note, sizeof(host->note),
		"the config of %02d:%02d lost the network (%s), the one before "
		"is back",
		when.tm_hour, when.tm_min, loss);
	note("net", "%s", host->note);
	copy(&refused, &in_force);
	write_text(REFUSED, &refused);
	(void)use(host, &good);
}

bool config_run(struct host *host, int64_t now_ms, int64_t *next_ms)
{
	if (trial.state != TRIAL_RUNNING)
		return false;
	const int64_t until_ms = trial_deadline(trial.began_ms, trial.length_ms,
		host->carrier_ms);
	if (now_ms >= until_ms) {
		struct trial_health now = uplinks_health(host);
		const char *loss = trial_loss(&trial.before, &now);
		struct trial_step step = trial_next(trial.state,
			loss ? TRIAL_LOST : TRIAL_WORKS);

		trial.state = step.state;
		if (step.action == TRIAL_RESTORE)
			restore(host, loss);
		else
			(void)unlink(GOOD);
		return step.action == TRIAL_RESTORE;
	}
	if (now_ms >= trial.ask_ms) {
		uplinks_ask(host);
		trial.ask_ms = now_ms + ASK_MS;
	}
	if (trial.ask_ms < *next_ms)
		*next_ms = trial.ask_ms;
	if (until_ms < *next_ms)
		*next_ms = until_ms;
	return false;
}
