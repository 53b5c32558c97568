# SPDX-License-Identifier: MIT
"""net_uplink - from a link that is up to an address, with dnsmasq(8).

netd runs as on a machine, in the place of tests/net/place.py.
"""

import statistics
import subprocess
import time

import place

ROUNDS = 9
SERVER = "192.0.2.1/24"
POOL = "192.0.2.50,192.0.2.59"


def wait_for(lines, *words):
    """Until a line of ip-monitor(8) has them all: the moment it came."""
    for line in lines:
        if all(word in line for word in words):
            return time.monotonic()
    raise place.Failure(f"never saw {words}")


def link_to_address(where):
    """Milliseconds. The monitor prints only what concerns the link, and says
    the carrier and the address as the kernel does."""
    where.wire("eth0", SERVER)
    where.dnsmasq("eth0", POOL)
    place.until(lambda: "sockets bound" in where.server_log(), "dnsmasq")
    command = ["nsenter", "-t", str(where.machine), "-n", "ip",
               "-oneline", "monitor", "link", "address", "dev", "eth0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as told:
        listening(told.pid)
        where.start()
        up = wait_for(told.stdout, "LOWER_UP", "state UP")
        has = wait_for(told.stdout, "inet 192.0.2.")
        told.kill()
    return (has - up) * 1000


def listening(pid):
    """Until it has its netlink socket, bound to groups."""
    place.until(lambda: any(
        line.split()[2] == str(pid) and int(line.split()[3], 16)
        for line in open(f"/proc/{pid}/net/netlink", encoding="ascii")
        if line[0] != "s"), "ip monitor")


def addresses(_, out):
    took = []
    for _ in range(ROUNDS):
        where = place.Place()
        try:
            took.append(link_to_address(where))
        finally:
            where.clear()
    out.add("link-to-address", statistics.median(took), "ms", 100)
    out.add("link-to-address-most", max(took), "ms")
