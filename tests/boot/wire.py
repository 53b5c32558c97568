# SPDX-License-Identifier: MIT
"""wire - Ethernet cables between machines, and the frames that went through.

A cable is a pair of UNIX datagram sockets, one end in each QEMU, so no port of
this host is used; a hub is QEMU's own, inside a machine. Each end writes what
it carries to a file of the form of pcap-savefile(5).
"""

import collections
import ipaddress
import os
import struct

VLAN, IPV4, ARP, IPV6 = 0x8100, 0x0800, 0x0806, 0x86dd
ICMP, TCP, UDP = 1, 6, 17
# addresses are text, ports 0 where there are none; load: what is behind it all
Frame = collections.namedtuple(
    "Frame", "mac vlan kind source target protocol ports load")


class Cable:
    """One cable; its ends are 0 and 1."""

    def __init__(self, folder, name):
        self.name = name
        self.path = os.path.join(folder, name)

    def end(self, side):
        """QEMU arguments: a network backend with the cable's name."""
        return ["-netdev", f"dgram,id={self.name},local.type=unix,"
                f"local.path={self.path}{side},remote.type=unix,"
                f"remote.path={self.path}{1 - side}",
                "-object", f"filter-dump,id=dump-{self.name},"
                f"netdev={self.name},file={self.path}{side}.pcap"]

    def frames(self, side=0):
        """What its end has sent and got so far."""
        with open(f"{self.path}{side}.pcap", "rb") as file:
            return list(frames(file.read()))


def hub(number, uplink, ports):
    """QEMU arguments: a hub that joins a backend and new ones."""
    return ["-netdev", f"hubport,id={uplink}-hub,hubid={number},"
            f"netdev={uplink}", *(part for port in ports for part in (
                "-netdev", f"hubport,id={port},hubid={number}"))]


def card(name, backend, mac):
    """QEMU arguments: a network card. Without a speed it is in no 802.3ad."""
    return ["-device", f"virtio-net-pci,id={name},netdev={backend},mac={mac},"
            "speed=1000,duplex=full,romfile="]


def frames(data):
    """The frames of a pcap file, which may end in the middle of one."""
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        at += 16
        if at + size > len(data):
            return
        yield parse(data[at:at + size])
        at += size


def parse(data):
    mac = data[6:12].hex(":")
    kind, at, vlan = struct.unpack_from("!H", data, 12)[0], 14, None
    if kind == VLAN:
        tag, kind = struct.unpack_from("!HH", data, 14)
        at, vlan = 18, tag & 0xfff
    ends, protocol = ("", ""), 0
    if kind == ARP:
        ends = data[at + 14:at + 18], data[at + 24:at + 28]
    elif kind == IPV4:
        ends, protocol = (data[at + 12:at + 16],
                          data[at + 16:at + 20]), data[at + 9]
        at += (data[at] & 15) * 4
    elif kind == IPV6:
        ends, protocol = (data[at + 8:at + 24],
                          data[at + 24:at + 40]), data[at + 6]
        at += 40
    ports = (0, 0)
    if protocol in (TCP, UDP):
        ports = struct.unpack_from("!HH", data, at)
        at += 8 if protocol == UDP else (data[at + 12] >> 4) * 4
    return Frame(mac, vlan, kind,
                 *(str(ipaddress.ip_address(end)) if end else ""
                   for end in ends), protocol, ports, data[at:])
