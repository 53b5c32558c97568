# SPDX-License-Identifier: MIT
"""Real servers under load, while what the machine runs and allows changes."""

import os
import subprocess
import threading
import time
import urllib.request

from cases_network import address, look_up, pages, reload, within
from kit import case, config, images, need, service
from machine import PACE, Failure

SLOW_BYTES, SLOW_RATE = 96 << 10, "8k"  # twelve seconds
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
    return t.disk(compose, data=os.path.dirname(folder), files={
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
