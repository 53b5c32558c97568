# SPDX-License-Identifier: MIT
"""The data partition: made, kept, grown, repaired, never wiped."""

import os
import random
import re

from kit import PAGE, case, config, need, service, web

SHUTDOWN_S = 15
COUNTER = "echo x >>/data/count; exec sleep 100000"


def counting():
    """A workload that leaves one line per start in its volume."""
    return config({"web": web(), "count": service(
        COUNTER, volumes=["kept:/data"])}, volumes={"kept": {}})


def run_once(t, disk):
    """Boot, see the page, end by the button."""
    with t.boot(disk, ports=[8080]) as machine:
        machine.ready()
        need(PAGE in machine.get(8080), "not the page")
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)
        return machine.console.text


def count(disk):
    return disk.cat("/volumes/kept/count").count("x\n")


@case("data-kept", limit_s=180)
def data_kept(t):
    """Data outlive reboots, and a disk that grew between them is used."""
    disk = t.disk(counting())
    run_once(t, disk)
    need(count(disk) == 1, "the volume does not hold the first line")
    disk.check_clean()
    size = 600 << 20
    disk.grow(size)
    with t.boot(disk, debug=True) as machine:
        machine.ready()
        kib = int(machine.sh("df -k /data | tail -n 1").split()[1])
        need(kib > 380 << 10, f"/data has {kib} KiB of a disk of {size} bytes")
        machine.sh("poweroff", check=False)
        machine.wait_end(SHUTDOWN_S)
    need(count(disk) == 2, "the volume does not hold both lines")
    disk.check_clean()


@case("data-absent")
def data_absent(t):
    """Without a data partition it runs from memory and says so."""
    disk = t.disk(counting())
    disk.delete_partition(4)
    text = run_once(t, disk)
    need("memory" in text, "the console does not say that data do not last")


@case("data-full", limit_s=180)
def data_full(t):
    """A full data partition: workloads still start, data are kept."""
    disk = t.disk(config({
        "web": web(),
        "hog": service("dd if=/dev/zero of=/data/hog bs=65536; sleep 100000",
                       volumes=["hog:/data"])}, volumes={"hog": {}}))
    with t.boot(disk, debug=True, ports=[8080]) as machine:
        machine.ready()
        # dd ends when there is no space left
        machine.sh_until("! pidof dd && test -s /data/volumes/hog/hog", 60)
        need(PAGE in machine.get(8080), "not the page")
        machine.sh("poweroff", check=False)
        machine.wait_end(SHUTDOWN_S)
    disk.check_clean()
    run_once(t, disk)
    disk.check_clean()


@case("data-repaired", limit_s=180)
def data_repaired(t):
    """Damage that e2fsck repairs alone is repaired, data stay."""
    disk = t.disk(counting())
    run_once(t, disk)
    # a wrong count of links, and the mark that the kernel saw an error
    disk.debugfs("sif /volumes/kept/count links_count 5", write=True)
    disk.debugfs("set_super_value state 2", write=True)
    run_once(t, disk)
    need(count(disk) == 2, "the repair lost data")
    disk.check_clean()


@case("data-destroyed", limit_s=180)
def data_destroyed(t):
    """What cannot be repaired is left alone, and said; never wiped."""
    disk = t.disk(counting(), size="512M")
    run_once(t, disk)
    # inode tables and folders of the first 16 MiB go: e2fsck saves the rest
    noise = random.Random(1).randbytes(16 << 20)
    disk.write("tare-data", noise, 2048)
    text = run_once(t, disk)
    need(re.search(r"disks: .*damaged", text),
         "the console says nothing about the damage")
    # the start of the partition is erased: still no reason to format it
    disk.write("tare-data", bytes(1 << 20))
    text = run_once(t, disk)
    need(re.search(r"disks: .*damaged", text),
         "the console says nothing about the damage")
    need("making a file system" not in text, "it was wiped")


@case("data-foreign")
def data_foreign(t):
    """A file system or bytes of somebody else are never overwritten."""
    disk = t.disk(counting())
    precious = random.Random(2).randbytes(1 << 20)
    disk.write("tare-data", precious)
    text = run_once(t, disk)
    need("memory" in text, "the console does not say that data do not last")
    need(disk.read("tare-data", len(precious)) == precious,
         "foreign data were overwritten")


@case("reset-first-boot", limit_s=400)
def reset_first_boot(t):
    """The plug is pulled in the midst of first boots; the next one works."""
    fresh = t.disk(counting(), name="fresh")
    # the first dozen writes are mke2fs, then come mount, state and unpack
    for writes in (2, 5, 8, 11, 14, 20, 30, 50, 70):
        disk = t.copy_disk(fresh.path, f"cut{writes}")
        with t.boot(disk) as machine:
            machine.slow_writes(20)
            machine.wait_writes(writes)
        text = run_once(t, disk)
        need("memory" not in text, f"after {writes} writes: runs from memory")
        disk.check_clean()
        os.remove(disk.path)
