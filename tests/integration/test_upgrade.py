# SPDX-License-Identifier: ISC
"""Up and down between versions, on one volume and in one living tree: no gateway is touched, and whatever an older broker finds works, or is said."""

import os
import shutil
import subprocess

import pytest

from test_boot import again, states, wait_states
from tree import BROKER, SERVICES, TOP, Tree, wait_until

MANY = 50
LOCAL = "/usr/local"
PROGRAM = f"{LOCAL}/libexec/svcbroker/svcbroker-slot"
DEFINITION = f"{LOCAL}/share/svcbroker/s6-rc.d/svcbrokerd"


@pytest.fixture(scope="session")
def released():
    """The version of before, installed."""
    result = subprocess.run([f"{TOP}/tests/integration/released"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if result.returncode == 75:
        pytest.skip(result.stderr.strip())
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture
def old_tree(released, service, volume, sanitized):
    """One of that version, with a volume, not booted yet."""
    if sanitized:
        pytest.skip("fifty gateways, twice: once, as it ships, is enough")
    tree = Tree(released, service, ("--settle-msec", "300"), profiles="", volume=volume.path)
    yield tree
    tree.stop()


def files_below(top):
    return {os.path.relpath(f"{where}/{name}", top) for where, _, names in os.walk(top) for name in names}


def replace(source, target):
    """As a package manager does: whole, by rename."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(source, f"{target}.new", follow_symlinks=False)
    os.rename(f"{target}.new", target)


def install(tree, version):
    """Another version in place of the one that is there, while all of it runs; then the broker is started anew, and nothing else."""
    source, target = f"{version}/stage{LOCAL}" if os.path.isabs(version) else f"{TOP}/{version}/stage{LOCAL}", tree.path(LOCAL)
    wanted = files_below(source)
    for name in sorted(wanted):
        replace(f"{source}/{name}", f"{target}/{name}")
    for name in files_below(target) - wanted:
        os.unlink(f"{target}/{name}")
    for name in ("run", "finish"):
        replace(f"{tree.path(DEFINITION)}/{name}", f"{tree.path(BROKER)}/{name}")
    pid = tree.broker_pid()
    tree.expected_ends += 1
    tree.run("root", "s6-svc", "-r", "/run/service/svcbrokerd", check=True)
    wait_until(lambda: tree.broker_is_ready(pid), what="another broker")
    tree.build = version


def begun(tree, pid):
    with open(tree.path(f"/proc/{pid}/stat")) as file:
        return file.read().rpartition(")")[2].split()[19]


def fingerprint(tree, names):
    """Each gateway and its logger, with both supervisors: pids and when they began."""
    supervisors = {line: pid for pid, (line, _, _) in tree.processes().items() if line.startswith("s6-supervise gateway-")}
    found = {}
    for name in names:
        pids = [tree.status(name).pid, tree.status(f"{name}/log").pid, supervisors[f"s6-supervise gateway-{name}"], supervisors[f"s6-supervise gateway-{name}/log"]]
        assert all(pids), (name, pids)
        found[name] = [(pid, begun(tree, pid)) for pid in pids]
    return found


def svcctl(tree, version, *arguments):
    """That version's, with its own library, as root: its directory may be closed to others."""
    local = f"{version if os.path.isabs(version) else f'{TOP}/{version}'}/stage{LOCAL}"
    libraries = [where for where, _, files in os.walk(f"{local}/lib") if "libsvcbroker.so.0" in files]
    return tree.run("root", "env", f"LD_LIBRARY_PATH={libraries[0]}", f"{local}/bin/svcctl", *arguments)


def next_gateway(tree, name, other_than):
    pid = wait_until(lambda: (now := tree.status(name)).pid not in (0, other_than) and not now.finishing and now.pid, what=f"another gateway-{name}")
    return wait_until(lambda: f"started, pid {pid}\n" in tree.gateway_log(name) and pid, what=f"gateway-{name}'s program")


def ends_and_comes_back(tree, name):
    """By a signal of somebody's, past the broker: s6 alone runs finish and run."""
    pid = tree.wait_gateway(name)
    tree.signal("KILL", pid)
    return next_gateway(tree, name, pid)


def test_up_and_down_with_fifty_gateways_running(old_tree, volume, staged):
    tree, old = old_tree, old_tree.build
    names = [f"p{number:02}" for number in range(MANY)]
    for name in names:
        volume.profile(name, intent={"version": 1, "want": "up"})
    tree.boot()
    wait_until(lambda: all(state == ("up", "up") for name, state in states(tree).items() if name != "default"), what="all of them up")
    tree.call("Register", profile=names[3], environment={"KEPT": "a b\nc"})
    before = fingerprint(tree, names)
    with open(f"{tree.slot(names[0])}/run") as file:
        assert "svcbroker-slot" not in file.readline(), "that one has shell scripts"

    install(tree, staged)
    wait_until(lambda: all(states(tree)[name] == ("up", "up") for name in names), what="the newer one knows all")
    assert fingerprint(tree, names) == before
    # The newer one's own: a slot, an order, what is recorded of it, variables, an end without any order.
    tree.register("newer", environment={"KEPT": "d"})
    newer = ends_and_comes_back(tree, "newer")
    ends_and_comes_back(tree, names[0])
    tree.call("Stop", names=[f"gateway-{names[1]}"], wait="down", kill_after_msec=60000)
    tree.call("Restart", names=[f"gateway-{names[2]}"], wait="up", kill_after_msec=60000)
    before = fingerprint(tree, ["newer", names[0], *names[2:]])
    assert tree.call("Health")["healthy"] is True, tree.call("Health")
    listed = svcctl(tree, old, "list")
    assert listed.returncode == 0 and "newer" in listed.stdout and names[49] in listed.stdout, (listed.stdout, listed.stderr)

    install(tree, old)
    assert not os.path.exists(tree.path(PROGRAM)), "which that version does not have"
    wait_until(lambda: states(tree)["newer"] == ("up", "up") and all(states(tree)[name] == ("up", "up") for name in names[2:]), what="the older one knows all")
    assert states(tree)[names[1]] == ("down", "down")
    assert fingerprint(tree, before) == before
    listed = svcctl(tree, staged, "list")
    assert listed.returncode == 0 and "newer" in listed.stdout and names[49] in listed.stdout, (listed.stdout, listed.stderr)
    missing = svcctl(tree, staged, "history")
    assert missing.returncode != 0 and "of one version" in missing.stderr, (missing.stdout, missing.stderr)
    # What the newer one made works with nothing of it left: by itself, and by orders.
    newer = ends_and_comes_back(tree, "newer")
    tree.call("Restart", names=["gateway-newer"], wait="up")
    newer = next_gateway(tree, "newer", newer)
    logger = tree.status("newer/log").pid
    tree.signal("KILL", logger)
    wait_until(lambda: tree.status("newer/log").pid not in (0, logger), what="another logger")
    tree.call("Stop", names=["gateway-newer"], wait="down")
    assert not [line for line, _, group in tree.processes().values() if group == newer], "finish has ended what was left"
    tree.call("Start", names=["gateway-newer", f"gateway-{names[1]}"], wait="up")
    with open(tree.path(f"/proc/{tree.wait_gateway('newer')}/environ"), "rb") as file:
        assert b"\0KEPT=d\0" in b"\0" + file.read()
    assert "cannot be read" not in tree.log()
    before = fingerprint(tree, ["newer", *names])

    install(tree, staged)
    wait_until(lambda: all(states(tree)[name] == ("up", "up") for name in before), what="and up again")
    assert fingerprint(tree, before) == before
    assert tree.slot_variables(names[3]) == {"KEPT": "a b\nc"} and tree.slot_variables("newer") == {"KEPT": "d"}
    assert {name: volume.intent(name)["want"] for name in before} == dict.fromkeys(before, "up")


def test_one_volume_up_and_down(old_tree, volume, staged):
    """Each version boots from what the other one has left."""
    tree, old = old_tree, old_tree.build
    volume.profile("up", intent={"version": 1, "want": "up"})
    volume.profile("down", intent={"version": 1, "want": "down"})
    tree.boot()
    wait_states(tree, up="up", down="down", default="down")
    tree.register("up", environment={"KEPT": "yes"})
    for version in (staged, old, staged):
        tree.build = version
        again(tree)
        wait_states(tree, up="up", down="down", default="down")
        assert tree.slot_variables("up") == {"KEPT": "yes"}
        for order, name, state in (("Start", "down", "up"), ("Stop", "up", "down")):
            outcome = tree.call(order, names=[f"gateway-{name}"], wait=state)["outcomes"][0]
            assert outcome["persisted"] is True, outcome
        again(tree)
        wait_states(tree, up="down", down="up", default="down")
        for order, name, state in (("Stop", "down", "down"), ("Start", "up", "up")):
            assert tree.call(order, names=[f"gateway-{name}"], wait=state)["outcomes"][0]["persisted"] is True
    assert "cannot be read" not in tree.log() and "written by a newer" not in tree.log()


def test_an_installation_that_is_gone_for_a_moment(tree, profile):
    """Its slots do not notice, and what began meanwhile is no half of one: gateways, loggers, brokers end and begin, and a slot is made."""
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    program = tree.path(PROGRAM)
    os.rename(program, f"{program}.away")
    try:
        logger = wait_until(lambda: tree.status(f"{profile}/log").pid, what="its logger")
        tree.signal("KILL", logger)
        wait_until(lambda: tree.status(f"{profile}/log").pid not in (0, logger), what="another logger")
        tree.signal("KILL", pid)  # the new logger has begun another file
        pid = next_gateway(tree, profile, pid)
        tree.kill_broker()
        assert "main: the installed svcbroker-slot is not taken for slots: why=ENOENT" in tree.log()
        tree.register("meanwhile")
        tree.wait_gateway("meanwhile")
        for text in ("", "#!/bin/sh\nexit 111\n"):  # as it is while it is written, and what is none of ours
            with open(program, "w") as file:
                file.write(text)
            pid = ends_and_comes_back(tree, profile)
            ends_and_comes_back(tree, "meanwhile")
    finally:
        os.rename(f"{program}.away", program)
    tree.kill_broker()
    tree.call("Restart", names=[f"gateway-{profile}"], wait="up")
    next_gateway(tree, profile, pid)
    assert len({os.stat(f"{tree.path(SERVICES)}/{name}").st_ino for name in (".svcbroker-slot", f"gateway-{profile}/svcbroker-slot", "gateway-meanwhile/svcbroker-slot")}) == 1
    tree.unregister("meanwhile")


def test_a_program_that_others_can_write_is_refused(make_tree):
    tree = make_tree(boot=False, before=f"chmod g+w,o+w {PROGRAM}")
    tree.boot(ready=False)
    wait_until(tree.broker_failed, what="it says no")
    assert f"program of slots: users other than root can write {PROGRAM}" in tree.log()
    tree.tainted = True
