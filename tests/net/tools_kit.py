# SPDX-License-Identifier: MIT
"""tools_kit - three hosts in a row, and `tare net` run on them.

    near 192.0.2.2 ---- 192.0.2.1 router 198.51.100.1 ---- 198.51.100.2 far
"""

import contextlib
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time

from world import ANSWER_S, HERE, Place, need

BIN = os.path.join(HERE, "..", "..", "build",
                   os.uname().machine.replace("aarch64", "arm64"), "bin")
TARE = os.environ.get("TARE", os.path.join(BIN, "tare"))
LIMIT_S = 30
NAMES = """version 1
listen 192.0.2.1
client 192.0.2.1 - 0 in
listen 198.51.100.1
client 198.51.100.1 - 1 in
client 192.0.2.2 app 0 in
client 198.51.100.2 web-1 1 in
client 192.0.2.50 caller 0 in
client 198.51.100.50 called 1 in
pointer 192.0.2.2 app
pointer 198.51.100.2 web-1
name 0 web 198.51.100.2
name 0 app 192.0.2.2
name 1 web 198.51.100.50
name 2 camera 192.0.2.7
end
"""
PORTS = """version 1
network 0 near bridge tb00000001 out 192.0.2.0/24 192.0.2.1
network 1 far bridge tb00000002 out 198.51.100.0/24 198.51.100.1
network 2 lan macvlan eth0 out 192.0.2.0/24 -
port tcp - 80 web 7 198.51.100.2
end
"""
STATE = """version 1
lease eth0 192.0.2.2 192.0.2.1 3600 kept
note this is a test
end
"""


class Net:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="tare-tools-")
        os.chmod(self.folder, 0o755)
        self.places = []
        self.near = self.place("near")
        self.router = self.place("router")
        self.far = self.place("far")
        for name, text in (("names", NAMES), ("ports", PORTS),
                           ("state", STATE)):
            path = os.path.join(self.folder, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            os.chmod(path, 0o644)
        self.join()

    def place(self, name):
        made = Place(f"tare-{os.getpid()}-{name}")
        self.places.append(made)
        made.set("ipv6/conf/all/accept_dad", 0)
        made.set("ipv6/conf/default/accept_dad", 0)
        made.set("ipv4/icmp_ratelimit", 0)
        made.set("ipv6/icmp/ratelimit", 0)
        return made

    def join(self):
        self.router.set("ipv4/ip_forward", 1)
        self.router.set("ipv6/conf/all/forwarding", 1)
        self.router.ip(
            f"link add to-near type veth peer name eth0 netns "
            f"{self.near.name}",
            f"link add to-far type veth peer name eth0 netns {self.far.name}",
            "link set to-near up", "link set to-far up",
            "addr add 192.0.2.1/24 dev to-near",
            "addr add 2001:db8:1::1/64 dev to-near nodad",
            "addr add 198.51.100.1/24 dev to-far",
            "addr add 2001:db8:2::1/64 dev to-far nodad",
            "route add unreachable 203.0.113.0/24",
            "route add unreachable 2001:db8:3::/64")
        for place, net4, net6 in ((self.near, "192.0.2", "2001:db8:1"),
                                  (self.far, "198.51.100", "2001:db8:2")):
            place.ip("link set eth0 up", f"addr add {net4}.2/24 dev eth0",
                     f"addr add {net4}.50/24 dev eth0",
                     f"addr add {net6}::2/64 dev eth0 nodad",
                     f"route add default via {net4}.1",
                     f"route add default via {net6}::1")
        # so that the kernel keeps account of connections
        self.router.run("nft", "add table inet t; add chain inet t c "
                        "{ type filter hook forward priority 0; }; "
                        "add rule inet t c ct state invalid drop; "
                        "add rule inet t c ip daddr 198.51.100.66 "
                        "reject with icmp type admin-prohibited")

    def clear(self):
        for place in self.places:
            place.remove()
        shutil.rmtree(self.folder)


def command(net, place, *args):
    """`tare net` there, which finds our folder at /run/tare/net."""
    return ["ip", "netns", "exec", place.name, "unshare", "-m", "sh", "-ec",
            "mount -t tmpfs none /run; mkdir /run/tare; "
            'ln -s "$1" /run/tare/net; shift; exec "$@"', "sh", net.folder,
            TARE, "net", *args]


class Said:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def json(self):
        return json.loads(self.out)

    def holds(self, status, *words):
        text = f"status {self.status}\n{self.out}{self.err}"
        need(self.status == status, f"not status {status} but {text}")
        for word in words:
            need(word in self.out + self.err, f"no '{word}' in {text}")


def tare(net, place, *args):
    return Said(subprocess.run(
        command(net, place, *args), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, check=False, timeout=LIMIT_S))


@contextlib.contextmanager
def started(args, **more):
    child = subprocess.Popen(args, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, **more)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def until(what, condition):
    end = time.monotonic() + ANSWER_S
    while not condition():
        need(time.monotonic() < end, f"{what}: not within {ANSWER_S} s")
        os.sched_yield()


def end_of(child, status=0):
    out, err = child.communicate(timeout=LIMIT_S)
    need(child.returncode == status,
         f"status {child.returncode}: {out!r} {err!r}")
    return out, err


class Fake:
    """A name server that answers as it is told, by UDP and TCP."""

    def __init__(self, place, answer):
        self.answer = answer
        self.seen = []
        self.socket = place.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("0.0.0.0", 0))
        self.port = self.socket.getsockname()[1]
        self.stream = place.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.stream.bind(("0.0.0.0", self.port))
        self.stream.listen()
        self.threads = [threading.Thread(target=self.serve, daemon=True),
                        threading.Thread(target=self.serve_stream,
                                         daemon=True)]
        for thread in self.threads:
            thread.start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                question, peer = self.socket.recvfrom(2048)
                self.seen.append(("udp", question))
                for reply in self.answer(question, "udp"):
                    self.socket.sendto(reply, peer)

    def serve_stream(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.stream.accept()
                question = client.recv(2048)[2:]
                self.seen.append(("tcp", question))
                for reply in self.answer(question, "tcp"):
                    client.sendall(struct.pack(">H", len(reply)) + reply)
                client.close()

    def close(self):
        for made in (self.socket, self.stream):
            with contextlib.suppress(OSError):
                made.shutdown(socket.SHUT_RDWR)
            made.close()


def question_of(query):
    """Its bytes from the name on, without EDNS."""
    end = 12
    while query[end]:
        end += query[end] + 1
    return query[12:end + 5]


def reply_to(query, flags=0, records=b"", count=0):
    return (query[:2] + struct.pack(">HHHHH", 0x8180 | flags, 1, count, 0, 0)
            + question_of(query) + records)


def text_record(size):
    data = b"".join(bytes([200]) + b"x" * 200 for _ in range(size // 200))
    return b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, len(data)) + data
