# SPDX-License-Identifier: MIT
"""Real servers under load, while what the machine runs and allows changes."""

import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request

from cases_network import (MACHINE, address, fetch, look_up, pages, reload,
                           within)
from cases_stack import client, redis
from kit import case, config, images, need, service
from machine import PACE, Failure

SLOW_BYTES, SLOW_RATE = 96 << 10, "8k"  # twelve seconds
CHANGES = 20
NGINX = f"""daemon off; worker_processes 1; user www-data; pid /tmp/nginx.pid;
error_log /dev/stderr; events {{ worker_connections 512; }}
http {{ access_log off; server {{ listen 80; root /config;
 add_header X-Replica $hostname;
 location = / {{ return 200 $hostname; }}
 location = /slow {{ limit_rate {SLOW_RATE}; }} }} }}
"""


def nginx(port, **more):
    return {"image": "nginx:1.22", "restart": "always",
            "command": ["nginx", "-c", "/config/nginx.conf"],
            "ports": [f"{port}:80"],
            "volumes": ["./nginx.conf:/config/nginx.conf:ro",
                        "./slow:/config/slow:ro"], **more}


def disk_of_images(t, compose, *names):
    """A disk with some of the real images on its data partition."""
    folder = os.path.join(t.work, "data", "images")
    os.makedirs(folder)
    for name in names:
        subprocess.run(["cp", "-al", os.path.join(images(), name), folder],
                       check=True)
    return t.disk(compose, data=os.path.dirname(folder), size="1G", files={
        "nginx.conf": NGINX, "slow": os.urandom(SLOW_BYTES)})


class Load:
    """Clients that ask for a page again and again, with new connections."""

    PAUSE_S = 0.05

    def __init__(self, port, clients=4):
        self.url = f"http://127.0.0.1:{port}/"
        self.ended = threading.Event()
        self.answers = []  # (when it was asked, what came)
        self.threads = [threading.Thread(target=self.ask, daemon=True)
                        for _ in range(clients)]

    def ask(self):
        while not self.ended.wait(self.PAUSE_S):
            began = time.monotonic()
            try:
                with urllib.request.urlopen(self.url, timeout=60) as page:
                    came = page.read().decode()
            except OSError as error:
                came = f"failed: {error}"
            self.answers.append((began, came))

    def since(self, when):
        return [came for began, came in list(self.answers) if began > when]

    def wait(self, count, when):
        """Until so many were asked after a time, and answered."""
        deadline = PACE.deadline(30)
        while len(self.since(when)) < count:
            need(time.monotonic() < deadline, "no more answers")
            time.sleep(0.02)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def slow_page(port, name):
    """A download that has begun, from a certain replica."""
    for _ in range(60):
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/slow",
                                      timeout=60)
        if page.headers["X-Replica"] == name:
            return page
        page.close()
    raise Failure(f"{name} never answers")


def until_all_answer(machine, names):
    """A program runs some time before it listens."""
    deadline = PACE.deadline(30)
    missing = set(names)
    while missing:
        need(time.monotonic() < deadline, f"{missing} never answered")
        missing.discard(machine.get(8080).strip())


def asks_for(name):
    """A workload that gets a page by a name again and again."""
    get = f"wget -q -O - http://{name}/"
    return service(f"until {get}; do usleep 100000; done; while :; do {get} "
                   ">>/tmp/got || echo failed >>/tmp/got; echo >>/tmp/got; "
                   "usleep 50000; done")


def check_asked(machine, name, wanted):
    """What a workload of asks_for got."""
    got = within(machine, name, "cat /tmp/got")[1].split()
    need(len(got) > 10 and set(got) <= wanted, f"{name} got {got[-100:]}")


@case("network-drained", limit_s=240)
def network_drained(t):
    """A replica that leaves ends its downloads; nobody is refused."""
    services = {
        "web": nginx(8080, deploy={"replicas": 3}, stop_grace_period="60s"),
        "named": pages(stop_grace_period="5s", deploy={
            "replicas": 3, "endpoint_mode": "dnsrr"}),
        "asks-web": asks_for("web"), "asks-named": asks_for("named"),
    }
    webs, named = ({name, name + "-2", name + "-3"}
                   for name in ("web", "named"))
    disk = disk_of_images(t, config(services), "nginx")
    with t.boot(disk, debug=True, memory=384, ports=[8080]) as machine:
        need(machine.ready(nominal_s=60)[0] == 8, "not all run")
        addresses = {name: address(machine, name) for name in named}
        shared = look_up(machine, "asks-web", "web")
        need(set(look_up(machine, "asks-web", "named")) ==
             set(addresses.values()), "not the addresses of all replicas")
        need(len(shared) == 1, f"web has the addresses {shared}")
        until_all_answer(machine, webs)
        with Load(machine.ports[8080]) as load:
            load.wait(20, 0)
            page = slow_page(machine.ports[8080], "web-3")
            for name in ("web", "named"):
                services[name]["deploy"]["replicas"] = 2
            mark = reload(machine, config(services))
            for name in ("web-3", "named-3"):
                machine.expect(f"tare: {name}: stopping", after=mark)
            leaving = time.monotonic()
            load.wait(20, leaving)
            machine.refuse("tare: web-3: (stopped|exited)", mark)
            need(len(page.read()) == SLOW_BYTES, "the download is not whole")
            for name in ("web-3", "named-3"):
                machine.expect(f"tare: {name}: stopped", after=mark)
        need(set(load.since(0)) == webs, f"got {set(load.since(0))}")
        need(set(load.since(leaving)) == webs - {"web-3"},
             f"one that leaves got connections: {set(load.since(leaving))}")
        check_asked(machine, "asks-web", webs)
        check_asked(machine, "asks-named", named)
        del addresses["named-3"]
        need(set(look_up(machine, "asks-web", "named")) ==
             set(addresses.values()), "another address than of two replicas")
        need(look_up(machine, "asks-web", "web") == shared, "another address")


class Wrk:
    """wrk(1) on this host, until it is ended; then no request has failed."""

    def __init__(self, port, *options):
        self.process = subprocess.Popen(
            ["wrk", "-t", "1", "-c", "4", "-d", "3600", "--timeout", "60",
             *options, f"http://127.0.0.1:{port}/"], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def end(self):
        """How many requests were answered."""
        self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=120)
        counted = re.search(r"(\d+) requests in", said)
        need(counted and "errors" not in said and "Non-2xx" not in said,
             f"wrk says {said}")
        return int(counted[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Counter:
    """One connection to redis, in which each number follows the last."""

    def __init__(self, machine, port):
        client(machine, redis(machine, "ping"), "PONG")
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.number = 0
        self.problem = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.count, daemon=True)

    def count(self):
        try:
            while not self.ended.wait(0.02) and not self.problem:
                self.socket.sendall(b"INCR counted\r\n")
                said = self.socket.recv(100)
                self.number += 1
                if said != b":%d\r\n" % self.number:
                    self.problem = f"{said} after {self.number - 1}"
        except OSError as error:
            self.problem = str(error)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.socket.close()


def changed(number):
    """One of the configs whose rules follow each other."""
    services = {
        "web": nginx(8080, deploy={"replicas": 2}),
        "redis": {"image": "redis:7.0", "ports": ["6379:6379"]},
        "other": pages(ports=[f"{9000 + number}:80"]),
    }
    networks = {}
    if number % 2:
        networks["apart"] = {}
        services["guest"] = pages(networks=["apart"], ports=["9100:80"])
    return config(services, networks=networks)


@case("network-changes", limit_s=240)
def network_changes(t):
    """wrk and redis notice nothing of twenty changes of the rules."""
    disk = disk_of_images(t, changed(0), "nginx", "redis.tar")
    with t.boot(disk, debug=True, memory=384, ports=[8080, 6379]) as machine:
        need(machine.ready(nominal_s=90)[0] == 4, "not all run")
        web = machine.ports[8080]
        machine.get(8080)
        with Wrk(web) as kept, Wrk(web, "-H", "Connection: close") as new, \
                Counter(machine, machine.ports[6379]) as counter:
            for number in range(1, CHANGES + 1):
                reload(machine, changed(number))
                machine.sh(f"until grep -q ' {9000 + number} other ' "
                           "/run/tare/net/ports; do usleep 20000; done")
            machine.sh(fetch(MACHINE, 9000 + CHANGES))
            answered = [wrk.end() for wrk in (kept, new)]
        need(not counter.problem, f"redis: {counter.problem}")
        need(min(*answered, counter.number) > 5 * CHANGES,
             f"hardly anything was asked: {answered}, {counter.number}")
