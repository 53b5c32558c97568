/* SPDX-License-Identifier: MIT */
/*
 * run_plan - a spec as Docker would make it, for the tests of plans
 */
#ifndef TARE_RUN_PLAN_TEST_H
#define TARE_RUN_PLAN_TEST_H

#include <stddef.h>

#include "run/docker.h"
#include "run/oci.h"

static const char *const args[] = { "/bin/web", "-x", NULL };
static const char *const env[] = { NULL };

static inline struct oci_spec make_spec(void)
{
	static const enum oci_namespace_kind own[] = {
		OCI_NAMESPACE_PID,
		OCI_NAMESPACE_IPC,
		OCI_NAMESPACE_UTS,
		OCI_NAMESPACE_CGROUP,
		OCI_NAMESPACE_MOUNT,
	};
	static const struct oci_seccomp filter;
	struct oci_spec spec = {
		.hostname = "web",
		.process = { .args = args,
			.env = env,
			.cwd = "/srv",
			.has_capabilities = true },
		.mounts = docker_mounts,
		.mount_count = DOCKER_MOUNT_COUNT,
		.masked_paths = docker_masked_paths,
		.readonly_paths = docker_readonly_paths,
		.seccomp = &filter,
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		spec.namespaces[own[i]].is_asked = true;
	return spec;
}

#endif
