# SPDX-License-Identifier: MIT
"""kit - what a case is made with: registration, disks, machines, configs."""

import collections
import json
import os
import shutil
import subprocess
import threading

import disk as disks
import oci
from machine import Failure, Machine

CASES = []
Entry = collections.namedtuple("Entry", "name function limit_s")
PAGE = "<p>box</p>"

# that of examples/hello: a static program of glibc cannot ask for names
HELLO = os.path.join(disks.BUILD, "parts/busybox/bin/busybox-hello")


def case(name, limit_s=120):
    """Register a function as a case; limit_s is scaled by the pace."""
    def register(function):
        CASES.append(Entry(name, function, limit_s))
        return function
    return register


class Skip(Exception):
    """This host lacks what a case needs."""


_images_lock = threading.Lock()
_images = []


def images():
    """The folder of the real OCI images, built when it is not there."""
    with _images_lock:
        if not _images:
            _images.append(subprocess.run(
                [os.path.join(os.path.dirname(__file__), "images")],
                stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
    return _images[0]


def need(condition, text):
    if not condition:
        raise Failure(text)


def config(services, host="box", **more):
    """A compose.yaml; JSON is YAML."""
    return json.dumps({"services": services, "host": {"name": host}, **more},
                      indent=1) + "\n"


# process 1 of a container gets no SIGTERM that it does not handle, so these
# would use up Docker's grace time of 10 s at every shutdown
DEFAULTS = {"image": "box", "restart": "always", "stop_grace_period": "1s"}


def service(script=None, **more):
    """A service of the box image; the script runs in its shell."""
    entry = {**DEFAULTS, **more}
    if script:
        entry["command"] = ["sh", "-c", script.replace("$", "$$")]
    return entry


def web(port=8080, **more):
    """A service that answers with PAGE, on a published port."""
    return {**DEFAULTS, "ports": [f"{port}:{port}"],
            "command": ["httpd", "-f", "-p", str(port), "-h", "/www"], **more}


class Case:
    def __init__(self, name, folder):
        self.name = name
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        self.work = os.path.join(self.folder, "work")
        os.makedirs(self.work)
        self.machines = []
        self.stopped = False

    def box(self, entries=(), name="box"):
        """A whole box image, with more entries in a second layer."""
        layers = [oci.layer(oci.box_entries(
            os.path.join(images(), "busybox"), HELLO))]
        if entries:
            layers.append(oci.layer(entries))
        return oci.Layout(name, layers)

    def config_folder(self, compose, files=(), box=True):
        """A folder for the config partition."""
        folder = os.path.join(self.work, f"config{len(os.listdir(self.work))}")
        os.makedirs(os.path.join(folder, "images"))
        if compose is not None:
            files = {"compose.yaml": compose, **dict(files)}
        for name, content in dict(files).items():
            if isinstance(content, str):
                content = content.encode()
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(content)
        if box:
            self.box().write(os.path.join(folder, "images", "box.tar"))
        return folder

    def disk(self, compose, files=(), box=True, data=None, size=None,
             name="disk"):
        """A disk with this compose.yaml, and box.tar beside it."""
        return disks.Disk(os.path.join(self.work, name + ".img"),
                          self.config_folder(compose, files, box), data, size)

    def disk_of(self, folder, name="disk"):
        """A disk with a config folder that a case has made itself."""
        return disks.Disk(os.path.join(self.work, name + ".img"), folder,
                          None, None)

    def copy_disk(self, source, name):
        """The same disk once more, holes kept."""
        path = os.path.join(self.work, name + ".img")
        disks.call(["cp", "--sparse=always", source, path])
        copy = disks.Disk.__new__(disks.Disk)
        copy.path = path
        return copy

    def boot(self, disk=None, debug=False, osfile=True, memory=256, **more):
        """Boot by -kernel (the release, the debug OS file, or the file
        osfile); osfile=False: from the disk, as users do."""
        if self.stopped:
            raise Failure("the time limit of the case is over")
        options = ["--memory", str(memory), *more.pop("options", ())]
        kernel = None
        if osfile:
            kernel = disks.DEBUG_OSFILE if debug else disks.OSFILE
            if isinstance(osfile, str):
                kernel = osfile
        machine = Machine(f"boot{len(self.machines) + 1}", self.folder,
                          disk=disk.path if disk else None, kernel=kernel,
                          shell=debug, options=options, **more)
        self.machines.append(machine)
        return machine

    def stop(self):
        """The time limit is over: whoever waits for a machine wakes up."""
        self.stopped = True
        for machine in list(self.machines):
            if machine.process.poll() is None:
                machine.process.kill()

    def close(self, keep):
        for machine in self.machines:
            machine.kill()
        if not keep:
            shutil.rmtree(self.work, ignore_errors=True)
