# SPDX-License-Identifier: ISC
"""The newer s6 of Debian 13 and of Debian's development suite: another size of status file, finish's fourth argument, other options."""

import os
import subprocess
import time

import pytest

from tree import SLOW_TO_SETTLE, TOP, wait_until
from varlink import VarlinkError


@pytest.fixture(scope="module", params=["trixie", "sid"])
def tree(request, module_trees):
    made = subprocess.run([f"{TOP}/tests/integration/s6-root", request.param], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if made.returncode == 75:
        pytest.skip(made.stderr.strip().splitlines()[-1])
    assert made.returncode == 0, made.stderr
    tree = module_trees(*SLOW_TO_SETTLE, "--backoff-first-msec", "1000", s6=made.stdout.strip())
    size = os.stat(tree.path("/run/s6-rc/servicedirs/svcbrokerd/supervise/status")).st_size
    assert size == {"trixie": 43, "sid": 35}[request.param]
    return tree


def order(tree, method, profile, **parameters):
    return tree.call(method, names=[f"gateway-{profile}"], **parameters)["outcomes"][0]["service"]


def test_a_life(tree, profile):
    assert tree.register(profile, start=False)["service"]["state"] == "down"
    first = order(tree, "Start", profile, wait="up")
    assert first["pid"] == tree.status(profile).pid
    with tree.connect() as watching:
        watching.send("Watch", {"names": [f"gateway-{profile}"]}, more=True)
        assert watching.result()["service"]["state"] == "up"
        second = order(tree, "Restart", profile, wait="up")
        assert second["pid"] != first["pid"] and second["restarts"] == 0
        states = []
        while not states or states[-1] != "up" or "starting" not in states:
            states.append(watching.result()["service"]["state"])
    tree.wait_gateway(profile)
    service = order(tree, "Stop", profile, wait="down")
    assert service["state"] == "down" and service["last_exit"]["code"] == 1
    assert tree.call("Unregister", profile=profile)["removed"] is True


def test_times_are_utc(tree, profile):
    """s6's stamps have leap seconds in them, from its own table."""
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    with open(tree.path(f"/proc/{pid}/stat")) as process, open("/proc/uptime") as up:
        age = float(up.read().split()[0]) - int(process.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    started = time.time() - age
    assert abs(tree.state(profile)["since_usec"] / 1e6 - started) < 5


def test_a_killed_supervisor(tree, profile):
    tree.register(profile)
    old = tree.wait_gateway(profile)
    tree.signal("KILL", tree.supervisor(f"gateway-{profile}"))
    wait_until(lambda: (now := tree.status(profile)).pid not in (0, old) and not now.finishing)
    # The broker may not have seen it yet, and tell of the old one as up, which its replacement has not ended at first.
    wait_until(lambda: (now := tree.state(profile))["state"] == "up" and now["pid"] != old, what="another one up")
    assert old not in tree.processes()


def test_ends_of_a_gateway(tree, profile):
    tree.register(profile, "exit:78")
    assert tree.wait_state(profile, "failed")["last_exit"]["code"] == 78
    tree.register(profile, "crash")
    with pytest.raises(VarlinkError, match="Failed"):
        order(tree, "Start", profile, wait="up")
    wait_until(lambda: not tree.status(profile).want_up, what="the brake")
    service = tree.wait_state(profile, "backoff")
    assert service["last_exit"]["signal"] == "SIGSEGV" and service["want"] == "up"
    tree.register(profile, "child")
    order(tree, "Start", profile, wait="up")
    group = tree.wait_gateway(profile)
    order(tree, "Stop", profile, wait="down")
    assert group not in [its for _, _, its in tree.processes().values()], "no child outlives a stop"


def test_start_while_finish_runs(tree, profile):
    tree.register(profile, "child,exit:78")

    def finishes():
        """Who came too late for that has it end once more."""
        if (state := tree.state(profile)["state"]) == "failed":
            order(tree, "Start", profile)
        return state == "finishing"

    wait_until(finishes, what="its finish script running")
    tree.call("Register", profile=profile, environment={})
    assert order(tree, "Start", profile, wait="up")["state"] == "up"


def test_ordered_restarts_do_not_count(tree, profile):
    tree.register(profile)
    tree.wait_gateway(profile)
    for _ in range(6):
        pid = tree.status(profile).pid
        order(tree, "Restart", profile)
        wait_until(lambda: (now := tree.status(profile)).pid not in (0, pid) and not now.finishing, what="the next run")
    assert tree.wait_state(profile, "up")["restarts"] == 0
    assert tree.status(profile).want_up


def test_names_that_vanish_under_a_scan(tree):
    """Such a scan is given up by s6-svscan, and what it saw for the first time is never started by a later one."""
    workers = [tree.connect("root") for _ in range(8)]
    for turn in range(60):
        for number, worker in enumerate(workers):
            worker.send("Register", {"profile": f"v{number}-{turn}", "start": False})
            worker.send("Unregister", {"profile": f"v{number}-{turn}"})
        for worker in workers:
            worker.result()
            assert worker.result()["removed"] is True
    for worker in workers:
        worker.close()
    assert "gateway-v" not in str(tree.call("List"))
