# SPDX-License-Identifier: MIT
"""The agent dies, is replaced or loses what it kept; workloads run on."""

import os
import re
import socket
import subprocess
import time

import oci
from disk import BUILD
from kit import PAGE, case, config, need, service, web
from machine import PACE

SHUTDOWN_S = 15
KILLS = 25

# numbered lines, in bursts; without a process per line
COUNTER = ("i=0; while :; do n=20; while [ $n -gt 0 ]; do echo $i; "
           "i=$((i+1)); n=$((n-1)); done; usleep 100000; done")
ECHO = "while :; do nc -l -p 8081 -e cat; done"
ENDS = "trap 'exit 7' TERM; while :; do sleep 1; done"


def group(name):
    return f"/sys/fs/cgroup/workloads/{name}@1"


def first_process(machine, name):
    """Pid and start time of a workload's first process."""
    pid = machine.sh(f"head -n1 {group(name)}/cgroup.procs").split()[0]
    stat = machine.sh(f"cat /proc/{pid}/stat")
    return int(pid), stat.rsplit(")", 1)[1].split()[19]


def kill_agent(machine, before="", nominal_s=30):
    """Kill it; the next one has taken over when this returns."""
    mark = machine.mark()
    machine.sh(f"a=$(pidof tare-agent); {before} kill -9 $a")
    machine.expect(r"tare: took over \d+ running", nominal_s, mark)


def echo():
    """A service that gives back what it gets, one connection at a time."""
    return service(ECHO, ports=["8081:8081"])


class Echo:
    """A connection to a workload that gives back what it gets."""

    def __init__(self, port):
        deadline = PACE.deadline(30)
        while True:
            self.socket = socket.create_connection(("127.0.0.1", port), 10)
            try:
                self.call(b"hello\n")
                return
            except OSError:  # QEMU accepts before the guest listens
                self.socket.close()
                if time.monotonic() > deadline:
                    raise

    def call(self, data):
        self.socket.settimeout(max(10, PACE.deadline(10) - time.monotonic()))
        self.socket.sendall(data)
        got = b""
        while len(got) < len(data):
            piece = self.socket.recv(4096)
            if not piece:
                raise ConnectionError("the connection was closed")
            got += piece
        need(got == data, f"the workload said {got!r}, not {data!r}")


def check_counted(machine, kills):
    """Every number is in the log once, and in order."""
    out = machine.sh(
        "cd /data/log; cat count.log.1 count.log 2>/dev/null | awk -F'\"' "
        "'{ n = $4 + 0; if (n != next_n) { print \"bad\", n, next_n; exit } "
        "next_n = n + 1 } END { print \"counted\", next_n }'", 60)
    match = re.search(r"counted (\d+)", out)
    need(match and "bad" not in out, f"lines are lost or doubled: {out}")
    need(int(match[1]) > 20 * kills, f"only {match[1]} lines were printed")


@case("agent-killed", limit_s=300)
def agent_killed(t):
    """Killed again and again: pids, connections, lines, exit codes stay."""
    disk = t.disk(config({
        "web": web(), "echo": echo(), "count": service(COUNTER),
        "flood": service("yes 'a line of some length, again and again'"),
        "once": service("exit 3", restart="no"),
        "ends": service(ENDS, restart="no"),
        "hungry": service("sleep 100000; exec tail /dev/zero", restart="no",
                          mem_limit="16m")}))
    with t.boot(disk, debug=True, ports=[8080, 8081]) as machine:
        machine.expect(r"tare: once: exited with status 3")
        machine.expect(r"tare: ends: running")
        names = ("web", "echo", "count", "flood", "ends", "hungry")
        for name in names:
            machine.expect(rf"tare: {name}: running")
        before = {name: first_process(machine, name) for name in names}
        connection = Echo(machine.ports[8081])
        mark = machine.mark()
        for number in range(KILLS):
            kill_agent(machine)
            connection.call(f"kill {number}\n".encode())
        need(PAGE in machine.get(8080), "not the page")
        machine.refuse(r"tare: \w+: (exited|running|found)", mark)
        for name in names:
            need(first_process(machine, name) == before[name],
                 f"{name} is another process than before")

        # these ends are seen by process 1 alone
        mark = machine.mark()
        ends, hungry = before["ends"][0], before["hungry"][0]
        kill_agent(machine, "kill -STOP $a; "
                   f"kill -TERM {ends} $(sed -n 2p {group('hungry')}/cgroup.procs); "
                   f"while grep -qs '^State:.[RSD]' /proc/{ends}/status "
                   f"/proc/{hungry}/status; do usleep 10000; done; ")
        machine.expect(r"tare: ends: exited with status 7", after=mark)
        machine.expect(r"tare: hungry: was killed by SIGKILL, out of memory "
                       r"\(mem_limit is 16 MiB\)", after=mark)
        kill_agent(machine)
        machine.refuse(r"(?:tare: ends: exited[\s\S]*){2}|nobody knows", mark)
        check_counted(machine, KILLS)
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)
    disk.check_clean()


@case("agent-replaced")
def agent_replaced(t):
    """Another program file takes the agent's place as a killed one does."""
    disk = t.disk(config({"web": web(), "echo": echo()}))
    with t.boot(disk, debug=True, ports=[8080, 8081]) as machine:
        machine.ready()
        before = first_process(machine, "web")
        connection = Echo(machine.ports[8081])
        machine.sh("mkdir /run/next && mount -t tmpfs next /run/next && "
                   "cp /sbin/tare-agent /run/next/ && "
                   "mount -o bind /run/next/tare-agent /sbin/tare-agent")
        kill_agent(machine)
        devices = machine.sh("stat -L -c %d /proc/$(pidof tare-agent)/exe "
                             "/run/next/tare-agent").split()
        need(devices[0] == devices[1], "the agent is still the old file")
        connection.call(b"another one\n")
        need(first_process(machine, "web") == before, "web was started anew")


def build_vandal(t):
    """A program that empties the store and fills it with garbage."""
    path = os.path.join(t.work, "vandal")
    source = os.path.join(os.path.dirname(__file__), "vandal.c")
    subprocess.run([os.path.join(BUILD, "parts/musl/bin/musl-gcc"), "-static",
                    "-Os", "-o", path, source], check=True)
    with open(path, "rb") as program:
        return oci.file_entry("bin/vandal", program.read())


@case("store-corrupt", limit_s=180)
def store_corrupt(t):
    """The store is emptied, or full of garbage: workloads are found again."""
    services = {"web": web(), "echo": echo(),
                "once": service("exit 3", restart="no"),
                "vandal": service(restart="no", privileged=True, pid="host",
                                  userns_mode="host", image="vandal",
                                  command=["vandal"])}
    folder = t.config_folder(config(services))
    t.box([build_vandal(t)], "vandal").write(
        os.path.join(folder, "images", "vandal.tar"))
    disk = t.disk_of(folder)
    with t.boot(disk, debug=True, ports=[8080, 8081]) as machine:
        machine.expect(r"tare: vandal: exited with status 0", 60)
        for name in ("web", "echo"):
            machine.expect(rf"tare: {name}: running")
        before = {name: first_process(machine, name)
                  for name in ("web", "echo")}
        connection = Echo(machine.ports[8081])
        mark = machine.mark()
        kill_agent(machine)
        machine.expect(r"tare: web: found running", after=mark)
        machine.expect(r"tare: echo: found running", after=mark)
        kill_agent(machine)  # what was found is in the store now
        connection.call(b"still here\n")
        need(PAGE in machine.get(8080), "not the page")
        for name, process in before.items():
            need(first_process(machine, name) == process,
                 f"{name} is another process than before")
        machine.refuse(r"tare: (once|vandal): running", mark)
        machine.refuse(r"(?:found running[\s\S]*){3}", mark)
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)


@case("live-resize")
def live_resize(t):
    """New limits change the cgroup of a workload and not its pid."""
    services = {"web": web(mem_limit="64m"), "other": service("sleep 100000")}
    disk = t.disk(config(services))
    with t.boot(disk, debug=True, ports=[8080]) as machine:
        machine.ready()
        before = first_process(machine, "web")
        services["web"].update(mem_limit="48m", cpus="0.5", pids_limit=77)
        services["other"] = service("sleep 200000")
        text = config(services)
        machine.sh("mount -o remount,rw /config && cat >/config/compose.yaml "
                   f"<<'END'\n{text}END\nsync; kill -HUP $(pidof tare-agent)")
        machine.expect(r"tare: web: has new limits")
        machine.expect(r"tare: other: running[\s\S]*tare: other: running")
        limits = machine.sh(f"cd {group('web')}; "
                            "cat memory.max cpu.max pids.max").split()
        need(limits == [str(48 << 20), "50000", "100000", "77"],
             f"the limits are {limits}")
        need(first_process(machine, "web") == before, "web was started anew")
        need(PAGE in machine.get(8080), "not the page")
        kill_agent(machine)
        need(first_process(machine, "web") == before, "web was started anew")
