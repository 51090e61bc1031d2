# SPDX-License-Identifier: ISC
"""Diagnose tells what the container lacks, and what does not run."""

import json
import os
import struct

import pytest

from doctor import TEMPLATE, assert_check, diagnose, doctor, unwell, verdicts, without
from tree import BROKER, SOCKET, wait_until

# What the container lacks

@pytest.mark.parametrize("capability,check,verdict,words", [
    ("kill", "kill", "failure", "lacks CAP_KILL"), ("setpcap", "bounding_set", "warning", "could not be shrunk"),
    ("setuid", "capabilities", "warning", "lacks CAP_SETUID:"), ("setgid", "capabilities", "warning", "lacks CAP_SETGID:"),
])
def test_missing_capability(make_tree, capability, check, verdict, words):
    tree = make_tree(profiles="", before=without(capability))
    assert_check(tree, check, verdict, words)
    assert doctor(tree, user="root").returncode == bool(verdicts(diagnose(tree), "failure"))


def test_no_boundary(make_tree):
    """The broker as hermes, on a scan directory of hermes's own."""
    tree = make_tree()
    tree.run("root", "sh", "-c", "mkdir /opt/own; chown hermes /opt/own", check=True)
    script = """cd /opt/own; mkdir scan; s6-svscan scan </dev/null >/dev/null 2>&1 & svscan=$!
        while ! [ -p scan/.s6-svscan/control ]; do sleep 0.01; done
        svcbrokerd --no-gateways --scandir /opt/own/scan --services /opt/own/services --socket /opt/own/run/socket >/dev/null 2>log & broker=$!
        while ! grep -q ready log; do sleep 0.01; done
        svcctl --socket /opt/own/run/socket doctor --json; kill $broker; wait $broker; kill -s KILL $svscan"""
    result = tree.run("hermes", "timeout", "120", "sh", "-c", script)
    checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert checks["boundary"]["verdict"] == "warning"
    assert verdicts(checks, "failure") == set(), unwell(checks)
    assert checks["volume"]["verdict"] == checks["intent_store"]["verdict"] == "ok"


def test_capacity(make_tree):
    tree = make_tree("--services-max", "4", services_max=4, profiles="")
    assert_check(tree, "capacity", "ok", "1 of 4")
    tree.register("a", start=False)
    assert_check(tree, "capacity", "failure", "3 of 4")


def test_inotify(make_tree):
    tree = make_tree(profiles="")
    tree.run("root", "sh", "-c", "echo 3 >/opt/few; mount --bind /opt/few /proc/sys/fs/inotify/max_user_watches", check=True)
    assert_check(tree, "inotify", "warning", "3 of 3")


def test_pid1(make_tree):
    tree = make_tree(profiles="")
    tree.run("root", "rmdir", "/run/s6/basedir", check=True)
    assert_check(tree, "pid1", "warning", "/run/s6/basedir")
    tree.run("root", "sh", "-c", "echo tini >/opt/comm; mount --bind /opt/comm /proc/1/comm", check=True)
    assert_check(tree, "pid1", "warning", "process 1 is tini")


# What does not run

def test_scandir_without_svscan(make_tree):
    tree = make_tree(profiles="")
    tree.run("root", "mount", "-t", "tmpfs", "-o", "mode=700", "none", "/run/service/.s6-svscan", check=True)
    assert_check(tree, "scandir", "failure", "no s6-svscan runs on")
    tree.run("root", "umount", "/run/service/.s6-svscan", check=True)


def test_unsupervised(make_tree):
    tree = make_tree(profiles="")
    tree.run("root", "mkdir", "/run/service/ghost", check=True)
    assert_check(tree, "supervision", "failure", "ghost")


def test_logger_that_does_not_run(make_tree):
    # The broker tries it again, but not while this looks.
    tree = make_tree("--backoff-first-msec", "600000", "--backoff-most-msec", "600000", profiles="coder")
    tree.register("coder")
    tree.wait_gateway("coder")

    def is_told():
        """A logger whose first start the broker has not seen yet is started once more."""
        tree.run("root", "s6-svc", "-wD", "-d", "/run/service/gateway-coder/log", check=True)
        return diagnose(tree)["loggers"]["verdict"] == "warning"

    wait_until(is_told, what="a logger that does not run")
    assert_check(tree, "loggers", "warning", "gateway-coder")
    tree.run("root", "s6-svc", "-wu", "-u", "/run/service/gateway-coder/log", check=True)
    assert_check(tree, "loggers", "ok")


def test_socket(make_tree):
    tree = make_tree(profiles="")
    with tree.connect("root") as connection:
        for spoil, verdict in ((f"chmod 666 {SOCKET}", "failure"), (f"chmod 600 {SOCKET}", "warning"),
                               (f"chown hermes {SOCKET}", "failure"), (f":>{SOCKET}.new; mv {SOCKET}.new {SOCKET}", "failure")):
            tree.run("root", "sh", "-c", spoil, check=True)
            checks = {check["name"]: check for check in connection.call("Diagnose")["checks"]}
            assert checks["socket"]["verdict"] == verdict, (spoil, checks["socket"])
            tree.run("root", "sh", "-c", f"chown root {SOCKET}; chmod 660 {SOCKET}; true", check=True)
    tree.tainted = True


@pytest.mark.parametrize("spoil,word", [("chmod -x run", "executable"), ("ln -s run x", "symbolic link"), ("rm run", "run")])
def test_template(make_tree, spoil, word):
    tree = make_tree(profiles="")
    tree.run("root", "sh", "-c", f"cd {TEMPLATE}; {spoil}", check=True)
    assert_check(tree, "template", "failure", word)


def test_stamp_of_a_time_to_come(make_tree):
    """As after the clock went back, or with an s6 that counts leap seconds in another way."""
    tree = make_tree(profiles="")
    status = tree.path(f"{BROKER}/supervise/status")
    with open(status, "rb") as file:
        data = bytearray(file.read())
    (seconds,) = struct.unpack_from(">Q", data)
    for ahead, verdict in ((3600, "warning"), (2, "ok")):
        struct.pack_into(">Q", data, 0, seconds + ahead)
        with open(f"{status}.x", "wb") as file:
            file.write(data)
        os.rename(f"{status}.x", status)
        assert_check(tree, "clock", verdict, *(("svcbrokerd",) if verdict == "warning" else ()))
    tree.tainted = True
