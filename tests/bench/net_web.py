# SPDX-License-Identifier: MIT
"""net_web - wrk(1) from outside over four replicas behind a published port."""

import contextlib
import os
import re
import socket
import statistics
import subprocess
import threading
import time

import world as kit

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = 12
KILLS = 15
CONNECTIONS = 64
HOST = "192.0.2.1"
PROBER = "192.0.2.3"  # beside that of wrk, so that each is counted alone
UPLINK = "uplink up0"  # where the kernel has flow tables
BALANCED = ("group 0 web - - 0 1 2 3", "port tcp - 80 80 0", UPLINK)
PROBE_S = 0.3         # how long is looked at who answers new connections
LIMIT_S = 10

# wrk asks the first address of a name only; so each thread gets one of its own.
SPREAD = """
local addresses, count = {}, 0
function setup(thread)
   for word in os.getenv("ADDRESSES"):gmatch("%S+") do
      addresses[#addresses + 1] = wrk.lookup(word, "80")[1]
   end
   thread.addr = addresses[count % #addresses + 1]
   count = count + 1
end
"""

# What a router does that has no ports to publish, or has the least for it.
OTHERS = {
    "tracked": """
table ip other {
  chain forward { type filter hook forward priority 0;
    ct state established,related accept
  }
}
""",
    "plain": """
table ip other {
  chain pre { type nat hook prerouting priority dstnat;
    ip daddr 192.0.2.1 tcp dport 80 dnat to numgen inc mod 4 map {
      0 : 172.20.1.10, 1 : 172.20.1.11, 2 : 172.20.1.12, 3 : 172.20.1.13 }
  }
}
""",
}
NO_OTHERS = "table ip other { }\ndelete table ip other\n"

# Connections that wrk begins, where they arrive.
BEGUN = """
table ip begun {
  counter syn { }
  chain in { type filter hook input priority 0;
    ip saddr 192.0.2.2 tcp flags & (syn | ack) == syn counter name syn
  }
}
"""


def built(world, name, *options):
    """The program of a source beside this file; see TARE_BUILT."""
    path = os.path.join(os.environ.get("TARE_BUILT", world.folder), name)
    if not os.path.exists(path):
        kit.run("gcc", "-O2", "-D_GNU_SOURCE", "-o", path,
                os.path.join(HERE, name + ".c"), *options)
    return path


class Server:
    """A program in a namespace that listens, for a block or until killed."""

    def __init__(self, place, *command, ready="ready"):
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", place.name, *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if ready in line:
                break
        else:
            raise kit.Failure(f"{command[0]} does not listen")
        # nobody reads the rest, and it must not stand still for that
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def kill(self):
        """The moment at which it is known that it is dead."""
        self.process.kill()
        self.process.wait()
        return time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def serve(world, replica):
    return Server(replica, built(world, "net_http"), "80",
                  f"replica-{replica.number}")


def start_wrk(world, seconds, *addresses):
    script = os.path.join(world.folder, "spread.lua")
    with open(script, "w", encoding="ascii") as file:
        file.write(SPREAD)
    return subprocess.Popen(
        ["ip", "netns", "exec", world.outside.name, "wrk", "-t4",
         f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script,
         f"http://{addresses[0]}:80/"],
        env=os.environ | {"ADDRESSES": " ".join(addresses)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def failures_of(said):
    """As wrk tells them; says nothing of them when there are none."""
    found = re.search(r"Socket errors: connect (\d+), read (\d+), "
                      r"write (\d+), timeout (\d+)", said)
    return sum(map(int, found.groups())) if found else 0


def requests_per_s(world, *addresses):
    said = start_wrk(world, 1, *addresses).communicate()[0]
    kit.need(failures_of(said) == 0, said)
    return float(re.search(r"Requests/sec: *([0-9.]+)", said)[1])


def requests_by(world, kind):
    world.keep("remove")
    world.machine.run("nft", "-f", "-", input=OTHERS.get(kind, ""))
    if kind == "published":
        world.apply(*BALANCED)
    if kind in ("published", "plain"):
        return requests_per_s(world, HOST)
    return requests_per_s(world, *(replica.address4
                                   for replica in world.replicas))


def requests(world, out):
    """Published by ours and by a plain rule; the same four addressed, with
    connections tracked and without any rules."""
    taken = {"direct": [], "tracked": [], "plain": [], "published": []}
    names = list(taken)
    with contextlib.ExitStack() as servers:
        for replica in world.replicas:
            servers.enter_context(serve(world, replica))
        for number in range(world.rounds or ROUNDS):
            first = number % len(names)
            for kind in names[first:] + names[:first]:
                taken[kind].append(requests_by(world, kind))
                world.machine.run("nft", "-f", "-", input=NO_OTHERS)
    for kind, rates in taken.items():
        out.add(f"requests-{kind}", statistics.median(rates), "requests/s")
    for kind, bar in (("direct", 1.05), ("tracked", None), ("plain", None)):
        out.add(f"{kind}-to-published-requests", statistics.median(
            a / b for a, b in zip(taken[kind], taken["published"])), "x", bar)


def connections_of_wrk(replica):
    return len(replica.run("ss", "-Htn", "state", "established",
                           "( sport = :80 and dst 192.0.2.2 )").splitlines())


def wait_for_wrk(world):
    limit = time.monotonic() + LIMIT_S
    while sum(map(connections_of_wrk, world.replicas)) < CONNECTIONS:
        kit.need(time.monotonic() < limit, "wrk does not connect")


def ask_once(world):
    """A new connection: when it began, in seconds, and who answered."""
    began = time.monotonic()
    with world.outside.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        try:
            client.bind((PROBER, 0))
            client.connect((HOST, 80))
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            return began, client.recv(4096).decode().split()[-1]
        except (ConnectionError, IndexError):
            return began, "nobody"


def begun(replica):
    said = replica.run("nft", "list", "counter", "ip", "begun", "syn")
    return int(re.search(r"packets (\d+)", said)[1])


def probe(world, probes, until):
    """Asks by new connections until then; (began, who) of each."""
    while time.monotonic() < until:
        probes.append(ask_once(world))


def kill_one(world, victim, server):
    """A replica dies under load, and its rules' owner is told.

    (ms from then to the last new connection that went to it, ms until the
    rules were in force, how many failed that were not on it, connections that
    were begun to it when it was dead)."""
    probes = []
    with subprocess.Popen(
            ["ip", "netns", "exec", world.machine.name, world.keeper, "stop",
             world.topology(*BALANCED), str(victim.number)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
        kit.need(keeper.stdout.readline() == "ready\n", "keeper")
        wrk = start_wrk(world, 2, HOST)
        wait_for_wrk(world)
        probe(world, probes, time.monotonic() + PROBE_S / 3)
        late = -begun(victim)
        under_way = connections_of_wrk(victim)
        kit.need(under_way > 0, "nothing is under way on it")
        killed = server.kill()
        keeper.stdin.write("\n")
        keeper.stdin.flush()
        probe(world, probes, killed + PROBE_S)
        told, done = (float(ms) / 1000
                      for ms in keeper.stdout.read().split())
    failed = failures_of(wrk.communicate()[0])
    late += begun(victim)
    kit.need(any(who == f"replica-{victim.number}" for _, who in probes),
             "it did not answer before")
    last = max([began for began, who in probes if who == "nobody"],
               default=told)
    return (max(last - told, 0) * 1000, (done - told) * 1000,
            failed - under_way - late, late)


def killed(world, out):
    results = []
    victim = world.replicas[-1]
    victim.run("nft", "-f", "-", input=BEGUN)
    with contextlib.ExitStack() as servers:
        for replica in world.replicas[:-1]:
            servers.enter_context(serve(world, replica))
        for _ in range(world.rounds or KILLS):
            with serve(world, victim) as server:
                results.append(kill_one(world, victim, server))
    elsewhere, applied, failed, late = zip(*results)
    # a prober that asks one after the other may miss the last to go there;
    # none can go there once the rules are in force
    out.add("killed-to-elsewhere", max(*elsewhere, *applied), "ms", 50)
    out.add("killed-to-rules", statistics.median(applied), "ms")
    out.add("killed-failures-elsewhere", max(failed), "requests", 0)
    out.add("killed-begun-before-told", statistics.median(late),
            "connections")
