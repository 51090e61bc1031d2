# SPDX-License-Identifier: ISC
"""Errors that pass: what the broker could not see or do for want of descriptors, memory, space or watches is seen and done later, by itself;
meanwhile nothing is taken for gone, and Health says it."""

import json
import os

import pytest

import faults
from tree import wait_until
from varlink import VarlinkError

SHORT = ("EMFILE", "ENFILE", "ENOMEM", "EIO", "EACCES")


@pytest.fixture(scope="module")
def tree(module_trees, tmp_path_factory):
    return module_trees("--backoff-first-msec", "500", before=faults.before(tmp_path_factory.mktemp("fault")))


@pytest.fixture(autouse=True)
def nothing_fails_any_more(request):
    yield
    if "tree" in request.fixturenames:
        tree = request.getfixturevalue("tree")
        if tree.parent is not None:
            faults.inject(tree)


def problems(tree):
    return tree.call("Health", "root")["problems"]


def told(tree, word):
    return wait_until(lambda: [line for line in problems(tree) if word in line], what=f"{word!r} in Health")


def well(tree):
    wait_until(lambda: tree.call("Health", "root")["healthy"], what=f"healthy: {problems(tree)}")


@pytest.mark.parametrize("error", SHORT)
def test_status_that_could_not_be_read_is_read_again(tree, profile, error):
    tree.register(profile)
    tree.wait_gateway(profile)
    faults.inject(tree, ("openat", error, f"gateway-{profile}/supervise/status"))
    tree.call("Stop", names=[f"gateway-{profile}"])
    wait_until(lambda: not tree.status(profile).pid and not tree.status(profile).finishing, what="it is down for s6")
    assert told(tree, os.strerror(getattr(faults.errno, error)))
    assert tree.state(profile)["state"] != "unsupervised"
    faults.inject(tree)
    tree.wait_state(profile, "down")
    well(tree)


@pytest.mark.parametrize("error", ["EMFILE", "EACCES"])
def test_fifo_that_could_not_be_opened_is_not_gone(tree, profile, error):
    """Neither for an order nor for a supervisor that has just been replaced."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    faults.inject(tree, ("openat", error, f"gateway-{profile}/supervise/control"))
    tree.call("Stop", names=[f"gateway-{profile}"])
    assert tree.state(profile)["state"] == "stopping"
    faults.inject(tree)
    tree.wait_state(profile, "down")
    faults.inject(tree, ("openat", error, f"gateway-{profile}/supervise/control"))
    tree.signal("KILL", old := tree.supervisor(f"gateway-{profile}"))
    wait_until(lambda: tree.supervisor(f"gateway-{profile}") not in (None, old), what="its replacement")
    faults.inject(tree)
    tree.wait_state(profile, "down")
    well(tree)


def test_unregister_waits_for_who_could_not_be_seen(tree, profile):
    """Nothing is taken from under a living s6-supervise."""
    tree.register(profile, start=False)
    tree.wait_state(profile, "down")
    tree.signal("STOP", supervisor := tree.supervisor(f"gateway-{profile}"))
    try:
        with tree.connect("root") as connection:
            faults.inject(tree, ("openat", "EMFILE", f"gateway-{profile}/supervise/control"))
            connection.send("Unregister", {"profile": profile, "timeout_msec": 300})
            wait_until(lambda: not os.path.lexists(tree.path(f"/run/service/gateway-{profile}")), what="it leaves")
            with pytest.raises(TimeoutError):
                connection.receive(0.5)
            assert os.path.exists(tree.slot(profile))
            faults.inject(tree)
            tree.signal("CONT", supervisor)
            assert connection.result()["removed"] is True
    finally:
        tree.run("root", "kill", "-s", "CONT", str(supervisor))
    tree.assert_absent(profile)


def test_slot_that_could_not_be_removed_is_removed_later(tree, profile):
    """And until then it is the removal's, not lost: its name is free again without a restart of the broker."""
    tree.register(profile, start=False)
    faults.inject(tree, ("unlinkat", "EIO", "settings"))
    with pytest.raises(VarlinkError) as caught:
        tree.call("Unregister", "root", profile=profile, timeout_msec=300)
    assert caught.value.name == "SystemError"
    faults.inject(tree)

    def registered():
        try:
            return tree.register(profile, start=False)["created"]
        except VarlinkError as error:
            if error.name != "Busy":
                raise
            return False
    assert wait_until(registered, what="its name is free")


def test_link_that_could_not_be_removed_is_removed_later(tree, profile):
    tree.register(profile, start=False)
    faults.inject(tree, ("unlinkat", "EIO", f"gateway-{profile}"))
    with tree.connect("root") as connection:
        connection.send("Unregister", {"profile": profile, "timeout_msec": 300})
        tree.wait_log(f"unregister: cannot unlink: EIO service=gateway-{profile}")
        assert tree.supervisor(f"gateway-{profile}")
        faults.inject(tree)
        assert connection.result()["removed"] is True
    tree.assert_absent(profile)


@pytest.mark.parametrize("error", ["EMFILE", "EAGAIN"])
def test_s6_svscan_that_could_not_be_told_is_told_later(tree, profile, error):
    faults.inject(tree, ("openat", error, ".s6-svscan/control"))
    with tree.connect("root") as connection:
        connection.send("Register", {"profile": profile, "start": False})
        tree.wait_log("scandir: cannot order a rescan: " + error)
        faults.inject(tree)
        assert connection.result()["created"] is True
    tree.wait_state(profile, "down")


def test_logger_that_could_not_be_seen(tree, profile):
    tree.register(profile)
    tree.wait_state(profile, "up")
    status = f"gateway-{profile}/log/supervise/status"
    faults.inject(tree, ("openat", "EMFILE", status))
    loggers = wait_until(lambda: [pid for pid, (line, _, _) in tree.processes().items() if line.endswith(f"/logs/gateways/{profile}")],
                         what="its s6-log")
    tree.signal("KILL", *loggers)
    told(tree, "Too many open files")
    faults.inject(tree)
    well(tree)
    wait_until(lambda: tree.state(profile)["log_restarts"] == 1, what="it counts")


@pytest.mark.parametrize("word", ["state", "down", "tally"])
def test_what_could_not_be_written_is_written_again(tree, profile, word):
    """By a retry: the record, the down file, the tally."""
    tree.register(profile, "exit:3")
    tree.wait_state(profile, "backoff")
    faults.inject(tree, *((call, "ENOSPC", word) for call in ("openat", "renameat", "unlinkat")))
    wait_until(lambda: [line for line in tree.log().splitlines() if "tried again" in line and f"gateway-{profile}" in line],
               what="it could not be written")
    faults.inject(tree)
    tree.begin_run_with(profile, "exec /bin/sleep 1000")
    tree.wait_state(profile, "up")
    wait_until(lambda: json.load(open(f"{tree.slot(profile)}/data/state"))["hold"] == "none", what="and recorded so")
    assert not os.path.exists(f"{tree.slot(profile)}/down")
    well(tree)


def test_scan_directory_that_could_not_be_seen(make_tree, tmp_path):
    """A static service stays what it is, one that comes is found, and registering is not refused for want of an s6-svscan."""
    tree = make_tree(before=faults.before(tmp_path))
    faults.inject(tree, ("fstatat", "ENOMEM", "late"), ("readlinkat", "ENOMEM", "late"), ("fstatat", "ENOMEM", "svcbrokerd"))
    tree.run("root", "sh", "-c", "mkdir /run/late; printf '#!/bin/sh\\nexec sleep 1000\\n' >/run/late/run; chmod 755 /run/late/run; "
             "ln -s /run/late /run/service/late; s6-svscanctl -a /run/service", check=True)
    tree.wait_log("scandir: it is tried again")
    assert tree.call("Status", "root", name="svcbrokerd")["service"]["state"] == "up"
    faults.inject(tree)
    wait_until(lambda: any(service["name"] == "late" and service["state"] == "up" for service in tree.call("List")["services"]),
               what="found after all")
    faults.inject(tree, ("openat", "EMFILE", ".s6-svscan/"))
    assert "no s6-svscan runs on the scan directory: nothing can be registered or restarted" not in problems(tree)
    faults.inject(tree)


def test_a_start_without_descriptors_takes_nothing_for_gone(make_tree, tmp_path):
    """What was registered and runs is adopted by the start that can."""
    tree = make_tree(before=faults.before(tmp_path))
    tree.register("kept", environment={"A": "b"})
    pid = tree.wait_gateway("kept")
    for word in ("gateway-kept/supervise/control", "gateway-kept/supervise/status", "state", "gateway-kept/log/supervise/control"):
        tree.stop_broker()
        faults.inject(tree, ("openat", "EMFILE", word))
        tree.run("root", "s6-svc", "-u", "/run/service/svcbrokerd", check=True)
        wait_until(lambda: tree.log().count("Too many open files") or tree.log().count("EMFILE"), what=f"it met it at {word}")
        faults.inject(tree)
        tree.tainted = True
        tree.run("root", "sh", "-c", "while ! s6-svwait -U -t 2000 /run/service/svcbrokerd; do s6-svc -u /run/service/svcbrokerd; done", check=True)
        service = tree.wait_state("kept", "up")
        assert (service["pid"], service["want"]) == (pid, "up"), word
        assert os.path.exists(f"{tree.slot('kept')}/supervise/status")
    well(tree)


# inotify


INOTIFY = [("inotify_add_watch", "ENOSPC"), ("inotify_init1", "EMFILE")]


def broken(make_tree, tmp_path, call, error, *options):
    return make_tree(*options, before=faults.before(tmp_path, (call, error, "-")))


@pytest.mark.parametrize("call, error", INOTIFY)
def test_without_inotify_all_is_polled(make_tree, tmp_path, call, error):
    tree = broken(make_tree, tmp_path, call, error)
    limit = "max_user_watches" if call == "inotify_add_watch" else "max_user_instances"
    told(tree, limit)
    assert tree.register("a")["created"] is True
    up = tree.wait_state("a", "up")
    tree.signal("KILL", up["pid"])
    wait_until(lambda: (now := tree.state("a"))["state"] == "up" and now["pid"] != up["pid"], what="the next run is seen")
    assert tree.state("a")["restarts"] == 1
    (outcome,) = tree.call("Stop", names=["gateway-a"], wait="down")["outcomes"]
    assert outcome["service"]["state"] == "down"
    tree.run("root", "sh", "-c", "mkdir /run/late; printf '#!/bin/sh\\nexec sleep 1000\\n' >/run/late/run; chmod 755 /run/late/run; "
             "ln -s /run/late /run/service/late; s6-svscanctl -a /run/service", check=True)
    wait_until(lambda: any(service["name"] == "late" and service["state"] == "up" for service in tree.call("List")["services"]),
               what="a static service that comes")
    assert any(limit in line for line in problems(tree))
    # The kernel has watches again.
    faults.inject(tree)
    well(tree)
    tree.run("root", "s6-svc", "-d", "/run/service/late", check=True)
    wait_until(lambda: tree.call("Status", "root", name="late")["service"]["state"] == "down", what="it is seen")
    tree.call("Start", names=["gateway-a"], wait="up")
    assert tree.call("Unregister", "root", profile="a", timeout_msec=1000)["removed"] is True
    tree.assert_absent("a")


@pytest.mark.parametrize("call, error", INOTIFY)
def test_a_broker_without_inotify_adopts(make_tree, tmp_path, call, error):
    tree = make_tree(before=faults.before(tmp_path))
    for name in ("a", "b", "c"):
        tree.register(name)
        tree.wait_state(name, "up")
    faults.inject(tree, (call, error, "-"))
    tree.kill_broker()
    told(tree, "inotify")
    for name in ("a", "b", "c"):
        pid = tree.state(name)["pid"]
        tree.signal("KILL", pid)
        wait_until(lambda: (now := tree.state(name))["state"] == "up" and now["pid"] != pid, what="the next run is seen")  # noqa: B023
    faults.inject(tree)
    well(tree)


def test_watches_that_are_used_up_later(tree, profile):
    """For one gateway only: it alone is polled, and gets its watch."""
    faults.inject(tree, ("inotify_add_watch", "ENOSPC", f"gateway-{profile}/log"))
    tree.register(profile)
    tree.wait_state(profile, "up")
    told(tree, "max_user_watches")
    faults.inject(tree)
    well(tree)


def test_a_watched_directory_that_is_made_anew(tree, profile):
    """Somebody removes supervise/ of a slot and kills its supervisor: what comes then is watched again."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    slot = f"/run/svcbroker/services/gateway-{profile}"
    old = tree.supervisor(f"gateway-{profile}")
    tree.run("root", "sh", "-c", f"rm -rf {slot}/supervise; kill -KILL {old}", check=True)
    wait_until(lambda: tree.supervisor(f"gateway-{profile}") not in (None, old), what="its replacement")
    tree.wait_state(profile, "down")
    well(tree)
    tree.call("Start", names=[f"gateway-{profile}"], wait="up")
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")


def test_one_directory_by_two_names(tree, profile):
    """Both are told what happens to it."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    tree.run("root", "sh", "-c", f"ln -s /run/svcbroker/services/gateway-{profile}/ /run/service/alias-{profile}", check=True)
    wait_until(lambda: any(service["name"] == f"alias-{profile}" for service in tree.call("List")["services"]))
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    wait_until(lambda: tree.call("Status", "root", name=f"alias-{profile}")["service"]["state"] == "down", what="the alias, too")
    tree.run("root", "rm", f"/run/service/alias-{profile}", check=True)


def is_quiet(tree):
    result = tree.run("root", "timeout", "3", "strace", "-f", "-qq", "-p", str(tree.broker_pid()), "-o", "/run/quiet")
    assert result.returncode == 124, result.stderr
    with open(tree.path("/run/quiet")) as file:
        return not any("openat" in line or "inotify" in line for line in file)


def test_nothing_is_polled_when_all_is_watched(tree, profile):
    """The broker sleeps: three seconds in which it looks at nothing. What it has to look at once, after a start, it may do before."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    well(tree)
    wait_until(lambda: is_quiet(tree), what="three seconds of silence")
