# SPDX-License-Identifier: ISC
"""Clients we did not write: varlinkctl of systemd and python3-varlink, both of Debian 13, talk to the broker as other uids.

They run in a root of their own inside the tree (trixie-root makes it), and reach nothing of the tree but the broker's directory.
"""

import contextlib
import json
import queue
import re
import shlex
import subprocess
import threading

import pytest

import idl
from tree import SOCKET, TOP, USERS
from varlink import HANG_SEC

GUEST = "/opt/trixie"
MOUNTS = f"""
mkdir {GUEST}
mount --bind "$1" {GUEST}
mount -o remount,bind,ro {GUEST}
mount --bind /proc {GUEST}/proc
mount --rbind /dev {GUEST}/dev
mount --bind /run/svcbroker {GUEST}/run/svcbroker
"""
INTERFACES = ["io.svcbroker", "io.systemd.Metrics", "org.varlink.service"]


class Guest:
    def __init__(self, tree, root):
        self.tree = tree
        mounted = tree.run("root", "sh", "-euc", MOUNTS, "sh", root)
        assert mounted.returncode == 0, mounted.stderr

    def arguments(self, user, command):
        """For subprocess: that command in the guest's root, in the tree's namespaces, as that uid and with no other group."""
        uid, gid, *_ = USERS[user]
        root = self.tree.path(GUEST)
        return {"args": ["nsenter", f"--target={self.tree.pid}", "--mount", "--pid", "--net", "--ipc", f"--root={root}",
                         f"--wd={root}", f"--setgid={gid}", f"--setuid={uid}", "--", *command],
                "env": {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
                "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}

    def run(self, *command, user="hermes", text=""):
        return subprocess.run(**self.arguments(user, command), input=text, timeout=2 * HANG_SEC)

    def output(self, *command, **options):
        done = self.run(*command, **options)
        assert (done.returncode, done.stderr) == (0, ""), (command, done.stdout, done.stderr)
        return done.stdout

    @contextlib.contextmanager
    def running(self, *command):
        """A function that returns the next line of what the command prints, read as JSON. It is ended with the block."""
        with subprocess.Popen(**self.arguments("hermes", command), stdin=subprocess.DEVNULL) as process:
            lines = queue.Queue()

            def read():
                for line in process.stdout:
                    lines.put(line)
                lines.put("")

            def line():
                try:
                    text = lines.get(timeout=HANG_SEC)
                except queue.Empty:
                    raise AssertionError("nothing more was printed") from None
                assert text, process.stderr.read()
                return json.loads(text.removeprefix("\x1e"))  # varlinkctl's for each of several, as in RFC 7464

            reader = threading.Thread(target=read)
            reader.start()
            try:
                yield line
            finally:
                own = " ".join(command).replace("\n", " ").strip()
                inside = [pid for pid, (text, _, _) in self.tree.processes().items() if text.replace("\n", " ").strip() == own]
                if inside:
                    self.tree.run("root", "kill", *map(str, inside))
                reader.join()

    # The two clients

    def varlinkctl(self, *arguments, **options):
        return self.output("varlinkctl", *arguments, **options)

    def call(self, method, parameters=None, *options, user="hermes", path=SOCKET):
        """One call with varlinkctl. The reply as it would be on the wire, held against the interface, is {"parameters": ...} or
        {"error": ..., "parameters": ...}."""
        arguments = json.dumps(parameters or {})
        done = self.run("varlinkctl", "--json=short", *options, "call", path, method, arguments, user=user)
        if done.returncode == 0:
            assert done.stderr == ""
            reply = {"parameters": json.loads(done.stdout)}
        else:
            opening = f"Method call {method}() failed: "
            assert done.returncode == 1 and done.stderr.startswith(opening), done.stderr
            reply = {"error": done.stderr[len(opening):].rstrip("\n"), "parameters": json.loads(done.stdout)}
        self.tree.service.reply(method, False, reply)
        return reply

    def result(self, method, parameters=None, *options, **more):
        reply = self.call(method, parameters, *options, **more)
        assert "error" not in reply, reply
        return reply["parameters"]

    def python(self, body, *arguments):
        """The command that runs this with `broker`, python3-varlink's object for io.svcbroker; say() prints one line of JSON."""
        script = f"""
import json, sys, varlink

def say(value):
    print(json.dumps(value), flush=True)

with varlink.Client("unix:{SOCKET}") as client, client.open("io.svcbroker") as broker:
    {body.strip()}
"""
        return ("python3", "-IB", "-c", script, *arguments)


@pytest.fixture(scope="session")
def trixie_root():
    made = subprocess.run([f"{TOP}/tests/integration/trixie-root"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if made.returncode == 75:
        pytest.skip(made.stderr.strip().splitlines()[-1])
    assert made.returncode == 0, made.stderr
    return made.stdout.rstrip("\n")


@pytest.fixture(scope="module")
def tree(trixie_root, module_trees):
    return module_trees("--observer-group", "observers")


@pytest.fixture(scope="module")
def guest(trixie_root, tree):
    return Guest(tree, trixie_root)


# varlinkctl: what the service says about itself

def test_the_page_for_clients(guest, tree, profile):
    tree.register(profile, start=False)
    with open(f"{TOP}/docs/clients.md") as file:
        commands = re.findall(r"^varlinkctl .*$|(?<=`)varlinkctl .*?(?=`)", file.read(), re.M)
    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command.replace("coder", profile))
        assert ("method Start" if "introspect" in words else f"gateway-{profile}") in guest.output(*words)


def test_varlinkctl_info(guest):
    answer = json.loads(guest.varlinkctl("--json=short", "info", SOCKET))
    guest.tree.service.reply("org.varlink.service.GetInfo", False, {"parameters": answer})
    assert sorted(answer["interfaces"]) == INTERFACES
    assert answer["product"] == "svcbrokerd" and answer["vendor"] and answer["url"]
    assert answer["version"] in guest.tree.run("hermes", "svcbrokerd", "--version", check=True).stdout
    # The same by another way of writing an address.
    assert guest.varlinkctl("info", f"unix:{SOCKET}") == guest.varlinkctl("info", SOCKET) != ""


def test_varlinkctl_lists(guest, service):
    assert guest.varlinkctl("list-interfaces", SOCKET).split() == INTERFACES
    methods = guest.varlinkctl("list-methods", SOCKET).split()
    assert methods == sorted(f"{name}.{method}" for name in INTERFACES for method in service.interfaces[name].methods)


@pytest.mark.parametrize("number", [0, 1, 2], ids=INTERFACES)
def test_varlinkctl_understands_the_interface(guest, interface_texts, number):
    """It parses the text, and writes from what it understood: the same interface, comments included."""
    text = guest.varlinkctl("introspect", SOCKET, INTERFACES[number])
    assert text.strip() != interface_texts[number].strip(), "not written anew, so not understood"
    assert vars(idl.parse(text)) == vars(idl.parse(interface_texts[number]))

    def comments(lines):
        return sorted(line for line in lines.splitlines() if line.startswith("# "))

    assert comments(text) == comments(interface_texts[number])


@pytest.mark.parametrize("number", [0, 1, 2], ids=INTERFACES)
def test_varlinkctl_validates_the_files(guest, interface_texts, number):
    text = interface_texts[number]
    assert guest.run("varlinkctl", "validate-idl", text=text).returncode == 0
    assert guest.run("varlinkctl", "validate-idl", text=text + "\nmethod Broken() -> (a: Unknown)\n").returncode != 0


def test_varlinkctl_asks_for_an_interface_that_is_none(guest):
    done = guest.run("varlinkctl", "introspect", SOCKET, "io.nothing")
    assert done.returncode != 0 and "org.varlink.service.InterfaceNotFound" in done.stderr


# varlinkctl: calls

def test_varlinkctl_manages_a_gateway(guest, tree, profile):
    name = f"gateway-{profile}"
    made = guest.result("io.svcbroker.Register", {"profile": profile, "start": False, "environment": {"ONE": "ä\n\"\\"}})
    assert (made["created"], made["service"]["state"]) == (True, "down")
    (started,) = guest.result("io.svcbroker.Start", {"names": [name], "wait": "up"})["outcomes"]
    assert (started["persisted"], started["service"]["state"]) == (True, "up")
    now = guest.result("io.svcbroker.Status", {"name": name})["service"]
    assert now == started["service"] and now["pid"] == tree.status(profile).pid
    assert [s for s in guest.result("io.svcbroker.List")["services"] if s["name"] == name] == [now]
    health = guest.result("io.svcbroker.Health")
    assert health["healthy"] and health["services"] == health["wanted"] == health["up"] == 2
    assert all(check["verdict"] != "failure" for check in guest.result("io.svcbroker.Diagnose")["checks"])
    guest.varlinkctl("--oneway", "call", SOCKET, "io.svcbroker.Stop", json.dumps({"names": [name]}))
    tree.wait_state(profile, "down")
    assert guest.result("io.svcbroker.Unregister", {"profile": profile}) == {"removed": True, "persisted": True}
    assert "audit: Unregister: uid=10000 " in tree.log()


@pytest.mark.parametrize("method,parameters,error,fields", [
    ("io.svcbroker.Status", {"name": "gateway-nobody"}, "io.svcbroker.NotRegistered", {"profile": "nobody"}),
    ("io.svcbroker.Status", {"name": "nobody"}, "io.svcbroker.NoSuchService", {"name": "nobody"}),
    ("io.svcbroker.Status", {"name": "gateway-../x"}, "io.svcbroker.InvalidName", {"name": "gateway-../x"}),
    ("io.svcbroker.Start", {"names": ["gateway-nobody"], "wait": "up"}, "io.svcbroker.NotRegistered", {"profile": "nobody"}),
    ("io.svcbroker.Stop", {"names": ["svcbrokerd"]}, "io.svcbroker.Protected", {"name": "svcbrokerd"}),
    ("io.svcbroker.Register", {"profile": "a", "environment": {"=": ""}}, "io.svcbroker.InvalidEnvironment", {"variable": "="}),
    ("io.svcbroker.Status", {"name": 1}, "org.varlink.service.InvalidParameter", {"parameter": "name"}),
    ("io.svcbroker.Watch", {}, "org.varlink.service.ExpectedMore", {}),
    ("io.svcbroker.Nothing", {}, "org.varlink.service.MethodNotFound", {"method": "io.svcbroker.Nothing"}),
    ("io.nothing.List", {}, "org.varlink.service.InterfaceNotFound", {"interface": "io.nothing"}),
])
def test_varlinkctl_shows_errors_by_name(guest, method, parameters, error, fields):
    reply = guest.call(method, parameters)
    assert reply["error"] == error
    assert reply["parameters"].items() >= fields.items()


def test_varlinkctl_as_others(guest):
    """Nobody of the wrong uid gets as far as a connection; an observer gets in, and not far."""
    done = guest.run("varlinkctl", "info", SOCKET, user="stranger")
    assert done.returncode != 0 and "Permission denied" in done.stderr
    path = f"{SOCKET}.observer"
    assert guest.result("io.svcbroker.List", user="observer", path=path)["services"]
    reply = guest.call("io.svcbroker.Stop", {"all": True}, user="observer", path=path)
    assert reply["error"] == "org.varlink.service.PermissionDenied"


def test_varlinkctl_collects_replies(guest, tree, profile):
    names = []
    for number in range(3):
        guest.result("io.svcbroker.Register", {"profile": f"{profile}-{number}", "start": False})
        names.append(f"gateway-{profile}-{number}")
    text = guest.varlinkctl("--json=short", "--collect", "call", SOCKET, "io.svcbroker.Start",
                            json.dumps({"names": [*names, "nobody"], "wait": "up"}))
    outcomes = [outcome for reply in json.loads(text) for outcome in reply["outcomes"]]
    assert len(json.loads(text)) == 4
    assert {o["name"]: o["service"]["state"] if o.get("service") else o["error"] for o in outcomes} == {
        **dict.fromkeys(names, "up"), "nobody": "io.svcbroker.NoSuchService"}
    for number in range(3):
        guest.result("io.svcbroker.Unregister", {"profile": f"{profile}-{number}", "timeout_msec": 1})


def read_until(line, method, service, found):
    """The replies of a stream up to the first that is what is looked for."""
    replies = []
    while not replies or not found(replies[-1]):
        replies.append(line())
        service.reply(method, True, {"parameters": replies[-1], "continues": True})
    return replies


def watch_a_gateway(line, service, tree, profile):
    """What a Watch that has just begun tells of a gateway that another client starts, stops and removes."""
    name = f"gateway-{profile}"

    def told(event, state=None):
        return read_until(line, "io.svcbroker.Watch", service, lambda reply: reply["event"] == event
                          and reply["service"]["name"] == name and state in (None, reply["service"]["state"]))

    assert {reply["event"] for reply in told("present")} == {"present"}
    tree.call("Start", names=[name])
    up = told("changed", "up")[-1]["service"]
    assert up["pid"] == tree.status(profile).pid and up["want"] == "up"
    tree.wait_gateway(profile)  # before that, SIGTERM simply kills it
    tree.call("Stop", names=[name])
    down = told("changed", "down")[-1]["service"]
    assert down.get("pid") is None and down["last_exit"]["code"] == 1
    tree.call("Unregister", profile=profile)
    told("removed")


def test_varlinkctl_watches(guest, service, tree, profile):
    tree.register(profile, start=False)
    with guest.running("varlinkctl", "--json=short", "--more", "--timeout=infinity", "call", SOCKET, "io.svcbroker.Watch",
                       "{}") as line:
        watch_a_gateway(line, service, tree, profile)


# python3-varlink

def test_python_manages_a_gateway(guest, tree, profile):
    with guest.running(*guest.python("""
    say(sorted(client.get_interfaces()))
    name, profile = "gateway-" + sys.argv[1], sys.argv[1]
    say(broker.Register(profile=profile, environment={"ONE": "ä"}, start=False))
    say(broker.Start(names=[name], wait="up"))
    say(broker.Status(name))
    say(broker.List())
    say(broker.Health())
    broker.Stop(names=[name], _oneway=True)
    say(broker.Stop(names=[name], wait="down"))
    say(broker.Reset([name]))
    say(broker.Unregister(profile))
""", profile)) as line:
        assert line() == INTERFACES
        made = line()
        assert made["created"] is True and made["service"]["state"] == "down"
        (started,) = line()["outcomes"]
        assert started["service"]["state"] == "up"
        now = line()["service"]
        assert now == started["service"] and now["profile"] == profile
        assert now in line()["services"]
        assert line()["healthy"] is True
        (stopped,) = line()["outcomes"]
        assert stopped["service"]["state"] == "down" and "pid" not in stopped["service"]
        assert line()["outcomes"][0]["service"]["restarts"] == 0
        assert line() == {"removed": True, "persisted": True}


def test_python_raises_errors(guest):
    with guest.running(*guest.python("""
    for call in (lambda: broker.Status("gateway-nobody"), lambda: broker.Stop(names=["svcbrokerd"]), lambda: broker.Watch(),
                 lambda: broker.Start(), lambda: next(broker.Watch(names=["gateway-nobody"], _more=True))):
        try:
            say(call())
        except varlink.VarlinkError as error:
            say([type(error).__name__, error.error(), error.parameters()])
""")) as line:
        assert line() == ["VarlinkError", "io.svcbroker.NotRegistered", {"profile": "nobody"}]
        kind, name, parameters = line()
        assert (kind, name, parameters["name"]) == ("VarlinkError", "io.svcbroker.Protected", "svcbrokerd")
        assert parameters["reason"]
        assert line() == ["VarlinkError", "org.varlink.service.ExpectedMore", {}]
        assert line() == ["InvalidParameter", "org.varlink.service.InvalidParameter", {"parameter": "names"}]
        assert line() == ["VarlinkError", "io.svcbroker.NotRegistered", {"profile": "nobody"}]


def test_python_watches(guest, service, tree, profile):
    tree.register(profile, start=False)
    with guest.running(*guest.python("""
    for reply in broker.Watch(_more=True):
        say(reply)
""")) as line:
        watch_a_gateway(line, service, tree, profile)


# Every method, with both. {method: parameters}; the gateway is registered and down, P its profile.

METHODS = {
    "List": {}, "Status": {"name": "gateway-P"}, "Start": {"names": ["gateway-P"], "wait": "up"}, "Stop": {"names": ["gateway-P"], "wait": "down"},
    "Restart": {"names": ["gateway-P"], "wait": "up", "timeout_msec": 20000}, "Reset": {"names": ["gateway-P"]},
    "Signal": {"names": ["gateway-P", "gateway-nobody"], "signal": "KILL"},
    "Register": {"profile": "P", "environment": {"A": "\u00e4"}, "start": False}, "Unregister": {"profile": "P", "timeout_msec": 1},
    "Reconcile": {"dry_run": True}, "History": {"names": ["gateway-P"]}, "Watch": {"names": ["gateway-P"]}, "Health": {}, "Diagnose": {},
}


def for_profile(parameters, profile):
    return json.loads(json.dumps(parameters).replace("P\"", f"{profile}\""))


def test_every_method_is_called(service):
    assert set(METHODS) == set(service.interfaces["io.svcbroker"].methods)


@pytest.mark.parametrize("method", METHODS)
def test_varlinkctl_calls(guest, service, tree, profile, method):
    tree.register(profile, start=False)
    parameters = for_profile(METHODS[method], profile)
    if method == "Watch":
        with guest.running("varlinkctl", "--json=short", "--more", "--timeout=infinity", "call", SOCKET, "io.svcbroker.Watch",
                           json.dumps(parameters)) as line:
            (reply,) = read_until(line, "io.svcbroker.Watch", service, lambda _: True)
        assert reply["event"] == "present" and reply["service"]["name"] == f"gateway-{profile}"
        return
    result = guest.result(f"io.svcbroker.{method}", parameters)  # held against the interface there
    if method in ("Start", "Stop", "Restart", "Reset"):
        assert [outcome.get("error") for outcome in result["outcomes"]] == [None]
    if method == "Reconcile":
        assert {action["profile"]: action["action"] for action in result["actions"]}[profile] == "removed"


@pytest.mark.parametrize("method", METHODS)
def test_python_calls(guest, service, tree, profile, method):
    """python3-varlink reads the interface itself, and refuses what is not in it."""
    tree.register(profile, start=False)
    parameters = for_profile(METHODS[method], profile)
    more = method == "Watch"
    body = "say(next(broker.Watch(**json.loads(sys.argv[1]), _more=True)))" if more else f"say(broker.{method}(**json.loads(sys.argv[1])))"
    with guest.running(*guest.python(body, json.dumps(parameters))) as line:
        reply = {"parameters": line(), **({"continues": True} if more else {})}
    service.reply(f"io.svcbroker.{method}", more, reply)


def test_replies_larger_than_a_read(guest, tree, profile):
    """Both clients put together what comes in several pieces, and take apart what comes in one."""
    profiles = [f"{profile}-{number}" for number in range(60)]
    with tree.connect("root") as connection:  # hermes has a budget of orders
        for each in profiles:
            connection.send("Register", {"profile": each, "start": False})
        for _ in profiles:
            connection.result()
    names = {f"gateway-{each}" for each in profiles} | {"svcbrokerd"}
    services = guest.result("io.svcbroker.List")["services"]
    assert {service["name"] for service in services} == names and len(json.dumps(services)) > 8192
    with guest.running(*guest.python("""
    say(broker.List())
    watch = broker.Watch(_more=True)
    say([next(watch) for _ in range(int(sys.argv[1]))])
""", str(len(names)))) as line:
        assert {service["name"] for service in line()["services"]} == names
        assert {reply["service"]["name"] for reply in line()} == names
    with tree.connect("root") as connection:
        for each in profiles:
            connection.send("Unregister", {"profile": each, "timeout_msec": 1})
        for _ in profiles:
            assert connection.result() == {"removed": True, "persisted": True}
