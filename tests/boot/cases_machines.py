# SPDX-License-Identifier: MIT
"""Two machines and the cables between them, by what goes through these."""

import json
import re
import tempfile

import wire
from cases_network import (STAY, address, blocked, pages, reaches, reload,
                           within)
from kit import case, config, need, service
from machine import PACE

SIDES = (0, 1)
TICKS = ("while :; do nc -l -p 81 -e sh -c 'i=0; while :; do echo $i; "
         "i=$((i+1)); usleep 50000; done'; done")
LISTENS = "while :; do nc 203.0.113.1 8081 >>/tmp/ticks; sleep 1; done"
# by link of the first machine; the second one has the next address of each
ADDRESSES = {"eth1": "192.0.2.1", "eth1.7": "198.51.100.1",
             "bond0": "203.0.113.1", "bond1": "198.18.0.1", "wg0": "10.9.0.1"}
ROUTED = "10.30.0."
ON_CABLES = {"macvlan": ("eth1", "192.0.2."), "ipvlan": ("eth2", "198.51.100.")}


def own_address(link, side):
    return ADDRESSES[link][:-1] + str(side + 1)


def links(side, key=None):
    """What host.network of a machine is; key: that of the other one."""
    network = {
        "eth0": {"address": "dhcp"},
        "eth1": {},
        "eth1.7": {"vlan": {"parent": "eth1", "id": 7}},
        "bond0": {"bond": {"members": ["eth2", "eth3"]}},
        "bond1": {"bond": {"mode": "802.3ad", "members": ["eth4", "eth5"]}},
        "wg0": {"wireguard": {"port": 51820}},
    }
    for link in ADDRESSES:
        network[link]["address"] = own_address(link, side) + "/24"
    if key:
        peer = {"public_key": key,
                "allowed_ips": [own_address("wg0", 1 - side) + "/32"]}
        if side == 1:
            peer["endpoint"] = own_address("eth1", 0) + ":51820"
        network["wg0"]["wireguard"]["peers"] = [peer]
    return network


def compose(side, key=None):
    services = [{"web": pages(ports=["8080:80"]),
                 "ticks": service(TICKS, ports=["8081:81"])},
                {"asks": service(STAY), "listens": service(LISTENS)}][side]
    document = json.loads(config(services))
    document["host"]["network"] = links(side, key)
    return json.dumps(document) + "\n"


class Cables:
    """eth1 to eth1; eth2 and eth3 of both on a hub; eth4, eth5 each."""

    def __init__(self, folder):
        self.plain, self.hub, *self.pair = (
            wire.Cable(folder, name) for name in ("c1", "c2", "c4", "c5"))

    def cards(self, side):
        arguments = [*wire.hub(1, "c2", ["h2", "h3"])]
        for cable in (self.plain, self.hub, *self.pair):
            arguments = cable.end(side) + arguments
        for number, backend in enumerate(("c1", "h2", "h3", "c4", "c5"), 1):
            arguments += wire.card(f"card{number}", backend,
                                   f"52:54:00:00:{side:02x}:{number:02x}")
        return arguments

    def frames(self):
        return [frame for cable in (self.plain, self.hub, *self.pair)
                for frame in cable.frames()]


def public_key(machine):
    """As a person reads it."""
    text = machine.sh_until("/bin/tare net --json | grep public_key", 60)
    return re.search(r'"public_key": *"([A-Za-z0-9+/]{43}=)"', text)[1]


def ticks(machine):
    """How many numbers came, none lost and in one connection."""
    numbers = within(machine, "listens", "cat /tmp/ticks")[1].split()
    need(numbers == [str(number) for number in range(len(numbers))],
         f"not in order: {numbers[-20:]}")
    return len(numbers)


def more_ticks(machine, than):
    deadline = PACE.deadline(20)
    while ticks(machine) <= than + 5:
        need(PACE.deadline(0) < deadline, f"no more than {than} numbers came")


def pull_active(machine):
    """The cable of the card in use comes off: traffic takes the other one."""
    state = "/sys/class/net/bond0/bonding/active_slave"
    active = machine.sh(f"cat {state}").strip()
    machine.qmp("set_link", name="card" + active[-1], up=False)
    machine.sh_until(f"grep eth {state} | grep -v {active}")


def aggregated(machine, ports):
    """802.3ad has joined so many ports with those of the other machine."""
    machine.sh_until(
        "grep -q '^.Partner Mac Address: 52:54' /proc/net/bonding/bond1 && "
        f"grep -q '^.Number of ports: {ports}' /proc/net/bonding/bond1", 60)


def judge_frames(cables):
    """Only addresses of machines are on cables; VLAN and WireGuard hide."""
    known = {own_address(link, side) for link in ADDRESSES
             for side in SIDES} | {"0.0.0.0"}
    for frame in cables.frames():
        need(frame.kind == wire.IPV6 or not frame.source or
             frame.source in known, f"a stranger on a cable: {frame}")
    plain = cables.plain.frames()
    tagged = {frame.vlan for frame in plain
              if frame.source.startswith("198.51.100.")}
    need(tagged == {7}, f"frames of the VLAN have the tags {tagged}")
    need({frame.vlan for frame in plain
          if frame.source.startswith("192.0.2.")} == {None}, "a tag too many")
    need(not any(frame.source.startswith("10.9.") for frame in plain),
         "what WireGuard carries is seen")
    data = {frame.source for frame in plain if frame.protocol == wire.UDP and
            51820 in frame.ports and frame.load[:4] == b"\4\0\0\0"}
    need(data == {own_address("eth1", side) for side in SIDES},
         f"WireGuard carries data from {data}")


@case("machines-linked", limit_s=240)
def machines_linked(t):
    """Two machines by static addresses, VLAN, bonds and WireGuard."""
    with tempfile.TemporaryDirectory(prefix="tare-wire-") as folder:
        cables = Cables(folder)
        first, second = (
            t.boot(t.disk(compose(side), name=f"disk{side}"), debug=True,
                   qemu_args=cables.cards(side)) for side in SIDES)
        for machine in (first, second):
            need(machine.ready()[0] == 2, "not all run")
        for link in ("eth1", "eth1.7", "bond0"):
            reaches(second, "asks", ADDRESSES[link], 8080, "web")

        reload(first, compose(0, public_key(second)))
        reload(second, compose(1, public_key(first)))
        reaches(second, "asks", ADDRESSES["wg0"], 8080, "web")

        more_ticks(second, 0)
        for machine in (first, second):
            pull_active(machine)
            more_ticks(second, ticks(second))

        for machine in (first, second):
            aggregated(machine, 2)
        reaches(second, "asks", ADDRESSES["bond1"], 8080, "web")
        for machine in (first, second):
            machine.qmp("set_link", name="card4", up=False)
        for machine in (first, second):
            aggregated(machine, 1)
        reaches(second, "asks", ADDRESSES["bond1"], 8080, "web")
        judge_frames(cables)


def neighbour(side):
    """A machine on two cables, and its workloads: on them, or behind it."""
    own = str(side + 1)
    services = {"web": pages(ports=["8080:80"])}
    networks = {"default": {"enable_ipv6": True}}
    plain = {"address": [f"192.0.2.{own}/24", f"2001:db8::{own}/64"]}
    if side == 0:
        services["asks"] = service(STAY)
        services["routed"] = pages(networks=["routed"])
        networks["routed"] = {
            "driver_opts": {"nat": "false"},
            "ipam": {"config": [{"subnet": ROUTED + "0/24"}]}}
    else:
        services["asks"] = service(STAY)
        plain["routes"] = [{"to": ROUTED + "0/24", "via": "192.0.2.1"}]
        for driver, (parent, lan) in ON_CABLES.items():
            services[driver] = pages(networks={
                driver: {"ipv4_address": lan + "50"}})
            networks[driver] = {
                "driver": driver, "driver_opts": {"parent": parent},
                "ipam": {"config": [{"subnet": lan + "0/24",
                                     "gateway": lan + "1"}]}}
    document = json.loads(config(services, networks=networks))
    document["host"]["network"] = {
        "eth1": plain, "eth2": {"address": f"198.51.100.{own}/24"}}
    return json.dumps(document) + "\n"


def card_of(cables, source):
    return {frame.mac for cable in cables for frame in cable.frames()
            if frame.source == source and frame.kind == wire.IPV4}


@case("machines-neighbours", limit_s=240)
def machines_neighbours(t):
    """Workloads on a cable, behind a router, and by IPv6, to another host."""
    with tempfile.TemporaryDirectory(prefix="tare-wire-") as folder:
        cables = [wire.Cable(folder, name) for name in ("c1", "c2")]
        first, second = (t.boot(
            t.disk(neighbour(side), name=f"disk{side}"), debug=True,
            qemu_args=[part for number, cable in enumerate(cables, 1)
                       for part in (*cable.end(side), *wire.card(
                           f"card{number}", cable.name,
                           f"52:54:00:00:{side:02x}:{number:02x}"))])
            for side in SIDES)
        for machine, count in ((first, 3), (second, 4)):
            need(machine.ready()[0] == count, "not all run")
        for driver, (_, lan) in ON_CABLES.items():
            reaches(second, driver, lan + "1", 8080, "web")
            reaches(first, "asks", lan + "50", 80, driver)
        need(card_of(cables, "198.51.100.50") == {"52:54:00:00:01:02"},
             "ipvlan has another card than the machine's")
        macvlan = card_of(cables, "192.0.2.50")
        need(len(macvlan) == 1 and "52:54:00:00:01:01" not in macvlan,
             f"macvlan has the card {macvlan}")
        # by IPv6 the machine's address is all that the other one sees
        reaches(second, "asks", "[2001:db8::1]", 8080, "web")
        need(not any(frame.source.startswith("fd") for cable in cables
                     for frame in cable.frames()), "an inner address")
        # a routed network goes out as it is, and lets nobody in
        reaches(first, "routed", "192.0.2.2", 8080, "web")
        need(card_of(cables, address(first, "routed")),
             "a routed workload has another address outside")
        blocked(second, "asks", address(first, "routed"))
