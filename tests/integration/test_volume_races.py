# SPDX-License-Identifier: ISC
"""What is under way at the volume while what it is about goes, changes, or is ordered anew."""

import contextlib
import os
import re
import select

import pytest

from test_volume import Hang, at_once, fill, order
from tree import wait_until


# The volume hangs from before the boot on.
HANGS = ("(exec /usr/bin/python3 tests/integration/hang.py /opt/data by-signal >/run/hang.log 2>&1) & echo $! >/run/hang.pid; "
         "while ! grep -q hung /run/hang.log; do sleep 0.05; done")


def release(tree):
    with open(tree.path("/run/hang.pid")) as file:
        tree.signal("TERM", int(file.read()))


def test_an_order_outlives_its_gateway(boot, volume):
    """Its record waits behind one that hangs. Meanwhile the gateway is unregistered, at once, and gone before the order hears of that."""
    for name in ("coder", "slow"):
        volume.profile(name)
    tree = boot()

    def unregistered_meanwhile():
        """None: this was too slow, and the order was over before."""
        tree.call("Register", "root", profile="coder", start=False)
        with Hang(tree), tree.connect("root") as first, tree.connect("root") as second:
            first.send("Stop", {"names": ["gateway-slow"]})
            with contextlib.suppress(TimeoutError):
                return first.receive(1.4) and None
            second.send("Stop", {"names": ["gateway-coder"]})
            assert first.result()["outcomes"][0]["persisted"] is False
            assert tree.call("Unregister", "root", profile="coder")["removed"] is True
            tree.assert_absent("coder")
            error = second.receive().get("error", "Busy").rpartition(".")[2]
            assert error in ("Busy", "NotRegistered")
            return error == "NotRegistered" or None

    wait_until(unregistered_meanwhile, 300, "an order that outlives its gateway")


def test_an_order_that_a_newer_one_overtook_outlives_its_gateway(boot, volume):
    """It waits for a look at a directory that hangs, is overtaken, waits for the volume, and hears then that the gateway is gone."""
    volume.profile("coder")
    volume.directory("profiles/missing")
    tree = boot()
    names = ["gateway-coder", "gateway-missing", *fill(tree, 20)]
    pid = tree.broker_pid()

    def overtaken():
        """None: this was too slow, and the older order had been through with its look, and with the volume, before that hung."""
        wait_until(lambda: order(tree, "Stop", names[-1].removeprefix("gateway-"))["persisted"], what="the volume")
        tree.call("Unregister", "root", profile="coder")  # a Stop that only repeats another overtakes nobody
        tree.call("Register", "root", profile="coder", start=False)
        with Hang(tree, "/opt/data/profiles/missing"), tree.connect() as older, tree.connect("root") as root:
            older.send("Start", {"names": names})
            assert order(tree, "Stop", "coder", wait="down")["persisted"] is True
            with Hang(tree):
                if select.select([older.socket], [], [], 0)[0]:
                    return None
                root.send("Stop", {"names": names[-1:]})  # from here on nobody of root's waits for the volume
                assert root.result()["outcomes"][0]["persisted"] is False
                assert tree.call("Unregister", "root", profile="coder")["removed"] is True
                error = older.result()["outcomes"][0].get("error", "").rpartition(".")[2]
        assert error in ("NotRegistered", "Superseded", "Busy")
        return error == "NotRegistered" or None

    wait_until(overtaken, 300, "an order that is overtaken, and outlives its gateway")
    assert tree.broker_pid() == pid


def test_a_register_says_what_became_of_its_own_record(boot, volume):
    """A later order has taken the place of its record, which is not on the volume all the same."""
    volume.profile("coder")
    tree = boot()
    with Hang(tree), tree.connect("root") as first, tree.connect("root") as second:
        with at_once(tree):
            first.send("Register", {"profile": "coder", "environment": {"A": "b"}})
            second.send("Stop", {"names": ["gateway-coder"]})
        reply = first.result()
        assert reply["changed"] is True and reply["persisted"] is False and "does not answer" in reply["persist_error"]


def test_a_register_again_does_not_say_that_the_volume_has_it(boot, volume):
    volume.profile("coder")
    tree = boot()
    with Hang(tree):
        for changed in (True, False, False):
            reply = tree.call("Register", "root", profile="coder", environment={"A": "b"})
            assert reply["changed"] is changed and reply["persisted"] is False, reply
        tree.kill_broker()
        assert tree.call("Register", "root", profile="coder")["persisted"] is False
    reply = wait_until(lambda: (reply := tree.call("Register", "root", profile="coder"))["persisted"] and reply, what="the record")
    assert volume.intent("coder")["environment"] == {"A": "b"}


def test_an_unregister_again_removes_the_record(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "down"})
    tree = boot()
    with Hang(tree):
        assert tree.call("Unregister", "root", profile="coder")["persisted"] is False
        reply = tree.call("Unregister", "root", profile="coder")
        assert reply["removed"] is False and reply["persisted"] is False and "does not answer" in reply["persist_error"]
    wait_until(lambda: tree.call("Unregister", "root", profile="coder")["persisted"], what="the record gone")
    assert not os.path.exists(f"{volume.path}/.svcbroker/intent/coder")


def test_a_boot_that_ends_with_one_that_finds_no_room(boot, volume):
    """A broker that was killed before it noted its boot finds all but one there, and that one is refused at once: told of once, and what
    waits behind it has its own turn."""
    for name in ("a", "b"):
        volume.profile(name)
    tree = boot("--services-max", "8")
    assert {name for name, _, _ in volume.boot_log()} == {"default", "a", "b"}
    for name in ("c", "d"):
        volume.profile(name)
    os.unlink(tree.path("/run/svcbroker/services/.boot"))
    tree.kill_broker()
    with tree.connect("root") as connection:
        for _ in range(3):
            connection.send("Reconcile", {})
        for _ in range(3):
            actions = {action["profile"]: action["action"] for action in connection.result()["actions"]}
            assert actions == {"default": "kept", "a": "kept", "b": "kept", "c": "skipped", "d": "skipped"}
    assert [name for name, _, _ in volume.boot_log(6)] == ["default", "a", "b"] * 2


def test_variables_of_a_gateway_whose_intent_is_not_known_yet(boot, volume):
    """A register while the volume hangs at boot: its variables are the newest, but what is wanted is what the volume says."""
    volume.profile("default", intent={"version": 1, "want": "up", "environment": {"A": "old"}})
    tree = boot(before=HANGS)
    reply = tree.call("Register", "root", profile="default", environment={"A": "new"})
    assert reply["changed"] is True and reply["persisted"] is False
    release(tree)
    tree.wait_state("default", "up")
    wait_until(lambda: volume.intent("default") == {"version": 1, "want": "up", "environment": {"A": "new"}}, 20,
               f"the record, not {volume.intent('default')}")


def test_a_broker_that_ends_before_it_knew(boot, volume):
    """At boot the volume hangs, and default is registered without knowing more. The next broker does not take that for an intent."""
    volume.profile("default", intent={"version": 1, "want": "up", "environment": {"A": "b"}})
    tree = boot(before=HANGS)
    tree.call("Reset", "root", names=["gateway-default"])  # which says nothing of what is wanted
    tree.kill_broker()
    assert tree.state("default")["state"] == "down"
    release(tree)
    tree.wait_state("default", "up")
    assert volume.intent("default") == {"version": 1, "want": "up", "environment": {"A": "b"}}


def test_a_start_before_the_variables_are_known(boot, volume):
    """The same for a start: what is wanted is new, its variables are those of the volume, which no record without them replaces."""
    volume.profile("default", intent={"version": 1, "want": "down", "environment": {"A": "b"}})
    tree = boot(before=HANGS)
    tree.call("Reset", "root", names=["gateway-default"])
    assert order(tree, "Start", "default", user="root")["persisted"] is False
    release(tree)
    wait_until(lambda: volume.intent("default")["want"] == "up", what="the record")
    assert volume.intent("default") == {"version": 1, "want": "up", "environment": {"A": "b"}}
    tree.wait_state("default", "up")


def test_a_directory_that_is_a_link_is_not_gone(boot, volume):
    """Not surveyed as a profile, since links are not followed; but what somebody registered for it is nobody's to remove."""
    volume.directory("elsewhere/linked")
    volume.profile("coder")
    tree = boot()
    os.symlink("../elsewhere/linked", f"{volume.path}/profiles/linked")
    for name in ("linked", "gone"):
        tree.call("Register", "root", profile=name, start=False)
    actions = {action["profile"]: action["action"] for action in tree.call("Reconcile", "root")["actions"]}
    assert actions == {"default": "kept", "coder": "kept", "gone": "removed"}
    assert tree.state("linked")["state"] == "down" and os.path.exists(f"{volume.path}/.svcbroker/intent/linked")


def peak_kib(tree):
    """The most memory that the broker ever had."""
    with open(tree.path(f"/proc/{tree.broker_pid()}/status")) as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1])


LARGE = {f"V{number}": "v" * 4000 for number in range(8)}


def test_records_that_wait_are_bounded(boot, volume, sanitized):
    """As many orders of as many gateways with as many variables as a client may give, in the time until the volume is known to hang."""
    if sanitized:
        pytest.skip("the sanitizer's own memory is in the figure")
    tree = boot()
    names = [f"gateway-p{number}" for number in range(30)]
    for name in names:
        tree.call("Register", "root", profile=name[8:], environment=LARGE, start=False)
    before = peak_kib(tree)
    with Hang(tree):
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(tree.connect()) for _ in range(40)]
            for connection in connections:
                connection.send("Stop", {"names": names})
            for connection in connections:
                assert {outcome["persisted"] for outcome in connection.result()["outcomes"]} == {False}
        assert peak_kib(tree) - before < 24 * 1024
    wait_until(lambda: order(tree, "Stop", "p0")["persisted"], what="the volume answers")


def test_records_that_are_read_are_bounded(boot, volume, sanitized):
    """Profiles are files of the client's: there may be any number of them."""
    if sanitized:
        pytest.skip("the sanitizer's own memory is in the figure")
    tree = boot("--services-max", "8")
    for number in range(3000):
        volume.profile(f"p{number}", intent={"version": 1, "want": "down", "environment": LARGE})
    before = peak_kib(tree)
    assert len(tree.call("Reconcile", "root", dry_run=True)["actions"]) == 3001
    assert peak_kib(tree) - before < 64 * 1024
