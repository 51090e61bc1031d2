# SPDX-License-Identifier: ISC
"""docs/clients.md: each exchange on it is had with a broker, each bound is that of proto/limits.h, each client runs."""

import glob
import json
import re
import shutil
import subprocess

import pytest

import idl
from page import Page, fenced
from tree import SLOW_TO_SETTLE, SOCKET, TOP, wait_until
from varlink import encode

PAGE = Page("clients.md")
COLUMNS = 110
STAMP_USEC = 1767225600000000
PID = 1234


def normal(value, key=None):
    """What differs from run to run: every time is the first instant of 2026, every pid 1234, an interface's text ends early."""
    if isinstance(value, dict):
        return {name: normal(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return [normal(member) for member in value]
    if value is None:
        return None
    if key is not None and key.endswith("_usec"):
        return STAMP_USEC
    if key == "pid":
        return PID
    if key == "description":
        return value.split("\n", 1)[0] + "\n..."
    return value


def pretty(value, indent=0, room=COLUMNS):
    """JSON, in one line where that fits."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= room or not value or not isinstance(value, (dict, list)):
        return flat
    inside, last = " " * (indent + 2), " " * indent
    if isinstance(value, list):
        lines = [inside + pretty(member, indent + 2, room) for member in value]
        return "[\n" + ",\n".join(lines) + f"\n{last}]"
    lines = [f"{inside}{json.dumps(name)}: {pretty(member, indent + 2, room - len(name) - 4)}" for name, member in value.items()]
    return "{\n" + ",\n".join(lines) + f"\n{last}}}"


def shown(mark, message):
    return "".join(f"{mark if number == 0 else ' '} {line}\n" for number, line in enumerate(pretty(message).splitlines()))


class Talk:
    """Exchanges with the broker of a tree, noted as the page shows them."""

    def __init__(self, tree):
        self.tree = tree

    def ask(self, method, parameters=None, more=False, user="hermes", path=SOCKET, shorten=None):
        """All replies to one call, and the text of the exchange. shorten: what to do to a normal reply before it is shown."""
        request = json.loads(encode(method, parameters, **({"more": True} if more else {}))[:-1])
        text = shown(">", request)
        replies = []
        with self.tree.connect(user, path) as connection:
            connection.send(method, parameters, more=more)
            while True:
                replies.append(connection.receive())
                reply = normal(replies[-1])
                if shorten:
                    shorten(reply["parameters"])
                text += shown("<", reply)
                if not replies[-1].get("continues", False):
                    return replies, text

    def show(self, name, *arguments, **options):
        replies, text = self.ask(*arguments, **options)
        PAGE.check(name, fenced(text))
        return replies

    def show_error(self, error, *arguments, **options):
        """The exchange that ends with this error stands in the block of that name."""
        (reply,) = self.show(error, *arguments, **options)
        assert reply["error"].rpartition(".")[2] == error


@pytest.fixture(scope="module")
def talk(tree):
    tree.register("writer", start=False)
    return Talk(tree)


def test_introspection(talk):
    talk.show("GetInfo", "org.varlink.service.GetInfo")
    talk.show("GetInterfaceDescription", "org.varlink.service.GetInterfaceDescription", {"interface": "io.svcbroker"})


def plain_history(parameters):
    """How long a run lasted, and who asked, are others each time."""
    for event in parameters["events"]:
        for name, value in (("lasted_msec", 60000), ("caller_pid", PID), ("process", "svcctl")):
            if name in event:
                event[name] = value


def test_a_life(talk):
    talk.show("Register", "Register", {"profile": "coder", "environment": {"BOT_TOKEN": "s3cret"}, "start": False})
    talk.show("Start", "Start", {"names": ["gateway-coder"], "wait": "up"})
    talk.show("Status", "Status", {"name": "gateway-coder"})
    talk.show("List", "List", shorten=lambda parameters: parameters["services"].pop())
    talk.show("Start-several", "Start", {"names": ["gateway-coder", "gateway-nobody"]})
    talk.tree.wait_gateway("coder")
    talk.show("Restart", "Restart", {"names": ["gateway-coder"], "wait": "up", "timeout_msec": 60000}, more=True)
    talk.tree.wait_gateway("coder")
    talk.show("Signal", "Signal", {"names": ["gateway-coder"], "signal": "WINCH"})
    talk.show("Stop", "Stop", {"names": ["gateway-coder"], "wait": "down", "kill_after_msec": 60000})
    history = talk.show("History", "History", {"names": ["gateway-coder"], "count": 4}, shorten=plain_history)
    assert len(history[0]["parameters"]["events"]) == 4
    talk.show("Reset", "Reset", {"names": ["gateway-coder"]})
    talk.show_error("NotRunning", "Signal", {"names": ["gateway-coder"], "signal": "KILL"})
    talk.show("Reconcile", "Reconcile", {"dry_run": True})
    talk.show("Unregister", "Unregister", {"profile": "coder"})


def test_watch(talk):
    """A gateway comes and goes; what is between its first and its last event depends on the machine."""
    talk.tree.register("watched", start=False)
    parameters = {"names": ["gateway-watched"]}
    with talk.tree.connect() as connection:
        connection.send("Watch", parameters, more=True)
        replies = [connection.receive()]
        talk.tree.call("Unregister", profile="watched")
        while replies[-1]["parameters"]["event"] != "removed":
            replies.append(connection.receive())
    request = {"method": "io.svcbroker.Watch", "parameters": parameters, "more": True}
    PAGE.check("Watch", fenced(shown(">", request) + shown("<", normal(replies[0])) + shown("<", normal(replies[-1]))))


def test_health(make_tree):
    """Of a tree of its own, where nothing is amiss."""
    talk = Talk(make_tree())
    talk.show("Health", "Health")

    def two_checks(parameters):
        parameters["checks"] = [check for check in parameters["checks"] if check["name"] in ("scandir", "capacity")]

    talk.show("Diagnose", "Diagnose", shorten=two_checks)


def test_metrics(talk):
    """The first families, and what there is of them of one gateway."""
    replies, _ = talk.ask("io.systemd.Metrics.Describe", more=True)
    shorter = "".join(shown("<", reply) for reply in replies[:3])
    PAGE.check("Describe", fenced(shown(">", {"method": "io.systemd.Metrics.Describe", "more": True}) + shorter))
    replies, _ = talk.ask("io.systemd.Metrics.List", more=True)
    wanted = ("io.svcbroker.ServiceState", "io.svcbroker.ServiceWanted", "io.svcbroker.ServiceRestarts")
    shorter = "".join(shown("<", reply) for reply in replies
                      if reply["parameters"]["name"] in wanted and reply["parameters"].get("object") == "gateway-writer")
    PAGE.check("Metrics", fenced(shown(">", {"method": "io.systemd.Metrics.List", "more": True}) + shorter))


def test_errors(talk):
    talk.show_error("NoSuchService", "Status", {"name": "nothing"})
    talk.show_error("NotRegistered", "Start", {"names": ["gateway-nobody"]})
    talk.show_error("InvalidName", "Register", {"profile": "No Name"})
    talk.show_error("InvalidEnvironment", "Register", {"profile": "p", "environment": {"HOME": "/"}})
    talk.show_error("Protected", "Stop", {"names": ["svcbrokerd"]})
    talk.show_error("LimitExceeded", "Stop", {"names": ["gateway-writer"], "wait": "down", "timeout_msec": 600001})
    talk.show_error("MethodNotFound", "io.svcbroker.Strat", {"names": ["gateway-writer"]})
    talk.show_error("InterfaceNotFound", "org.example.Start")
    talk.show_error("InvalidParameter", "Start", {"name": "gateway-writer"})
    talk.show_error("ExpectedMore", "Watch")


def test_a_start_that_fails(make_tree):
    tree = make_tree(*SLOW_TO_SETTLE)
    tree.register("ends", "exit:78", start=False)
    Talk(tree).show_error("Failed", "Start", {"names": ["gateway-ends"], "wait": "up"})


def test_malformed(talk):
    with talk.tree.connect() as connection:
        connection.send_bytes(b'{"method":"io.svcbroker.List",}\0')
        reply = connection.receive()
        assert connection.is_closed()
    PAGE.check("InvalidMessage", fenced('> {"method":"io.svcbroker.List",}\n' + shown("<", reply)))


def test_waits_that_end_otherwise(talk):
    tree = talk.tree
    tree.register("slow", "ignore-term", start=True)
    pid = tree.wait_gateway("slow")
    tree.wait_state("slow", "up")

    def fixed(parameters):
        assert parameters["waited_msec"] >= 500
        parameters["waited_msec"] = 500

    talk.show("WaitTimeout", "Stop", {"names": ["gateway-slow"], "wait": "down", "timeout_msec": 500}, shorten=fixed)
    with tree.connect() as connection:
        request = {"names": ["gateway-slow"], "wait": "down"}
        before = tree.log().count("audit: Stop: ")
        connection.send("Stop", request)
        wait_until(lambda: tree.log().count("audit: Stop: ") > before, what="the second Stop, of what is stopping already")
        tree.call("Start", names=["gateway-slow"])
        reply = connection.receive()
    PAGE.check("Superseded", fenced(shown(">", {"method": "io.svcbroker.Stop", "parameters": request}) + shown("<", normal(reply))))
    assert reply["error"].endswith(".Superseded")
    tree.signal("KILL", pid)
    tree.unregister("slow")


def test_held(make_tree):
    Talk(make_tree("--multiplex", gateways=True)).show_error("Held", "Start", {"names": ["gateway-coder"]})


def test_no_room(make_tree):
    tree = make_tree("--services-max", "4", services_max=4)
    tree.register("writer", start=False)
    Talk(tree).show_error("TooManyServices", "Register", {"profile": "coder"})


def test_observers(make_tree):
    talk = Talk(make_tree("--observer-group", "observers"))
    talk.show_error("PermissionDenied", "Start", {"names": ["gateway-coder"]}, user="observer", path=f"{SOCKET}.observer")


# Bounds

UNITS = {"BYTES": [(1024 * 1024, "MiB"), (1024, "KiB"), (1, "bytes")], "MSEC": [(60000, "min"), (1000, "s"), (1, "ms")]}


def figure(name, value):
    for unit, word in next((units for suffix, units in UNITS.items() if suffix in name.split("_")), [(1, "")]):
        if value % unit == 0:
            return f"{value // unit} {word}".rstrip()
    raise AssertionError(name)


def test_bounds():
    """Every LIMIT_ and DEFAULT_ with its value and its comment; and whether LimitExceeded names it."""
    with open(f"{TOP}/proto/limits.h") as file:
        text = file.read()
    named = set()
    for path in [*glob.glob(f"{TOP}/daemon/methods/*.c"), *glob.glob(f"{TOP}/daemon/session/*.c"), f"{TOP}/proto/call.c"]:
        with open(path) as file:
            named |= set(re.findall(r'(?:errors_limit|call_fail_limit)\(\w+,\s+"(\w+)"', file.read()))
    with open(f"{TOP}/daemon/slot/admission.c") as file:
        named |= set(re.findall(r'FAULT_LIMIT,\s+\.text = "(\w+)"', file.read()))
    table = "| bound | is | of what | `LimitExceeded` |\n|---|---|---|---|\n"
    rows = re.findall(r"^#define (LIMIT|DEFAULT)_(\w+) ([(\d][\d* ()]*?) +/\* (.*?) \*/$", text, re.M)
    assert len(rows) == text.count("#define") - 1, "each has its comment on its line"
    for kind, name, value, comment in rows:
        assert re.fullmatch(r"[\d* ()]+", value)
        word = f"`{name.lower()}`" + (" if not given" if kind == "DEFAULT" else "")
        answered = "yes" if kind == "LIMIT" and name.lower() in named else ""
        named.discard(name.lower() if kind == "LIMIT" else "")
        table += f"| {word} | {figure(name, eval(value))} | {comment} | {answered} |\n"
    assert not named, f"LimitExceeded names {named}, which is no bound"
    PAGE.check("bounds", table)


def test_every_method_and_error_is_there(service, interface_texts):
    page = PAGE.read()
    methods = {name for text in interface_texts for name in idl.parse(text).methods}
    blocks = set(PAGE.blocks())
    assert methods - {"List"} <= blocks and {"List", "Metrics"} <= blocks, methods - blocks
    errors = {name for text in interface_texts for name in idl.parse(text).errors}
    assert errors, "the table has a row for each"
    for error in errors:
        assert f"\n| `{error}` |" in page, error


# Clients

def code(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read(), re.DOTALL)


def test_python(tree):
    tree.register("coder", start=False)
    (client,) = code("python")
    result = tree.run("hermes", "/usr/bin/python3", "-I", "-", text=client)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "gateway-coder up\nio.svcbroker.NotRegistered {'profile': 'nobody'}\n"


def test_shell(tree):
    """With each tool that the page names and this machine has; those that it lacks are said to be skipped."""
    tree.register("coder", start=False)
    (commands,) = code("sh")
    done = []
    for command in filter(None, re.split(r"\n(?=printf|varlinkctl)", commands.strip())):
        tool = next(tool for tool in ("socat", "nc", "varlinkctl") if re.search(rf"\b{tool}\b", command))
        if not shutil.which(tool):
            continue
        result = tree.run("hermes", "bash", "-c", command)
        assert result.returncode == 0 and "gateway-coder" in result.stdout, (command, result)
        done.append(tool)
    assert {"socat", "nc"} <= set(done)


def test_go(tree, tmp_path):
    """Generated, compiled and run by the commands of the page, where there are Go and its generator."""
    if not (shutil.which("go") and shutil.which("varlink-go-interface-generator")):
        pytest.skip("golang-go, varlink-go or golang-github-varlink-go-dev is not installed")
    (section,) = re.findall(r"^## In Go.*?(?=^## )", PAGE.read(), re.M | re.S)
    (program,) = re.findall(r"```go\n(.*?)```", section, re.S)
    commands = "\n".join(re.findall(r"^    (.*)$", section.partition("```")[0], re.M))
    (tmp_path / "restart.go").write_text(program)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/svcctl").write_text(f"#!/bin/sh\nexec cat {TOP}/proto/$2.varlink\n")
    (tmp_path / "bin/svcctl").chmod(0o755)
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "GOCACHE": str(tmp_path / "cache"), "GOFLAGS": "", "GOPROXY": "off"}
    built = subprocess.run(["sh", "-ec", commands], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert built.returncode == 0 and "Error" not in built.stdout + built.stderr, built
    with open(f"/proc/{tree.pid}/root/opt/data/restart", "wb") as file:
        file.write((tmp_path / "restart").read_bytes())
    tree.run("root", "chmod", "755", "/opt/data/restart", check=True)
    tree.register("coder", start=False)
    ran = tree.run("hermes", "./restart", "gateway-coder")
    assert (ran.returncode, ran.stdout) == (0, "gateway-coder up\n"), ran
    ran = tree.run("hermes", "./restart", "gateway-nobody")
    assert (ran.returncode, ran.stdout) == (1, "io.svcbroker.NotRegistered(Profile: nobody)\n"), ran
    assert tree.run("hermes", "svcctl", "introspect", "io.svcbroker").stdout == open(f"{TOP}/proto/io.svcbroker.varlink").read()


def test_who_serves(tree):
    """As it was built: by its own version, and its own page, not that of the protocol."""
    said = tree.call("org.varlink.service.GetInfo")
    assert said["version"] == tree.run("hermes", "svcbrokerd", "--version").stdout.split()[1]
    assert said["url"] == "https://svcbroker.invalid/" and said["product"] == "svcbrokerd"


def test_the_page_has_nothing_else():
    """Last in the file: with only some of the tests, there is nothing to say."""
    if {"GetInfo", "bounds", "TooManyServices"} <= PAGE.said:
        PAGE.check_complete()
