# SPDX-License-Identifier: ISC
"""All bounds of memory reached at once: what the broker takes is what daemon/bounds.h says that it may."""

import re
import socket
import threading

import pytest

from tree import TOP, wait_until
from varlink import Closed, VarlinkError, encode

MIB = 1024 * 1024
PAD = "x" * 200
SERVICES = 300
WITH_VARIABLES = 80  # of them, as many as one may have
PROFILES = 3000


def declared_bytes():
    with open(f"{TOP}/daemon/bounds.h") as file:
        return eval(re.search(r"#define MEMORY_BYTES \((.*)\)", file.read()).group(1))


class Highest(threading.Thread):
    """Looks at how much the broker takes (its own memory, and its share of what it shares), until it is told to end."""

    def __init__(self, tree):
        super().__init__(daemon=True)
        self.path = tree.path(f"/proc/{tree.broker_pid()}/smaps_rollup")
        self.over = threading.Event()
        self.bytes = 0
        self.start()

    def look(self):
        with open(self.path) as file:
            self.bytes = max(self.bytes, int(re.search(r"^Pss: +(\d+) kB", file.read(), re.MULTILINE).group(1)) * 1024)

    def run(self):
        while not self.over.wait(0.02):  # how often it looks; what counts is the highest
            self.look()

    def end(self):
        self.over.set()
        self.join()
        self.look()
        return self.bytes


def greedy(tree, user, most, names):
    """Connections of that user, each with as much as it may have: replies that it does not read, half of a request, Watches."""
    connections = []
    for number in range(most):
        connection = tree.connect(user)
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.socket.settimeout(10)
        try:
            if number < 16:
                connection.socket.sendall(encode("Watch", {"names": names}, more=True))
            connection.socket.sendall(encode("List") * 15 + b'{"method":"' + b"x" * 60000)
        except OSError:
            pass  # turned away, or not read any further: it has what it may have
        connections.append(connection)
    return connections


@pytest.fixture
def crowded(make_tree):
    tree = make_tree("--observer-group", "observers")
    variables = {f"VARIABLE_{number}": "v" * 480 for number in range(64)}
    with tree.connect("root") as connection:
        for number in range(SERVICES):
            connection.send("Register", {"profile": f"m{number}-{PAD}", "start": False, "environment": variables if number < WITH_VARIABLES else {}})
            connection.result()
    tree.run("hermes", "sh", "-c", f"""cd /opt/data/profiles; number=0; while [ $number -lt {PROFILES} ]; do
        mkdir p$number-{PAD}; : >p$number-{PAD}/SOUL.md; number=$((number + 1)); done""", check=True)
    return tree


def test_all_bounds_at_once(crowded, sanitized):
    names = [f"gateway-m{number}-{PAD}" for number in range(SERVICES)]
    highest = Highest(crowded)
    slow = crowded.connect()
    slow.send("Watch", {}, more=True)
    connections = greedy(crowded, "root", 4, names)
    for user in ("hermes", (20001, 10000, (10002,)), (20002, 10000, (10002,)), (20003, 10000, (10002,))):
        connections += greedy(crowded, user, 60, names)
    # While all of that is held: what hermes may still ask for, once room is made for it, and root.
    for _ in range(8):
        connections.pop().close()
    with crowded.connect("root") as connection:
        for number in range(WITH_VARIABLES, WITH_VARIABLES + 40):
            connection.call("Unregister", profile=f"m{number}-{PAD}", timeout_msec=1)
        assert len(connection.call("Stop", names=names[:WITH_VARIABLES])["outcomes"]) == WITH_VARIABLES
        assert len(connection.call("Reconcile", dry_run=True)["actions"]) > PROFILES
    for method, parameters in (("Stop", {"all": True}), ("Reconcile", {"dry_run": True}), ("Diagnose", {})) * 3:
        try:
            crowded.call(method, (20003, 10000, (10002,)) if method == "Diagnose" else "hermes", **parameters)
        except (VarlinkError, Closed, OSError):
            pass  # over a bound of its own
    for connection in connections + [slow]:
        connection.close()
    assert crowded.call("Health", "root")["services"] == SERVICES - 40 + 1
    taken = highest.end()
    print(f"{taken / MIB:.1f} of {declared_bytes() / MIB:.0f} MiB")
    assert sanitized or taken <= declared_bytes()


def test_root_has_memory_of_its_own(crowded):
    """Whoever fills what there is for all others."""
    names = [f"gateway-m{number}-{PAD}" for number in range(SERVICES)]
    connections = []
    for user in ("hermes", (20001, 10000, (10002,)), (20002, 10000, (10002,)), (20003, 10000, (10002,))):
        connections += greedy(crowded, user, 30, names)
    for _ in range(5):
        with crowded.connect("root") as connection:
            assert len(connection.call("List")["services"]) == SERVICES + 1
    for connection in connections:
        connection.close()


def private_kib(tree):
    with open(tree.path(f"/proc/{tree.broker_pid()}/smaps_rollup")) as file:
        return int(re.search(r"^Private_Dirty: +(\d+) kB", file.read(), re.MULTILINE).group(1))


def test_what_a_boot_took_is_given_back(tree, sanitized):
    """Twelve dozen KiB are what making the seccomp filters leaves behind alone. Nothing else gives them back."""
    if sanitized:
        pytest.skip("a sanitizer's allocator gives nothing back")
    most = private_kib(tree)
    wait_until(lambda: private_kib(tree) <= most - 144, what=f"less than {most} KiB")
