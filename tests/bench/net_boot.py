# SPDX-License-Identifier: MIT
"""net_boot - from a link that is up to an address, in the booting machine.

The machine is the OS file with net_watch in the place of netd, and a disk that
was booted from before: netd switches the link on at once, then disks are
checked and mounted, the agent reads the config and tells netd what is wanted.
The server is dnsmasq(8) on the other end of the network card, in a network
namespace.

The guest's clock is virtual (-icount shift=0): 1 ns for each instruction that
the guest executes, however long the host takes for it. While the guest has
nothing to do, its clock has to go on some other way. With sleep=off it would
leap to the next timer, and the answer of a server outside, which takes no
instruction of the guest, would come after as many timers as the host managed
to get through meanwhile: udhcpc would have given up. So sleep=on is used: a
wait lasts as long as the host's clock says. The figure is instructions and
waits: the 50 ms that an address is probed for, dnsmasq, and the disk, which is
in the host's memory. What else the host does only adds to that, so the least of
some boots is judged. Another one counts the instructions alone: without any
wait outside, the figure would be theirs and those 50 ms.
"""

import os
import statistics

import figures
import disk as disks
import guest
import place
from kit import Case, config

ROUNDS = 5
NETWORK = "192.0.2.1/24"
POOL = "192.0.2.50,192.0.2.59"
CARD = "w-eth0"
UP = "48b86c696e6b69737570"  # as in net_watch.c
ADDRESS = "48b86861732061646472"


def machine():
    """The OS file with net_watch in the place of netd."""
    guest.program("net_watch")
    root = guest.root("net_boot", ["/sbin/netd file 0755 bench/net_watch",
                                   "/sbin/netd-itself file 0755 bin/netd"])
    return guest.osfile("net_boot", guest.INITRAMFS, root)


def used_disk(case):
    """One whose data partition is made, with a config that runs nothing."""
    disk = case.disk(config({}), box=False)
    with case.boot(disk) as booted:
        booted.ready()
        booted.power_button()
        booted.wait_end(20)
    return disk


def boot(case, where, disk, osfile, *qemu_args):
    """Until it has its address; the milliseconds from the link on."""
    with case.boot(disk, osfile=osfile, options=["--net", "none", "--once"],
                   within=["nsenter", "-t", str(where.world), "-n"],
                   qemu_args=["-icount", "shift=0,sleep=on", "-snapshot",
                              "-netdev", f"tap,id=net,ifname={CARD},"
                              "script=no,downscript=no",
                              "-device", "virtio-net-pci,netdev=net,romfile=",
                              *qemu_args]) as booted:
        said = booted.expect(r"net_watch: up at (\d+) ns, address after "
                             r"(\d+) ns", 120)
        booted.wait_end(20)
    return int(said[2]) / 1e6


def count(case, where, disk, osfile, plugin):
    """Millions of instructions between the same moments."""
    out = os.path.join(case.work, "count")
    boot(case, where, disk, osfile, "-plugin",
         f"{plugin},out={out},from={UP},to={ADDRESS}")
    with open(out, encoding="ascii") as file:
        return int(file.read()) / 1e6


def measure(where, case, out):
    osfile, plugin, disk = machine(), guest.plugin(), used_disk(case)
    where.out("ip", "tuntap", "add", CARD, "mode", "tap")
    where.out("ip", "address", "add", NETWORK, "dev", CARD)
    where.out("ip", "link", "set", CARD, "up")
    where.dnsmasq("eth0", POOL)
    place.until(lambda: "sockets bound" in where.server_log(), "dnsmasq")
    took = [boot(case, where, disk, osfile) for _ in range(ROUNDS)]
    out.add("boot-link-to-address", min(took), "ms", 100)
    out.add("boot-link-to-address-median", statistics.median(took), "ms")
    out.add("boot-link-to-address-most", max(took), "ms")
    out.add("boot-link-to-address-insns",
            count(case, where, disk, osfile, plugin), "M")


def boots(_, out):
    figures.must_exist(disks.OSFILE, guest.LINUX, guest.MUSL_GCC)
    where = place.Place()
    case = Case("net_boot", where.folder)
    try:
        measure(where, case, out)
    finally:
        case.close(keep=False)
        where.clear()
