# SPDX-License-Identifier: ISC
"""Profiles that come, go and are renamed while the container runs, without anybody telling the broker."""

import json
import os
import signal
import shutil
import subprocess
import time

import pytest

from test_boot import states, wait_states
from tree import wait_until
from varlink import VarlinkError

HELD = "its profile's directory is gone"


def remove(volume, name):
    """Its gateway may be writing into it: what does not go the first time goes the next."""
    path = f"{volume.path}/profiles/{name}"
    wait_until(lambda: shutil.rmtree(path, ignore_errors=True) or not os.path.lexists(path), what=f"{path} gone")


def put_back(volume, name):
    """What was moved to away-NAME. The broker and a gateway may have begun another of that name, and be writing into it."""
    def is_back():
        shutil.rmtree(f"{volume.path}/{name}", ignore_errors=True)
        try:
            os.rename(f"{volume.path}/away-{name}", f"{volume.path}/{name}")
        except OSError:
            return False
        return True

    wait_until(is_back, what=f"{name} where it was")


def rename(volume, old, new):
    os.rename(f"{volume.path}/profiles/{old}", f"{volume.path}/profiles/{new}")


def test_a_new_profile_gets_its_gateway(boot, volume):
    tree = boot()
    volume.profile("early", {"desired_state": "running"})  # profiles/ is not there before
    wait_states(tree, default="down", early="up")
    os.makedirs(f"{volume.path}/profiles/.late.staging-77")
    volume.write("profiles/.late.staging-77/SOUL.md", "You.\n")
    os.rename(f"{volume.path}/profiles/.late.staging-77", f"{volume.path}/profiles/late")
    wait_until(lambda: states(tree).get("late") == ("down", "down"), 40, "the second one")
    assert set(states(tree)) == {"default", "early", "late"}, "what begins with a dot is none"


def test_a_start_waits_for_the_slot_that_is_being_made(boot, volume):
    """The broker saw the new profile a moment before the order: that is no reason to say Busy."""
    tree = boot()
    wait_states(tree, default="down")
    with tree.connect() as connection:
        os.kill(tree.pid, signal.SIGSTOP)  # s6-svscan: the register does not end
        try:
            volume.profile("new")
            wait_until(lambda: "register: begun service=gateway-new" in tree.log(), what="the broker has seen it")
            connection.send("Start", {"names": ["gateway-new"], "wait": "up"})
        finally:
            os.kill(tree.pid, signal.SIGCONT)
        assert [(outcome["name"], outcome["service"]["state"]) for outcome in connection.result()["outcomes"]] == [("gateway-new", "up")]


def test_what_a_person_took_away_stays_away(boot, volume):
    """As long as its directory is the same one; and until somebody asks for it."""
    volume.profile("away", intent={"version": 1, "want": "up"})
    tree = boot()
    tree.wait_state("away", "up")
    tree.call("Unregister", profile="away")
    for name in ("first", "second"):
        volume.profile(name)
        wait_until(lambda: name in states(tree), 90, f"a look at profiles/, for {name}")
        assert "away" not in states(tree)
    assert "away" in {action["profile"]: action["action"] for action in tree.call("Reconcile")["actions"]}
    wait_states(tree, default="down", away="down", first="down", second="down")
    tree.call("Unregister", profile="away")
    os.rename(f"{volume.path}/profiles/away", f"{volume.path}/old")
    volume.profile("third")
    wait_until(lambda: "third" in states(tree), 90, "a look at profiles/ without it")
    volume.profile("away")
    wait_until(lambda: "away" in states(tree), 90, "a new profile of that name")


def test_a_soul_that_comes_later(boot, volume):
    tree = boot()
    volume.directory("profiles/slow")
    wait_until(lambda: tree.call("Reconcile", dry_run=True), what="it is looked at")
    volume.write("profiles/slow/SOUL.md", "You.\n")
    wait_until(lambda: "slow" in states(tree), 90, "its gateway")


def test_a_rename_moves_the_gateway(boot, volume):
    """hermes profile rename a b: the old one is told to end, and the new one is wanted as it was."""
    volume.profile("a")
    tree = boot()
    environment = {"GATEWAY_TEST": "needs-home", "MINE": "yes"}
    tree.call("Register", profile="a", environment=environment)
    tree.call("Start", names=["gateway-a"], wait="up")
    rename(volume, "a", "b")
    # Where a process gets its turn late, b may count as up before a has come to its end.
    service = wait_until(lambda: states(tree).get("b") == ("up", "up") and (now := tree.state("a"))["state"] == "held" and now, 60,
                         f"b, not {states(tree)}")
    assert HELD in service["reason"], service
    assert HELD in tree.run("hermes", "svcctl", "why", "a").stdout
    assert tree.status("a").pid == 0 and not tree.status("a").want_up
    assert any("gateway-a is held" in problem for problem in tree.call("Health")["problems"])
    assert tree.slot_variables("b") == environment
    wait_until(lambda: os.path.exists(f"{volume.path}/.svcbroker/intent/b") and
               volume.intent("b") == {"version": 1, "want": "up", "environment": environment}, what="its record")
    with pytest.raises(VarlinkError) as caught:
        tree.call("Start", names=["gateway-a"])
    assert caught.value.name == "Held" and HELD in caught.value.parameters["reason"]
    tree.kill_broker()
    assert tree.state("a")["state"] == "held" and tree.state("b")["state"] == "up"
    actions = {action["profile"]: action["action"] for action in tree.call("Reconcile")["actions"]}
    assert actions["a"] == "removed" and actions["b"] == "kept"
    wait_states(tree, default="down", b="up")


def test_a_rename_back(boot, volume):
    volume.profile("a", intent={"version": 1, "want": "up"})
    tree = boot()
    tree.wait_state("a", "up")
    rename(volume, "a", "b")
    wait_until(lambda: states(tree).get("b") == ("up", "up"), 60, "b")
    rename(volume, "b", "a")
    wait_until(lambda: states(tree).get("a") == ("up", "up") and states(tree)["b"][0] == "held", 60, "a again")


def test_a_profile_that_is_removed(boot, volume):
    """One that runs is left alone: a volume that is not there looks the same. When it ends, it is held."""
    for name in ("runs", "stopped"):
        volume.profile(name, intent={"version": 1, "want": "up" if name == "runs" else "down"})
    tree = boot("--backoff-first-msec", "300")
    tree.wait_state("runs", "up")
    pid = tree.wait_gateway("runs")
    for name in ("runs", "stopped"):
        remove(volume, name)
    note = wait_until(lambda: tree.state("runs").get("note"), 40, "it is seen")
    assert "directory is gone" in note and tree.status("runs").pid == pid
    assert any("gateway-runs: its profile's directory is gone" in problem for problem in tree.call("Health")["problems"])
    tree.signal("KILL", pid)
    service = tree.wait_state("runs", "held")
    assert HELD in service["reason"]
    # It is there again, as a restored backup: what was wanted is wanted still.
    volume.profile("runs")
    wait_until(lambda: states(tree)["runs"] == ("up", "up"), 60, "it runs again")


def test_a_loop_is_ended(boot, volume):
    """Between two of s6's own tries, too."""
    volume.profile("a")
    tree = boot("--backoff-first-msec", "60000")
    tree.register("a", "exit:1:0.2")
    tree.call("Start", names=["gateway-a"])
    wait_until(lambda: tree.state("a")["restarts"] >= 1, 30, "it loops")
    remove(volume, "a")
    assert HELD in tree.wait_state("a", "held")["reason"]
    wait_until(lambda: not tree.status("a").want_up and not tree.status("a").pid, what="s6 does not want it")


def test_a_volume_that_is_away(boot, volume):
    """Not a profile is gone by that: where the broker's own directory is not, nothing is judged."""
    volume.profile("a", intent={"version": 1, "want": "up"})
    tree = boot()
    tree.wait_state("a", "up")
    tree.wait_gateway("a")  # what counts as up may not have come to its lock, which is there
    wait_until(lambda: os.path.exists(f"{volume.path}/.svcbroker/intent/a"))
    for name in (".svcbroker", "profiles"):
        os.rename(f"{volume.path}/{name}", f"{volume.path}/away-{name}")
    tree.call("Reconcile")
    assert tree.state("a")["state"] == "up" and tree.state("a").get("note") is None
    for name in (".svcbroker", "profiles"):
        put_back(volume, name)
    tree.call("Reconcile")
    assert tree.state("a")["state"] == "up" and tree.state("a").get("note") is None


def test_what_nobody_ever_saw_is_not_gone(boot, volume):
    """Registered without a directory: whoever did that wanted it so."""
    volume.profile("other")
    tree = boot()
    tree.register("ghost")
    tree.wait_state("ghost", "up")
    volume.directory("profiles/x")
    tree.call("Reconcile")
    pid = tree.status("ghost").pid
    assert tree.state("ghost")["state"] == "up" and tree.state("ghost").get("note") is None
    tree.signal("KILL", pid)
    tree.wait_state("ghost", "up", "starting")


def test_tombstones(boot, volume):
    volume.profile("dead", intent={"version": 1, "want": "up"})
    volume.profile("lives", intent={"version": 1, "want": "up"})
    volume.write("profiles/.deleted/dead", "")
    tree = boot()
    wait_states(tree, default="down", lives="up")
    assert " profile=dead prior_state=None action=skipped why=deleted prior_exit=unknown\n" in volume.read("logs/container-boot.log")
    for method, arguments in (("Register", {"profile": "dead"}), ("Start", {"names": ["gateway-dead"]})):
        with pytest.raises(VarlinkError) as caught:
            tree.call(method, **arguments)
        assert caught.value.name == "Protected" and "deleted" in caught.value.parameters["reason"], method
        assert caught.value.parameters["cause"] == "deleted", method
    listed = {action["profile"]: action for action in tree.call("Reconcile", dry_run=True)["actions"]}
    assert listed["dead"]["action"] == "skipped" and "deleted" in listed["dead"]["message"]
    # One that has a gateway, and is deleted.
    volume.directory("profiles/.deleted/lives")
    tree.call("Reconcile")
    assert "directory is gone" in tree.state("lives")["note"]
    # Made anew: the application takes the tombstone away.
    os.unlink(f"{volume.path}/profiles/.deleted/dead")
    assert tree.call("Start", names=["gateway-dead"], wait="up")["outcomes"][0]["service"]["state"] == "up"


def test_a_flood_wakes_nobody(boot, volume):
    """However much the client does there, the broker looks at it now and then."""
    volume.profile("a", intent={"version": 1, "want": "up"})
    tree = boot()
    tree.wait_state("a", "up")

    def voluntary():
        with open(tree.path(f"/proc/{tree.broker_pid()}/status")) as file:
            return next(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))

    before, began = voluntary(), time.monotonic()
    subprocess.run(["sh", "-c", "i=0; while [ $i -lt 3000 ]; do mkdir x; rmdir x; i=$((i+1)); done"], cwd=f"{volume.path}/profiles",
                   check=True)
    # On a busy machine it takes a while, and the broker has its own reasons to wake now and then; for each of them would be 6000 times.
    assert voluntary() - before < min(700 + 12 * (time.monotonic() - began), 4000), "it was woken for each of them"
    assert tree.call("Health")["healthy"] is True
    volume.profile("b")
    wait_until(lambda: "b" in states(tree), 90, "and misses nothing")


CONFIG = "gateway:\n  multiplex_profiles: true\n"


def test_multiplexing_by_the_configuration(boot, volume):
    for name in ("coder", "writer"):
        volume.profile(name, intent={"version": 1, "want": "up" if name == "coder" else "down"})
    volume.write("config.yaml", CONFIG)
    tree = boot()
    wait_states(tree, default="down", coder="held", writer="down")
    assert "every profile" in tree.state("coder")["reason"]
    for method, name in (("Start", "writer"), ("Restart", "coder")):
        with pytest.raises(VarlinkError, match="Held"):
            tree.call(method, names=[f"gateway-{name}"])
    assert tree.call("Register", profile="third")["service"]["state"] == "held"
    tree.kill_broker()
    assert tree.state("coder")["state"] == "held" and not tree.status("coder").pid, "a broker that comes later knows it, too"
    # It turns while the container runs: the next order sees it, and who is wanted runs.
    volume.write("config.yaml", "gateway: {multiplex_profiles: off}\n")
    tree.call("Start", names=["gateway-writer"], wait="up")
    wait_states(tree, default="down", coder="up", writer="up", third="up")
    volume.write("config.yaml", CONFIG)
    with pytest.raises(VarlinkError, match="Held"):
        tree.call("Restart", names=["gateway-coder"])
    assert tree.state("coder")["state"] == "up", "what runs does so until it ends"
    tree.signal("KILL", tree.wait_gateway("coder"))
    tree.wait_state("coder", "held")


@pytest.mark.parametrize("option,held", [("--multiplex", True), ("--no-multiplex", False)])
def test_the_environment_wins(boot, volume, option, held):
    volume.profile("coder", intent={"version": 1, "want": "up"})
    volume.write("config.yaml", f"multiplex_profiles: {'no' if held else 'yes'}\n")
    tree = boot(option)
    tree.wait_state("coder", "held" if held else "up")


def test_a_configuration_of_its_own_kind(boot, volume):
    """A FIFO, a link, one that is too large or cannot be read: the broker does not wait, and changes nothing."""
    volume.profile("coder", intent={"version": 1, "want": "down"})
    tree = boot()
    path = f"{volume.path}/config.yaml"
    for make in (lambda: os.mkfifo(path), lambda: os.symlink("/etc/passwd", path), lambda: volume.write("config.yaml", CONFIG + "#" * 70000),
                 lambda: volume.write("config.yaml", "[" * 60000), lambda: volume.write("config.yaml", CONFIG + "x: !boom 1\n")):
        make()
        for method in ("Start", "Stop"):
            tree.call(method, names=["gateway-coder"], wait="up" if method == "Start" else "down")
        os.unlink(path)


def test_what_reads_json_of_the_application(boot, volume):
    volume.profile("marked", b'\xef\xbb\xbf' + json.dumps({"gateway_state": "running"}).encode())
    tree = boot()
    wait_states(tree, default="down", marked="up")
