# SPDX-License-Identifier: ISC
"""svcctl wait, --dry-run and watch --failures: looking and waiting, and nothing ordered."""

import contextlib
import json
import os
import socket
import subprocess
import threading

import pytest

from conftest import BUILD
from tree import TOP, wait_until
from varlink import HANG_SEC


@pytest.fixture(scope="module")
def tree(module_trees):
    return module_trees()


def svcctl(tree, *words, code=0, user="hermes"):
    result = tree.run(user, "svcctl", *words)
    assert result.returncode == code, (words, result)
    return result


def begun(tree, *words):
    """One that waits, and the thread that has what came of it."""
    found = []
    thread = threading.Thread(target=lambda: found.append(tree.run("hermes", "svcctl", *words)))
    thread.start()
    return thread, found


def audited(tree):
    return tree.log().count("audit: ")


@pytest.mark.parametrize("goal,act", [("up", "Start"), ("ready", "Start"), ("down", "Stop"), ("gone", "Unregister")])
def test_it_comes_about(tree, profile, goal, act):
    tree.register(profile, start=act != "Start")
    thread, found = begun(tree, "wait", profile, "--for", goal, "--timeout", "5m")
    if act == "Unregister":
        tree.unregister(profile, "hermes")
    else:
        tree.call(act, names=[f"gateway-{profile}"])
    thread.join()
    assert (found[0].returncode, found[0].stderr) == (0, "") and found[0].stdout.startswith(f"gateway-{profile}  "), found


def test_failed(tree, profile):
    tree.register(profile, "exit:78")
    result = svcctl(tree, "wait", profile, "--for", "failed", "--timeout", "5m", "--json")
    (service,) = json.loads(result.stdout)["services"]
    assert service["state"] == "failed"
    result = svcctl(tree, "wait", profile, "--for", "up", code=7)
    assert "failed: configuration error" in result.stderr


def test_what_does_not_come_about(tree, profile):
    tree.register(profile, start=False)
    assert "still down after" in svcctl(tree, "wait", profile, "--timeout", "100ms", code=6).stderr
    svcctl(tree, "wait", "nobody", code=4)
    svcctl(tree, "wait", "nobody", "--for", "gone")
    svcctl(tree, "wait", profile, "nobody", "--for", "down", code=4)
    svcctl(tree, "wait", f"{profile}*", "--for", "down")
    svcctl(tree, "wait", profile, "--for", "soon", code=2)
    svcctl(tree, "wait", code=2)


def test_it_outlives_the_broker(tree, profile):
    tree.register(profile, start=False)
    tree.register("there")
    tree.wait_state("there", "up")
    with watching(tree, "svcctl", "wait", "there", profile, "--timeout", "5m") as process:
        assert process.stdout.readline() == "gateway-there  up\n"
        tree.kill_broker()
        tree.call("Start", names=[f"gateway-{profile}"])
        assert process.stdout.readline() == f"gateway-{profile}  up\n"
        assert process.wait() == 0
    tree.unregister("there")


def test_dry_runs_order_nothing_and_exit_as_the_order_would(tree, profile):
    tree.register(profile)
    service, before = tree.wait_state(profile, "up"), None
    wait_until(lambda: "audit: Register" in tree.log())
    before = audited(tree)
    for words, code, action in (
            (("start", profile), 0, "keep"), (("stop", profile), 0, "stop"), (("restart", profile), 0, "restart"), (("kill", profile), 0, "signal"),
            (("reset", profile), 0, "reset"), (("stop", "nobody"), 4, "refuse"), (("start", "nobody"), 0, "register"), (("stop", "--all"), 0, "stop"),
            (("register", profile), 0, "keep"), (("register", "other", "--no-start"), 0, "register"), (("unregister", profile), 0, "unregister"),
            (("unregister", "default"), 5, "refuse"), (("unregister", "other"), 0, "keep"), (("stop", f"{profile}*"), 0, "stop"),
            (("register", "Bad"), 1, None)):
        result = svcctl(tree, *words, "--dry-run", code=code)
        assert action is None or f"would {action}" in result.stdout, (words, result)
        told = json.loads(svcctl(tree, *words, "--dry-run", "--json", code=code).stdout)
        assert action is None or action in [one["action"] for one in told["would"]], words
    assert audited(tree) == before
    assert tree.state(profile)["pid"] == service["pid"]


def test_dry_kill_of_what_is_down(tree, profile):
    tree.register(profile, start=False)
    svcctl(tree, "kill", profile, "--dry-run", code=3)


def watching(tree, *words):
    return subprocess.Popen(["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(tree.pid), "hermes", *words],
                            cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def test_failures_only(tree, profile):
    tree.register(profile, start=False)
    with watching(tree, "svcctl", "watch", "--failures", "--json", profile) as process:
        tree.call("Register", profile=profile, environment={"GATEWAY_TEST": "exit:78"})
        tree.call("Start", names=[f"gateway-{profile}"])
        event = json.loads(process.stdout.readline())
        assert (event["service"]["name"], event["service"]["problem"]) == (f"gateway-{profile}", "failed")
        tree.call("Register", profile=profile, environment={})
        tree.call("Start", names=[f"gateway-{profile}"], wait="up")
        event = json.loads(process.stdout.readline())
        assert event["service"]["state"] == "up" and event["service"].get("problem") is None
        process.kill()


def test_the_example_of_a_notifier(tree, profile):
    """As the page has it, with a command that notes what it was told."""
    tree.register(profile, "exit:78", start=False)
    with open(f"{TOP}/docs/examples/notify") as file:
        text = file.read()
    assert len(text.splitlines()) <= 20
    tree.run("hermes", "sh", "-c", "cat >notify; chmod 755 notify", text=text, check=True)
    with watching(tree, "./notify", "sh", "-c", 'cat; echo "$SERVICE=$PROBLEM"') as process:
        tree.call("Start", names=[f"gateway-{profile}"])
        lines = [process.stdout.readline() for _ in range(2)]
        assert lines[0].startswith(f"gateway-{profile}: failed: configuration error") and lines[1] == f"gateway-{profile}=failed\n", lines
        tree.call("Register", profile=profile, environment={})
        tree.call("Start", names=[f"gateway-{profile}"], wait="up")
        lines = [process.stdout.readline() for _ in range(2)]
        assert lines == [f"gateway-{profile}: well again: up\n", f"gateway-{profile}=\n"]
        tree.run("root", "sh", "-c", "/usr/bin/pkill -KILL -x notify; /usr/bin/pkill -KILL -x svcctl", check=False)
        process.kill()


def test_export_and_import(tree, profile):
    other = f"{profile}-2"
    tree.register(profile, environment={"SECRET": "s3cret", "EMPTY": ""})
    tree.register(other, start=False)
    kept = json.loads(svcctl(tree, "export", profile, other).stdout)
    assert kept == {"version": 1, "gateways": [{"profile": profile, "want": "up"}, {"profile": other, "want": "down"}]}
    whole = svcctl(tree, "export", "--with-environment", f"{profile}*", "--json").stdout
    assert [entry["environment"] for entry in json.loads(whole)["gateways"]] == [{"SECRET": "s3cret", "EMPTY": ""}, {}]
    tree.unregister(profile)
    tree.call("Register", profile=other, environment={"A": "b"})
    tree.call("Start", names=[f"gateway-{other}"], wait="up")
    result = tree.run("hermes", "svcctl", "import", "-", "--dry-run", text=whole)
    assert result.returncode == 0 and f"{profile}  would register, wanted up" in result.stdout and f"{other}  would stop" in result.stdout
    assert tree.state(other)["state"] == "up"
    result = tree.run("hermes", "svcctl", "import", "-", text=whole)
    said = f"svcctl: {profile}: there is no profile of that name on the volume: 'svcctl unregister {profile}' removes its gateway\n"
    assert (result.returncode, result.stderr) == (0, said), result
    tree.wait_state(profile, "up")
    tree.wait_state(other, "down")
    assert tree.slot_variables(profile) == {"SECRET": "s3cret", "EMPTY": ""} and tree.slot_variables(other) == {}
    tree.unregister(other)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version":0,"gateways":[]}', '{"version":1,"gateways":[{"profile":"a"}]}',
                                  '{"version":1,"gateways":[{"profile":"a","want":"no"}]}', '{"version":1,"gateways":[{"profile":"a","want":"up","environment":[]}]}'])
def test_what_is_no_export(tree, text):
    result = tree.run("hermes", "svcctl", "import", "-", text=text)
    assert (result.returncode, result.stdout) == (2, "") and "is not what 'svcctl export' prints" in result.stderr


def test_an_export_of_a_newer_version_is_called_one(tree):
    result = tree.run("hermes", "svcctl", "import", "-", text='{"version":2,"gateways":{}}')
    assert (result.returncode, result.stdout) == (2, "") and result.stderr == "svcctl: -: was printed by a newer svcctl: import it with that one\n"


@pytest.mark.parametrize("path", ["/nonexistent", "/", "/dev/null"])
def test_a_file_that_is_none_of_export_s(tree, path):
    code = 2 if path == "/dev/null" else 1
    assert svcctl(tree, "import", path, code=code).stderr.endswith(": give a file that 'svcctl export' printed, or - for standard input\n")


def test_export_of_what_is_no_gateway_says_so(tree, profile):
    tree.register(profile, start=False)
    result = svcctl(tree, "export", "svcbrokerd", profile, code=1)
    assert [entry["profile"] for entry in json.loads(result.stdout)["gateways"]] == [profile]
    assert result.stderr == "svcctl: svcbrokerd: is a static service, and no gateway: only what is wanted of gateways can be exported\n"
    assert svcctl(tree, "export", "*").stderr == svcctl(tree, "export").stderr == ""


def test_a_gateway_without_a_profile_that_import_makes_is_told(tree, profile):
    """One with a mistyped name runs like any other."""
    tree.run("hermes", "sh", "-c", f"mkdir profiles/{profile} && echo soul >profiles/{profile}/SOUL.md", check=True)
    said = f"svcctl: {profile}x: there is no profile of that name on the volume: did you mean {profile}? 'svcctl unregister {profile}x' removes its gateway\n"
    text = json.dumps({"version": 1, "gateways": [{"profile": profile, "want": "down"}, {"profile": f"{profile}x", "want": "down"}]})
    for words in ([], ["--json"]):
        result = tree.run("hermes", "svcctl", "import", "-", *words, text=text)
        assert (result.returncode, result.stderr) == (0, "" if words else said), result
        assert tree.run("hermes", "svcctl", "import", "-", *words, text=text).stderr == ""
        tree.unregister(f"{profile}x")


def test_a_variable_that_import_may_not_set(tree, profile):
    text = json.dumps({"version": 1, "gateways": [{"profile": profile, "want": "down", "environment": {"HOME": "/"}}]})
    result = tree.run("hermes", "svcctl", "import", "-", text=text)
    assert result.returncode == 1 and result.stderr.endswith(": change or leave out that variable\n") and "--env" not in result.stderr


def test_import_of_a_name_that_is_none(tree):
    text = '{"version":1,"gateways":[{"profile":"../x","want":"up"},{"profile":"%s","want":"down"}]}' % ("a" * 300)
    for words in (("import", "-"), ("import", "-", "--dry-run")):
        result = tree.run("hermes", "svcctl", *words, text=text)
        assert result.returncode == 1 and result.stderr.count("svcctl: ") >= 2, result


@contextlib.contextmanager
def stand_in(path, *replies):
    """What answers in the broker's place: to each call the next of them."""
    def serve():
        connection, _ = listener.accept()
        with connection:
            for reply in replies:
                while not connection.recv(4096).endswith(b"\0"):
                    pass
                connection.sendall(json.dumps(reply).encode() + b"\0")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(HANG_SEC)
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(HANG_SEC)


def imported(tmp_path, *replies, words=()):
    with stand_in(path := f"{tmp_path}/socket", *replies):
        return subprocess.run([f"{os.path.join(TOP, BUILD)}/client/svcctl", "import", "-", "--socket", path, *words],
                              input='{"version":1,"gateways":[{"profile":"coder","want":"up"}]}', capture_output=True, text=True, timeout=HANG_SEC,
                              check=False)


@pytest.mark.parametrize("reply, code, action", [
    ({"error": "io.svcbroker.NoSuchService", "parameters": {"name": "gateway-coder"}}, 0, "register"),
    ({"error": "io.svcbroker.NotRegistered", "parameters": {"profile": "coder"}}, 0, "register"),
    ({"parameters": {"service": {"name": "gateway-coder"}}}, 0, "start"),
    ({"error": "org.varlink.service.PermissionDenied"}, 5, "refuse"),
    ({"error": "io.svcbroker.SystemError", "parameters": {"operation": "look", "message": "I/O error", "errno_name": "EIO"}}, 1, "refuse"),
])
def test_a_dry_import_takes_no_other_error_for_absence(tmp_path, reply, code, action):
    result = imported(tmp_path, reply, words=("--dry-run",))
    assert (result.returncode, result.stdout) == (code, f"coder  would {action}, wanted up\n") and bool(result.stderr) == (code != 0), result


@pytest.mark.parametrize("outcome, code, said", [
    ({"persisted": True}, 0, ""),
    ({"persisted": False}, 0, "svcctl: gateway-coder: the order could not be recorded: the order holds;"),
    ({"persisted": False, "persist_error": "No space left"}, 0, "svcctl: gateway-coder: No space left: the order holds;"),
    ({"persisted": True, "error": "io.svcbroker.Held", "error_parameters": {"name": "gateway-coder", "reason": "it fails"}}, 7,
     "svcctl: gateway-coder: held: it fails: "),
])
def test_import_tells_outcomes_as_start_does(tmp_path, outcome, code, said):
    result = imported(tmp_path, {"parameters": {"service": {}, "created": False, "changed": False, "persisted": True}},
                      {"parameters": {"outcomes": [{"name": "gateway-coder", **outcome}]}})
    assert (result.returncode, result.stdout) == (code, f"coder  {'refuse' if code else 'start'}, wanted up\n"), result
    assert result.stderr.startswith(said) and bool(result.stderr) == bool(said), result


def test_what_stands_in_the_place_of_a_record_is_not_followed(tree, profile):
    tree.register(profile, environment={"A": "b"})
    tree.run("hermes", "sh", "-c", f"cd .svcbroker/intent && mv {profile} kept && mkfifo {profile}", check=True)
    result = svcctl(tree, "export", profile, "--with-environment", code=1)
    assert "environment" not in result.stdout
    tree.run("hermes", "sh", "-c", f"cd .svcbroker/intent && rm {profile} && ln -s /etc/passwd {profile}", check=True)
    svcctl(tree, "export", profile, "--with-environment", code=1)
    tree.run("hermes", "sh", "-c", f"cd .svcbroker/intent && mv -f kept {profile}", check=True)


# What hermes does with a record of root's, /run/rootonly/intent/P, and with one that root left on the volume, to have root's export print it.
PLANTED = {
    "the records' directory": "mv .svcbroker/intent kept; ln -s /run/rootonly/intent .svcbroker/intent",
    "the directory above": "mv .svcbroker kept; ln -s /run/rootonly .svcbroker",
    "the directory above, by another link": "mv .svcbroker kept; ln -s /run/rootonly second; ln -s second .svcbroker",
    "the record": "rm .svcbroker/intent/P; ln -s /run/rootonly/intent/P .svcbroker/intent/P",
    "a file of root's": "mv rootfile .svcbroker/intent/P",
    "two names of a file": "ln .svcbroker/intent/P second",
    "a FIFO": "rm .svcbroker/intent/P; mkfifo .svcbroker/intent/P",
    "no directory": "mv .svcbroker/intent kept; touch .svcbroker/intent",
}


@pytest.mark.parametrize("planted", PLANTED)
def test_root_s_export_reads_nothing_that_is_not_the_client_s(make_tree, planted):
    tree = make_tree()
    tree.register("coder", start=False, environment={"A": "of hermes"})
    record = "/opt/data/.svcbroker/intent/coder"
    assert "of hermes" in svcctl(tree, "export", "coder", "--with-environment", user="root").stdout
    tree.run("root", "sh", "-c", f"mkdir -p -m 700 /run/rootonly/intent && sed 's/of hermes/of root/' {record} >/run/rootonly/intent/coder && "
             "cp /run/rootonly/intent/coder rootfile && chmod 600 rootfile", check=True)
    tree.run("root", "mv", "rootfile", "/opt/data/rootfile", check=True)
    tree.run("hermes", "sh", "-ec", PLANTED[planted].replace("/P", "/coder"), check=True)
    result = svcctl(tree, "export", "coder", "--with-environment", user="root", code=1)
    assert "of " not in result.stdout and "of root" not in result.stderr and "environment" not in result.stdout
    assert "svcctl: gateway-coder: " in result.stderr and "the client user's" in result.stderr, result.stderr
