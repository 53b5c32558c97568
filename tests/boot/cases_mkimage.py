# SPDX-License-Identifier: MIT
"""image/mkimage: same input, same bytes; errors are sentences."""

import hashlib
import os
import shutil
import subprocess

import disk as disks
from kit import case, config, need, web
from machine import TOP

MKIMAGE = os.path.join(TOP, "image", "mkimage")
NOBODY = 65534


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_as_nobody(source, target):
    """The same files with another owner and other times."""
    shutil.copytree(source, target)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", str(NOBODY), target], check=True)
    subprocess.run(["find", target, "-exec", "touch", "{}", "+"], check=True)


@case("mkimage-same-bytes")
def mkimage_same_bytes(t):
    """Two folders, two users: the same image, data partition and all."""
    first = os.path.join(t.work, "first")
    os.makedirs(os.path.join(first, "data", "images"))
    folder = t.config_folder(config({"web": web()}), {".env": "A=1\n"})
    shutil.move(folder, os.path.join(first, "config"))
    shutil.copy(os.path.join(first, "config/images/box.tar"),
                os.path.join(first, "data/images"))
    shutil.copy(disks.OSFILE, os.path.join(first, "osfile"))
    # with the tools: the folders of this project may be closed to nobody
    shutil.copytree(os.path.join(TOP, "image"), os.path.join(first, "image"))
    for part in ("e2fsprogs", "syslinux"):
        shutil.copytree(os.path.join(disks.BUILD, "parts", part),
                        os.path.join(first, "parts", part))
    # the second folder is elsewhere, with a name of another length
    second = os.path.join(t.work, "another", "second")
    copy_as_nobody(first, second)
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} \
        if os.geteuid() == 0 else {}
    sums = []
    for place, options in ((first, {}), (second, user)):
        disks.call([os.path.join(place, "image", "mkimage"), "-a", "x86_64",
                    "-o", os.path.join(place, "disk.img"),
                    "-k", os.path.join(place, "osfile"),
                    "-c", os.path.join(place, "config"),
                    "-d", os.path.join(place, "data")],
                   env=dict(os.environ, SOURCE_DATE_EPOCH="1700000000",
                            TARE_PARTS=os.path.join(place, "parts")),
                   **options)
        sums.append(sha256(os.path.join(place, "disk.img")))
    need(sums[0] == sums[1], "the two images differ")


@case("mkimage-errors")
def mkimage_errors(t):
    """What mkimage cannot do is said in a sentence, and leaves nothing."""
    folder = t.config_folder(config({"web": web()}),
                             {"images/big.tar": bytes(17 << 20)})
    out = os.path.join(t.work, "out", "disk.img")
    rows = (
        (["-k", "/nowhere"], "OS file '/nowhere' does not exist"),
        (["-k", disks.OSFILE, "-c", "/nowhere"],
         "config '/nowhere' does not exist"),
        (["-k", disks.OSFILE, "-c", folder], "DATA=folder"),
        (["-k", disks.OSFILE, "-s", "100M"], "too small"),
        (["-k", disks.OSFILE, "-s", "much"], "write it as 512M or 4G"),
        (["-k", disks.OSFILE, "-d", "/nowhere"],
         "data folder '/nowhere' does not exist"),
    )
    for arguments, sentence in rows:
        done = subprocess.run(
            [MKIMAGE, "-a", "x86_64", "-o", out, *arguments],
            capture_output=True, text=True, check=False)
        need(done.returncode == 1 and sentence in done.stderr,
             f"{arguments}: status {done.returncode}, says {done.stderr!r}")
        left = os.listdir(os.path.dirname(out)) \
            if os.path.isdir(os.path.dirname(out)) else []
        need(left == [], f"{arguments} left {left}")
