# SPDX-License-Identifier: ISC
"""A broker that had no time: what has happened meanwhile is seen before any deadline is judged; and what was killed together with it is adopted."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import time

import pytest

from tree import TOP, wait_until
from varlink import HANG_SEC, VarlinkError, encode

REGISTER_MSEC = 10000
FRAME_MSEC = 5000
LIMIT_MSEC = 8000  # enough to get to the point at which the broker stops, on any machine


@contextlib.contextmanager
def without_time(tree, until, msec):
    """The broker stands still from now until the condition holds and msec have passed."""
    tree.signal("STOP", pid := tree.broker_pid())
    began = time.monotonic()
    try:
        yield
        wait_until(until, what="what happens without the broker")
        wait_until(lambda: time.monotonic() - began > msec / 1000)
    finally:
        tree.signal("CONT", pid)


def test_register_is_not_undone_for_the_brokers_delay(tree, profile):
    """It is linked, and s6-svscan begins; then the broker has no time for longer than it would wait for that."""
    with tree.connect("root") as connection:
        os.kill(tree.pid, signal.SIGSTOP)
        try:
            connection.send("Register", {"profile": profile})
            wait_until(lambda: os.path.lexists(tree.path(f"/run/service/gateway-{profile}")), what="linked")
            with without_time(tree, lambda: (status := tree.status(profile)) and status.pid, REGISTER_MSEC + 1000):
                os.kill(tree.pid, signal.SIGCONT)
        finally:
            os.kill(tree.pid, signal.SIGCONT)
        assert connection.result()["created"] is True
    tree.wait_state(profile, "up")


def test_unregister_kills_nobody_who_has_ended(tree, profile):
    tree.register(profile, "drain:600")
    pid = tree.wait_gateway(profile)
    with tree.connect("root") as connection:
        connection.send("Unregister", {"profile": profile, "timeout_msec": LIMIT_MSEC})
        wait_until(lambda: not tree.status(profile).want_up, what="it is told")
        with without_time(tree, lambda: not tree.status(profile).pid, LIMIT_MSEC + 500):
            tree.signal("KILL", pid)
        assert connection.result()["removed"] is True
    assert f"killed after its deadline service=gateway-{profile}" not in tree.log()


def test_a_wait_that_came_true_in_time_is_no_timeout(tree, profile):
    tree.register(profile, "drain:600")
    pid = tree.wait_gateway(profile)
    with tree.connect("root") as connection:
        connection.send("Stop", {"names": [f"gateway-{profile}"], "wait": "down", "timeout_msec": LIMIT_MSEC})
        wait_until(lambda: not tree.status(profile).want_up, what="it is told")
        with without_time(tree, lambda: not tree.status(profile).pid, LIMIT_MSEC + 500):
            tree.signal("KILL", pid)
        assert connection.result()["outcomes"][0]["service"]["state"] == "down"


@pytest.mark.parametrize("user", ["root", "hermes"])
def test_a_request_that_came_whole_in_time_is_answered(tree, user):
    """Its second half came while the broker had no time, for longer than a whole one may take."""
    request = encode("Health")
    with tree.connect(user) as connection:
        connection.send_bytes(request + request[:10], "Health")
        assert "services" in connection.result()
        with without_time(tree, lambda: True, FRAME_MSEC + 1000):
            connection.send_bytes(request[10:], "Health")
        assert "services" in connection.result()


def test_what_ended_has_not_settled(make_tree):
    tree = make_tree("--settle-msec", "4000", fast=False)
    tree.register("short", "exit:78", start=False)
    with tree.connect("root") as connection:
        connection.send("Start", {"names": ["gateway-short"], "wait": "up"})
        # On a quick machine it may be over before somebody looks.
        wait_until(lambda: (now := tree.status("short")).pid or now.wait_status, what="it began")
        with without_time(tree, lambda: not tree.status("short").pid and not tree.status("short").want_up, 5000):
            pass
        assert connection.receive()["error"] == "io.svcbroker.Failed"


def scans(tree, act):
    """How many times the broker read a directory meanwhile."""
    strace = subprocess.Popen(
        ["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(tree.pid), "root",
         "strace", "-f", "-y", "-p", str(tree.broker_pid()), "-e", "trace=getdents64", "-o", "/run/dents"],
        cwd=TOP, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while "attached" not in (line := strace.stderr.readline()):
        assert line, "strace did not attach"
    act()
    tree.run("root", "pkill", "-TERM", "-x", "strace")
    strace.wait(HANG_SEC)
    strace.stderr.close()
    with open(tree.path("/run/dents")) as file:
        return [line for line in file.read().splitlines() if "</run/service>" in line]


def test_a_boot_reads_the_scan_directory_once(boot, volume):
    """Not once for each of its own links: each event is looked at by its name."""
    tree = boot()
    for number in range(40):
        volume.profile(f"s{number:02}")
    rounds = []

    def reconcile():
        """Again, as long as strace makes the look at the volume take more time than it has, all of it or a profile's."""
        rounds.append("another")
        try:
            tree.call("Reconcile", "root")
        except VarlinkError as error:
            if error.name != "SystemError":
                raise
            return False
        return len(tree.call("List", "root")["services"]) == 42

    assert len(scans(tree, lambda: wait_until(reconcile, what="all slots"))) < 10 + 2 * len(rounds)
    assert len(rounds) < 10


KILLED = [kinds for count in (1, 2) for kinds in itertools.combinations(("gateway", "logger"), count)]


def is_busy(tree, name):
    try:
        tree.call("Reset", "root", names=[name])
    except VarlinkError as error:
        if error.name != "Busy":
            raise
        return True
    return False


@pytest.mark.parametrize("kinds", KILLED, ids="-".join)
@pytest.mark.parametrize("want", ["up", "down"])
def test_supervisors_and_broker_killed_together(tree, profile, kinds, want):
    """The next broker looks at each, waits for what is missing and for nothing else: soon nothing is Busy, and all is as wanted."""
    tree.register(profile, start=want == "up")
    tree.wait_state(profile, want)
    if want == "up":
        tree.wait_gateway(profile)
    name = f"gateway-{profile}"
    for _ in range(4):
        supervisors = [wait_until(lambda: tree.supervisor(service), what=service)  # noqa: B023
                       for service in (name if kind == "gateway" else f"{name}/log" for kind in kinds)]
        broker = tree.broker_pid()
        tree.expected_ends += 1
        tree.signal("KILL", *supervisors, broker)
        wait_until(lambda: tree.broker_is_ready(broker), what="the broker back")  # noqa: B023
        wait_until(lambda: not is_busy(tree, name), what="not Busy")
        tree.call("Start" if want == "up" else "Stop", "root", names=[name], wait=want)
        assert tree.wait_state(profile, want)["want"] == want
        with open(f"{tree.slot(profile)}/data/state") as file:
            assert json.load(file)["removing"] is False
    assert f"left as it is: why=ETIMEDOUT service={name}" not in tree.log()
    wait_until(lambda: not [line for line in tree.call("Health", "root")["problems"] if name in line], what="no problem of it")


def test_a_boot_undoes_nothing_that_is_late(boot, volume):
    """s6-svscan has no time for longer than a registration lasts: what is wanted stays, is told, and runs when it has."""
    tree = boot()
    for number in range(12):
        volume.profile(f"l{number:02}", intent={"version": 1, "want": "up", "environment": {"A": "b"}})
    with tree.connect("root") as connection:
        os.kill(tree.pid, signal.SIGSTOP)
        try:
            connection.send("Reconcile", {})
            reply = connection.result()
            late = [action for action in reply["actions"] if action["action"] == "skipped"]
            assert len(late) == 12 and all("supervise" in action["message"] for action in late), reply
            assert len([line for line in tree.call("Health", "root")["problems"] if "is unsupervised" in line]) == 12
        finally:
            os.kill(tree.pid, signal.SIGCONT)
    for number in range(12):
        assert tree.wait_state(f"l{number:02}", "up")["want"] == "up"
    assert "rolled back" not in tree.log()


def test_slots_that_nobody_was_shown_yet_are_not_undone(make_tree, volume):
    """A boot makes all slots before s6-svscan is shown them, and has no time in the middle of that, for longer than it waits for a
    supervisor."""
    for number in range(300):
        volume.profile(f"l{number}")
    for _ in range(20):
        tree = make_tree("--services-max", "800", gateways=True, boot=False, profiles="", volume=volume.path, services_max=800)
        tree.boot(ready=False)

        def gateways(path):
            try:
                return [name for name in os.listdir(tree.path(path)) if name.startswith("gateway-l")]
            except OSError:
                return []

        wait_until(lambda: gateways("/run/svcbroker/services"), 60, "the first slot")
        tree.signal("STOP", pid := tree.broker_pid())
        if len(gateways("/run/svcbroker/services")) < 300 and not gateways("/run/service"):
            break
        tree.kill()  # it was too fast
    else:
        pytest.skip("every boot was over before it could be held up")
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > REGISTER_MSEC / 1000 + 1, 60)
    tree.signal("CONT", pid)
    wait_until(lambda: tree.broker_is_ready() and tree.is_booted(), 300, "a slot for each profile")
    assert "rolled back" not in tree.log() and len(gateways("/run/svcbroker/services")) == 300
    wait_until(lambda: tree.call("Health")["healthy"], 120, "all have their supervisors")
