/* SPDX-License-Identifier: MIT */
/*
 * folder - where a container's state is kept: ROOT/ID, mode 0700
 *
 *   state.json   see state.h; not there yet: the container is being created
 *   config.json  a copy: what the caller's says later changes nothing
 *   start        socket at which the process waits for start
 *
 * Commands that change something hold a flock(2) on the folder, so that two of
 * them never work on one container; those that look, or send a signal, do not.
 */
#ifndef TARE_OCI_FOLDER_H
#define TARE_OCI_FOLDER_H

#include <stdbool.h>
#include <sys/types.h>

struct error;

#define FOLDER_CONFIG "config.json"
#define FOLDER_STATE  "state.json"
#define FOLDER_SOCKET "start"

enum folder_limit {
	FOLDER_ID_MAX = 240, /* and a file of that name can have a suffix */
	FOLDER_FILE_MAX = 16 << 20,
};

/* Letters, digits and "_+.-", no dot in front. */
int folder_check_id(const char *id, struct error *err);

/*
 * Opens the folder of all states: root, or when that is NULL /run/tare-oci, or
 * for an ordinary user $XDG_RUNTIME_DIR/tare-oci. It is made when wanted; one
 * in which others may write is refused.
 */
int folder_open_root(const char *root, bool can_make, struct error *err);

/* Makes ROOT/ID and locks it; -EEXIST when it is there. The descriptor. */
int folder_make(int root_fd, const char *id, struct error *err);

/* Opens ROOT/ID; -ENOENT "container does not exist". The descriptor. */
int folder_open(int root_fd, const char *id, struct error *err);

/*
 * Waits 10 s for the lock, then it is -EBUSY; -ENOENT when the container was
 * removed meanwhile.
 */
int folder_lock(int dir_fd, struct error *err);

/* Closing is not enough: a process that we started may have it open, too. */
void folder_unlock(int dir_fd);

/* Who we are; the kernel told it when the program began. */
uid_t folder_user(void);

/* Are we an ordinary user, or root of a user namespace that one made? */
bool folder_is_users(void);

/* Writes a new file, before state.json is there. */
int folder_write_first(int dir_fd, const char *name, const char *text,
	struct error *err);

/* Writes a file so that a reader sees all of it or the one before. */
int folder_write(int dir_fd, const char *name, const char *text, mode_t mode,
	struct error *err);

/* The same for a path that the caller gave: --pid-file. */
int folder_write_path(const char *path, const char *text, struct error *err);

/* Removes ROOT/ID. */
int folder_remove(int root_fd, const char *id, struct error *err);

#endif
