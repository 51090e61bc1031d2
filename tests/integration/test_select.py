# SPDX-License-Identifier: ISC
"""Patterns, --state and --wanted, and several at once: which services a verb means by them, in which order, and what is said of none."""

import json
import re

import pytest

from terminal import terminal


@pytest.fixture(scope="module")
def tree(module_trees):
    tree = module_trees("--allow-static", "dashboard")
    for profile, start in (("work-b", True), ("work-a", True), ("work-c", False), ("play", True)):
        tree.register(profile, start=start)
    for profile in ("work-a", "work-b", "play"):
        tree.wait_state(profile, "up")
    return tree


def svcctl(tree, *words, code=0, user="hermes"):
    result = tree.run(user, "svcctl", *words)
    assert result.returncode == code, (words, result)
    return result


def names(tree, *words):
    return [line.removeprefix("gateway-") for line in svcctl(tree, "list", "-q", *words).stdout.split()]


@pytest.mark.parametrize("words,found", [
    (("work-*",), ["work-a", "work-b", "work-c"]), (("gateway-work-[ab]",), ["work-a", "work-b"]), (("work-?", "--state", "up"), ["work-a", "work-b"]),
    (("--wanted", "down", "work-*"), ["work-c"]), (("play", "work-c"), ["play", "work-c"]), (("work-c", "--state=down,up"), ["work-c"]),
    (("*-a", "work-a"), ["work-a"]), (("--profile", "work-*"), ["work-a", "work-b", "work-c"]), (("--sort", "name", "--state", "up", "p*", "w*"), ["play", "work-a", "work-b"]),
])
def test_what_is_meant(tree, words, found):
    assert names(tree, *words) == found


@pytest.mark.parametrize("words", [
    ("stop", "x*"), ("start", "work-*", "--state", "failed"), ("restart", "--state", "failed"), ("status", "x*"), ("why", "x?"), ("list", "x*"), ("watch", "x*"),
    ("kill", "x*"), ("reset", "[x]*"), ("list", "--state", "failed"), ("stop", "svc*"), ("stop", "--all", "--state", "failed"),
])
def test_nothing_matched(tree, words):
    """Of orders a pattern means gateways only."""
    result = svcctl(tree, *words, code=4)
    assert result.stdout == "" and ("matches" in result.stderr), result
    assert json.loads(svcctl(tree, *words, "--json", code=4).stdout) == {"error": "unmatched", "parameters": {}}
    assert tree.state("work-a")["state"] == "up"


@pytest.mark.parametrize("words", [("list", "--state", "nonsense"), ("list", "--state", "up,"), ("list", "--state", ""), ("stop", "--wanted", "yes"),
                                   ("list", "--sort", "size"), ("metrics", "--state", "up"), ("list", "--watch", "--sort", "name"),
                                   ("unregister", "--state", "up"), ("health", "--state", "up"), ("stop",)])
def test_usage(tree, words):
    assert svcctl(tree, *words, code=2).stdout == ""


def test_orders_are_told_in_the_order_of_the_list(tree):
    result = svcctl(tree, "restart", "work-*", "--wanted", "up")
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["gateway-work-a", "gateway-work-b"]
    lines = svcctl(tree, "stop", "w*", "p*", "--state", "up", "--json").stdout.splitlines()
    assert [outcome["name"] for line in lines for outcome in json.loads(line)["outcomes"]] == ["gateway-play", "gateway-work-a", "gateway-work-b"]
    lines = svcctl(tree, "start", "--state", "down", "--json").stdout.splitlines()
    told = [outcome["name"] for line in lines for outcome in json.loads(line)["outcomes"]]
    assert told == sorted(told) and "gateway-work-c" in told
    svcctl(tree, "stop", "work-c")


def test_a_word_without_a_match_is_told_of_and_the_others_are_done(tree):
    result = svcctl(tree, "stop", "work-c", "w*-b", "nobody", "x*", code=4)
    assert "svcctl: nobody: no service or profile is called that" in result.stderr
    assert "svcctl: x*: no service or profile matches that" in result.stderr
    assert tree.state("work-b")["state"] == "down"
    svcctl(tree, "start", "work-b")


def test_status_and_why_of_several(tree):
    result = svcctl(tree, "status", "work-a", "work-c", code=3)
    assert [line.split()[1] for line in result.stdout.splitlines() if line.startswith("name ")] == ["gateway-work-a", "gateway-work-c"]
    services = json.loads(svcctl(tree, "status", "work-*", "--json", "--state", "up").stdout)["services"]
    assert [service["name"] for service in services] == ["gateway-work-a", "gateway-work-b"]
    result = svcctl(tree, "status", "work-a", "nobody", code=4)
    assert "gateway-work-a" in result.stdout and "nobody" in result.stderr
    result = svcctl(tree, "why", "work-*")
    assert all(f"gateway-work-{letter} " in result.stdout for letter in "abc") and "\n\n" in result.stdout
    told = json.loads(svcctl(tree, "why", "work-a", "work-c", "--json").stdout)["services"]
    assert [one["service"]["name"] for one in told] == ["gateway-work-a", "gateway-work-c"] and all(one["happened"] for one in told)


def test_list_in_other_orders_and_without_headings(tree):
    rows = svcctl(tree, "list", "--sort", "name").stdout.splitlines()
    assert rows[0].startswith("NAME ")
    found = [row.split()[0] for row in rows[1:] if row and "attention" not in row]
    assert found == sorted(found)
    bare = svcctl(tree, "list", "--no-header", "--sort", "name").stdout.splitlines()
    assert [row.split()[0] for row in bare] == found
    # A row has how long it is up before the pid: in two words after a minute.
    pids = [int(re.search(r" up +(?:\d+m )?\d+s +(\d+) ", row)[1]) for row in svcctl(tree, "list", "--no-header", "--sort=pid", "--state", "up", "work-*").stdout.splitlines()]
    assert pids == sorted(pids, reverse=True) and len(pids) == 2
    assert [service["name"] for service in json.loads(svcctl(tree, "list", "--json", "--sort", "state", "work-*").stdout)["services"]] == [
        "gateway-work-a", "gateway-work-b", "gateway-work-c"]


def test_kill_of_a_group(tree):
    before = {letter: tree.state(f"work-{letter}")["pid"] for letter in "ab"}
    result = svcctl(tree, "kill", "work-*", "--state", "up")
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["gateway-work-a", "gateway-work-b"]
    for letter, pid in before.items():
        assert tree.wait_state(f"work-{letter}", "up")["restarts"] == 0


LONG = "long-" + "x" * 190 + "-name"
TOLD = {
    ("stop", "--dry-run"): r"^long-x*…x*-name +would keep +now down\nplay +would stop +now up$",
    ("start", "--no-wait"): r"^long-x*…x*-name +up .*|^long-x*…x*-name +start ordered",
    ("history", "-n1"): r"(?m)^[-0-9]{10} [:0-9]{8}  (play|long-x*…x*-name) +[a-z]",
    ("watch",): r"(?m)^[-0-9]{10} [:0-9]{8}  long-x*…x*-name +(up|down|starting)",
}


@pytest.mark.parametrize("words", TOLD, ids=" ".join)
def test_a_long_name_leaves_room_on_a_terminal(tree, words):
    """Cut in its middle, and without what all names begin with; the others stand beside it as ever."""
    tree.register(LONG, start=False)
    others = ["play"] if words[0] == "stop" else []
    with terminal(tree, "hermes", "timeout", "--foreground", "60", "svcctl", *words, LONG, *others, columns=60) as seen:
        seen.wait_for(TOLD[words])
        assert LONG not in seen.raw and f"gateway-{LONG[:5]}" not in seen.raw
    tree.unregister(LONG)


def test_a_long_name_leaves_room_before_the_lines_of_its_log(tree):
    tree.register(LONG)
    tree.wait_gateway(LONG)
    tree.wait_gateway("play")
    with terminal(tree, "hermes", "svcctl", "logs", LONG, "play", columns=120) as seen:
        seen.wait_for(r"(?m)^long-x*…x*-name +\| [-0-9]{10} [:0-9]{8}  ")
        assert f"{LONG} |" not in seen.raw
    assert f"gateway-{LONG} | " in svcctl(tree, "logs", LONG, "play").stdout  # elsewhere it is whole
    tree.unregister(LONG)
