# SPDX-License-Identifier: ISC
"""Diagnose on a volume that lacks something, cannot be written, or does not answer."""

import select
import subprocess

import pytest

from doctor import assert_check, diagnose, doctor, verdicts
from tree import TOP, wait_until
from varlink import HANG_SEC

def test_profiles_and_slots(make_tree):
    tree = make_tree(profiles="coder writer")
    for profile in ("default", "coder", "gone"):
        tree.register(profile, start=False)
    assert_check(tree, "profiles", "warning", "profiles without a gateway: writer")
    assert_check(tree, "slots", "warning", "gateways without a profile: gateway-gone")
    tree.register("writer", start=False)
    tree.run("hermes", "mkdir", "-p", "/opt/data/profiles/empty", "/opt/data/profiles/gone", "/opt/data/profiles/default")
    tree.run("hermes", "touch", "/opt/data/profiles/gone/SOUL.md", "/opt/data/profiles/default/SOUL.md")
    assert_check(tree, "profiles", "ok")
    assert_check(tree, "slots", "ok")
    name = 'profiles/\x1b[31m"Bad\\ Näme\n'
    tree.run("hermes", "sh", "-c", 'mkdir "$1"; touch "$1/SOUL.md"', "sh", f"/opt/data/{name}", check=True)
    assert_check(tree, "profiles", "warning", name[9:], "not a name that a gateway can have")
    advice = diagnose(tree)["profiles"]["advice"]
    assert "register" not in advice and "rename" in advice, "nobody can register that"
    tree.run("hermes", "sh", "-c", "mkdir profiles/late; ln -s /etc profiles/out; touch profiles/late/SOUL.md", check=True)
    found = diagnose(tree)["profiles"]
    assert "without a gateway: late; and" in found["detail"] and "out (its directory is a link" in found["detail"], found
    tree.run("hermes", "rm", "-r", "/opt/data/profiles/out", "/opt/data/profiles/late", check=True)
    assert "\x1b[31m" not in doctor(tree).stdout
    tree.run("hermes", "rm", "-r", f"/opt/data/{name}", "/opt/data/profiles/coder/SOUL.md", check=True)
    assert_check(tree, "slots", "warning", "gateway-coder")
    tree.run("hermes", "sh", "-c", "rm -r profiles; ln -s /run/service profiles", check=True)
    assert_check(tree, "slots", "warning", "not checked")
    tree.run("hermes", "rm", "profiles", check=True)
    assert_check(tree, "slots", "warning", "gateway-coder, gateway-gone, gateway-writer")


def boot_log(tree, *lines, name="container-boot.log", mode="w"):
    tree.run("hermes", "mkdir", "-p", "/opt/data/logs", check=True)
    with open(tree.path(f"/opt/data/logs/{name}"), mode) as file:
        for profile, prior in lines:
            file.write(f"2026-05-07T12:00:00+0000 profile={profile} prior_state={prior} action=started\n")


def test_container_starts_that_failed(make_tree):
    tree = make_tree(profiles="")
    failed = ("coder", "startup_failed")
    assert_check(tree, "container_starts", "ok")
    boot_log(tree, failed, ("writer", "running"), failed, ("writer", "startup_failed"))
    assert_check(tree, "container_starts", "ok")
    boot_log(tree, failed, mode="a")
    assert_check(tree, "container_starts", "failure", "last 3 container starts", "for coder")
    boot_log(tree, ("coder", "running"), mode="a")
    assert_check(tree, "container_starts", "ok")
    # It has just turned over; and one of 256 KiB and more.
    boot_log(tree, failed, failed, name="container-boot.log.1")
    boot_log(tree, failed)
    assert_check(tree, "container_starts", "failure", "for coder")
    boot_log(tree, ("coder", "running"), *[("writer", "running")] * 8000, failed, failed, failed)
    assert_check(tree, "container_starts", "failure", "for coder")
    # Not a file of its kind.
    tree.run("hermes", "sh", "-c", "cd logs; rm *; mkfifo container-boot.log", check=True)
    assert_check(tree, "container_starts", "warning", "cannot be read")
    tree.run("hermes", "sh", "-c", "cd logs; rm *; ln -s /etc/passwd container-boot.log", check=True)
    assert_check(tree, "container_starts", "warning", "cannot be read")


def test_how_many_container_starts(make_tree):
    tree = make_tree("--failed-starts", "2", profiles="")
    boot_log(tree, ("coder", "startup_failed"))
    assert_check(tree, "container_starts", "ok", "last 2")
    boot_log(tree, ("coder", "startup_failed"), mode="a")
    assert_check(tree, "container_starts", "failure", "last 2")


def test_no_volume(make_tree):
    tree = make_tree("--hermes-home", "/opt/none", profiles="")
    checks = diagnose(tree)
    assert verdicts(checks, "failure") == {"volume"} and "No such file" in checks["volume"]["detail"]
    assert {"intent_store", "profiles", "slots", "container_starts"} <= verdicts(checks, "warning")


def test_volume_of_another_uid(make_tree):
    tree = make_tree(profiles="")
    tree.run("root", "chown", "root", "/opt/data", check=True)
    checks = diagnose(tree)
    assert checks["volume"]["verdict"] == "warning" and "uid 0" in checks["volume"]["detail"]
    assert checks["intent_store"]["verdict"] == "failure" and "Permission denied" in checks["intent_store"]["detail"]


@pytest.mark.parametrize("spoil,word", [
    ("mount --bind /opt/data /opt/data; mount -o remount,bind,ro /opt/data", "Read-only file system"),
    ("mount -t tmpfs -o size=64k,uid=10000,mode=755 none /opt/data; yes >/opt/data/full", "No space left"),
    ("mkdir -p /opt/data/.svcbroker/intent; chown hermes /opt/data/.svcbroker", "/intent: Permission denied"),
    ("ln -s /run /opt/data/.svcbroker", "symbolic links"),
])
def test_store_that_cannot_be_written(make_tree, spoil, word):
    tree = make_tree(profiles="")
    tree.run("root", "sh", "-c", spoil)
    assert_check(tree, "intent_store", "failure", word)


class Hang:
    """The broker's thread for the volume stands still in its next openat2, which nothing else in it calls."""

    def __init__(self, tree):
        self.tree = tree
        self.strace = subprocess.Popen(
            ["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(tree.pid), "root",
             "strace", "-f", "-p", str(tree.broker_pid()), "-e", "trace=openat2", "-e", "inject=openat2:delay_enter=600000000"],
            cwd=TOP, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "attached" not in (line := self.strace.stderr.readline()):
            assert line, "strace did not attach"

    def end(self):
        self.tree.run("root", "pkill", "-TERM", "-x", "strace")
        self.strace.wait(HANG_SEC)
        self.strace.stderr.close()


def wait_loop_sleeps(tree):
    """Until the broker's loop had nothing to do between several looks: what was sent has been read, and all but the volume was looked at. What
    a Diagnose waits for meanwhile, it asks for each 10 ms."""
    looks = []

    def sleeps():
        with open(tree.path(f"/proc/{tree.broker_pid()}/task/{tree.broker_pid()}/status")) as file:
            looks.append([line for line in file if line.startswith(("State:", "voluntary_", "nonvoluntary_"))])
        return len(looks) > 5 and all(look == looks[-1] for look in looks[-6:]) and "S (sleeping)" in looks[-1][0]

    wait_until(sleeps, what="the broker's loop asleep")


def is_answered_first(waiting, other):
    """On a busy machine the volume may be late by the time at which that is looked at: then it is asked once more."""
    waiting.send("Diagnose")
    other.call("Health")
    if not select.select([waiting.socket], [], [], 0)[0]:
        return True
    waiting.result()
    return False


def test_volume_that_does_not_answer(make_tree):
    tree = make_tree(profiles="")
    hang = Hang(tree)
    try:
        with tree.connect() as gone, tree.connect() as waiting, tree.connect() as other:
            gone.send("Diagnose")
            wait_until(lambda: is_answered_first(waiting, other), what="nobody else waits")
            gone.close()
            checks = {check["name"]: check for check in waiting.result()["checks"]}
            assert verdicts(checks, "failure") == {"volume"}
            assert "the volume does not answer" in checks["volume"]["detail"]
            assert {"intent_store", "profiles", "slots", "container_starts"} <= verdicts(checks, "warning")
        # With the thread still at it, the next one has no better luck.
        assert diagnose(tree)["volume"]["verdict"] == "failure"
    finally:
        hang.end()
    assert_check(tree, "volume", "ok")


def test_what_is_told_is_newer_than_the_question(make_tree):
    """Who asks while others wait for their answer gets a look of its own, not one that has begun."""
    tree = make_tree(profiles="")
    hang = Hang(tree)
    try:
        with tree.connect() as early, tree.connect() as late:
            early.send("Diagnose")
            wait_loop_sleeps(tree)
            tree.run("root", "mkdir", "-m", "777", "/run/svcbroker/x", check=True)
            late.send("Diagnose")
            told = [{check["name"]: check["verdict"] for check in asked.result()["checks"]} for asked in (early, late)]
            assert [checks["permissions_socket"] for checks in told] == ["ok", "failure"]
            assert [checks["volume"] for checks in told] == ["failure", "failure"]
        tree.run("root", "rmdir", "/run/svcbroker/x", check=True)
    finally:
        hang.end()


def test_ends_while_the_volume_does_not_answer(make_tree):
    tree = make_tree(profiles="")
    hang = Hang(tree)
    with tree.connect() as connection:
        connection.send("Diagnose")
        wait_loop_sleeps(tree)
        tree.run("root", "s6-svc", "-d", "/run/service/svcbrokerd", check=True)
        tree.expected_ends += 1
        assert connection.result()["checks"], "it is answered first"
    hang.end()
    wait_until(lambda: not tree.broker_is_ready(), what="the broker down")
    tree.expected_ends += 1
    tree.start_broker()
    assert diagnose(tree)["volume"]["verdict"] == "ok"
    tree.expected_ends -= 1
