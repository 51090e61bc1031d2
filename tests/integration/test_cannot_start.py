# SPDX-License-Identifier: ISC
"""What keeps a `run` from being executed is told by Health, and by Diagnose with its cause."""

import os

import pytest

from cgroup import Group
from doctor import diagnose
from tree import wait_until

BOUNDS = ("--process-msec", "1500")


@pytest.fixture
def group():
    made = Group("pids", f"svcbroker-test-{os.getpid()}")
    yield made
    wait_until(lambda: not os.path.exists(made.path) or remove(made.path), 20, "the group empty")


def remove(path):
    try:
        os.rmdir(path)
    except OSError:
        return False
    return True


def problems(tree, profile):
    return [line for line in tree.call("Health", "root")["problems"] if line.startswith(f"gateway-{profile}")]


def check(tree, name):
    return diagnose(tree)[name]


def test_pids_max(group, make_tree):
    tree = make_tree(*BOUNDS)
    try:
        tree.register("coder", start=False)
        tree.wait_state("coder", "down")
        tree.call("Health")
        group.take(tree)
        assert check(tree, "processes")["verdict"] == "ok"
        group.write("pids.max", 1)  # what is there at an instant may be one less at the next
        tree.call("Start", names=["gateway-coder"])
        wait_until(lambda: "has had no process for more than 1500 ms" in "".join(problems(tree, "coder")), what="Health")
        assert tree.state("coder")["problem"] == "not_started" and tree.state("coder")["state"] == "starting"
        found = check(tree, "processes")
        assert found["verdict"] == "failure" and "pids.max is reached" in found["detail"], found
        assert os.path.basename(group.path) in found["detail"], found
        assert check(tree, "orders")["verdict"] == "failure"
        assert tree.run("hermes", "svcctl", "doctor").returncode == 1
        group.write("pids.max", "max")
        assert check(tree, "processes")["verdict"] == "ok"
        # s6-supervise would try in a minute; one that s6-svscan starts does at once.
        tree.signal("KILL", tree.supervisor("gateway-coder"))
        tree.wait_state("coder", "up")
        wait_until(lambda: not problems(tree, "coder"))
    finally:
        group.write("pids.max", "max")
        tree.stop()


def test_pids_max_when_one_ends(group, make_tree):
    """It is in s6's own pause then, which is no problem for a second, and is one when it lasts."""
    tree = make_tree(*BOUNDS)
    try:
        tree.register("coder")
        tree.wait_state("coder", "up")
        pid = tree.wait_gateway("coder")
        group.take(tree)
        group.write("pids.max", 1)
        tree.signal("KILL", pid)
        wait_until(lambda: "no process for more than" in "".join(problems(tree, "coder")), what="Health")
        assert check(tree, "processes")["verdict"] == "failure"
        group.write("pids.max", "max")
        tree.signal("KILL", tree.supervisor("gateway-coder"))
        tree.wait_state("coder", "up", timeout=40)
        wait_until(lambda: not problems(tree, "coder"))
    finally:
        group.write("pids.max", "max")
        tree.stop()


def spoil_mode(tree, run):
    os.chmod(run, 0o644)


def spoil_interpreter(tree, run):
    with open(run) as file:
        text = file.read()
    with open(run, "w") as file:
        file.write("#!/usr/bin/no-such-shell\n" + text.partition("\n")[2])


def spoil_emptied(tree, run):
    with open(run, "w"):
        pass


def spoil_removed(tree, run):
    os.remove(run)


@pytest.mark.parametrize("spoil,words", [
    (spoil_mode, "its mode lets nobody execute it"), (spoil_interpreter, "its interpreter /usr/bin/no-such-shell: it is not there"),
    (spoil_emptied, "it is empty"), (spoil_removed, "it is not there"),
])
def test_run_that_cannot_be_executed(make_tree, spoil, words):
    tree = make_tree(*BOUNDS)
    tree.register("coder", start=False)
    tree.wait_state("coder", "down")
    assert check(tree, "execution")["verdict"] == "ok"
    spoil(tree, f"{tree.slot('coder')}/run")
    tree.call("Start", names=["gateway-coder"])
    wait_until(lambda: problems(tree, "coder"), 30, "Health")
    found = check(tree, "execution")
    assert found["verdict"] == "failure" and f"run of gateway-coder ({words})" in found["detail"], found


def test_file_system_without_exec(make_tree):
    """/run as some runtimes mount it."""
    tree = make_tree(*BOUNDS)
    tree.register("coder", start=False)
    tree.wait_state("coder", "down")
    tree.run("root", "mount", "-o", "remount,bind,noexec", "/run", check=True)
    tree.call("Start", names=["gateway-coder"])
    wait_until(lambda: problems(tree, "coder"), 30, "Health")
    found = check(tree, "execution")
    assert found["verdict"] == "failure" and "mounted noexec" in found["detail"], found
    tree.run("root", "mount", "-o", "remount,bind,exec", "/run", check=True)


def test_limit_of_the_client_users_processes(make_tree):
    tree = make_tree(*BOUNDS, before="ulimit -u 3")
    found = check(tree, "processes")
    assert "3" in found["detail"], found
    sleeps = tree.run("hermes", "sh", "-c", "for i in 1 2 3 4; do sleep 1000 >/dev/null 2>&1 & done; echo started")
    assert "started" in sleeps.stdout, sleeps
    found = check(tree, "processes")
    assert found["verdict"] == "failure" and "RLIMIT_NPROC" in found["detail"], found
