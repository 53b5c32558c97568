# SPDX-License-Identifier: MIT
"""frames - Ethernet frames made by hand, honest and not."""

import socket
import struct


def ipv4(source, destination, payload, protocol=17, ttl=64):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, ttl,
                       protocol, 0, socket.inet_aton(source),
                       socket.inet_aton(destination))
    total = sum(struct.unpack("!10H", head))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack("!H", ~total & 0xffff) + head[12:] + payload


def udp4(source, destination, port, word, source_port=999):
    return ipv4(source, destination, struct.pack(
        "!HHHH", source_port, port, 8 + len(word), 0) + word)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def sctp4(source, destination, port, word):
    """INIT (RFC 9260, 3.3.2), with a parameter to be passed over."""
    word += bytes(-len(word) % 4)
    init = struct.pack("!BBHIIHHI", 1, 0, 24 + len(word), 1, 65536, 1, 1,
                       1) + struct.pack("!HH", 0xc000, 4 + len(word)) + word
    head = struct.pack("!HHI", 999, port, 0)
    check = struct.pack("<I", crc32c(head + bytes(4) + init))
    return ipv4(source, destination, head + check + init, 132)


def checksum6(source, destination, protocol, payload):
    data = (socket.inet_pton(socket.AF_INET6, source) +
            socket.inet_pton(socket.AF_INET6, destination) +
            struct.pack("!II", len(payload), protocol) + payload)
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv6(source, destination, protocol, payload, hops=64):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, hops,
                       socket.inet_pton(socket.AF_INET6, source),
                       socket.inet_pton(socket.AF_INET6, destination)) + payload


def udp6(source, destination, port, word, source_port=999):
    head = struct.pack("!HHHH", source_port, port, 8 + len(word), 0)
    check = checksum6(source, destination, 17, head + word)
    return ipv6(source, destination, 17,
                head[:6] + struct.pack("!H", check) + word)


def icmp6(source, destination, kind, body, hops=255):
    payload = struct.pack("!BBH", kind, 0, 0) + body
    check = checksum6(source, destination, 58, payload)
    return ipv6(source, destination, 58, payload[:2] +
                struct.pack("!H", check) + payload[4:], hops)


def ether(source, destination, kind, payload):
    return (bytes.fromhex(destination.replace(":", "")) +
            bytes.fromhex(source.replace(":", "")) +
            struct.pack("!H", kind) + payload)


def link_local(mac):
    b = bytes.fromhex(mac.replace(":", ""))
    host = bytes([b[0] ^ 2]) + b[1:3] + b"\xff\xfe" + b[3:]
    return socket.inet_ntop(socket.AF_INET6,
                            b"\xfe\x80" + b"\0" * 6 + host)


def every_kind(app, web, foreign, machine):
    """(what, frame, is it let through?), each with its name in it."""
    def arp(what, mac, address, ether_mac=app.mac, head=(1, 0x800, 6, 4)):
        body = struct.pack("!HHBBH", *head, 2) + bytes.fromhex(
            mac.replace(":", "")) + socket.inet_aton(address) + bytes(
                10) + what.encode()
        return ether(ether_mac, web.mac, 0x806, body)

    def nd(what, source, target, kind=136):
        target = socket.inet_pton(socket.AF_INET6, target)
        return ether(app.mac, web.mac, 0x86dd, icmp6(
            source, web.address6, kind, bytes(4) + target + what.encode()))

    def four(what, source, mac=app.mac, **more):
        return ether(mac, web.mac, 0x800,
                     udp4(source, web.address4, more.pop("port", 9),
                          what.encode(), **more))

    def six(what, source, **more):
        return ether(app.mac, web.mac, 0x86dd,
                     udp6(source, web.address6, more.pop("port", 9),
                          what.encode(), **more))

    mine4, mine6, local = app.address4, app.address6, link_local(app.mac)
    for what, frame, is_good in (
            ("own IPv4", lambda w: four(w, mine4), True),
            ("another's MAC", lambda w: four(w, mine4, foreign.mac), False),
            ("another's IPv4", lambda w: four(w, foreign.address4), False),
            ("gateway's IPv4", lambda w: four(w, "172.20.1.1"), False),
            ("no IPv4", lambda w: four(w, "0.0.0.0"), False),
            ("DHCP answer", lambda w: four(w, mine4, source_port=67), False),
            ("DHCP answer 2", lambda w: four(w, mine4, port=68), False),
            ("own IPv6", lambda w: six(w, mine6), True),
            ("own link-local", lambda w: six(w, local), True),
            ("other link-local", lambda w: six(w, "fe80::1"), False),
            ("another's IPv6", lambda w: six(w, foreign.address6), False),
            ("unspecified IPv6", lambda w: six(w, "::"), False),
            ("another's MAC, own IPv6", lambda w: ether(
                foreign.mac, web.mac, 0x86dd,
                udp6(mine6, web.address6, 9, w.encode())), False),
            ("another's MAC, own ARP", lambda w: arp(
                w, app.mac, mine4, foreign.mac), False),
            ("another's MAC, multicast", lambda w: ether(
                foreign.mac, web.mac, 0x86dd, icmp6(
                    "::", web.address6, 143, bytes(4) + w.encode())), False),
            ("multicast", lambda w: ether(
                app.mac, web.mac, 0x86dd, icmp6(
                    "::", web.address6, 143, bytes(4) + w.encode())), True),
            ("DHCPv6 answer", lambda w: six(w, local, source_port=547), False),
            ("DHCPv6 answer 2", lambda w: six(w, local, port=546), False),
            ("own ARP", lambda w: arp(w, app.mac, mine4), True),
            ("ARP of another's address",
             lambda w: arp(w, app.mac, foreign.address4), False),
            ("ARP of the gateway", lambda w: arp(w, app.mac, "172.20.1.1"),
             False),
            ("ARP of another's MAC", lambda w: arp(w, foreign.mac, mine4),
             False),
            ("ARP of odd sizes",
             lambda w: arp(w, app.mac, mine4, head=(1, 0x800, 4, 6)), False),
            ("own advertisement", lambda w: nd(w, mine6, mine6), True),
            ("another's advertisement",
             lambda w: nd(w, mine6, foreign.address6), False),
            ("gateway's advertisement", lambda w: nd(w, mine6, "fd00:1::1"),
             False),
            ("solicitation", lambda w: nd(w, mine6, web.address6, 135), True),
            ("own address taken?", lambda w: nd(w, "::", mine6, 135), True),
            ("other address taken?",
             lambda w: nd(w, "::", web.address6, 135), False),
            ("router", lambda w: nd(w, local, mine6, 134), False),
            ("redirect", lambda w: nd(w, local, mine6, 137), False),
            ("tagged", lambda w: ether(app.mac, web.mac, 0x8100, b"\0\1\x08\0" +
                                       udp4(mine4, web.address4, 9,
                                            w.encode())), False),
            ("spanning tree", lambda w: ether(app.mac, web.mac, 0x88cc,
                                              w.encode() + bytes(40)), False)):
        word = what.replace(" ", "-") + "-" + machine
        yield what, word.encode(), frame(word), is_good
