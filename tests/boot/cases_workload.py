# SPDX-License-Identifier: MIT
"""Workloads that misbehave, and an agent that dies."""

from kit import PAGE, case, config, need, service, web

SHUTDOWN_S = 15


@case("workloads-misbehave", limit_s=240)
def workloads_misbehave(t):
    """Forks without end, eats all memory, endless line: nobody else cares."""
    disk = t.disk(config({
        "web": web(),
        "forks": service("f() { f | f & }; f; sleep 100000"),
        "memory": service("tail /dev/zero", mem_limit="32m"),
        "greedy": service("tail /dev/zero"),
        "line": service("tr '\\0' x </dev/zero"),
        "lines": service("yes 'a line of some length, again and again'"),
    }), size="512M")
    with t.boot(disk, debug=True, ports=[8080], memory=256) as machine:
        machine.expect(r"tare: memory: .*memory", 60)
        machine.expect(r"tare: greedy: .*memory", 60)
        for _ in range(5):
            need(PAGE in machine.get(8080, nominal_s=20), "not the page")
        pids = machine.sh("cat /sys/fs/cgroup/workloads/forks@1/pids.max",
                          check=False)[1]
        need(any(word.isdigit() for word in pids.split()),
             f"forks has no limit of processes: {pids!r}")
        kib = int(machine.sh("du -sk /data/log").split()[0])
        need(kib < 200 << 10, f"the logs take {kib} KiB")
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)
    disk.check_clean()


@case("ignores-sigterm")
def ignores_sigterm(t):
    """A workload that ignores SIGTERM is killed; the end is in time."""
    disk = t.disk(config({"web": web(), "deaf": service(
        "trap '' TERM INT; while :; do sleep 1000; done",
        stop_grace_period="60s")}))
    with t.boot(disk) as machine:
        machine.ready()
        machine.power_button()
        seconds = machine.wait_end(SHUTDOWN_S)
        print(f"# with a deaf workload: {seconds:.1f} s")
    disk.check_clean()


@case("restarts")
def restarts(t):
    """restart: no, on-failure and always do what Compose says."""
    disk = t.disk(config({
        "once": service("exit 3", restart="no"),
        "twice": service("exit 4", restart="on-failure:2"),
        "fine": service("exit 0", restart="on-failure"),
        "again": service("exit 0"),
        "stays": web()}))
    with t.boot(disk, ports=[8080]) as machine:
        machine.expect(r"tare: once: exited with status 3")
        machine.expect(r"(?:tare: twice: exited with status 4[\s\S]*){3}", 30)
        machine.expect(r"tare: fine: exited with status 0")
        machine.expect(r"(?:tare: again: exited with status 0[\s\S]*){4}", 60)
        need(PAGE in machine.get(8080), "not the page")
        machine.refuse(r"tare: once: running[\s\S]*tare: once: running")
        machine.refuse(r"(?:tare: twice: running[\s\S]*){4}")


# Waits cost nothing: the guest's clock leaps to the next timer when it idles.
# Also while it waits for a disk, so its data are in memory here.
LEAPING_CLOCK = ["-icount", "shift=0,sleep=off"]


@case("agent-hangs", limit_s=180)
def agent_hangs(t):
    """An agent that stands still is ended and started anew."""
    disk = t.disk(config({"web": web()}))
    disk.delete_partition(4)
    with t.boot(disk, debug=True, ports=[8080],
                qemu_args=LEAPING_CLOCK) as machine:
        machine.ready()
        mark = machine.mark()
        machine.sh("kill -STOP $(pidof tare-agent)")
        machine.expect(r"tare: agent: .*30 s, ending it", 60, mark)
        machine.ready(mark, 60)
        need(PAGE in machine.get(8080), "not the page")
