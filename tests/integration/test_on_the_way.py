# SPDX-License-Identifier: ISC
"""What is on the way has a bound, and what stands is seen: everything that is wanted and does not run is told by Health, stands
first in the list, and has a cause in `why`; and before the bound nothing is called wrong."""

import contextlib
import os
import re
import signal
import time

import pytest

import s6
from doctor import diagnose
from tree import SERVICES, wait_until
from varlink import HANG_SEC

BOUNDS = ("--process-msec", "1500", "--ending-msec", "1500", "--ready-msec", "1500")


@pytest.fixture(scope="module")
def tree(module_trees):
    """Bounds short enough to watch."""
    return module_trees(*BOUNDS)


@pytest.fixture(scope="module")
def patient(module_trees):
    """Those of every day."""
    return module_trees()


def problems(tree, profile):
    return [line for line in tree.call("Health", "root")["problems"] if re.match(rf"gateway-{profile}\b", line)]


def svcctl(tree, *arguments):
    return tree.run("hermes", "svcctl", *arguments)


def assert_agreed(tree, profile, problem, *words):
    """Every way to ask says the same; and Watch says so by itself to whoever watched before."""
    name = f"gateway-{profile}"
    service = wait_until(lambda: (now := tree.state(profile)).get("problem") == problem and now, 20, f"{problem}: {tree.state(profile)}")
    (line,) = problems(tree, profile)
    assert service["reason"] in line, line
    for word in words:
        assert word in line, line
    health = svcctl(tree, "health")
    assert health.returncode == 1 and service["reason"] in health.stdout.replace("\n", " "), health.stdout
    listed = svcctl(tree, "list").stdout.splitlines()
    assert listed[1].split()[0 if listed[1].startswith("gateway") else 1] == name, listed
    assert "needs attention" in listed[-1] or "need attention" in listed[-1], listed
    detail = diagnose(tree)
    assert any(name in check["detail"] for check in detail.values() if check["verdict"] != "ok"), detail
    shown = tree.run("hermes", "/usr/bin/python3", "-c",
                     f"import sys; sys.path.insert(0, '/usr/local/share/svcbroker/python'); import svcbroker\n"
                     f"with svcbroker.Client() as client: print(client.status('{name}').problem)")
    assert shown.stdout.strip() == problem, shown
    return service, " ".join(svcctl(tree, "why", profile).stdout.split())


def events(tree, profile):
    connection = tree.connect()
    connection.send("Watch", {"names": [f"gateway-{profile}"]}, more=True)
    return connection


def wait_event(connection, condition):
    deadline = time.monotonic() + HANG_SEC
    while True:
        event = connection.receive(max(0.1, deadline - time.monotonic()))["parameters"]["service"]
        if condition(event):
            return event


# Stopping

@pytest.mark.parametrize("order,want", [("Restart", "up"), ("Stop", "down")])
def test_one_that_does_not_end(tree, profile, order, want):
    tree.register(profile, "ignore-term")
    tree.wait_state(profile, "up")
    pid = tree.wait_gateway(profile)
    with events(tree, profile) as watching:
        tree.call(order, names=[f"gateway-{profile}"])
        service = wait_event(watching, lambda service: service["state"] == "stopping")
        assert service["pid"] == pid and service["want"] == want and "problem" not in service
        assert service["step_until_usec"] - service["step_since_usec"] == 1500000
        service = wait_event(watching, lambda service: service.get("problem") == "not_ended")
        assert service["state"] == "stopping"
    service, why = assert_agreed(tree, profile, "not_ended", "told to end more than 1500 ms ago")
    assert f"still runs with pid {pid}" in why and f"svcctl kill gateway-{profile}" in why and "at " in why, why
    # Another order of the kind gives it no more time.
    tree.call(order, names=[f"gateway-{profile}"])
    assert tree.state(profile)["problem"] == "not_ended"
    tree.kill_broker()
    assert wait_until(lambda: tree.state(profile).get("problem"), 5, "known to the next broker") == "not_ended"
    tree.run("hermes", "bash", "-c", re.search(r"svcctl kill [a-z0-9-]+", why)[0], check=True)
    tree.wait_state(profile, "up" if want == "up" else "down")
    wait_until(lambda: not problems(tree, profile), what="nothing left to tell")


def test_one_that_drains_is_told_before(patient):
    patient.register("drain", "ignore-term")
    patient.wait_gateway("drain")
    patient.wait_state("drain", "up")
    patient.call("Restart", names=["gateway-drain"])
    service = wait_until(lambda: (now := patient.state("drain"))["state"] == "stopping" and now)
    assert service["step_until_usec"] - service["step_since_usec"] == 180 * 10**6
    why = svcctl(patient, "why", "drain").stdout
    assert re.search(r"It may drain until (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.", " ".join(why.split())), why
    assert problems(patient, "drain") == []
    assert "attention" not in svcctl(patient, "list").stdout
    patient.kill_broker()
    after = patient.state("drain")
    assert abs(after["step_until_usec"] - service["step_until_usec"]) < 10**6, "a new broker gives it no more time"


def test_restart_of_one_whose_supervisor_is_busy_is_stopping(tree, profile):
    """The order has not reached it: it is to end all the same."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    tree.signal("STOP", supervisor := tree.supervisor(f"gateway-{profile}"))
    try:
        tree.call("Restart", names=[f"gateway-{profile}"])
        assert tree.wait_state(profile, "stopping")["want"] == "up"
        _, why = assert_agreed(tree, profile, "unread", "does not read its orders")
        assert "Orders do not reach" in why
    finally:
        tree.signal("CONT", supervisor)
    tree.wait_state(profile, "up")
    wait_until(lambda: not problems(tree, profile))


# Starting

def test_one_without_a_process(tree, profile):
    """Its s6-supervise waits: `run` cannot be executed (a missing interpreter is what the kernel calls ENOENT)."""
    tree.register(profile, start=False)
    tree.wait_state(profile, "down")
    path = f"{tree.slot(profile)}/run"
    os.chmod(path, 0o644)
    with events(tree, profile) as watching:
        tree.call("Start", names=[f"gateway-{profile}"])
        told = wait_event(watching, lambda service: service.get("problem") in ("not_started", "backoff"))
    assert told["want"] == "up"
    (line,) = problems(tree, profile)
    checks = diagnose(tree)
    assert checks["execution"]["verdict"] == "failure" and f"gateway-{profile}" in checks["execution"]["detail"], checks["execution"]
    os.chmod(path, 0o755)
    tree.call("Start", names=[f"gateway-{profile}"])


def test_supervisor_that_was_stopped_before_a_start(tree, profile):
    tree.register(profile, start=False)
    tree.wait_state(profile, "down")
    tree.signal("STOP", supervisor := tree.supervisor(f"gateway-{profile}"))
    try:
        tree.call("Start", names=[f"gateway-{profile}"])
        wait_until(lambda: problems(tree, profile), what="a problem")
    finally:
        tree.signal("CONT", supervisor)
    tree.wait_state(profile, "up")
    wait_until(lambda: not problems(tree, profile))


STATIC = "/run/s6-rc/servicedirs/slow"
SLOW = f"""
mkdir -p {STATIC}
printf '#!/bin/sh\\nwhile [ ! -e /opt/data/go ]; do sleep 0.05; done; echo >&3; exec sleep 1000\\n' >{STATIC}/run
echo 3 >{STATIC}/notification-fd
chmod 755 {STATIC}/run
ln -s {STATIC} /run/service/slow
"""


def test_static_service_that_is_not_ready(make_tree):
    tree = make_tree(*BOUNDS, before=SLOW)
    # On a busy machine it may have had no process for as long, before.
    service = wait_until(lambda: (now := tree.call("Status", name="slow")["service"]).get("problem") == "not_ready" and now, what="the problem")
    assert service["state"] == "starting"
    assert any(line.startswith("slow: it was started more than 1800 ms ago") for line in tree.call("Health")["problems"])
    tree.run("hermes", "touch", "/opt/data/go", check=True)
    wait_until(lambda: tree.call("Health")["healthy"], what="healthy")


# What stands

def test_gateway_that_was_stopped_by_a_signal(tree, profile):
    tree.register(profile)
    tree.call("Start", names=[f"gateway-{profile}"], wait="up")  # while a start is under way, it is continued
    pid = tree.wait_gateway(profile)
    tree.run("hermes", "kill", "-STOP", str(pid), check=True)
    wait_until(lambda: problems(tree, profile), what="Health looks")
    _, why = assert_agreed(tree, profile, "stopped", "SIGSTOP")
    tree.run("hermes", "bash", "-c", re.search(r"kill -CONT \d+", why)[0], check=True)
    wait_until(lambda: "problem" not in tree.state(profile), what="seen without being asked for all")
    # And one that is ordered to end or to start is continued for it.
    tree.run("hermes", "kill", "-STOP", str(pid), check=True)
    after = tree.call("Restart", names=[f"gateway-{profile}"], wait="up")["outcomes"][0]["service"]
    assert after["pid"] != pid


def test_gateway_that_root_paused(tree, profile):
    tree.register(profile)
    tree.call("Start", names=[f"gateway-{profile}"], wait="up")  # while a start is under way, it is continued
    with events(tree, profile) as watching:
        tree.run("root", "s6-svc", "-p", f"{SERVICES}/gateway-{profile}", check=True)
        wait_event(watching, lambda service: service.get("problem") == "paused")
        assert_agreed(tree, profile, "paused")
        began = time.monotonic()
        while time.monotonic() - began < 3:  # a signal is what it got: and that is not told instead, when it has been seen for long
            assert tree.state(profile)["problem"] == "paused"
        tree.run("root", "s6-svc", "-c", f"{SERVICES}/gateway-{profile}", check=True)
        wait_event(watching, lambda service: "problem" not in service)


def test_end_that_nobody_saw(tree, profile):
    """Its s6-supervise was stopped, and so the status is stale."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    pid = tree.wait_gateway(profile)
    tree.signal("STOP", supervisor := tree.supervisor(f"gateway-{profile}"))
    try:
        tree.signal("KILL", pid)
        wait_until(lambda: problems(tree, profile), what="Health looks")
        assert_agreed(tree, profile, "stale", "its process has ended")
    finally:
        tree.signal("CONT", supervisor)
    wait_until(lambda: (now := tree.state(profile))["state"] == "up" and now["pid"] != pid and "problem" not in now)


def test_logger_that_was_stopped_by_a_signal(tree, profile):
    tree.register(profile)
    tree.wait_state(profile, "up")
    pid = wait_until(lambda: (now := s6.read_status(f"{tree.slot(profile)}/log")) and now.pid and
                     "s6-log" in tree.processes().get(now.pid, ("",))[0] and now.pid, what="its s6-log")
    tree.run("hermes", "kill", "-STOP", str(pid), check=True)
    wait_until(lambda: problems(tree, profile), what="Health looks")
    _, why = assert_agreed(tree, profile, "logger", "its logger is stopped")
    assert "But its logger is stopped" in why
    assert f"svcctl reset gateway-{profile}" in why, why
    assert svcctl(tree, "reset", profile).returncode == 0
    wait_until(lambda: "problem" not in tree.state(profile))
    assert s6.read_status(f"{tree.slot(profile)}/log").pid == pid, "continued"


def end_whoever_is_in(place):
    """Whose working directory is in that file system."""
    device = os.stat(place).st_dev
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{pid}/cwd").st_dev == device:
                os.kill(int(pid), signal.SIGKILL)


def unmount(tree, path):
    """An s6-supervise that s6-svscan has begun once more may be in it, and stay; the broker's look may be there just then."""
    place = tree.path(path)

    def is_unmounted():
        if os.stat(place).st_dev != os.stat(f"{place}/..").st_dev:
            end_whoever_is_in(place)
        return tree.run("root", "umount", path).returncode == 0

    wait_until(is_unmounted, what=f"{path} unmounted")


def test_logger_without_a_supervisor(tree, profile):
    """As where s6-svscan has a place for one of the two."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    tree.run("root", "mount", "-t", "tmpfs", "none", f"{SERVICES}/gateway-{profile}/log", check=True)
    old = tree.supervisor(f"gateway-{profile}/log")
    tree.signal("KILL", old)
    wait_until(lambda: "logger" in "".join(problems(tree, profile)), what="a problem")
    unmount(tree, f"{SERVICES}/gateway-{profile}/log")
    wait_until(lambda: not problems(tree, profile), 30, "its logger back")


def test_finish_script_that_does_not_end(make_tree):
    tree = make_tree("--settle-msec", "100")
    tree.register("slow")
    tree.wait_gateway("slow")
    with open(f"{tree.slot('slow')}/finish", "w") as file:
        file.write("#!/bin/sh\nexec /bin/sleep 60\n")
    with open(f"{tree.slot('slow')}/timeout-finish", "w") as file:
        file.write("0\n")
    with events(tree, "slow") as watching:
        tree.signal("KILL", tree.status("slow").pid)
        wait_event(watching, lambda service: service["state"] == "finishing" and "problem" not in service)
        event = wait_event(watching, lambda service: service.get("problem") == "not_finished")
        assert event["state"] == "finishing"
    _, why = assert_agreed(tree, "slow", "not_finished", "its finish script does not end")
    assert "finish script does not end" in why
    tree.signal("KILL", tree.status("slow").pid)
    tree.wait_state("slow", "up")


def test_down_file_of_one_that_is_wanted(tree, profile):
    """A replaced s6-supervise obeys it; what is wanted is started all the same."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    pid = tree.wait_gateway(profile)
    with open(f"{tree.slot(profile)}/down", "w"):
        pass
    tree.signal("KILL", tree.supervisor(f"gateway-{profile}"), pid)
    wait_until(lambda: (now := tree.state(profile))["state"] == "up" and now["pid"] != pid and "problem" not in now, 40, "it runs")


def test_gateway_that_runs_unwanted(tree, profile):
    tree.register(profile, start=False)
    tree.wait_state(profile, "down")
    tree.run("root", "s6-svc", "-u", f"{SERVICES}/gateway-{profile}", check=True)
    assert_agreed(tree, profile, "unwanted", "though it is wanted down")
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    wait_until(lambda: not problems(tree, profile))


def test_waiting_for_a_bound_wakes_nobody(patient):
    """One timer, for the bound itself: a gateway that drains, and one that its supervisor was told to start."""
    patient.register("quiet", "ignore-term")
    patient.wait_gateway("quiet")
    patient.wait_state("quiet", "up")
    patient.call("Stop", names=["gateway-quiet"])
    patient.wait_state("quiet", "stopping")
    pid = patient.broker_pid()

    def switches():
        found = patient.run("root", "sh", "-c", f"cat /proc/{pid}/task/*/status").stdout
        return sum(int(line.split()[1]) for line in found.splitlines() if line.startswith("voluntary_ctxt_switches"))

    def quiet():
        before = switches()
        time.sleep(2.5)
        return switches() == before
    wait_until(quiet, 60, "some seconds in which nothing of it woke")
    assert patient.state("quiet")["state"] == "stopping"


def test_svscan_that_is_gone(tree, profile):
    """What runs runs on; nothing that ends comes back, and a probe has to know."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    tree.run("root", "mount", "-t", "tmpfs", "-o", "mode=700", "none", "/run/service/.s6-svscan", check=True)
    health = tree.call("Health")
    assert any(line.startswith("no s6-svscan runs on the scan directory") for line in health["problems"]), health
    unmount(tree, "/run/service/.s6-svscan")
    assert not any("s6-svscan" in line for line in tree.call("Health")["problems"])
