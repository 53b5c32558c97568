# SPDX-License-Identifier: MIT
"""oci - small OCI images for the cases, whole and broken.

A box is Debian's static busybox and the links to it, and a wget of ours. Real
images of real programs come from tests/boot/images; these here are for what no
tool makes on purpose: a wrong digest, a path that leaves the layer, a torn
archive.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile

APPLETS = ("sh", "cat", "dd", "echo", "env", "head", "httpd", "id", "ls",
           "mkdir", "nc", "printf", "rm", "sleep", "tail", "test", "touch",
           "tr", "true", "usleep", "wc", "yes")


def file_entry(name, data, mode=0o755):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = mode
    return info, io.BytesIO(data)


def program_entry(name, path):
    with open(path, "rb") as program:
        return file_entry(name, program.read())


def link_entry(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info, None


def folder_entry(name, mode=0o755):
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    info.mode = mode
    return info, None


def layer(entries):
    """The bytes of a layer tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in entries:
            tar.addfile(info, data)
    return out.getvalue()


def box_entries(busybox, wget):
    entries = [folder_entry("bin"), folder_entry("tmp", 0o1777),
               folder_entry("www"), folder_entry("data"),
               program_entry("bin/busybox", busybox),
               program_entry("bin/wget", wget),
               file_entry("www/index.html", b"<p>box</p>\n", 0o644)]
    return entries + [link_entry("bin/" + name, "busybox")
                      for name in APPLETS]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Layout:
    """An OCI layout in memory; change .files to break it, then write it."""

    def __init__(self, name, layers, command=("/bin/sh",)):
        self.files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
        self.layer_paths = []
        descriptors = []
        for data in layers:
            blob = gzip.compress(data, 6, mtime=0)
            descriptor = self.blob("layer.v1.tar+gzip", blob)
            self.layer_paths.append(self.path(descriptor))
            descriptors.append(descriptor)
        config = self.json_blob("config.v1+json", {
            "architecture": "amd64", "os": "linux",
            "config": {"Cmd": list(command), "Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [
                "sha256:" + sha256(data) for data in layers]}})
        manifest = self.json_blob("manifest.v1+json", {
            "schemaVersion": 2, "config": config, "layers": descriptors})
        self.manifest_path = self.path(manifest)
        manifest["annotations"] = {"org.opencontainers.image.ref.name": name}
        self.files["index.json"] = json.dumps(
            {"schemaVersion": 2, "manifests": [manifest]}).encode()

    @staticmethod
    def path(descriptor):
        return "blobs/sha256/" + descriptor["digest"].split(":")[1]

    def blob(self, kind, data):
        descriptor = {"mediaType": "application/vnd.oci.image." + kind,
                      "digest": "sha256:" + sha256(data), "size": len(data)}
        self.files[self.path(descriptor)] = data
        return descriptor

    def json_blob(self, kind, value):
        return self.blob(kind, json.dumps(value).encode())

    def write(self, path, keep=None):
        """Write the layout as a tar; keep: only that part of its bytes."""
        data = layer([file_entry(name, content, 0o644)
                      for name, content in sorted(self.files.items())])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(data[:int(len(data) * keep)] if keep else data)
