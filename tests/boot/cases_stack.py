# SPDX-License-Identifier: MIT
"""Real programs of Debian, packed by other people's tools."""

import os
import subprocess

from kit import case, config, images, need
from machine import PACE, TOP, Failure

SHUTDOWN_S = 15
STACK = os.path.join(TOP, "examples", "stack")
PORTS = [8080, 8081, 6379, 5432]


def client(machine, command, wanted):
    """A client program on this host, tried until it answers as wanted."""
    deadline = PACE.deadline(90)
    while True:
        done = subprocess.run(command, capture_output=True, text=True,
                              check=False, timeout=60)
        if done.returncode == 0 and wanted in done.stdout:
            return
        import time
        if time.monotonic() > deadline:
            raise Failure(f"{command}: {done.stdout}{done.stderr}")
        machine.console.wait(lambda _: False, time.monotonic() + 0.5)


def redis(machine, *words):
    return ["redis-cli", "-p", str(machine.ports[6379]), *words]


def psql(machine, query):
    return ["psql", "-h", "127.0.0.1", "-p", str(machine.ports[5432]), "-U",
            "postgres", "-tAc", query]


def stack_disk(t):
    data = os.path.join(t.work, "data")
    os.makedirs(data)
    subprocess.run(["cp", "-al", images(), os.path.join(data, "images")],
                   check=True)
    with open(os.path.join(STACK, "compose.yaml"), encoding="utf-8") as file:
        compose = file.read()
    compose = compose.replace("\nnetworks:\n", """
  zstd:
    image: nginx:zstd
    command: ["nginx", "-c", "/config/nginx.conf"]
    init: true
    ports: ["8081:8081"]
    volumes: ["./zstd.conf:/config/nginx.conf:ro"]
    networks: [front]
    restart: always

  keys:
    image: redis:7.0
    networks: [back]
    entrypoint: [redis-cli, -h, redis, ping]
    depends_on: {redis: {condition: service_healthy}}

  rows:
    image: postgres:15
    networks: [back]
    entrypoint: [psql, -h, postgres, -c, select 1]
    depends_on: {postgres: {condition: service_healthy}}

networks:
""")
    with open(os.path.join(STACK, "site/index.html"), encoding="utf-8") as file:
        page = file.read()
    nginx = ("daemon off; user www-data; pid /tmp/nginx.pid; error_log /dev/stderr;"
             "events {} http { access_log /dev/stdout; server { listen 8081;"
             "root /usr/share/nginx/html; } }\n")
    return t.disk(compose, files={"site/index.html": page,
                                  "zstd.conf": nginx}, data=data, size="1G")


@case("stack", limit_s=600)
def stack(t):
    """nginx, redis and PostgreSQL in one boot; rows outlive a reboot."""
    disk = stack_disk(t)
    with t.boot(disk, memory=512, ports=PORTS) as machine:
        # the database is made at the first start: that takes its time
        running, wanted = machine.ready(nominal_s=120)
        need(running == wanted == 6, f"{running} of {wanted} run")
        # by name, with the resolvers of real programs
        for name in ("keys", "rows"):
            machine.expect(rf"tare: {name}: exited with status 0")
        need("The stack runs" in machine.get(8080), "not nginx's page")
        need("packed by umoci" in machine.get(8081), "not the zstd page")
        client(machine, redis(machine, "set", "key", "a value"), "OK")
        client(machine, redis(machine, "get", "key"), "a value")
        client(machine, psql(machine, "select 'up'"), "up")
        client(machine, psql(
            machine, "create table rows (n int); insert into rows "
            "select generate_series(1, 1000); select count(*) from rows"),
            "1000")
        mark = machine.mark()
        machine.ctrl_alt_del()
        machine.ready(mark)
        client(machine, psql(machine, "select count(*) from rows"), "1000")
        client(machine, redis(machine, "get", "key"), "a value")
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)
    disk.check_clean()

    # three services broken in three ways: the errors, and the last good one
    disk.put_config({"compose.yaml": config({
        "nginx": {"image": "nginx:1.22", "ports": ["80800:8080"]},
        "redis": {"imagee": "redis:7.0"},
        "postgres": {"image": "postgres:15", "mem_limit": "lots"}})})
    with t.boot(disk, memory=512, ports=PORTS) as machine:
        machine.expect(r"tare: config: .*services\.nginx\.ports")
        machine.expect(r"tare: config: .*services\.redis\.imagee.*image")
        machine.expect(r"tare: config: .*services\.postgres\.mem_limit")
        machine.ready()
        need("The stack runs" in machine.get(8080), "not nginx's page")
        client(machine, redis(machine, "get", "key"), "a value")
        client(machine, psql(machine, "select count(*) from rows"), "1000")
