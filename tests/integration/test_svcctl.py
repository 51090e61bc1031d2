# SPDX-License-Identifier: ISC
"""svcctl as a person and as a program use it: what is done, what is printed, how it exits."""

import json
import re
import subprocess

import pytest

import idl
from tree import SLOW_TO_SETTLE, TOP, wait_until
from varlink import HANG_SEC


def svcctl(tree, *arguments, user="hermes", environment=(), text=None):
    return tree.run(user, "env", *environment, "svcctl", *arguments, text=text)


def document(tree, service, *arguments, user="hermes", method=None):
    """The one JSON document on standard output; a reply of `method` is held against the interface."""
    result = svcctl(tree, *arguments, "--json", user=user)
    assert result.stdout.endswith("\n") and result.stdout.count("\n") == 1, result.stdout
    assert result.stdout.isascii()
    value = idl.strict_json(result.stdout)
    if method and "error" not in value:
        service.reply(f"io.svcbroker.{method}", False, {"parameters": value})
    return result.returncode, value


def test_a_life(tree, profile, service):
    name = f"gateway-{profile}"
    assert svcctl(tree, "register", profile).returncode == 0
    assert svcctl(tree, "start", profile).returncode == 0
    result = svcctl(tree, "status", profile)
    assert result.returncode == 0 and name in result.stdout and "up" in result.stdout
    assert re.search(rf"^{name} +up +(\d+m )?\d+s +\d+ +0\b", svcctl(tree, "list").stdout, re.MULTILINE)
    code, value = document(tree, service, "status", name, method="Status")
    assert code == 0 and value["service"]["state"] == "up"
    code, value = document(tree, service, "why", name)
    assert code == 0 and value["service"]["name"] == name and "has been up" in value["happened"] and value["advice"] == ""
    assert svcctl(tree, "restart", name).returncode == 0
    assert svcctl(tree, "stop", name).returncode == 0
    assert svcctl(tree, "status", profile).returncode == 3
    assert svcctl(tree, "start", "--no-wait", profile).returncode == 0
    tree.wait_state(profile, "up")
    assert svcctl(tree, "reset", profile).returncode == 0
    assert svcctl(tree, "unregister", profile).returncode == 0
    assert svcctl(tree, "unregister", profile).returncode == 0
    tree.assert_absent(profile)
    assert svcctl(tree, "status", profile).returncode == 4
    assert svcctl(tree, "why", profile).returncode == 4


@pytest.mark.parametrize("arguments,code", [
    (("start", "missing"), 4), (("stop", "gateway-missing"), 4), (("status", "nothing"), 4), (("stop", "svcbrokerd"), 5),
    (("start", "Bad Name"), 1), (("register", "Bad Name"), 1), (("unregister", "never"), 0), (("list",), 0), (("status", "svcbrokerd"), 0),
    ((), 0), (("--json",), 0), (("--all",), 2), (("--",), 0), (("nonsense",), 2), (("start",), 2), (("start", "a", "--all"), 2), (("start", "--nonsense", "a"), 2),
    (("start", "--timeout", "soon", "a"), 2), (("register",), 2), (("register", "a", "b"), 2), (("status", "a", "b"), 4), (("why",), 2), (("why", "a", "b"), 4), (("why", "svcbrokerd"), 0),
    (("call",), 2), (("call", "Health", "{"), 2), (("call", "Nonsense"), 1), (("--socket", "/nonexistent", "list"), 69),
    (("--socket", "/opt/data/profiles/coder/SOUL.md", "list"), 69), (("--help",), 0), (("--version",), 0), (("start", "--no-wait", "missing", "svcbrokerd"), 5),
])
def test_exit_codes(tree, arguments, code):
    result = svcctl(tree, *arguments)
    assert result.returncode == code, result.stderr
    if code:
        lines = result.stderr.splitlines()
        assert lines and all(line.startswith("svcctl: ") for line in lines[:1]), result.stderr
    else:
        assert result.stderr == ""


def test_denied(tree):
    assert svcctl(tree, "list", user="stranger").returncode == 5
    assert svcctl(tree, "register", "x", user="stranger").returncode == 5


def test_deadline(tree, profile):
    svcctl(tree, "register", profile, "--env", "GATEWAY_TEST=ignore-term")
    pid = tree.wait_gateway(profile)
    result = svcctl(tree, "stop", "--timeout", "300ms", profile)
    assert result.returncode == 6 and profile in result.stderr
    tree.signal("KILL", pid)
    tree.wait_state(profile, "down")


def test_failed_while_waited_for(make_tree, service):
    tree = make_tree(*SLOW_TO_SETTLE)
    svcctl(tree, "register", "ends", "--no-start", "--env", "GATEWAY_TEST=exit:78")
    result = svcctl(tree, "start", "ends")
    assert result.returncode == 7 and "78" in result.stderr
    code, value = document(tree, service, "start", "ends")
    assert code == 7
    assert "Failed" in json.dumps(value)


def test_worst_of_several(tree, profile, service):
    svcctl(tree, "register", profile)
    assert svcctl(tree, "start", profile, "missing").returncode == 4
    result = svcctl(tree, "--json", "start", profile, "missing")
    replies = [idl.strict_json(line) for line in result.stdout.splitlines()]
    for reply in replies:
        service.reply("io.svcbroker.Start", False, {"parameters": reply})
    assert result.returncode == 4
    assert [[outcome.get("error") for outcome in reply["outcomes"]] for reply in replies] == [["io.svcbroker.NotRegistered"], [None]]


def test_environment_from_the_callers_own(tree, profile):
    result = svcctl(tree, "register", profile, "--env", "TOKEN", "--env", "EMPTY=", "--env", "A=b=c", "--env", "GATEWAY_TEST=environment",
                    environment=("TOKEN=from here",))
    assert result.returncode == 0
    tree.wait_gateway(profile)
    log = wait_until(lambda: "environment VIRTUAL" in (log := tree.gateway_log(profile)) and log)
    for line in ("TOKEN='from here'", "EMPTY=''", "A='b=c'"):
        assert f"environment {line}\n" in log


def test_names(make_tree):
    """A service is called so, else a profile; and --profile is always the profile."""
    tree = make_tree()
    for name in ("coder", "svcbrokerd", "gateway-coder", "dashboard"):
        assert svcctl(tree, "register", "--no-start", name).returncode == 0
    tree.run("root", "sh", "-euc", "mkdir -p /run/static/dashboard; printf '#!/bin/sh\nexec sleep 1000000\n' >/run/static/dashboard/run;"
             "chmod 755 /run/static/dashboard/run; ln -s /run/static/dashboard /run/service/; s6-svscanctl -a /run/service", check=True)
    wait_until(lambda: svcctl(tree, "status", "dashboard").returncode == 0, what="dashboard up")
    names = svcctl(tree, "list", "--names").stdout.split()
    assert sorted(names) == sorted(["coder", "gateway-gateway-coder", "gateway-svcbrokerd", "svcbrokerd", "dashboard", "gateway-dashboard"])

    def meant(*arguments):
        result = svcctl(tree, "--json", "status", *arguments)
        return json.loads(result.stdout)["service"]["name"]

    for name in names:
        full = meant(name)
        assert full == (name if name != "coder" else "gateway-coder")
        if full.startswith("gateway-"):
            assert json.loads(svcctl(tree, "--json", "reset", name).stdout)["outcomes"][0]["name"] == full
    assert meant("gateway-coder") == "gateway-coder" and meant("--profile", "gateway-coder") == "gateway-gateway-coder"
    assert meant("--profile", "dashboard") == "gateway-dashboard"
    assert svcctl(tree, "start", "--profile", "dashboard").returncode == 0
    assert svcctl(tree, "stop", "dashboard").returncode == 5
    assert tree.state("dashboard")["state"] == "up"
    tree.wait_gateway("dashboard")  # so it has a log, too
    assert svcctl(tree, "stop", "dashboard", "--profile").returncode == 0
    assert tree.state("dashboard")["state"] == "down"
    assert svcctl(tree, "logs", "--profile", "dashboard").returncode == 0
    assert svcctl(tree, "logs", "dashboard").returncode == 1
    assert svcctl(tree, "status", "--profile", "nobody").returncode == 4


@pytest.mark.parametrize("arguments,meant", [
    (("strat", "coder"), "start"), (("start", "coder", "--no-wiat"), "--no-wait"), (("stop", "codr"), "coder"), (("reset", "codr"), "coder"),
    (("restart", "coder", "svcbrkerd"), "svcbrokerd"), (("logs", "gateway-codr"), "gateway-coder"), (("status", "cdoer"), "coder"),
    (("restart", "--profile", "gateway-coder"), "coder"), (("status", "--profile", "gateway-coder"), "coder"), (("why", "--profile", "codr"), "coder"),
])
def test_mistyped(tree, arguments, meant):
    svcctl(tree, "register", "coder", "--no-start")
    result = svcctl(tree, *arguments)
    assert result.returncode in (2, 4) and f"did you mean {meant}?" in result.stderr, result.stderr
    assert "did you mean" not in svcctl(tree, "start", "something-else").stderr


def test_an_order_that_is_not_waited_for_is_told_as_one(make_tree):
    """Not how the service is at that moment: up, behind a stop."""
    tree = make_tree()
    tree.register("stubborn", "ignore-term")
    pid = tree.wait_gateway("stubborn")
    tree.wait_state("stubborn", "up")
    assert re.fullmatch(r"gateway-stubborn  restart ordered  now \w+\n", svcctl(tree, "restart", "--no-wait", "stubborn").stdout)
    result = svcctl(tree, "stop", "stubborn", "--no-wait")
    assert result.returncode == 0 and re.fullmatch(r"gateway-stubborn  stop ordered  now \w+\n", result.stdout), result
    tree.signal("KILL", pid)
    tree.wait_state("stubborn", "down")
    assert svcctl(tree, "stop", "stubborn", "--no-wait").stdout == "gateway-stubborn  down\n"
    assert re.fullmatch(r"gateway-stubborn  start ordered  now \w+\n", svcctl(tree, "start", "--no-wait", "stubborn").stdout)


def test_advice_is_for_what_was_asked(tree):
    result = svcctl(tree, "unregister", "default")
    assert result.returncode == 5 and "allow-static" not in result.stderr and "'svcctl stop default' keeps it down" in result.stderr, result
    result = svcctl(tree, "restart", "coder", "--wait", "ready")
    assert result.returncode == 2 and "--wait=STATE" in result.stderr


def test_the_name_of_a_service_for_that_of_a_profile(tree):
    """Said, and not that it was not there: what was meant still is."""
    svcctl(tree, "register", "coder", "--no-start")
    result = svcctl(tree, "unregister", "gateway-coder")
    assert result.returncode == 0 and result.stdout == "gateway-coder: was not registered\n"
    assert result.stderr == ("svcctl: gateway-coder: is the name of a service, and not of a profile: "
                             "'svcctl unregister coder' removes the gateway of that profile\n")
    result = svcctl(tree, "register", "gateway-coder", "--no-start")
    assert "did you mean coder? 'svcctl unregister gateway-coder' removes its gateway" in result.stderr, result
    svcctl(tree, "unregister", "gateway-coder")
    assert svcctl(tree, "unregister", "nosuch").stderr == ""


def test_a_profile_that_is_not_there_is_told(make_tree):
    """Its gateway is made, since it may come before its profile; but not without a word."""
    tree = make_tree()
    result = svcctl(tree, "register", "codr", "--no-start")
    assert result.returncode == 0 and "gateway-codr: registered" in result.stdout
    assert result.stderr == "svcctl: codr: there is no profile of that name on the volume: did you mean coder? 'svcctl unregister codr' removes its gateway\n"
    result = svcctl(tree, "register", "something-else", "--no-start")
    assert "there is no profile of that name" in result.stderr and "did you mean" not in result.stderr
    for arguments in (("coder", "--no-start"), ("coder",), ("codr",), ("another", "--json")):
        result = svcctl(tree, "register", *arguments)
        assert (result.returncode, result.stderr) == (0, ""), (arguments, result)


def test_no_verb_is_the_table(tree, profile):
    tree.register(profile, start=False)
    assert f"gateway-{profile}" in svcctl(tree).stdout and svcctl(tree).stdout.startswith("NAME")
    assert json.loads(svcctl(tree, "--json").stdout)["services"]


def test_introspect(tree, interface_texts):
    result = svcctl(tree, "introspect")
    assert (result.returncode, result.stdout, result.stderr) == (0, interface_texts[0], "")
    assert svcctl(tree, "introspect", "io.systemd.Metrics").stdout == interface_texts[1]
    assert svcctl(tree, "introspect", "org.varlink.service").stdout == interface_texts[2]
    assert json.loads(svcctl(tree, "introspect", "--json").stdout)["product"] == "svcbrokerd"
    assert svcctl(tree, "introspect", "io.nothing").returncode == 1


def test_all(make_tree):
    tree = make_tree()
    assert svcctl(tree, "start", "--all").returncode == 0
    for profile in ("a", "b"):
        svcctl(tree, "register", profile, "--no-start")
    assert svcctl(tree, "start", "--all").returncode == 0
    assert [tree.state(profile)["state"] for profile in ("a", "b")] == ["up", "up"]
    assert svcctl(tree, "stop", "--all").returncode == 0
    assert [tree.state(profile)["state"] for profile in ("a", "b")] == ["down", "down"]


def test_json_of_everything(tree, profile, service):
    svcctl(tree, "register", profile)
    for verb, method in ((("list",), "List"), (("health",), "Health"), (("doctor",), "Diagnose"), (("reconcile",), "Reconcile"), (("register", profile), "Register"),
                         (("stop", profile), "Stop"), (("start", profile), "Start"), (("reset", profile), "Reset"),
                         (("call", "List"), "List"), (("unregister", profile), "Unregister")):
        _, value = document(tree, service, *verb, method=method)
        assert isinstance(value, dict) and "error" not in value, verb
    code, value = document(tree, service, "status", "missing")
    assert code == 4 and value["error"].startswith("io.svcbroker.")
    code, value = document(tree, service, "list", "--socket", "/nonexistent")
    assert code == 69 and value["error"] == "unreachable"


def test_call(tree, profile):
    result = svcctl(tree, "call", "io.svcbroker.Register", json.dumps({"profile": profile, "start": False}))
    assert result.returncode == 0 and json.loads(result.stdout)["created"] is True
    result = svcctl(tree, "call", "org.varlink.service.GetInfo")
    assert "io.svcbroker" in json.loads(result.stdout)["interfaces"]


def test_watch_prints_a_line_a_change(tree, profile):
    svcctl(tree, "register", profile, "--no-start")
    process = subprocess.Popen(["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(tree.pid), "hermes",
                                "svcctl", "watch", "--json", profile], cwd=TOP, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    try:
        assert json.loads(process.stdout.readline())["event"] == "present"
        svcctl(tree, "start", "--no-wait", profile)
        while json.loads(process.stdout.readline())["service"]["state"] != "up":
            pass
        process.stdout.close()
        svcctl(tree, "stop", profile)
        process.wait(HANG_SEC)
    finally:
        process.kill()


def test_health_is_for_probes(make_tree):
    tree = make_tree()
    assert svcctl(tree, "health").returncode == 0
    svcctl(tree, "register", "bad", "--env", "GATEWAY_TEST=exit:78")
    tree.wait_state("bad", "failed")
    result = svcctl(tree, "health")
    assert result.returncode == 1 and "gateway-bad" in result.stdout + result.stderr
    tree.stop_broker()
    assert svcctl(tree, "health").returncode == 69
    tree.start_broker()


def test_no_colour_but_on_a_terminal(tree):
    assert "\x1b" not in svcctl(tree, "list").stdout
    on_terminal = tree.run("hermes", "env", "TERM=xterm", "script", "-qec", "svcctl list", "/dev/null").stdout
    assert "svcbrokerd" in on_terminal
    without = tree.run("hermes", "env", "TERM=xterm", "NO_COLOR=1", "script", "-qec", "svcctl list", "/dev/null").stdout
    assert "\x1b" not in without


# Runs a command whose standard output is a pipe or a socket that nobody reads any more.
UNREAD = """
import os, socket, subprocess, sys
if sys.argv[1] == "pipe":
    reader, writer = os.pipe()
    os.close(reader)
else:
    here, there = socket.socketpair()
    here.close()
    writer = there.detach()
sys.exit(subprocess.run(sys.argv[2:], stdout=writer).returncode)
"""

# What prints, and the exit code that it has with a reader. P is a profile that is down.
PRINTERS = {
    ("--help",): 0, ("--version",): 0, ("list",): 0, ("list", "--json"): 0, ("list", "--names"): 0, ("status",): 0, ("status", "P"): 3, ("why", "P"): 0,
    ("why", "nobody", "--json"): 4, ("stop", "P", "svcbrokerd"): 5, ("stop", "P"): 0, ("stop", "P", "--no-wait"): 0, ("reset", "P"): 0, ("watch",): 0, ("watch", "--json"): 0,
    ("logs", "P"): 0, ("logs", "P", "--json"): 0, ("logs", "P", "-f"): 0, ("register", "P"): 0, ("unregister", "nobody"): 0, ("reconcile", "--dry-run"): 0, ("health",): 0,
    ("doctor",): 0, ("call", "List"): 0, ("call", "Watch", "--more"): 0, ("introspect",): 0, ("introspect", "--json"): 0, ("list", "--json", "--socket", "/nonexistent"): 69,
}


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_reader_that_goes_away(tree, profile, kind):
    """However much is printed: each write is one of its own, as those beyond the first 4 KiB are."""
    tree.register(profile, start=False)
    wait_until(lambda: svcctl(tree, "logs", profile).returncode == 0)
    program = open(tree.path("/usr/local/bin/svcctl"), "rb").read()
    # stdbuf puts a library of glibc's in front.
    unbuffered = () if b"__asan_init" in program or b"libc.so.6" not in program else ("stdbuf", "-o0")
    for words, code in PRINTERS.items():
        words = [profile if word == "P" else word for word in words]
        result = tree.run("hermes", "/usr/bin/python3", "-c", UNREAD, kind, *unbuffered, "svcctl", *words)
        assert result.returncode == code and "written" not in result.stderr, (words, result)
        assert result.stderr == "" or code not in (0, 3), (words, result)


def test_many_lines_and_one_is_read(tree):
    """The other order: it is being read when it goes."""
    result = tree.run("hermes", "bash", "-c", "for i in {1..20}; do svcctl introspect | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}; done")
    assert result.stdout == "0\n" * 20 and result.stderr == ""


@pytest.mark.parametrize("words", [("watch",), ("watch", "--json"), ("call", "Watch", "--more")])
@pytest.mark.parametrize("reader", ["head -n 1", "python3 -c 'import os; os.read(0, 1)'"])
def test_streams_end_with_their_reader(tree, words, reader):
    """At once, not with the next change, which may never come."""
    result = tree.run("hermes", "bash", "-c", f'svcctl "$@" | {reader}; exit ${{PIPESTATUS[0]}}', "bash", *words)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_socket_as_output_ends_a_stream_too(tree):
    script = """if True:
        import socket, subprocess
        here, there = socket.socketpair()
        process = subprocess.Popen(["svcctl", "watch"], stdout=there)
        there.close()
        here.recv(1)
        here.close()
        print(process.wait(90))
    """
    result = tree.run("hermes", "/usr/bin/python3", "-c", script)
    assert (result.stdout, result.stderr) == ("0\n", "")


def test_output_that_cannot_be_written(tree, profile):
    """What is no reader that went away is a failure, of little and of much."""
    for words in (("list",), ("introspect",), ("--help",), ("health",), ("call", "List")):
        result = tree.run("hermes", "bash", "-c", 'svcctl "$@" >/dev/full', "bash", *words)
        assert result.returncode == 1 and "stdout: could not be written" in result.stderr, (words, result)
    result = tree.run("hermes", "bash", "-c", "svcctl list >&-")
    assert result.returncode == 1 and "stdout: could not be written" in result.stderr


def test_reconcile(boot, volume):
    """The broker sees new profiles by itself, after a second at least: on a busy machine it may be first, and then it is another's turn."""
    volume.profile("one", {"gateway_state": "stopped"})
    tree = boot()

    def is_first(new):
        volume.profile(new, {"gateway_state": "running"})
        result = svcctl(tree, "reconcile", "--dry-run")
        assert result.returncode == 0 and new in result.stdout and "kept" in result.stdout
        if "started" not in result.stdout or f"gateway-{new}" in svcctl(tree, "list").stdout:
            return False
        assert svcctl(tree, "reconcile").returncode == 0
        tree.wait_state(new, "up")
        return True

    assert any(is_first(f"two{number}") for number in range(20))
    volume.profile("Bad")
    result = svcctl(tree, "reconcile")
    assert result.returncode == 1 and "Bad" in result.stdout and "skipped" in result.stdout


def test_what_the_volume_does_not_know_is_said(boot, volume):
    tree = boot("--hermes-home", "/opt/nowhere")
    for command in (("register", "one", "--no-start"), ("stop", "one"), ("unregister", "one")):
        result = svcctl(tree, *command)
        assert result.returncode == 0 and "No such file or directory" in result.stderr, (command, result)
    text = '{"version":1,"gateways":[{"profile":"one","want":"down"}]}'
    for unsaid in (["it is registered"], ["it is registered", "the order holds"]):
        result = svcctl(tree, "import", "-", text=text)
        assert result.returncode == 0 and re.findall("No such file or directory: (it is registered|the order holds)", result.stderr) == unsaid, result
