# SPDX-License-Identifier: ISC
"""What gateways take: svcctl reads it from /proc with the rights of whoever asks, and the broker has no part in it."""

import json

import pytest

from tree import wait_until

MIB = 1024 * 1024


def listed(tree, user="hermes"):
    document = json.loads(tree.run(user, "svcctl", "list", "--usage", "--json", check=True).stdout)
    return {service["name"]: service for service in document["services"]}, document


def status(tree, name, user="hermes"):
    return json.loads(tree.run(user, "svcctl", "status", name, "--usage", "--json").stdout)["service"]


def of_proc(tree, session):
    """The same by another way: ps knows sessions, and /proc/PID/status the kinds of memory."""
    script = f"""
        for pid in $(ps -s {session} -o pid=); do
            grep -E '^(RssAnon|RssShmem):' /proc/$pid/status
        done"""
    lines = tree.run("root", "bash", "-c", script, check=True).stdout.split("\n")
    return 1024 * sum(int(line.split()[1]) for line in lines if line)


def test_a_gateway(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile, environment={"GATEWAY_INTERVAL": "0.01"})
    pid = tree.wait_gateway(profile)
    # The kernel tells it in ticks of 10 ms.
    usage = wait_until(lambda: (now := status(tree, name)["usage"])["cpu_usec"] > 0 and now, what="processor time")
    assert usage["processes"] >= 1 and usage["threads"] >= usage["processes"]
    assert usage["files"] >= 3
    assert abs(usage["memory_bytes"] - of_proc(tree, pid)) < 4 * MIB
    page = tree.run("hermes", "svcctl", "status", name).stdout
    for label in ("memory", "cpu", "processes", "open files"):
        assert f"\n{label} " in page, page
    assert f"{usage['processes']} (" in page


def test_what_a_child_takes_counts(tree, profile):
    """All processes of its session: also one that the gateway left in a process group of its own."""
    tree.register(profile, "child")
    pid = tree.wait_gateway(profile)
    wait_until(lambda: status(tree, f"gateway-{profile}")["usage"]["processes"] >= 2, what="its child")
    assert abs(status(tree, f"gateway-{profile}")["usage"]["memory_bytes"] - of_proc(tree, pid)) < 8 * MIB


def test_memory_grows(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile, "eat")
    tree.wait_gateway(profile)
    first = listed(tree)[0][name]["usage"]["memory_bytes"]
    wait_until(lambda: listed(tree)[0][name]["usage"]["memory_bytes"] > first + 4 * MIB, what="what it eats")
    tree.unregister(profile)


def test_the_list(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile)
    tree.register(f"{profile}-down", start=False)
    tree.wait_gateway(profile)
    services, document = listed(tree)
    assert services[name]["usage"]["cpu_permille"] >= 0
    assert "usage" not in services[f"{name}-down"]
    plain = json.loads(tree.run("hermes", "svcctl", "list", "--json", check=True).stdout)
    assert not any("usage" in service for service in plain["services"]) and "container" not in plain
    text = tree.run("hermes", "svcctl", "list", "--usage", check=True).stdout
    heading = text.split("\n", 1)[0].split()
    assert "MEM" in heading and "CPU" in heading
    assert "MEM" not in tree.run("hermes", "svcctl", "list", check=True).stdout.split("\n", 1)[0]
    if "container" in document:
        assert document["container"]["memory_bytes"] > 0
        assert "\ncontainer: " in text


def test_what_may_not_be_read_is_shown_as_such(tree, profile):
    """/proc that shows nobody another's processes: a stranger's gateway is unknown, and not nothing."""
    name = f"gateway-{profile}"
    tree.register(profile)
    tree.wait_gateway(profile)
    # Root's own static service, and hidepid, in a mount namespace of the asker's.
    hidden = ["unshare", "-m", "bash", "-c", "mount -o remount,hidepid=2 /proc 2>/dev/null || mount -t proc -o hidepid=2 proc /proc && "
              "exec setpriv --reuid=hermes --regid=hermes --clear-groups \"$@\"", "bash"]
    static = next(service for service in tree.call("List")["services"] if service["kind"] == "static" and service.get("pid"))["name"]
    document = json.loads(tree.run("root", *hidden, "svcctl", "status", static, "--usage", "--json").stdout)
    assert document["service"]["usage"] == dict.fromkeys(("memory_bytes", "cpu_usec", "processes", "threads", "files"))
    assert "may not be read" in tree.run("root", *hidden, "svcctl", "status", static).stdout
    document = json.loads(tree.run("root", *hidden, "svcctl", "list", "--usage", "--json").stdout)
    own = next(service for service in document["services"] if service["name"] == name)
    assert own["usage"]["memory_bytes"] > 0
    rows = tree.run("root", *hidden, "svcctl", "list", "--usage").stdout.splitlines()
    assert " ? " in next(row for row in rows if row.startswith(static))


def test_who_may_not_count_files(tree, profile):
    """Memory of others is to be seen in /proc/PID/status, their open files are not."""
    tree.register(profile)
    tree.wait_gateway(profile)
    document = json.loads(tree.run("root", "setpriv", "--bounding-set=-sys_ptrace,-dac_override,-dac_read_search", "--inh-caps=-all",
                                   "svcctl", "status", f"gateway-{profile}", "--usage", "--json").stdout)
    assert document["service"]["usage"]["memory_bytes"] > 0
    assert document["service"]["usage"]["files"] is None
