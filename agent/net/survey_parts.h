/* SPDX-License-Identifier: MIT */
/*
 * survey_parts - what the parts of survey share
 *
 *	survey.c         the struct
 *	survey_kernel.c  asks the kernel
 *	survey_files.c   reads what netd and the agent tell, in files; pure
 *	survey_take.c    does both, and counts connections
 *
 * Those that read files take the terminated text of one of docs/networking.md,
 * which they change and which must live as long as the survey. Lines that are
 * not as they should be are passed over. -EBADMSG when the file is not whole.
 */
#ifndef TARE_NET_SURVEY_PARTS_H
#define TARE_NET_SURVEY_PARTS_H

struct error;
struct survey;

/*
 * Adds all links, their addresses, and the routes of the main table (by
 * rtnetlink(7)). Left out are routes to link-local and multicast addresses. 0
 * or a negative errno with its reason; then some may be missing.
 */
int survey_read_kernel(struct survey *survey, struct error *err);

/* "state": leases, servers, keys, notes; origins of addresses that are there,
 * so the kernel is asked before. */
int survey_read_state(struct survey *survey, char *text, struct error *err);

/* "ports": networks and published ports. */
int survey_read_ports(struct survey *survey, char *text, struct error *err);

/* "names": containers and their addresses; networks are read before. */
int survey_read_names(struct survey *survey, char *text, struct error *err);

#endif
