# SPDX-License-Identifier: ISC
"""Slots that s6-svscan has lost one or both supervisors of, while their names were away or led elsewhere: what it starts again by itself it
does, the rest the broker brings back, whichever s6 it is, and no gateway that runs is ended by that."""

import os
import shutil
import subprocess

import pytest

import s6
from tree import SERVICES, TOP, wait_until
from varlink import VarlinkError

SCANDIR = "/run/service"
ELSEWHERE = "/run/elsewhere"


@pytest.fixture(scope="module", params=["own", "trixie", "sid"])
def tree(request, module_trees):
    """own: this machine's, or what SVCBROKER_S6 names."""
    if request.param == "own":
        return module_trees()
    made = subprocess.run([f"{TOP}/tests/integration/s6-root", request.param], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if made.returncode == 75:
        pytest.skip(made.stderr.strip().splitlines()[-1])
    assert made.returncode == 0, made.stderr
    return module_trees(s6=made.stdout.strip())


def is_alive(tree, profile, log=False):
    """Somebody reads the FIFO in the slot."""
    return s6.takes_orders(f"{tree.slot(profile)}/log" if log else tree.slot(profile))


def is_whole(tree, profile):
    return is_alive(tree, profile) and is_alive(tree, profile, log=True)


def rescan(tree):
    """s6-svscan has looked."""
    control = tree.path(f"{SCANDIR}/.s6-svscan/control")
    with open(control, "w") as file:
        file.write("a")


def works(tree, profile):
    wait_until(lambda: is_whole(tree, profile), what=f"both supervisors: {tree.log()[-2000:]}")
    tree.call("Start", names=[f"gateway-{profile}"], wait="up")
    pid = tree.wait_gateway(profile)
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    assert pid not in tree.processes()
    wait_until(lambda: not [line for line in tree.call("Health", "root")["problems"] if f"gateway-{profile}" in line],
               what=f"no problem of it: {tree.call('Health', 'root')}")


def lose(tree, profile, *halves, beside=lambda: None):
    """Kills its supervisors while the slot is out of s6-svscan's sight, and puts it back."""
    slot = tree.slot(profile)
    supervisors = [tree.supervisor(f"gateway-{profile}{half}") for half in halves]
    beside()
    before = tree.log().count(f"stat gateway-{profile}:")
    os.rename(slot, f"{slot}.away")
    wait_until(lambda: rescan(tree) or tree.log().count(f"stat gateway-{profile}:") > before, what="s6-svscan does not find it")
    tree.signal("KILL", *supervisors)
    wait_until(lambda: not set(supervisors) & set(tree.processes()), what="they are gone")
    os.rename(f"{slot}.away", slot)


def lost_pipe(tree, profile):
    """What Health says of it."""
    return [line for line in tree.call("Health", "root")["problems"] if f"gateway-{profile}" in line and "pipe" in line]


def reaches_its_logger(tree, profile, end=lambda tree, profile, pid: tree.call("Restart", names=[f"gateway-{profile}"], wait="up")):
    """What it prints does: of this run, or, where the pipe between them is lost, of the next one. Nobody ends the one that runs for it. Whether it was
    lost."""
    name = f"gateway-{profile}"
    tree.call("Start", names=[name], wait="up")
    pid = tree.status(profile).pid
    wait_until(lambda: f"started, pid {pid}\n" in tree.gateway_log(profile) or lost_pipe(tree, profile),
               what=f"its line, or that it is lost: {tree.log()[-2000:]}")
    if lost := f"started, pid {pid}\n" not in tree.gateway_log(profile):
        assert tree.status(profile).pid == pid
        end(tree, profile, pid)
        # While its s6-supervise is a new one there may be none.
        wait_until(lambda: (now := tree.status(profile)) and now.pid not in (0, pid), what=f"another run: {tree.log()[-2000:]}")
        pid = tree.wait_gateway(profile)
        tree.wait_gateway_log(profile, f"started, pid {pid}")
        wait_until(lambda: not lost_pipe(tree, profile), what=f"no problem: {tree.log()[-2000:]}")
    return lost


@pytest.mark.parametrize("halves", [("",), ("/log",), ("", "/log")], ids=["gateway", "logger", "both"])
def test_a_half_that_was_lost_comes_back(tree, profile, halves):
    tree.register(profile, start=False)
    lose(tree, profile, *halves)
    works(tree, profile)


def test_a_register_is_good_again_by_itself(tree, profile):
    """Nothing is to be unregistered for it."""
    tree.register(profile, start=False)
    lose(tree, profile, "")

    def is_registered():
        try:
            return tree.register(profile)["created"] is False
        except VarlinkError as error:
            assert error.name == "Unsupervised", error
            return False

    wait_until(is_registered)
    works(tree, profile)


def test_a_gateway_that_runs_is_not_ended(tree, profile):
    """Its logger has no supervisor: Health says so as long as it runs, another one is brought back meanwhile, and then this one is."""
    other = f"{profile}-other"
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    tree.register(other, start=False)
    lose(tree, profile, "/log")
    lose(tree, other, "")
    works(tree, other)
    assert tree.status(profile).pid == pid and pid in tree.processes(), tree.log()[-3000:]
    tree.call("Unregister", "root", profile=other, timeout_msec=1)
    # s6-svscan 2.11 takes a slot whose pipe is closed for one that is gone: told to end what is gone, it would end this one, too.
    assert tree.status(profile).pid == pid and pid in tree.processes(), tree.log()[-3000:]

    def is_said():
        """Or it is there again: s6 from 2.12 on begins it with whatever else begins."""
        problems = tree.call("Health", "root")["problems"]
        return any(f"gateway-{profile}" in line for line in problems) or is_alive(tree, profile, log=True)

    wait_until(is_said, what=f"what Health says of it: {tree.call('Health', 'root')}")
    assert tree.status(profile).pid == pid
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    works(tree, profile)


def test_what_a_killed_supervisor_left_running_is_not_ended(tree, profile):
    other = f"{profile}-other"
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    tree.register(other, start=False)
    lose(tree, profile, "")
    lose(tree, other, "")
    works(tree, other)
    # s6 2.12 and later look for the rest when they have found everything, so its replacement came, and ended what was left, as ever.
    assert pid in tree.processes() or is_alive(tree, profile)
    tree.call("Unregister", "root", profile=other, timeout_msec=1)
    tree.signal("KILL", pid)
    wait_until(lambda: is_whole(tree, profile), what=f"both supervisors: {tree.log()[-2000:]}")
    tree.wait_state(profile, "up")
    works(tree, profile)


@pytest.fixture
def elsewhere(tree, profile):
    """What looks like a slot, where no run is."""
    top = tree.path(ELSEWHERE)
    os.makedirs(f"{top}/gateway-{profile}")
    yield top
    shutil.rmtree(top)


def test_a_supervisor_that_went_astray(tree, profile, elsewhere):
    """Begun by its name while that led elsewhere, it works there, and s6-svscan takes it for the slot's own."""
    tree.register(profile, start=False)
    name, slot = f"gateway-{profile}", tree.slot(profile)
    old = tree.supervisor(name)
    os.rename(slot, f"{slot}.away")
    os.symlink(f"{ELSEWHERE}/{name}", slot)
    tree.signal("KILL", old)  # s6-svscan still has it, and begins its replacement without another look
    wait_until(lambda: tree.supervisor(name) not in (None, old), what="another one")
    wait_until(lambda: os.path.exists(f"{elsewhere}/{name}/supervise/control"), what="it works there")
    os.unlink(slot)
    os.rename(f"{slot}.away", slot)
    wait_until(lambda: is_whole(tree, profile), what=f"both supervisors: {tree.log()[-2000:]}")
    # Where s6-svscan of 2.15 has looked in between, it has closed the pipe to its logger.
    reaches_its_logger(tree, profile)
    pid = tree.status(profile).pid
    tree.call("Stop", names=[name], wait="down")
    assert pid and pid not in tree.processes()
    wait_until(lambda: not [line for line in tree.call("Health", "root")["problems"] if f"{name} is unsupervised" in line])


def lose_pipe(tree, profile, elsewhere):
    """s6-svscan of 2.13 and 2.15 forgets the gateway's half of the slot, and its pipe."""
    name, slot = f"gateway-{profile}", tree.slot(profile)
    old = tree.supervisor(name)
    os.rename(slot, f"{slot}.away")
    os.symlink(f"{ELSEWHERE}/{name}", slot)
    wait_until(lambda: rescan(tree) or os.path.exists(f"{elsewhere}/{name}/supervise/status"), what="s6-svscan has found the other directory")
    tree.signal("KILL", old)
    wait_until(lambda: old not in tree.processes(), what="it is gone")
    os.unlink(slot)
    os.rename(f"{slot}.away", slot)
    rescan(tree)


def ends(tree, profile, pid):
    """By itself."""
    tree.signal("KILL", pid)


def stops(tree, profile, pid):
    """And is started again."""
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    tree.call("Start", names=[f"gateway-{profile}"], wait="up")


def restarts(tree, profile, pid):
    tree.call("Restart", names=[f"gateway-{profile}"], wait="up")


@pytest.mark.parametrize("end", [restarts, stops, ends])
def test_a_logger_that_lost_its_pipe(tree, profile, elsewhere, request, end):
    tree.register(profile, start=False)
    lose_pipe(tree, profile, elsewhere)
    wait_until(lambda: is_whole(tree, profile), what=f"both supervisors: {tree.log()[-2000:]}")
    lost = reaches_its_logger(tree, profile, end)
    assert lost or request.node.callspec.params["tree"] == "own", tree.log()[-2000:]
    works(tree, profile)


# A program of root's that anybody may run, under the name and with the argument of an s6-supervise: what it says to its standard error stays
# in a pipe that is full. Its parent ends, so that it is a child of s6-svscan.
PRETENDER = """
import os, signal, sys
os.symlink(sys.argv[1], "s6-supervise")
readable, writable = os.pipe()
os.set_blocking(writable, False)
try:
    while os.write(writable, bytes(65536)):
        pass
except BlockingIOError:
    pass
os.set_blocking(writable, True)
if os.fork() == 0:
    os.setsid()
    if pid := os.fork():
        print(pid, flush=True)
        os._exit(0)
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0), os.dup2(writable, 1), os.dup2(writable, 2)
    os.set_inheritable(readable, True)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execv("./s6-supervise", ["s6-supervise", *sys.argv[2:]])
os.wait()
"""


def pretend(tree, name):
    """Its process, hermes's."""
    made = tree.run("hermes", "sh", "-c", 'd=$(mktemp -d) && cd "$d" && exec /usr/bin/python3 -c "$@"', "sh", PRETENDER, "/usr/bin/newgrp", name, check=True)
    pid = int(made.stdout)

    def status():
        with open(tree.path(f"/proc/{pid}/status")) as file:
            return file.read()

    wait_until(lambda: "Name:\ts6-supervise\n" in status() and "PPid:\t1\n" in status(), what=f"it is one in name: {status()}")
    if "Uid:\t10000\t0\t" not in status():
        tree.signal("KILL", pid)
        pytest.skip("programs do not become root here")
    return pid


@pytest.mark.parametrize("half", ["", "/log"], ids=["gateway", "logger"])
def test_a_program_that_calls_itself_a_supervisor(tree, profile, half):
    """Its effective user is root; its real one is the client user, who keeps nobody's supervisors away by it."""
    pretenders = []
    tree.register(profile, start=False)
    try:
        lose(tree, profile, half, beside=lambda: pretenders.append(pretend(tree, f"gateway-{profile}{half}")))
        wait_until(lambda: is_whole(tree, profile), what=f"both supervisors: {tree.log()[-2000:]}")
        assert pretenders[0] in tree.processes()
    finally:
        tree.signal("KILL", *pretenders)
    works(tree, profile)


def test_a_slot_that_was_never_begun(tree, profile):
    """s6 2.12 and later give a scan up when a name leads nowhere, and begin what they saw in it first in no later one. Registered by nobody who
    waits, it stays; and what was wanted holds."""
    nowhere = tree.path(f"{SCANDIR}/nowhere")
    os.symlink("/run/nowhere", nowhere)
    try:
        tree.run("hermes", "sh", "-c", f"mkdir -p profiles/{profile} && : >profiles/{profile}/SOUL.md", check=True)
        reply = tree.call("Reconcile", "root")
        assert [action for action in reply["actions"] if action["profile"] == profile], reply
    finally:
        os.unlink(nowhere)
    wait_until(lambda: is_whole(tree, profile), what=f"both supervisors: {tree.log()[-2000:]}")
    assert os.path.isdir(tree.path(f"{SERVICES}/gateway-{profile}"))
    works(tree, profile)
    tree.run("hermes", "rm", "-r", f"profiles/{profile}", check=True)
