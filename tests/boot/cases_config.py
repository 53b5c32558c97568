# SPDX-License-Identifier: MIT
"""A config that is absent, broken or huge never stops the machine."""

from kit import PAGE, case, config, need, service, web

SHUTDOWN_S = 15


def boots_and_says(t, disk, pattern):
    """The machine boots, the console says it, the button still ends it."""
    with t.boot(disk) as machine:
        match = machine.expect(pattern, 60)
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)
    return match


@case("config-no-partition")
def config_no_partition(t):
    """No config partition: the console says so, the machine stays up."""
    disk = t.disk(config({"web": web()}))
    disk.delete_partition(3)
    boots_and_says(t, disk, r"tare: .*(tare-config|config partition)")


@case("config-empty")
def config_empty(t):
    """An empty compose.yaml: no workload, and the machine says so."""
    boots_and_says(t, t.disk(""), r"tare: config: 0 workloads")


@case("config-missing-file")
def config_missing_file(t):
    """A config partition without compose.yaml names the file it wants."""
    boots_and_says(t, t.disk(None), r"tare: config: .*compose\.yaml")


@case("config-2-mib")
def config_2_mib(t):
    """A compose.yaml of 2 MiB is refused with its size, not swallowed."""
    text = config({"web": web()}) + "# filler\n" * (2 * 1024 * 1024 // 9)
    boots_and_says(t, t.disk(text), r"tare: config: compose\.yaml.*(large|MiB|bytes)")


@case("config-unreadable")
def config_unreadable(t):
    """Text that is no YAML: file, line, column and the reason."""
    text = "services:\n  web:\n    image: box\n   command: [httpd\n"
    boots_and_says(t, t.disk(text), r"tare: config: compose\.yaml:\d+:\d+: ")


@case("config-bytes")
def config_bytes(t):
    """Bytes that are no text at all are an error like any other."""
    disk = t.disk("", files={"compose.yaml": bytes(range(256)) * 64})
    boots_and_says(t, disk, r"tare: config: compose\.yaml")


@case("config-all-errors")
def config_all_errors(t):
    """Every mistake is reported, each with its key and its place."""
    text = """services:
  web:
    imagee: box
    restart: sometimes
  other:
    image: box
    ports: ["80800:8080"]
    build: .
"""
    with t.boot(t.disk(text)) as machine:
        machine.expect(r"compose\.yaml:3:5: services\.web\.imagee: .*image")
        machine.expect(r"compose\.yaml:4:\d+: services\.web\.restart: ")
        machine.expect(r"compose\.yaml:7:\d+: services\.other\.ports")
        machine.expect(r"compose\.yaml:8:\d+: services\.other\.build: ")


@case("config-keeps-last-good", limit_s=180)
def config_keeps_last_good(t):
    """A bad file after a good one: errors shown, the good one runs."""
    good = config({"web": web()})
    disk = t.disk(good)
    with t.boot(disk) as machine:
        machine.ready()
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)
    for broken in ("services: {web: {image: box, port: 1}}\n",
                   "services: [\n"):
        disk.put_config({"compose.yaml": broken})
        with t.boot(disk, ports=[8080]) as machine:
            machine.expect(r"tare: config: compose\.yaml:\d+:\d+: ")
            need(PAGE in machine.get(8080), "the last good config is not up")
            machine.power_button()
            machine.wait_end(SHUTDOWN_S)
    disk.put_config({"compose.yaml": config(
        {"other": web(8081), "extra": service("sleep 1000")})})
    with t.boot(disk, ports=[8081]) as machine:
        running, wanted = machine.ready()
        need(running == wanted == 2, f"{running} of {wanted} run")
        need(PAGE in machine.get(8081), "the new config is not up")
