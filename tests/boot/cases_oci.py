# SPDX-License-Identifier: MIT
"""What the kernel holds workloads to: every controller of cgroup v2."""

from kit import PAGE, case, config, need, service, web

LIMITED = "/sys/fs/cgroup/workloads/limited@1"


@case("workloads-limited", limit_s=180)
def workloads_limited(t):
    """Limits of the Compose file are those of the kernel, and hold."""
    disk = t.disk(config({
        "web": web(),
        "limited": service(
            "while :; do (for i in 1 2 3 4 5 6 7 8; do sleep 1 & done); "
            "i=0; while [ $i -lt 99999 ]; do i=$((i + 1)); done; done",
            mem_limit="48m", mem_reservation="16m", cpu_shares=2048,
            cpu_quota=5000, cpu_period=10000, cpuset="0", pids_limit=6,
            blkio_config={
                "weight": 500,
                "device_read_bps": [{"path": "/dev/vda", "rate": "1mb"}],
                "device_write_iops": [{"path": "/dev/vda", "rate": 100}],
            }),
    }))
    wanted = {
        "memory.max": str(48 << 20),
        "memory.low": str(16 << 20),
        "memory.oom.group": "1",
        "cpu.weight": "174",
        "cpu.max": "5000 10000",
        "cpuset.cpus": "0",
        "pids.max": "6",
        "io.weight": "default 4950",
        "io.max": f"rbps={1 << 20} wbps=max riops=max wiops=100",
    }
    with t.boot(disk, debug=True, ports=[8080]) as machine:
        need(machine.ready() == (2, 2), "not all are up")
        for name, value in wanted.items():
            text = machine.sh(f"cat {LIMITED}/{name}").strip()
            need(text.endswith(value), f"{name} is {text!r}, not {value!r}")
        # the quota and the limit of processes are felt
        machine.sh_until(f"! grep -q 'nr_throttled 0' {LIMITED}/cpu.stat")
        machine.sh_until(f"! grep -q 'max 0' {LIMITED}/pids.events")
        need(int(machine.sh(f"cat {LIMITED}/pids.current")) <= 6,
             "more processes than the limit")
        need(PAGE in machine.get(8080), "not the page")
        # nobody asked for these, so no workload pays for them
        have = machine.sh(
            "cat /sys/fs/cgroup/workloads/web@1/cgroup.controllers")
        print(f"# web has {' '.join(sorted(set(have.split())))}")
        need("hugetlb" not in have.split(), "controllers that nobody needs")
