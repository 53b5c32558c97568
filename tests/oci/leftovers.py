# SPDX-License-Identifier: MIT
"""leftovers - what containers leave behind in the kernel when they are gone.

Counted below one cgroup and by one runtime where that can be told apart, so
that other tests on the machine do not matter. Slab cannot; its bar has room
for them, and none for a leak of 1 KiB a cycle over 10,000 cycles.
"""

import os
import time

import bundle

BARS = {"mounts": 0, "cgroups": 0, "dying-cgroups": 0, "processes": 0,
        "runtimes": 0, "states": 0, "slab": 8192}
UNITS = {"slab": "KiB"}
SETTLE_S = 30


def cgroup_stat(path, key):
    with open(os.path.join(path, "cgroup.stat"), encoding="ascii") as file:
        return int(dict(line.split() for line in file)[key])


def processes(path):
    count = 0
    for folder, _, _ in os.walk(path):
        try:
            with open(os.path.join(folder, "cgroup.procs"),
                      encoding="ascii") as file:
                count += len(file.read().split())
        except FileNotFoundError:
            pass  # it went away meanwhile
    return count


def runtimes(program):
    """Processes that execute this program, by that name or from a copy."""
    count = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            count += (words[0] == program.encode() or
                      os.readlink(f"/proc/{name}/exe") == program)
        except OSError:
            pass
    return count


def states(path):
    """One a container; what has a dot is a cache."""
    if not os.path.isdir(path):
        return []
    return [name for name in os.listdir(path) if not name.startswith(".")]


def slab_kib():
    with open("/proc/meminfo", encoding="ascii") as file:
        return int(dict(line.split()[:2] for line in file)["SUnreclaim:"])


def count(cgroup, program, state):
    path = os.path.join(bundle.CGROUPS, cgroup)
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        mounts = len(file.readlines())
    return {
        "mounts": mounts,
        "cgroups": cgroup_stat(path, "nr_descendants"),
        "dying-cgroups": cgroup_stat(path, "nr_dying_descendants"),
        "processes": processes(path),
        "runtimes": runtimes(os.path.realpath(program)),
        "states": len(states(state)),
        "slab": slab_kib(),
    }


def settled(before, *what):
    """count(), once it is back at before; else as it is after a while: the
    kernel takes network namespaces and cgroups apart in the background."""
    limit = time.monotonic() + SETTLE_S
    while True:
        now = count(*what)
        if time.monotonic() > limit or all(
                now[name] - before[name] <= bar for name, bar in BARS.items()):
            return now
        time.sleep(0.1)
