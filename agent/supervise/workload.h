/* SPDX-License-Identifier: MIT */
/*
 * workload - one entry of `services:`, kept as the config wants it
 *
 * Carries out what state.h decides: finds the image, starts the container,
 * watches it end, waits, starts it again, stops it within its grace time.
 */
#ifndef TARE_SUPERVISE_WORKLOAD_H
#define TARE_SUPERVISE_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/alarm.h"
#include "lib/error.h"
#include "lib/loop.h"
#include "run/container.h"
#include "supervise/health.h"
#include "supervise/logs.h"
#include "supervise/state.h"

struct fabric;
struct image;
struct keep;
struct places;
struct range_set;
struct store;
struct workload;

/* What takes long and must be done before it can start. */
enum chore {
	CHORE_NONE,
	CHORE_IMAGE,   /* its image must be imported */
	CHORE_FOLDERS, /* folders.h */
};

/* What workloads share, and how they reach the one who owns them. */
struct workload_host {
	struct loop *loop;
	struct alarms *alarms;
	const struct store *store;
	const struct places *places;
	struct keep *keep;
	struct range_set *ranges; /* of ids */
	struct fabric *fabric;    /* the networks */
	/* The workload of a service, or NULL. */
	struct workload *(
		*find)(const struct workload_host *host, const char *service);
	/*
	 * A chore must be done, with that image; EVENT_RETRY follows, after
	 * workload_fail when it failed.
	 */
	int (*want)(struct workload *workload, enum chore chore,
		const struct image *image, struct error *err);
	void (*on_change)(struct workload *workload);
	/* It has become healthy or unhealthy (workload->health). */
	void (*on_health)(struct workload *workload);
	/* It may be forgotten now: no check of its health runs any more. */
	void (*on_idle)(struct workload *workload);
};

struct workload {
	const struct workload_host *host;
	const struct service *service;
	enum state state;
	bool is_wanted;    /* false: it is to be stopped and forgotten */
	bool has_started;  /* at least once, for those that depend on it */
	bool has_ever_run; /* since boot, under an earlier agent too */
	bool is_due;       /* STATE_PREPARING: EVENT_RETRY is to be sent */
	bool is_adopted;   /* an earlier agent started the process */
	bool is_unborn;    /* that one ended before the program was executed */
	bool is_moving; /* it runs, and its links may not be what they should */
	bool is_draining; /* STATE_STOPPING: its signal is yet to come */
	bool has_ended;   /* it is gone, and process 1 has not said how yet */
	uint32_t failed;  /* 1 << chore: it failed since it was last prepared */
	struct container container;
	struct watch exit_watch; /* a duplicate of the container's pid_fd */
	struct alarm alarm; /* back-off, stop grace, or word of process 1 */
	struct log_file log;
	struct health health;
	uint64_t health_digest;   /* of what its service says of that */
	uint32_t first_id;        /* of its 65,536 ids; 0: none yet */
	uint64_t recreate_digest; /* of the service that it was started as */
	uint64_t live_digest;     /* of the limits that it has */
	int stop_signal;   /* the service's, else the image's, else SIGTERM */
	uint32_t failures; /* runs in a row, for on-failure */
	uint32_t attempts; /* in a row without a long run, for the back-off */
	uint32_t restarts; /* since boot */
	uint64_t since_ms; /* when the state was entered, CLOCK_BOOTTIME */
	uint64_t retry_ms; /* STATE_BACKOFF: the wait */
	int exit_code;     /* of the last run; -1: none yet */
	char reason[240];  /* why it is not running, for people; or "" */
};

/* Prepares a zeroed struct: stopped. Both pointers must outlive it. */
void workload_init(struct workload *workload, const struct workload_host *host,
	const struct service *service);

/* Lets something happen to it; impossible events are ignored. */
void workload_event(struct workload *workload, enum event event);

/* Takes down that a chore for it has failed, for the EVENT_RETRY to come. */
void workload_fail(struct workload *workload, enum chore chore,
	const struct error *why);

/* Whether its process is none any more, reaped or not. */
bool workload_has_ended(const struct workload *workload);

/* The process was reaped by process 1; status as waitpid(2) has it. */
void workload_orphaned(struct workload *workload, int status);

/* Whether it gets new connections: it runs, and nothing says it is not well. */
bool workload_is_serving(const struct workload *workload);

/* Its process has ended: exit_watch is ready. */
void workload_on_exit(struct watch *watch, uint32_t events);

/* Removes a stopped one from the loop and the store; the struct is zeroed. */
void workload_forget(struct workload *workload);

/* STATE_STOPPING: kills at once instead of after the grace time. */
void workload_hurry(struct workload *workload);

#endif
