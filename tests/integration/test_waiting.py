# SPDX-License-Identifier: ISC
"""Orders that are waited for: what is told meanwhile, Ctrl-C, and brokers that end."""

import json
import re
import subprocess
import threading
import time

import pytest

from terminal import terminal
from tree import TOP, wait_until
from varlink import HANG_SEC


def svcctl(tree, *arguments, user="hermes"):
    return tree.run(user, "svcctl", *arguments)


def started(tree, *arguments):
    """In the background, without a terminal. Its output is the test's to read."""
    return subprocess.Popen(
        ["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(tree.pid), "hermes", "svcctl", *arguments],
        cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)


def pids(tree, *arguments):
    return [pid for pid, (line, _, _) in tree.processes().items() if line == " ".join(["svcctl", *arguments])]


def test_goals_by_name(tree, profile):
    tree.register(profile, start=False)
    assert svcctl(tree, "start", "--wait=ready", profile).returncode == 0
    assert tree.state(profile)["state"] == "up"
    assert svcctl(tree, "stop", profile, "--wait=down").returncode == 0
    assert tree.state(profile)["state"] == "down"
    assert svcctl(tree, "restart", profile, "--wait").returncode == 0
    assert tree.state(profile)["state"] == "up"
    result = svcctl(tree, "stop", profile, "--wait=up")
    assert result.returncode == 2 and "write --wait=down" in result.stderr
    assert tree.state(profile)["state"] == "up"


def test_nothing_extra_without_a_terminal(tree, profile):
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    process = started(tree, "stop", profile)
    wait_until(lambda: tree.state(profile)["want"] == "down", what="the order")  # or another run would be told to end, which ignores that
    threading.Timer(1.5, tree.signal, ("KILL", pid)).start()
    output, errors = process.communicate(timeout=HANG_SEC)
    assert (process.returncode, errors) == (0, "")
    assert output.split() == [f"gateway-{profile}", "down"]


def test_one_service_on_a_terminal(tree, profile):
    """What it is waiting for, in what state that is and for how long; nothing of it is left at the end."""
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    with terminal(tree, "hermes", "svcctl", "stop", profile) as seen:
        seconds = seen.wait_for(rf"^gateway-{profile}: stopping for ([1-9]\d*)s$")[1]
        seen.wait_for(rf"^gateway-{profile}: stopping for (?!{seconds}s)[1-9]\d*s$")
        tree.signal("KILL", pid)
        assert seen.end() == 0
        assert seen.screen.text() == f"gateway-{profile}  down"
        assert seen.raw.count("\r\x1b[J") == 1, "it flickers: only at the end it is erased before something else is written"


def test_what_is_quick_is_not_told(make_tree):
    tree = make_tree("--settle-msec", "50")
    tree.register("quick")

    def is_not_told():
        """On a busy machine it may take longer than DRAW_FIRST_MSEC, and is told then: only what was quick counts."""
        tree.call("Start", names=["gateway-quick"], wait="up")
        tree.wait_gateway("quick")
        began = time.monotonic()
        with terminal(tree, "hermes", "svcctl", "stop", "quick") as seen:
            assert seen.end() == 0
            is_told = "stopping" in seen.raw
            assert not is_told or time.monotonic() - began >= 0.4, seen.raw
        return not is_told

    wait_until(is_not_told, what="a stop that is quick")


def test_json_and_simple_terminals_are_left_alone(tree, profile):
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    for command, environment in ((("--json",), "TERM=xterm"), ((), "TERM=dumb")):
        with terminal(tree, "hermes", "svcctl", "stop", "--timeout", "1500ms", *command, profile, environment=(environment,)) as seen:
            assert seen.end() == 6
            assert "\x1b" not in seen.raw and "stopping for" not in seen.raw
    tree.signal("KILL", pid)


def test_outcomes_as_they_happen(make_tree):
    tree = make_tree()
    tree.register("slow", "ignore-term")
    tree.register("quick", "")
    slow = tree.wait_gateway("slow")
    tree.wait_gateway("quick")
    process = started(tree, "--json", "stop", "slow", "quick")
    first = json.loads(process.stdout.readline())
    assert [outcome["name"] for outcome in first["outcomes"]] == ["gateway-quick"]
    tree.signal("KILL", slow)
    output, errors = process.communicate(timeout=HANG_SEC)
    (last,) = [json.loads(line) for line in output.splitlines()]
    assert [outcome["name"] for outcome in last["outcomes"]] == ["gateway-slow"] and errors == ""
    # The same on a terminal: above what is still waited for.
    tree.call("Start", all=True, wait="up")
    slow = tree.wait_gateway("slow")
    tree.wait_gateway("quick")
    with terminal(tree, "hermes", "svcctl", "stop", "--all") as seen:
        seen.wait_for(r"^gateway-quick +down\ngateway-slow: stopping for [1-9]\d*s$")
        tree.signal("KILL", slow)
        assert seen.end() == 0
        assert seen.screen.text().splitlines() == ["gateway-quick  down", "gateway-slow   down"]


def test_many_are_counted(make_tree):
    tree = make_tree()
    for number in range(6):
        tree.register(f"g{number}", "ignore-term" if number else "")
    stubborn = [tree.wait_gateway(f"g{number}") for number in range(6)][1:]
    with terminal(tree, "hermes", "svcctl", "stop", "--all", columns=30) as seen:
        seen.wait_for("1 of 6 done, 5 stopping, for")
        assert all(len(line) < 30 for line in seen.screen.text().splitlines())
        tree.signal("KILL", *stubborn[:1])
        seen.wait_for("gateway-g5: stopping for")
        tree.signal("KILL", *stubborn[1:])
        assert seen.end() == 0
        assert seen.screen.text().splitlines() == [f"gateway-g{number}  down" for number in range(6)] or \
            sorted(seen.screen.text().splitlines()) == [f"gateway-g{number}  down" for number in range(6)]


def test_interrupt_ends_only_the_waiting(tree, profile):
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    with terminal(tree, "hermes", "svcctl", "stop", profile) as seen:
        seen.wait_for("stopping for")
        seen.type("\x03")
        assert seen.end() == 130
        message = " ".join(seen.screen.text().split())
        assert "interrupted" in message and "the order stands" in message and f"svcctl status gateway-{profile}" in message
        assert "stopping for" not in message
    assert tree.state(profile)["want"] == "down"
    tree.signal("KILL", pid)
    assert tree.wait_state(profile, "down")


def test_interrupt_without_a_terminal(tree, profile):
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    process = started(tree, "--json", "stop", profile)
    wait_until(lambda: tree.state(profile)["want"] == "down")
    tree.signal("INT", *pids(tree, "--json", "stop", profile))
    output, errors = process.communicate(timeout=HANG_SEC)
    assert process.returncode == 130 and json.loads(output)["error"] == "interrupted" and "the order stands" in errors
    tree.signal("KILL", pid)


def test_ignored_interrupts_stay_ignored(tree, profile):
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    result = {}

    def run():
        result["done"] = tree.run("hermes", "sh", "-c", f"trap '' INT; exec svcctl stop {profile}")

    thread = threading.Thread(target=run)
    thread.start()
    (own,) = wait_until(lambda: tree.state(profile)["want"] == "down" and pids(tree, "stop", profile))
    tree.signal("INT", own)
    tree.signal("KILL", pid)
    thread.join()
    assert result["done"].returncode == 0


@pytest.mark.parametrize("verb,state", [("stop", "down"), ("restart", "up")])
def test_a_broker_that_is_killed_is_waited_for(tree, profile, verb, state):
    """The order is given once more, to the next one."""
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    audit = f"audit: {verb.capitalize()}: uid=10000 "
    before = tree.log().count(audit)
    process = started(tree, verb, profile)
    wait_until(lambda: tree.log().count(audit) == before + 1, what="the order")
    tree.kill_broker()
    wait_until(lambda: tree.log().count(audit) == before + 2, what="the order again")
    tree.signal("KILL", pid)
    output, errors = process.communicate(timeout=HANG_SEC)
    assert process.returncode == 0, errors
    assert output.split()[:2] == [f"gateway-{profile}", state]
    assert len(errors.splitlines()) == 1 and "went away" in errors
    if state == "up":
        tree.signal("KILL", tree.wait_gateway(profile))  # which does not end for less


def test_a_broker_that_stays_away(make_tree):
    tree = make_tree()
    tree.register("one", "ignore-term")
    pid = tree.wait_gateway("one")
    with terminal(tree, "hermes", "svcctl", "stop", "one", "--timeout", "15s") as seen:
        seen.wait_for("stopping for")
        tree.stop_broker()
        seen.wait_for("the broker is away; waiting for")
        assert seen.end() == 69
        assert re.search("no broker", " ".join(seen.screen.text().split()))
    tree.start_broker()
    tree.signal("KILL", pid)


def test_several_over_a_broker_that_is_killed(make_tree):
    """No outcome is told twice."""
    tree = make_tree()
    tree.register("slow", "ignore-term")
    tree.register("quick")
    slow = tree.wait_gateway("slow")
    tree.wait_gateway("quick")
    process = started(tree, "--json", "stop", "--all")
    first = json.loads(process.stdout.readline())
    tree.kill_broker()
    tree.signal("KILL", slow)
    output, errors = process.communicate(timeout=HANG_SEC)
    assert process.returncode == 0, errors
    replies = [first, *map(json.loads, output.splitlines())]
    assert [outcome["name"] for reply in replies for outcome in reply["outcomes"]] == ["gateway-quick", "gateway-slow"]


def test_watch_says_that_the_broker_is_gone(tree, profile):
    process = started(tree, "watch")
    process.stdout.readline()
    tree.kill_broker()
    _, errors = process.communicate(timeout=HANG_SEC)
    assert process.returncode == 69 and errors.startswith("svcctl: ") and "closed the connection" in errors
