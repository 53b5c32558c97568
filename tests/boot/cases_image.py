# SPDX-License-Identifier: MIT
"""OCI images that are missing, torn, wrong or hostile; power cut at unpack."""

import os
import re

import oci
from kit import PAGE, case, config, images, need, service, web
from machine import Machine

SHUTDOWN_S = 15


def hostile_layers():
    """(name, layer entries) of layers that try to leave their folder."""
    evil = b"#!/bin/sh\necho evil\n"
    return [
        ("dotdot", [oci.file_entry("../../../../escaped", evil)]),
        ("absolute", [oci.file_entry("/data/escaped", evil)]),
        ("symlink", [oci.link_entry("out", "/data"),
                     oci.file_entry("out/escaped", evil)]),
        ("hardlink", [oci.link_entry("shadow", "../../../state/machine-id",
                                     oci.tarfile.LNKTYPE)]),
    ]


@case("image-broken", limit_s=180)
def image_broken(t):
    """Missing, truncated, wrong digest: each is said, the others run."""
    # each has a layer of its own: one that is unpacked already is not read
    truncated, wrong, lost = [
        t.box([oci.file_entry(name, os.urandom(200000))], name)
        for name in ("truncated", "wrong", "lost")]
    blob = wrong.layer_paths[1]
    data = bytearray(wrong.files[blob])
    data[4] ^= 1  # the time in gzip's header: whole, but not what was named
    wrong.files[blob] = bytes(data)
    del lost.files[lost.layer_paths[1]]
    folder = os.path.join(t.work, "data")
    truncated.write(os.path.join(folder, "images", "truncated.tar"), keep=0.6)
    wrong.write(os.path.join(folder, "images", "wrong.tar"))
    lost.write(os.path.join(folder, "images", "lost.tar"))
    disk = t.disk(config({
        "web": web(), "absent": {"image": "nowhere:1.0"},
        "truncated": {"image": "truncated"}, "wrong": {"image": "wrong"},
        "lost": {"image": "lost"}}), data=folder)
    with t.boot(disk, ports=[8080]) as machine:
        machine.expect(r"tare: absent: .*nowhere:1\.0")
        machine.expect(r"tare: truncated: .*truncated")
        machine.expect(r"tare: wrong: .*digest")
        machine.expect(r"tare: lost: ")
        need(PAGE in machine.get(8080), "the whole image does not run")
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)
    need(disk.names("/store/incoming") == [], "incoming/ is not empty")
    disk.check_clean()


@case("image-hostile", limit_s=180)
def image_hostile(t):
    """Layers with paths that leave them write nothing outside."""
    folder = os.path.join(t.work, "data")
    services = {"web": web()}
    for name, entries in hostile_layers():
        t.box(entries, name).write(
            os.path.join(folder, "images", name + ".tar"))
        services[name] = web(8081, image=name, ports=[])
    disk = t.disk(config(services), data=folder)
    with t.boot(disk, ports=[8080]) as machine:
        # refused, or run with what stayed inside: both are fine
        for name, _ in hostile_layers():
            machine.expect(rf"tare: {name}: (?!unpacking)", 60)
        need(PAGE in machine.get(8080), "the whole image does not run")
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)
    for path in ("/", "/store", "/store/layers", "/store/incoming", "/state"):
        need("escaped" not in disk.names(path), f"{path} has the evil file")
    need(re.search(r"^[0-9a-f]{32}$", disk.cat("/state/machine-id"), re.M),
         "the machine-id was changed")
    disk.check_clean()


@case("reset-unpack", limit_s=400)
def reset_unpack(t):
    """The plug is pulled in the midst of unpacks; the next boot is whole."""
    folder = os.path.join(t.work, "data")
    os.makedirs(os.path.join(folder, "images"))
    os.link(os.path.join(images(), "redis.tar"),
            os.path.join(folder, "images", "redis.tar"))
    fresh = t.disk(config({"redis": {"image": "redis:7.0"}}), data=folder,
                   name="fresh")
    for written, pull, sync in ((1, Machine.kill, ""),
                                (8, Machine.reset, "&& sync"),
                                (20, Machine.kill, "&& sync")):
        disk = t.copy_disk(fresh.path, f"cut{written}")
        with t.boot(disk, debug=True) as machine:
            # as the unpack goes on, incoming/ grows: cut at these MiB
            machine.sh_until(
                "test $(du -sm /data/store/incoming | cut -f 1) -ge "
                f"{written} {sync}", 60)
            pull(machine)
        need(not sync or disk.names_after_cut("/store/incoming"),
             f"the cut at {written} MiB was not in an unpack")
        with t.boot(disk, ports=[6379]) as machine:
            machine.ready()
            machine.power_button()
            machine.wait_end(SHUTDOWN_S)
        need(disk.names("/store/incoming") == [], "incoming/ is not empty")
        disk.check_clean()
        os.remove(disk.path)


@case("image-baked")
def image_baked(t):
    """An image on the config partition is unpacked once, then found."""
    disk = t.disk(config({"web": web(), "job": service(
        "echo done", restart="no")}))
    texts = []
    for _ in range(2):
        with t.boot(disk, ports=[8080]) as machine:
            machine.ready()
            need(PAGE in machine.get(8080), "not the page")
            machine.expect(r"tare: job: exited")
            machine.power_button()
            machine.wait_end(SHUTDOWN_S)
            texts.append(machine.console.text)
    unpacked = [len(re.findall(r"tare: .*unpack", text)) for text in texts]
    need(unpacked[1] == 0, f"unpacked again at the second boot: {unpacked}")
