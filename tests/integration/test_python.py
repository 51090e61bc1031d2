# SPDX-License-Identifier: ISC
"""The Python package, as it is installed, against the real broker: each method, and a broker that is killed."""

import json
import threading

import pytest

import idl
from tree import SLOW_TO_SETTLE, wait_until

INSTALLED = "/usr/local/share/svcbroker/python"

# A script for both clients: `client` is svcbroker.Client or svcbroker.aio.Client, do() finishes what it returns.
BLOCKING = """
import dataclasses, json, os, sys, time, svcbroker
client = svcbroker.Client(timeout=60)
def do(result): return result
def each(iterator): return list(iterator)
def following(watch): return next(watch)
"""
ASYNCIO = """
import asyncio, dataclasses, json, os, sys, time, svcbroker, svcbroker.aio
client = svcbroker.aio.Client(timeout=60)
loop = asyncio.new_event_loop()
def do(coroutine): return loop.run_until_complete(coroutine)
def each(iterator):
    async def all(): return [element async for element in iterator]
    return do(all())
def following(watch):
    async def next(): return await watch.__anext__()
    return do(next())
"""
SAY = """
def plain(value):
    return [plain(element) for element in value] if isinstance(value, (tuple, list)) else dataclasses.asdict(value)
def say(value): print(json.dumps(value if isinstance(value, (str, bool, dict)) else plain(value)), flush=True)
def refused(call, *arguments, **options):
    try: do(call(*arguments, **options))
    except svcbroker.Error as error: say({"class": type(error).__name__, "text": str(error)})
    else: raise AssertionError("it is not refused")
"""

END = """
client.close()
if "loop" in globals():
    do(asyncio.sleep(0))
    loop.close()
"""


@pytest.fixture(params=[BLOCKING, ASYNCIO], ids=["blocking", "asyncio"])
def python(tree, request):
    def run(script, *arguments, user="hermes", of=tree):
        result = of.run(user, "env", f"PYTHONPATH={INSTALLED}", "python3", "-B", "-W", "error", "-c",
                        request.param + SAY + script + END, *arguments)
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""
        return [json.loads(line) for line in result.stdout.splitlines()]
    return run


@pytest.fixture
def fits(service):
    """fits(method, value): holds a reply, made of what the client gave, against the interface file."""
    def check(method, value):
        interface = service.interfaces["io.svcbroker"]
        service.struct(interface, interface.methods[method][1][1], value, method)
    return check


def test_every_method(tree, profile, python, fits):
    name = f"gateway-{profile}"
    (made, again, services, one, started, stopped, restarted, reset, each, health, checks, actions, removed) = python("""
profile = sys.argv[1]
name = "gateway-" + profile
say(do(client.register(profile, environment={"A": "b"}, start=False)))
say(do(client.register(profile)))
say(do(client.list()))
say(do(client.status(name)))
say(do(client.start(name, wait=True, wait_sec=60)))
say(do(client.stop(name, wait=True, wait_sec=60)))
say(do(client.restart(name)))
say(do(client.reset(name)))
say(each(client.stop_each(name, "gateway-default", wait=True, wait_sec=60)))
say(do(client.health()))
say(do(client.diagnose()))
say(do(client.reconcile(dry_run=True)))
say(do(client.unregister(profile, kill_after_sec=5)))
""", profile)
    fits("Register", made)
    assert (made["created"], made["changed"], made["service"]["want"]) == (True, False, "down")
    assert (again["created"], again["changed"]) == (False, False)
    fits("List", {"services": services})
    assert name in [service["name"] for service in services]
    fits("Status", {"service": one})
    for method, outcomes, state in (("Start", started, "up"), ("Stop", stopped, "down")):
        fits(method, {"outcomes": outcomes})
        assert outcomes[0]["service"]["state"] == state
    fits("Restart", {"outcomes": restarted})
    fits("Reset", {"outcomes": reset})
    fits("Stop", {"outcomes": each})
    assert {outcome["name"] for outcome in each} == {name, "gateway-default"}
    fits("Health", health)
    fits("Diagnose", {"checks": checks})
    fits("Reconcile", {"actions": actions})
    fits("Unregister", removed)
    assert removed["removed"]


def test_errors(python, profile):
    said = python("""
refused(client.status, "nobody")
refused(client.status, "gateway-" + sys.argv[1])
refused(client.start, "gateway-" + sys.argv[1])
refused(client.register, "../x")
refused(client.register, sys.argv[1], environment={"HERMES_HOME": "x"})
refused(client.unregister, "default")
refused(client.stop, "svcbrokerd")
refused(client.signal, "gateway-default", signal="NONE")
refused(client.call, "Nonsense")
refused(client.call, "Status", {"nam": "x"})
refused(client.call, "org.example.X")
say(do(client.call("org.varlink.service.GetInfo")))
""", profile)
    assert [line["class"] for line in said[:-1]] == [
        "NoSuchService", "NotRegistered", "NotRegistered", "InvalidName", "InvalidEnvironment", "Protected", "Protected",
        "InvalidParameter", "MethodNotFound", "InvalidParameter", "InterfaceNotFound"]
    assert said[0]["text"] == "NoSuchService: nobody"
    assert "io.svcbroker" in said[-1]["interfaces"]


def test_observer_may_look(make_tree, python):
    """By the socket beside the one that refuses it, as svcctl."""
    health, waited, denied = python("""
say(do(client.health()))
say(do(client.wait("svcbrokerd", wait_sec=60)))
refused(client.start, "gateway-default")
""", user="observer", of=make_tree("--observer-group", "observers"))
    assert health["services"] > 0 and denied["class"] == "PermissionDenied" and waited[0]["name"] == "svcbrokerd"


def test_stranger_is_refused(python):
    assert python("refused(client.health)", user="stranger") == [
        {"class": "ConnectionFailed", "text": "/run/svcbroker/io.svcbroker: Permission denied"}]


def test_failed_wait(make_tree, python):
    tree = make_tree(*SLOW_TO_SETTLE)
    tree.register("ends", "exit:78", start=False)
    said, = python("refused(client.start, 'gateway-ends', wait=True, wait_sec=60)", of=tree)
    assert said["class"] == "Failed" and said["text"].startswith("Failed: gateway-ends: ")


def test_watch(profile, python):
    present, up, down = python("""
name = "gateway-" + sys.argv[1]
do(client.register(sys.argv[1], start=False))
watch = client.watch(name, timeout=60)
say(following(watch))
do(client.start(name, wait=True))
event = following(watch)
while event.service.state != "up": event = following(watch)
say(event)
do(client.stop(name))
while event.service.state != "down": event = following(watch)
say(event)
watch.close()
""", profile)
    assert (present["event"], up["event"], down["event"]) == ("present", "changed", "changed")


def test_wait_export_and_import(tree, profile, python):
    """What svcctl says of the same, and what it takes, is the same."""
    other = f"{profile}-2"
    up, down, gone, refused, kept, would, done, again, selected = python("""
import threading
profile, other = sys.argv[1:]
names = ["gateway-" + profile, "gateway-" + other]
with svcbroker.Client(timeout=60) as person:
    person.register(profile, environment={"SECRET": "s3cret", "EMPTY": ""}, start=False)
    person.register(other, start=False)
    def later(act):
        def run():
            time.sleep(0.1)
            act()
        thread = threading.Thread(target=run)
        thread.start()
        return thread
    starting = later(lambda: person.start(*names))
    say(do(client.wait(*names, wait_sec=60)))
    starting.join()  # its answer is one for that call, and not for the next
    person.stop(names[1])
    say(do(client.wait(names[1], until="down", wait_sec=60)))
    kept = do(client.export(*names, with_environment=True))
    leaving = later(lambda: person.unregister(profile, kill_after_sec=1))
    say(list(do(client.wait(names[0], until="gone", wait_sec=60))))
    leaving.join()
    refused(client.wait, names[0], wait_sec=60)
    say(kept)
    say({"actions": [one.action for one in do(client.import_(kept, dry_run=True))]})
    say({"actions": [one.action for one in do(client.import_(kept))]})
    do(client.wait(names[0], wait_sec=60))
    say(do(client.export(*names, with_environment=True)))
    say({"names": [one.name for one in svcbroker.select(do(client.list()), profile + "*", wanted="down")]})
""", profile, other)
    assert [service["state"] for service in up] == ["up", "up"] and down[0]["state"] == "down" and gone == []
    assert refused == {"class": "NotRegistered", "text": f"NotRegistered: {profile}"}
    assert kept == again == {"version": 1, "gateways": [
        {"profile": profile, "want": "up", "environment": {"SECRET": "s3cret", "EMPTY": ""}}, {"profile": other, "want": "down", "environment": {}}]}
    assert would == done == {"actions": ["register", "stop"]} and selected == {"names": [f"gateway-{other}"]}
    told = tree.run("hermes", "svcctl", "export", "--with-environment", profile, other, "--json")
    assert json.loads(told.stdout) == kept
    tree.unregister(other)


@pytest.mark.parametrize("how", ["killed", "restarted"])
def test_broker_that_comes_back(make_tree, python, how):
    """A client that was idle meanwhile does not notice, whatever it calls next."""
    tree = make_tree()
    tree.register("coder")
    said = {}

    def use():
        said["all"] = python("""
do(client.health())
open("/opt/data/connected", "w").close()
while not os.path.exists("/opt/data/back"): time.sleep(0.02)
say(do(client.restart("gateway-coder")))
say(do(client.health()))
""", of=tree)

    thread = threading.Thread(target=use)
    thread.start()
    try:
        wait_until(lambda: tree.run("root", "test", "-e", "/opt/data/connected").returncode == 0, what="a client is connected")
        if how == "killed":
            tree.kill_broker()
        else:
            tree.stop_broker()
            tree.start_broker()
    finally:
        tree.run("hermes", "touch", "/opt/data/back")
        thread.join()
    outcomes, health = said["all"]
    assert outcomes[0]["error"] is None and health["services"] > 0


def test_wait_over_a_killed_broker(make_tree, python):
    """An order that waits is given again to the broker that comes back."""
    tree = make_tree()
    tree.register("slow", "ignore-term")
    pid = tree.wait_gateway("slow")
    said = {}
    thread = threading.Thread(target=lambda: said.update(
        all=python("say(do(client.stop('gateway-slow', wait=True, wait_sec=60)))", of=tree)))
    thread.start()
    wait_until(lambda: tree.state("slow")["state"] == "stopping", what="the stop is under way")
    tree.kill_broker()
    wait_until(lambda: tree.state("slow")["state"] == "stopping", what="the stop is under way again")
    tree.signal("KILL", pid)
    thread.join()
    assert said["all"][0][0]["service"]["state"] == "down"


def test_waiting_over_a_killed_broker(make_tree, python):
    """What comes about while there is none is seen, too."""
    tree = make_tree()
    tree.register("coder", start=False)
    said = {}
    thread = threading.Thread(target=lambda: said.update(all=python("""
say(do(client.status("gateway-coder")))
open("/opt/data/waiting", "w").close()
say(do(client.wait("gateway-coder", wait_sec=300)))
""", of=tree)))
    thread.start()
    wait_until(lambda: tree.run("root", "test", "-e", "/opt/data/waiting").returncode == 0, what="it waits")
    tree.kill_broker()
    tree.call("Start", names=["gateway-coder"])
    thread.join()
    assert said["all"][1][0]["state"] == "up"


def test_an_alarm_in_an_order_that_waits(tree, profile):
    """What is asked next is answered, and not with the outcome of what was broken off."""
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    result = tree.run("hermes", "env", f"PYTHONPATH={INSTALLED}", "python3", "-B", "-W", "error", "-c", """
import signal, sys, svcbroker
class SoftTimeLimitExceeded(Exception): pass
def handler(*_): raise SoftTimeLimitExceeded
signal.signal(signal.SIGALRM, handler)
client = svcbroker.Client(timeout=60)
name = "gateway-" + sys.argv[1]
for number in range(3):
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try: client.stop(name, wait=True, wait_sec=60)
    except SoftTimeLimitExceeded: pass
    else: raise AssertionError("it waits")
    assert client.health().services > 0
    assert name in [service.name for service in client.list()]
assert client.status(name).state == "stopping"
""", profile)
    tree.signal("KILL", pid)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_reader_that_has_enough(tree):
    result = tree.run("hermes", "timeout", "150", "bash", "-c", f"""
export PYTHONPATH={INSTALLED} PYTHONDONTWRITEBYTECODE=1
python3 -m svcbroker --more Watch | head -n 1
echo "${{PIPESTATUS[*]}}"
python3 -m svcbroker List >/dev/full
echo $?
python3 -m svcbroker List >&-
echo $?
""")
    event, codes, full, closed = result.stdout.splitlines()
    assert json.loads(event)["event"] == "present" and (codes, full, closed) == ("0 0", "1", "1")
    assert result.stderr == "svcbroker: stdout: could not be written: make room, or send it elsewhere\n" * 2


def test_pip_as_hermes(tree):
    """Of the wheel, and of root's directory, without a network; the directory stays as it is."""
    def listing():
        return tree.run("root", "find", "/usr/local/share/svcbroker", "(", "-type", "f", "-printf", "%T@ ", ",", "-print", ")", check=True).stdout
    before = listing()
    tree.run("hermes", "python3", "-m", "venv", "/opt/data/pip", check=True)
    for what in ("/usr/local/share/svcbroker/svcbroker-*-py3-none-any.whl", INSTALLED):
        for user in ("hermes", "root"):
            done = tree.run(user, "sh", "-c", f"/opt/data/pip/bin/pip install --no-index --force-reinstall {what}")
            assert done.returncode == 0, done.stderr
            done = tree.run("hermes", "/opt/data/pip/bin/python3", "-B", "-c", """if True:
                import sys
                assert "svcbroker_hermes" in sys.modules
                import svcbroker
                assert svcbroker.Client().health().services > 0 and svcbroker.__file__.startswith("/opt/data/pip/")
            """)
            assert done.returncode == 0, done.stderr
            tree.run("root", "chown", "-R", "hermes:hermes", "/opt/data/pip", check=True)
    assert listing() == before


def test_module_for_scripts(tree, service):
    def call(*words, user="hermes"):
        return tree.run(user, "env", f"PYTHONPATH={INSTALLED}", "python3", "-B", "-m", "svcbroker", *words)

    result = call("List")
    assert result.returncode == 0
    interface = service.interfaces["io.svcbroker"]
    service.struct(interface, interface.methods["List"][1][1], idl.strict_json(result.stdout), "List")
    result = call("Status", '{"name": "nobody"}')
    assert result.returncode == 4 and json.loads(result.stdout)["error"] == "io.svcbroker.NoSuchService"
    assert call("Health", user="stranger").returncode == 69
