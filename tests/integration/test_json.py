# SPDX-License-Identifier: ISC
"""What programs get from svcctl: with --json only what the interface says, and the exit codes of its manual."""

import json
import re
import subprocess

import pytest

import idl
from tree import SLOW_TO_SETTLE, TOP, wait_until
from varlink import HANG_SEC

# {verb: (method of its replies, {arguments: exit code})}. P is the profile of the test, whose gateway is down.
VERBS = {
    "start": ("Start", {("P",): 0, ("P", "--no-wait"): 0, ("P", "svcbrokerd"): 5, ("--all",): 0, ("nobody",): 4}),
    "stop": ("Stop", {("P",): 0, ("P", "nobody"): 4, ("--all", "--no-wait"): 0, ("svcbrokerd",): 5}),
    "restart": ("Restart", {("P",): 0, ("--profile", "P"): 0, ("Bad Name",): 1}),
    "kill": ("Signal", {("P",): 3, ("P", "-s", "term"): 3, ("nobody",): 4, ("svcbrokerd",): 5, ("P", "nobody"): 4}),
    "wait": ("List", {("P", "--for", "down"): 0, ("P", "nobody", "--for", "down"): 4}),
    "status": ("Status", {("P",): 3, ("svcbrokerd",): 0, ("nobody",): 4}),
    "list": ("List", {(): 0}),
    "why": ("Status", {("P",): 0, ("--profile", "P"): 0, ("nobody",): 4}),
    "history": ("History", {("P",): 0, ("P", "-n1"): 0, ("nobody",): 4}),
    "metrics": ("io.systemd.Metrics.List", {(): 0}),
    "watch": ("Watch", {("P",): 0, (): 0, ("nobody",): 4}),
    "logs": (None, {("P",): 0, ("P", "-n1"): 0, ("svcbrokerd",): 1, ("nobody",): 4}),
    "reset": ("Reset", {("P",): 0, ("P", "nobody"): 4, ("svcbrokerd",): 5}),
    "register": ("Register", {("P",): 0, ("P", "--env", "A=B"): 0, ("Bad",): 1}),
    "unregister": ("Unregister", {("P",): 0, ("nobody",): 0, ("default",): 5}),
    "reconcile": ("Reconcile", {(): 0, ("--dry-run",): 0}),
    "export": (None, {("P",): 0, ("P", "--with-environment"): 0, ("P", "nobody"): 4}),
    "import": (None, {("-",): 0, ("-", "--dry-run"): 0, ("/nonexistent",): 1}),
    "health": ("Health", {(): 0}),
    "doctor": ("Diagnose", {(): 0}),
    "call": ("List", {("List",): 0, ("Nothing",): 1, ("Watch",): 1}),
    "introspect": ("org.varlink.service.GetInfo", {(): 0}),
}
STREAMS = ("watch", "logs", "start", "stop", "restart")
KEPT = {"version": 1, "gateways": [{"profile": "P", "want": "down"}]}
CASES = [(verb, arguments, code) for verb, (_, cases) in VERBS.items() for arguments, code in cases.items()]


def svcctl(tree, *arguments, user="hermes", **how):
    return tree.run(user, "svcctl", *arguments, **how)


def test_every_verb_is_looked_at(tree):
    text = svcctl(tree, "--help").stdout
    assert {*VERBS, "top"} == set(re.findall(r"^  ([a-z]+)(?: .*)?  ", text, re.M))


@pytest.mark.parametrize("words", [("top",), ("status", "--watch"), ("list", "--watch")])
def test_live_views_are_for_people(tree, words):
    result = svcctl(tree, *words, "--json")
    assert (result.returncode, result.stdout) == (2, "") and "svcctl watch --json" in result.stderr


@pytest.mark.parametrize("verb,arguments,code", CASES, ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value))
def test_replies_are_those_of_the_interface(tree, profile, service, verb, arguments, code):
    tree.register(profile, start=False)
    if verb == "logs":
        wait_until(lambda: svcctl(tree, "logs", profile).returncode == 0)
    words = [profile if word == "P" else word for word in arguments]
    if verb == "watch" and code == 0:
        result = tree.run("hermes", "bash", "-c", 'svcctl --json watch "$@" | head -n 1; exit ${PIPESTATUS[0]}', "bash", *words)
    else:
        kept = {"text": json.dumps(KEPT).replace('"P"', f'"{profile}"')} if "-" in words else {}
        result = svcctl(tree, verb, "--json", *words, **kept)
    assert result.returncode == code, result
    lines = result.stdout.splitlines()
    assert result.stdout.isascii() and result.stdout == "".join(f"{line}\n" for line in lines)
    assert len(lines) == 1 or verb in STREAMS, result.stdout
    method = VERBS[verb][0]
    full = method if method and "." in method else f"io.svcbroker.{method}"
    for line in lines:
        reply = idl.strict_json(line)
        if set(reply) == {"error", "parameters"}:
            assert code != 0
            if "." in reply["error"]:
                service.reply(full, False, reply)
            else:
                assert reply in ({"error": "failed", "parameters": {}}, {"error": "denied", "parameters": {}})
        elif verb == "why":
            assert all(isinstance(reply.pop(name), str) for name in ("happened", "next", "advice"))
            service.reply(full, False, {"parameters": reply})
        elif verb == "metrics":
            assert set(reply) == {"families", "metrics"} and all(reply.values())
            for member, told in (("families", "io.systemd.Metrics.Describe"), ("metrics", full)):
                for each in reply[member]:
                    service.reply(told, True, {"parameters": each, "continues": True})
        elif verb == "export":
            (entry,) = reply.pop("gateways")
            assert reply == {"version": 1} and entry.pop("environment", {}) == {} and entry == {"profile": profile, "want": "down"}
        elif verb == "import":
            (entry,) = reply.pop("would" if "--dry-run" in words else "done")
            assert reply == {} and entry == {"profile": profile, "want": "down", "action": "stop"}
        elif verb == "logs":
            assert reply["name"] == f"gateway-{profile}" and set(reply) <= {"name", "at_usec", "line"}
        else:
            service.reply(full, verb == "watch", {"parameters": reply, **({"continues": True} if verb == "watch" else {})})
    assert bool(result.stderr) == (code not in (0, 3) or (verb, code) == ("kill", 3)), result.stderr


def test_errors_without_a_reply(tree):
    assert json.loads(svcctl(tree, "--json", "list", "--socket", "/nonexistent").stdout) == {"error": "unreachable", "parameters": {}}
    assert json.loads(svcctl(tree, "--json", "list", user="stranger").stdout) == {"error": "denied", "parameters": {}}
    assert svcctl(tree, "--json", "nonsense").stdout == ""


def test_every_exit_code(make_tree):
    """Each that the manual lists, and no other."""
    with open(f"{TOP}/man/svcctl.1") as file:
        listed = re.search(r"^\.Sh EXIT STATUS$(.*?)^\.Sh", file.read(), re.M | re.S)[1]
    listed = {int(code) for code in re.findall(r"^\.It (\d+)$", listed, re.M)}
    tree = make_tree(*SLOW_TO_SETTLE)
    tree.register("ends", "exit:78", start=False)
    tree.register("stubborn", "ignore-term")
    pid = tree.wait_gateway("stubborn")
    tree.register("down", start=False)

    def interrupted():
        process = subprocess.Popen(
            ["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(tree.pid), "hermes", "svcctl", "stop",
             "--timeout", "600s", "stubborn"], cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        (own,) = wait_until(lambda: tree.state("stubborn")["want"] == "down" and [
            found for found, (line, _, _) in tree.processes().items() if line == "svcctl stop --timeout 600s stubborn"])
        tree.signal("INT", own)
        process.communicate(timeout=HANG_SEC)
        return process.returncode

    seen = {
        0: svcctl(tree, "list").returncode,
        1: svcctl(tree, "start", "Bad Name").returncode,
        2: svcctl(tree, "start").returncode,
        3: svcctl(tree, "status", "down").returncode,
        4: svcctl(tree, "status", "nobody").returncode,
        5: svcctl(tree, "stop", "svcbrokerd").returncode,
        130: interrupted(),
        6: svcctl(tree, "stop", "stubborn", "--timeout", "100ms").returncode,
        7: svcctl(tree, "start", "ends").returncode,
        69: svcctl(tree, "list", "--socket", "/nonexistent").returncode,
    }
    tree.signal("KILL", pid)
    assert seen == {code: code for code in seen} and set(seen) == listed
