# SPDX-License-Identifier: ISC
"""One profile's directory hangs, and the volume does not: it costs that profile, and nobody else anything."""

import contextlib
import json
import os
import subprocess

import pytest

from test_volume import Hang, order, problems
from tree import wait_until
from varlink import VarlinkError

HANGS = "mkdir -p /run/hung; (exec /usr/bin/python3 tests/integration/hang.py {} by-signal >/run/hang.log 2>&1) & echo $! >/run/hang.pid; " \
        "while ! grep -q hung /run/hang.log; do sleep 0.05; done"
SLOW = "/opt/data/profiles/slow"
SAYS = "the directory of the profile slow on the volume does not answer"


def release(tree):
    with open(tree.path("/run/hang.pid")) as file:
        tree.signal("TERM", int(file.read()))


def reconciled(tree, user="hermes", **parameters):
    """Its actions, by profile. The names in profiles/ are read by a thread within four seconds: on a busy machine, when it is asked again."""
    said = []

    def ask():
        try:
            said[:] = tree.call("Reconcile", user, **parameters)["actions"]
        except VarlinkError as error:
            assert error.parameters.get("errno_name") == "ETIMEDOUT", error
            return False
        return True

    wait_until(ask, what="the names in profiles/")
    return {action["profile"]: action for action in said}


def gateways(tree):
    return {service["profile"] for service in tree.call("List")["services"] if service["kind"] == "gateway"}


def test_at_boot(boot, volume):
    for name in ("coder", "slow", "writer"):
        volume.profile(name, intent={"version": 1, "want": "up", "environment": {"A": "b"}})
    tree = boot(before=HANGS.format(SLOW))
    assert gateways(tree) == {"default", "coder", "writer"}
    tree.wait_state("coder", "up")
    tree.wait_state("writer", "up")
    assert SAYS in problems(tree)
    assert {line[0] for line in volume.boot_log()} == {"default", "coder", "writer"}
    # It is not looked at again and again, and whoever asks hears why.
    for _ in range(3):
        actions = reconciled(tree)
        assert actions["slow"]["action"] == "skipped" and "does not answer" in actions["slow"]["message"]
    assert order(tree, "Stop", "coder", wait="down")["persisted"] is True
    release(tree)
    wait_until(lambda: "slow" in gateways(tree), what="its gateway, once the directory answers")
    tree.wait_state("slow", "up")
    assert SAYS not in problems(tree)
    assert tree.state("coder")["want"] == "down"
    # It is written when the slot is there, and may take longer than the gateway to count as up.
    wait_until(lambda: len(volume.boot_log()) >= 4, what="its line in the boot log")
    assert sorted(line[0] for line in volume.boot_log()) == ["coder", "default", "slow", "writer"]
    with open(tree.path("/run/svcbroker/services/gateway-slow/data/profile")) as file:
        assert file.read() == "slow\n"


def test_while_it_runs(boot, volume):
    for name in ("coder", "slow"):
        volume.profile(name, intent={"version": 1, "want": "up"})
    tree = boot()
    for name in ("coder", "slow"):
        tree.wait_gateway(name)
    with Hang(tree, SLOW):
        # The marker for its stop cannot be written, which is the gateway's loss; the record can.
        assert order(tree, "Stop", "slow")["persisted"] is True
        assert SAYS in problems(tree)
        assert volume.intent("slow")["want"] == "down"
        for method in ("Restart", "Stop", "Start"):
            assert order(tree, method, "coder")["persisted"] is True, method
            assert order(tree, method, "slow")["persisted"] is True, method
        assert tree.call("Register", profile="new", start=False)["persisted"] is True
        assert tree.call("Unregister", profile="new")["persisted"] is True
        checks = {check["name"]: check for check in tree.call("Diagnose")["checks"]}
        assert checks["volume"]["verdict"] == "ok" and checks["intent_store"]["verdict"] == "ok"
        assert checks["profiles"]["verdict"] == "failure" and "slow" in checks["profiles"]["detail"]
        assert {name: action["action"] for name, action in reconciled(tree).items()} == {"default": "kept", "coder": "kept", "slow": "kept"}
    wait_until(lambda: SAYS not in problems(tree), what="health")


def test_a_slot_of_the_last_container(boot, volume):
    """/run outlived it. What it knows of the profile is not lost because the profile's directory hangs."""
    for name in ("coder", "slow"):
        volume.profile(name, intent={"version": 1, "want": "down"})
    tree = boot(before="""
        mkdir -p /run/svcbroker/services/gateway-slow/data
        echo slow >/run/svcbroker/services/gateway-slow/data/profile
        printf '%s\\n' '{"version":1,"want":"up","boot":"1.1","unpersisted":true}' >/run/svcbroker/services/gateway-slow/data/state
        """ + HANGS.format(SLOW))
    assert gateways(tree) >= {"default", "coder"}
    release(tree)
    wait_until(lambda: "slow" in gateways(tree), what="its gateway")


def test_many(boot, volume):
    """More than there are threads for: the rest of the profiles is looked at all the same, or said to be left out, and records are written."""
    hung = [f"hung{i}" for i in range(8)]
    for name in ("coder", *hung, "writer"):
        volume.profile(name, intent={"version": 1, "want": "down"})
    tree = boot()
    with Hang(tree, *(f"/opt/data/profiles/{name}" for name in hung)):
        actions = reconciled(tree)
        assert actions["coder"]["action"] == actions["writer"]["action"] == "kept"
        for user in ("hermes", "root"):
            assert tree.call("Start", user, names=["gateway-coder", "gateway-writer"])["outcomes"][0]["persisted"] is True
            assert tree.call("Stop", user, names=["gateway-coder", "gateway-hung3"])["outcomes"][1]["persisted"] is True
        assert "gateway-coder" not in problems(tree)
    wait_until(lambda: "does not answer" not in problems(tree), what="health")


def test_root_s_looks_wait_for_nobody_s_gateways(boot, volume):
    """As many directories that hang as a lane may lose threads to, and a new run of the gateway of each, which is looked into: not in
    root's lane."""
    names = [f"slow{number}" for number in range(8)]
    for name in (*names, "coder"):
        volume.profile(name, intent={"version": 1, "want": "up"})
    tree = boot()
    before = {name: tree.wait_gateway(name) for name in names}
    with contextlib.ExitStack() as hangs:
        for name in names:
            hangs.enter_context(Hang(tree, f"/opt/data/profiles/{name}"))
        tree.signal("KILL", *before.values())
        said = "survey: a profile's directory does not answer: service=gateway-slow"
        wait_until(lambda: len({line for line in tree.log().splitlines() if line.startswith(said)}) >= 6, what="threads lost to six of them")
        assert reconciled(tree, "root", dry_run=True)["coder"]["action"] == "kept"
