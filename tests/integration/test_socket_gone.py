# SPDX-License-Identifier: ISC
"""The socket's file is removed, moved or replaced under the broker, or its directory is: it is made anew where only root can put
something, nothing of somebody else's is removed, there are never two, and the connections of before stay."""

import contextlib
import functools
import os
import shutil
import stat

import pytest

import faults
from tree import SERVICES, SOCKET, wait_until

DIRECTORY = os.path.dirname(SOCKET)
OBSERVER = f"{SOCKET}.observer"
ANEW = "listener: its file was gone, and is made anew"
NOT_THERE = "the socket is not at"


@pytest.fixture(params=["inotify", "polled"])
def tree(make_tree, tmp_path, request):
    lacking = () if request.param == "inotify" else (("inotify_init1", "EMFILE", "-"),)
    return make_tree("--observer-group", "observers", profiles="", before=faults.before(tmp_path, *lacking))


def answers(tree, path=SOCKET, user="root"):
    try:
        return tree.call("Health", user, path)
    except (OSError, EOFError, AssertionError):
        return None


def wait_answers(tree, path=SOCKET, user="root"):
    return wait_until(lambda: answers(tree, path, user), 20, f"somebody serves {path}: {tree.log()[-2000:]}")


def assert_as_it_was(tree, path, gid):
    found = os.lstat(tree.path(path))
    assert stat.S_ISSOCK(found.st_mode) and (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (0o660, 0, gid)


def at_once(spoil):
    """What takes several steps is done before the broker's next look: it would make a file anew in the middle of them."""
    @functools.wraps(spoil)
    def stopped(tree):
        pid = tree.broker_pid()
        tree.signal("STOP", pid)

        def stands():
            with open(tree.path(f"/proc/{pid}/stat")) as file:
                return file.read().rpartition(")")[2].split()[0] == "T"

        wait_until(stands, what="the broker stopped")
        try:
            spoil(tree)
        finally:
            tree.signal("CONT", pid)
    return stopped


def remove(tree):
    os.unlink(tree.path(SOCKET))


def remove_both(tree):
    os.unlink(tree.path(SOCKET))
    os.unlink(tree.path(OBSERVER))


def rename(tree):
    os.rename(tree.path(SOCKET), tree.path(f"{SOCKET}.old"))


@at_once
def remove_all_files(tree):
    for name in os.listdir(tree.path(DIRECTORY)):
        if name != "services":
            os.unlink(tree.path(f"{DIRECTORY}/{name}"))


@at_once
def replace_with_a_dead_one(tree):
    tree.run("root", "python3", "-c", f"import os, socket; os.unlink('{SOCKET}'); socket.socket(socket.AF_UNIX).bind('{SOCKET}')", check=True)


def rename_directory(tree):
    os.rename(tree.path(DIRECTORY), tree.path(f"{DIRECTORY}.old"))


@at_once
def rename_directory_and_make_another(tree):
    rename_directory(tree)
    os.mkdir(tree.path(DIRECTORY), 0o755)


@at_once
def remove_directory(tree):
    shutil.rmtree(tree.path(DIRECTORY))


@pytest.mark.parametrize("spoil", [remove, remove_both, rename, remove_all_files, replace_with_a_dead_one, rename_directory,
                                   rename_directory_and_make_another, remove_directory])
def test_it_is_made_anew(tree, spoil):
    with tree.connect("hermes") as before, tree.connect("observer", OBSERVER) as observer:
        before.call("Health")
        spoil(tree)
        wait_answers(tree)
        wait_answers(tree, user="hermes")
        wait_answers(tree, OBSERVER, "observer")
        before.call("Health")  # what it had, it has
        observer.call("Health")
    assert_as_it_was(tree, SOCKET, 10000)
    assert_as_it_was(tree, OBSERVER, 10002)
    assert ANEW in tree.log()
    for path in (SOCKET, OBSERVER):
        lock = os.lstat(tree.path(f"{path}.lock"))
        assert (stat.S_IMODE(lock.st_mode), lock.st_uid) == (0o600, 0)
        assert tree.run("root", "flock", "-n", f"{path}.lock", "true").returncode == 1, "it is ours"
    said = tree.call("Health", "root")["problems"]
    assert not [line for line in said if NOT_THERE in line]
    if spoil is rename:
        assert tree.run("root", "python3", "-c", f"import socket; socket.socket(socket.AF_UNIX).connect('{SOCKET}.old')").returncode, "never two"
    if os.path.isdir(tree.path(SERVICES)):
        tree.kill_broker()
        wait_answers(tree)
    else:
        tree.tainted = True  # its other directory is away, and it goes on in it


LISTENS = f"import os, socket, time; s = socket.socket(socket.AF_UNIX); s.bind('{SOCKET}.new'); s.listen(); os.rename('{SOCKET}.new', '{SOCKET}'); time.sleep(1000)"
TAKEN = {
    "file": f"echo precious >{SOCKET}.new; mv {SOCKET}.new {SOCKET}",
    "link": f"ln -s /run/elsewhere {SOCKET}.new; mv {SOCKET}.new {SOCKET}",
    "directory": f"rm {SOCKET}; mkdir {SOCKET}; :>{SOCKET}/precious",
    "listens": f"exec python3 -c \"{LISTENS}\" >/dev/null 2>&1 &",
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_somebody_elses_stays(make_tree, what):
    tree = make_tree("--observer-group", "observers", profiles="")
    with tree.connect("root") as before:
        tree.signal("STOP", tree.broker_pid())  # it would be faster than mkdir
        tree.run("root", "sh", "-c", TAKEN[what], check=True)
        tree.signal("CONT", tree.broker_pid())
        (problem,) = wait_until(lambda: [line for line in before.call("Health")["problems"] if NOT_THERE in line], 20)
        problem = wait_until(lambda: next((line for line in before.call("Health")["problems"] if "something else has its name" in line), None), 20)
        assert SOCKET in problem and "remove that" in problem
        failure = next(check for check in before.call("Diagnose")["checks"] if check["name"] == "socket")
        assert failure["verdict"] == "failure" and "something else" in failure["advice"]
        tree.wait_log("listener: its file is gone, and cannot be made anew")
        there = os.lstat(tree.path(SOCKET))
        assert wait_answers(tree, OBSERVER, "observer"), "the other one is as it was"
        said = tree.run("root", "/usr/local/bin/svcctl", "--timeout", "1s", "health")
        if what in ("file", "directory"):
            assert said.returncode == 69 and "is no socket" in said.stderr and "remove it" in said.stderr, said.stderr
        # One that begins in this state says so, and takes nothing away either.
        if what != "listens":
            second = tree.run("root", "/usr/local/sbin/svcbrokerd", "--services", "/run/other")
            assert second.returncode == 75 and "another svcbrokerd" in second.stderr, second.stderr
        assert os.path.samestat(there, os.lstat(tree.path(SOCKET)))
        tree.run("root", "rm", "-r", SOCKET, check=True)
        wait_answers(tree)
        assert not [line for line in before.call("Health")["problems"] if NOT_THERE in line]
    assert_as_it_was(tree, SOCKET, 10000)
    if what == "listens":
        tree.run("root", "sh", "-c", "kill $(ps -eo pid,args | grep '[t]ime.sleep(1000)' | cut -c -7)")


def test_a_broker_that_starts_takes_nothing_of_others_away(make_tree):
    tree = make_tree(profiles="")
    tree.stop_broker()
    tree.run("root", "sh", "-c", f"rm {SOCKET}; echo precious >{SOCKET}", check=True)
    refused = tree.run("root", "/usr/local/sbin/svcbrokerd")
    assert refused.returncode == 78 and "something else has its name: remove that" in refused.stderr, refused.stderr
    tree.run("root", "sh", "-c", f"grep -q precious {SOCKET} && rm {SOCKET}", check=True)
    tree.start_broker()


def test_only_where_root_alone_can_put_something(make_tree):
    tree = make_tree(profiles="")
    directory = tree.path(DIRECTORY)
    with tree.connect("root") as before:
        os.chmod(directory, 0o777)
        os.unlink(tree.path(SOCKET))
        wait_until(lambda: [line for line in before.call("Health")["problems"] if "users other than root can write its directory" in line], 20)
        assert not os.path.lexists(tree.path(SOCKET))
        os.chmod(directory, 0o755)
        wait_answers(tree)
        assert before.call("Health")["healthy"] is True
    assert_as_it_was(tree, SOCKET, 10000)


def test_two_brokers_never_serve_one_name(make_tree):
    """Its lock is taken away with the socket, and another broker takes it before it is looked for."""
    tree = make_tree(profiles="")
    holder = f"flock -n {SOCKET}.new sh -c 'chmod 600 {SOCKET}.new; mv {SOCKET}.new {SOCKET}.lock; rm {SOCKET}; sleep 1000' >/dev/null 2>&1 &"
    with tree.connect("root") as before:
        tree.run("root", "sh", "-c", holder, check=True)
        wait_until(lambda: [line for line in before.call("Health")["problems"] if "another svcbrokerd has its lock" in line], 20,
                   f"{before.call('Health')}")
        assert not os.path.lexists(tree.path(SOCKET))
        tree.run("root", "sh", "-c", f"fuser -k {SOCKET}.lock", check=True)
        wait_answers(tree)
        assert before.call("Health")["healthy"] is True


def test_who_has_connected_and_was_not_accepted_yet_is_served(make_tree):
    """The broker stands while the file goes: what waits at the old socket is taken before that is closed."""
    tree = make_tree(profiles="")
    pid = tree.broker_pid()
    wait_answers(tree)
    tree.signal("STOP", pid)
    waiting = [tree.connect("root") for _ in range(5)]
    os.unlink(tree.path(SOCKET))
    tree.signal("CONT", pid)
    for connection in waiting:
        with contextlib.closing(connection):
            assert "healthy" in connection.call("Health")


def test_again_and_again(make_tree):
    tree = make_tree(profiles="")
    with tree.connect("root") as before:
        for _ in range(50):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(tree.path(SOCKET))
            before.call("Health")
        wait_answers(tree)
        descriptors = len(os.listdir(tree.path(f"/proc/{tree.broker_pid()}/fd")))
    assert descriptors < 40, "none is left open"
