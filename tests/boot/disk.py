# SPDX-License-Identifier: MIT
"""disk - the disk of a test machine, made by image/mkimage, seen from outside.

Everything works on the image file: the partition table by sfdisk, the config
partition by mtools, the data partition by e2fsprogs at an offset. Nothing is
mounted.
"""

import json
import os
import subprocess

from machine import TOP, Failure

BUILD = os.path.join(TOP, "build", "x86_64")
OSFILE = os.path.join(BUILD, "tare-x86_64.efi")
DEBUG_OSFILE = os.path.join(BUILD, "debug", "tare-x86_64.efi")
IMAGE = os.path.join(BUILD, "tare-x86_64.img")


def tool(name):
    """A program of our e2fsprogs; it runs on this host as well."""
    return os.path.join(BUILD, "parts/e2fsprogs/bin", name)


def call(command, ok=(0,), **options):
    """Run a host program; its output."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False, **options)
    if done.returncode not in ok:
        raise Failure(f"{' '.join(command)}: status {done.returncode}\n"
                      f"{done.stdout}")
    return done.stdout


def list_names(file_system, folder):
    lines = call([tool("debugfs"), "-R", f'ls -p "{folder}"',
                  file_system]).splitlines()
    names = {line.split("/")[5] for line in lines if line.count("/") >= 6}
    return sorted(names - {".", ".."})


class Disk:
    def __init__(self, path, config=None, data=None, size=None):
        """config, data: folders. config None: an empty config partition."""
        self.path = path
        command = [os.path.join(TOP, "image/mkimage"), "-a", "x86_64",
                   "-o", path, "-k", OSFILE]
        if config:
            command += ["-c", config]
        if data:
            command += ["-d", data]
        if size:
            command += ["-s", size]
        call(command)

    def partition(self, label):
        """Offset and size in bytes of the partition with this label."""
        table = json.loads(call(["sfdisk", "--json", self.path]))
        for part in table["partitiontable"]["partitions"]:
            if part.get("name") == label:
                return part["start"] * 512, part["size"] * 512
        raise Failure(f"there is no partition {label} on {self.path}")

    def delete_partition(self, number):
        call(["sfdisk", "-q", "--delete", self.path, str(number)])

    def grow(self, size):
        os.truncate(self.path, size)

    def write(self, label, data, at=0):
        """Overwrite bytes of a partition."""
        offset, _ = self.partition(label)
        with open(self.path, "r+b") as disk:
            disk.seek(offset + at)
            disk.write(data)

    def read(self, label, size, at=0):
        offset, _ = self.partition(label)
        with open(self.path, "rb") as disk:
            disk.seek(offset + at)
            return disk.read(size)

    def put_config(self, files):
        """Write files ({path: text or bytes}) to the config partition."""
        offset, _ = self.partition("tare-config")
        environment = dict(os.environ, MTOOLS_SKIP_CHECK="1")
        for name, content in files.items():
            if isinstance(content, str):
                content = content.encode()
            subprocess.run(
                ["mcopy", "-o", "-i", f"{self.path}@@{offset}", "-",
                 "::" + name], input=content, check=True, env=environment)

    # -- the data partition ------------------------------------------------

    def ext4(self):
        return f"{self.path}?offset={self.partition('tare-data')[0]}"

    def check_clean(self):
        """The data file system is whole and was unmounted in order."""
        report = self.debugfs("show_super_stats -h")
        if "needs_recovery" in report:
            raise Failure("the data partition was not unmounted")
        call([tool("e2fsck"), "-fn", self.ext4()])

    def names_after_cut(self, folder):
        """The names in a folder as they are once the journal was replayed.

        Works on a copy: what the next boot does is what is to be tested.
        """
        offset, size = self.partition("tare-data")
        copy = self.path + ".data"
        call(["dd", f"if={self.path}", f"of={copy}", "bs=1M", "conv=sparse",
              f"skip={offset >> 20}", f"count={size >> 20}", "status=none"])
        call([tool("e2fsck"), "-p", copy], ok=(0, 1))
        names = list_names(copy, folder)
        os.remove(copy)
        return names

    def debugfs(self, request, write=False):
        return call([tool("debugfs"), *(["-w"] if write else []),
                     "-R", request, self.ext4()])

    def cat(self, path):
        return call([tool("debugfs"), "-R", f'cat "{path}"', self.ext4()])

    def names(self, path):
        """The names in a folder of the data partition."""
        return list_names(self.ext4(), path)
