# SPDX-License-Identifier: ISC
"""What does not go on: a finish script that hangs, a logger that is stopped or dead with a full pipe and a gateway that waits for it, an s6-supervise
that was stopped with a full FIFO. Orders, Health and Unregister keep to their bounds, and say why; and all goes on when that does."""

import contextlib
import os

import pytest

import s6
from tree import wait_until
from varlink import VarlinkError

UNREAD = "does not read its orders: it was stopped, or hangs"


def problems(tree):
    return tree.call("Health", "root")["problems"]


def told(tree, word):
    return wait_until(lambda: [line for line in problems(tree) if word in line], what=f"{word!r} in Health: {problems(tree)}")


def orders(tree):
    checks = {check["name"]: check for check in tree.call("Diagnose", "root")["checks"]}
    return checks["orders"]


@contextlib.contextmanager
def stopped(tree, *pids):
    tree.signal("STOP", *pids)
    try:
        yield
    finally:
        tree.run("root", "kill", "-s", "CONT", *map(str, pids))


def refused(connection, method, **parameters):
    with pytest.raises(VarlinkError) as caught:
        connection.call(method, **parameters)
    return caught.value


def rewrite(tree, profile, file, text):
    path = f"{tree.slot(profile)}/{file}"
    with open(f"{path}.new", "w") as script:
        script.write(text)
    os.chmod(f"{path}.new", 0o755)
    os.rename(f"{path}.new", path)


def fill(tree, profile):
    """Nobody reads the FIFO: not one byte more goes in."""
    script = "import os; f = os.open('%s/supervise/control', os.O_WRONLY | os.O_NONBLOCK)\n" \
             "try:\n while True: os.write(f, b'_' * 4096)\nexcept BlockingIOError: pass" % f"/run/svcbroker/services/gateway-{profile}"
    tree.run("root", "/usr/bin/python3", "-c", script, check=True)


def test_finish_that_hangs(tree, profile):
    tree.register(profile, start=False)
    rewrite(tree, profile, "finish", "#!/bin/sh\nexec /bin/sleep 1000\n")
    rewrite(tree, profile, "timeout-finish", "0\n")
    tree.call("Start", names=[f"gateway-{profile}"], wait="up")
    with tree.connect("root") as connection:
        assert refused(connection, "Stop", names=[f"gateway-{profile}"], wait="down", timeout_msec=1000).name == "WaitTimeout"
        tree.wait_state(profile, "finishing")  # its run may take longer than that to end
        assert told(tree, f"gateway-{profile}: its finish script does not end")
        assert f"gateway-{profile} (its finish script does not end)" in orders(tree)["detail"]
        error = refused(connection, "Unregister", profile=profile, timeout_msec=300)
        assert error.name == "Unsupervised" and "finish script" in error.parameters["reason"]
        tree.signal("KILL", tree.status(profile).pid)
        tree.wait_absent(profile)
    assert not [line for line in problems(tree) if profile in line]


def logger_of(tree, profile):
    return wait_until(lambda: next((pid for pid, (line, _, _) in tree.processes().items() if "s6-log" in line and line.endswith(f"/logs/gateways/{profile}")), None),
                      what="its s6-log")


def is_blocked(tree, pid):
    """It waits in a write: nobody empties its pipe."""
    try:
        with open(tree.path(f"/proc/{pid}/wchan")) as file:
            return "pipe_w" in file.read()
    except FileNotFoundError:
        return False


def flood(tree, profile):
    """Its program prints without end."""
    rewrite(tree, profile, "run", "#!/bin/sh\nexec 2>&1\nexec /usr/bin/yes \"$(/usr/bin/printf '%01000d' 0)\"\n")


def lifecycle(tree, profile):
    """Every order, each within its time, whoever is blocked."""
    name = f"gateway-{profile}"
    with tree.connect("root") as connection:
        assert connection.call("Restart", names=[name], wait="up")["outcomes"][0]["service"]["state"] == "up"
        assert connection.call("Stop", names=[name], wait="down")["outcomes"][0]["service"]["state"] == "down"
        assert connection.call("Start", names=[name], wait="up")["outcomes"][0]["service"]["state"] == "up"
        connection.call("Health")
        assert connection.call("Unregister", profile=profile, timeout_msec=500)["removed"] is True
    tree.assert_absent(profile)


def test_logger_that_was_stopped_with_a_full_pipe(tree, profile):
    tree.register(profile)
    logger = logger_of(tree, profile)
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    with stopped(tree, logger):
        flood(tree, profile)
        tree.call("Start", names=[f"gateway-{profile}"], wait="up")
        wait_until(lambda: is_blocked(tree, tree.status(profile).pid), what="blocked")
        lifecycle(tree, profile)


def test_logger_that_is_dead_with_a_full_pipe(tree, profile):
    tree.register(profile)
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    rewrite(tree, profile, "log/run", "#!/bin/sh\nexit 1\n")
    rewrite(tree, profile, "log/finish", "#!/bin/sh\nexit 125\n")
    tree.signal("KILL", logger_of(tree, profile))
    wait_until(lambda: not s6.read_status(f"{tree.slot(profile)}/log").want_up, what="it is dead")
    flood(tree, profile)
    tree.call("Start", names=[f"gateway-{profile}"], wait="up")
    told(tree, f"gateway-{profile}: its logger keeps ending")
    wait_until(lambda: is_blocked(tree, tree.status(profile).pid), what="blocked")
    lifecycle(tree, profile)


@pytest.mark.parametrize("full", [True, False], ids=["full", "unread"])
def test_supervisor_that_was_stopped(tree, profile, full):
    name = f"gateway-{profile}"
    tree.register(profile)
    tree.wait_state(profile, "up")
    supervisor = tree.supervisor(name)
    with stopped(tree, supervisor), tree.connect("root") as connection:
        if full:
            fill(tree, profile)
        error = refused(connection, "Stop", names=[name], wait="down", timeout_msec=1000)
        assert error.name == "WaitTimeout" and error.parameters["service"]["want"] == "down"
        told(tree, f"{name}: its s6-supervise {UNREAD}")
        assert UNREAD in orders(tree)["detail"]
        if full:
            assert UNREAD in tree.state(profile)["reason"]
        error = refused(connection, "Unregister", profile=profile, timeout_msec=300)
        assert error.name == "Unsupervised" and UNREAD in error.parameters["reason"]
        told(tree, f"{name}: its s6-supervise {UNREAD}")
    tree.wait_absent(profile)
    assert not [line for line in problems(tree) if profile in line]


def test_loggers_supervisor_that_was_stopped(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile)
    tree.wait_state(profile, "up")
    supervisor = tree.supervisor(f"{name}/log")
    with stopped(tree, supervisor), tree.connect("root") as connection:
        assert connection.call("Stop", names=[name], wait="down")["outcomes"][0]["service"]["state"] == "down"
        error = refused(connection, "Unregister", profile=profile, timeout_msec=300)
        assert error.name == "Unsupervised" and f"its logger's s6-supervise {UNREAD}" in error.parameters["reason"]
        told(tree, f"{name}: its logger's s6-supervise {UNREAD}")
    tree.wait_absent(profile)


def test_many_that_were_stopped_delay_nobody(tree, profile):
    """Each with a full FIFO and an order that cannot be given: root's Health and orders have their answers."""
    names = [f"{profile}-{number}" for number in range(6)]
    for its in [profile, *names]:
        tree.register(its)
        tree.wait_state(its, "up")
    with stopped(tree, *[tree.supervisor(f"gateway-{its}") for its in names]):
        for its in names:
            fill(tree, its)
        tree.call("Stop", names=[f"gateway-{its}" for its in names])
        with tree.connect("root") as connection:
            for want in ("down", "up"):
                assert connection.call("Stop" if want == "down" else "Start", names=[f"gateway-{profile}"], wait=want)
            # A supervisor that was ordered only lately, since it took its time to start its run, has some time to read.
            wait_until(lambda: len([line for line in connection.call("Health")["problems"] if UNREAD in line]) == len(names),
                       what="each is told of")
    for its in names:
        tree.wait_state(its, "down")
        tree.unregister(its)
