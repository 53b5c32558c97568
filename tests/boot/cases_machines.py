# SPDX-License-Identifier: MIT
"""Two machines and the cables between them, by what goes through these."""

import json
import re
import tempfile

import wire
from cases_network import STAY, pages, reaches, reload, within
from kit import case, config, need, service
from machine import PACE

SIDES = (0, 1)
TICKS = ("while :; do nc -l -p 81 -e sh -c 'i=0; while :; do echo $i; "
         "i=$((i+1)); usleep 50000; done'; done")
LISTENS = "while :; do nc 203.0.113.1 8081 >>/tmp/ticks; sleep 1; done"
# by link of the first machine; the second one has the next address of each
ADDRESSES = {"eth1": "192.0.2.1", "eth1.7": "198.51.100.1",
             "bond0": "203.0.113.1", "bond1": "198.18.0.1", "wg0": "10.9.0.1"}


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
