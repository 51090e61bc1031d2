# SPDX-License-Identifier: ISC
"""Client.wait(), export(), import_() and select(), with a broker that comes and goes and says one thing after another; and that both clients have
the same methods."""

import asyncio
import contextlib
import inspect
import json
import os
import signal
import threading

import pytest

import svcbroker
from conftest import DEADLINE_SEC, HEALTH, SERVICE, wait_until
from svcbroker import _waiting, aio, intents
from svcbroker.replies import Service

NAME = "gateway-coder"


def service(state, name=NAME, **members):
    return {**SERVICE, "name": name, "state": state, "want": "up", "pid": None, **members}


class World:
    """What Status and Watch tell: of each name its state, and whoever watches is told of a change."""

    def __init__(self, **states):
        self.services = {name.replace("_", "-"): service(state, name.replace("_", "-")) for name, state in states.items()}
        self.watching = []
        self.heard = []
        self.lock = threading.Lock()
        self.silent = False

    def __call__(self, peer):
        try:
            self.answer(peer)
        finally:
            with self.lock:
                if peer in self.watching:
                    self.watching.remove(peer)

    def answer(self, peer):
        while (call := peer.receive()) is not None:
            method, given = call["method"].rpartition(".")[2], call.get("parameters", {})
            with self.lock:
                self.heard.append(method)
                if method == "Watch":
                    self.watching.append(peer)
                    for name in given["names"] if not self.silent else ():
                        if name in self.services:
                            peer.reply({"event": "present", "service": self.services[name]}, continues=True)
                elif method == "Status" and given["name"] in self.services:
                    peer.reply({"service": self.services[given["name"]]})
                elif method == "Status":
                    peer.reply({"name": given["name"]}, error="io.svcbroker.NoSuchService")
                elif method == "List":
                    peer.reply({"services": list(self.services.values())})
                else:
                    peer.reply(HEALTH)

    def put(self, state, name=NAME, **members):
        with self.lock:
            before = self.services.pop(name, None)
            if state is not None:
                self.services[name] = service(state, name, **members)
            for peer in self.watching:
                with contextlib.suppress(OSError):  # it has seen enough
                    peer.reply({"event": "changed" if state else "removed", "service": self.services.get(name) or before}, continues=True)

    def end(self):
        """As a broker that is restarted: every Watch ends."""
        with self.lock:
            for peer in self.watching:
                peer.connection.shutdown(2)


def later(world, act):
    """Once somebody watches."""
    def wait():
        wait_until(lambda: world.watching)
        act()
    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("until, first, then", [
    ("up", "down", "up"), ("ready", "starting", "up"), ("down", "up", "down"), ("failed", "up", "failed"), ("gone", "up", None), ("down", "up", None)])
def test_it_comes_about(fake, connect, until, first, then):
    world = World(gateway_coder=first)
    fake(world)
    thread = later(world, lambda: world.put(then))
    found = connect().wait(NAME, until=until, wait_sec=DEADLINE_SEC)
    thread.join()
    assert [one.state for one in found] == ([then] if then else [])


@pytest.mark.parametrize("until, state", [("up", "up"), ("ready", "up"), ("down", "down"), ("failed", "failed")])
def test_what_is_so_already_is_not_watched(fake, connect, until, state):
    world = World(gateway_coder=state)
    fake(world)
    (found,) = connect().wait(NAME, NAME, until=until, wait_sec=DEADLINE_SEC)
    assert (found.name, found.state, world.heard) == (NAME, state, ["Status"])


def test_what_the_default_gateway_serves_is_up(fake, connect):
    world = World(gateway_coder="down")
    fake(world)
    thread = later(world, lambda: world.put("held", cause="served"))
    (found,) = connect().wait(NAME, wait_sec=DEADLINE_SEC)
    thread.join()
    assert found.served


def test_several_in_the_order_of_the_names(fake, connect):
    world = World(gateway_a="up", gateway_b="starting", gateway_c="starting")
    fake(world)

    def act():
        world.put("up", "gateway-c")
        world.put("up", "gateway-b")
    thread = later(world, act)
    found = connect().wait("gateway-c", "gateway-b", "gateway-a", wait_sec=DEADLINE_SEC)
    thread.join()
    assert [one.name for one in found] == ["gateway-c", "gateway-b", "gateway-a"]


def test_what_goes_before_anybody_watches(fake, connect):
    """It was there when it was looked for, and Watch never tells of it."""
    world = World(gateway_coder="up")
    world.silent = True
    fake(world)
    thread = later(world, lambda: world.services.clear())
    assert connect().wait(NAME, until="gone", wait_sec=DEADLINE_SEC) == ()
    thread.join()
    assert world.heard.count("Status") > 1


def test_a_broker_that_is_started_again(fake, connect, path):
    """Also where it comes about while nobody watches."""
    world = World(gateway_coder="starting")
    first = fake(world)

    def act():
        first.close()
        world.end()
        world.services[NAME] = service("up")
        fake(world)
    thread = later(world, act)
    (found,) = connect().wait(NAME, wait_sec=DEADLINE_SEC)
    thread.join()
    assert found.state == "up"


@pytest.mark.parametrize("state, cause, error", [("failed", None, svcbroker.Failed), ("held", "elsewhere", svcbroker.Held)])
def test_what_a_person_alone_can_start(fake, connect, state, cause, error):
    world = World(gateway_coder="starting")
    fake(world)
    thread = later(world, lambda: world.put(state, cause=cause, reason="it is so"))
    with pytest.raises(error, match="it is so"):
        connect().wait(NAME, wait_sec=DEADLINE_SEC)
    thread.join()


def test_what_does_not_come_about(fake, connect):
    world = World(gateway_coder="down")
    fake(world)
    client = connect()
    with pytest.raises(svcbroker.WaitTimeout) as late:
        client.wait(NAME, wait_sec=0.2)
    assert late.value.service.state == "down" and late.value.waited_msec >= 200
    with pytest.raises(svcbroker.NoSuchService):
        client.wait(NAME, "nobody", until="down")
    assert client.wait("nobody", until="gone") == ()
    absent = next(filter(None, (gone_within(world, client, wait_sec) for wait_sec in (1.0, 8.0, 64.0))))
    assert absent.profile == "coder" and set(world.heard) == {"Status", "Watch"}


def gone_within(world, client, wait_sec):
    """What is told of a service that goes while it is waited for. None: on a busy machine it did not go within that time."""
    wait_until(lambda: not world.watching)
    world.put("down")
    over = threading.Event()
    thread = threading.Thread(target=lambda: [wait_until(lambda: world.watching or over.is_set()), world.put(None)])
    thread.start()
    try:
        with pytest.raises((svcbroker.NotRegistered, svcbroker.WaitTimeout)) as caught:
            client.wait(NAME, wait_sec=wait_sec)
    finally:
        over.set()
        thread.join()
    return caught.value if isinstance(caught.value, svcbroker.NotRegistered) else None


def test_nobody_there(connect):
    with pytest.raises(svcbroker.ConnectionFailed):
        connect().wait(NAME)


@pytest.mark.parametrize("names, options, error", [
    ((), {}, ValueError), ((NAME,), {"until": "soon"}, ValueError), ((NAME,), {"wait_sec": 0}, ValueError), ((NAME,), {"wait_sec": float("nan")}, ValueError),
    ((3,), {}, TypeError)])
def test_usage(connect, names, options, error):
    with pytest.raises(error):
        connect().wait(*names, **options)


def test_an_exception_out_of_it(fake, path):
    """What comes next is answered, and nobody watches any more."""
    class Enough(Exception):
        pass

    def handler(*_):
        raise Enough
    world = World(gateway_coder="down")
    fake(world)
    client = svcbroker.Client(path, timeout=DEADLINE_SEC)
    before = signal.signal(signal.SIGUSR1, handler)
    thread = later(world, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1))
    try:
        with pytest.raises(Enough):
            client.wait(NAME, wait_sec=DEADLINE_SEC)
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    assert client.status(NAME).state == "down" and client.health().services == 3
    wait_until(lambda: not world.watching)  # its Watch was closed


def test_a_client_that_is_closed_meanwhile(fake, connect):
    world = World(gateway_coder="down")
    fake(world)
    client = connect()
    for _ in range(2):  # it may be used again
        thread = later(world, client.close)
        with pytest.raises(svcbroker.ConnectionFailed, match="the client was closed meanwhile"):
            client.wait(NAME, wait_sec=DEADLINE_SEC)
        thread.join()
        wait_until(lambda: not world.watching)


def test_more_waits_than_watches(fake, path, monkeypatch):
    """Of one aio.Client, which have their turns."""
    at_once, most, steps = 0, 0, _waiting.Waiting.steps

    def counted(waiting):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return (yield from steps(waiting))
        finally:
            at_once -= 1

    monkeypatch.setattr(_waiting.Waiting, "steps", counted)
    world = World(**{f"gateway_{number}": "up" for number in range(30)})
    fake(world)

    async def use():
        client = aio.Client(path, timeout=DEADLINE_SEC)
        tasks = [asyncio.ensure_future(client.wait(f"gateway-{number}", until="down", wait_sec=DEADLINE_SEC)) for number in range(30)]
        while len(world.watching) < aio.WATCHES_MAX:
            await asyncio.sleep(0.005)
        for number in range(30):
            await asyncio.to_thread(world.put, "down", f"gateway-{number}")
        await asyncio.gather(*tasks)
        client.close()
    asyncio.run(use())
    assert most == aio.WATCHES_MAX


# Keeping and restoring

class Gateways:
    """Registers, starts and stops, and fails of one."""

    def __init__(self, *there):
        self.there = set(there)
        self.heard = []

    def __call__(self, peer):
        while (call := peer.receive()) is not None:
            method, given = call["method"].rpartition(".")[2], call["parameters"]
            profile = given.get("profile") or (given.get("names") or [given.get("name")])[0].removeprefix("gateway-")
            self.heard.append((method, profile, given.get("environment"), given.get("start")))
            shown = service("up", f"gateway-{profile}", profile=profile)
            if profile == "broken":
                peer.reply({"name": profile, "reason": "no"}, error="io.svcbroker.Protected")
            elif method == "Status" and profile not in self.there:
                peer.reply({"profile": profile}, error="io.svcbroker.NotRegistered")
            elif method == "Status":
                peer.reply({"service": shown})
            elif method == "Register":
                peer.reply({"service": shown, "created": profile not in self.there, "changed": False, "persisted": True})
            elif profile == "late":
                peer.reply({"name": shown["name"], "reason": "its supervisor is gone"}, error="io.svcbroker.Unsupervised")
            else:
                peer.reply({"outcomes": [{"name": shown["name"], "service": shown, "persisted": False}]})


DOCUMENT = {"version": 1, "gateways": [
    {"profile": "new", "want": "up", "environment": {"A": "b"}}, {"profile": "broken", "want": "up"}, {"profile": "old", "want": "down"},
    {"profile": "late", "want": "up"}]}


def test_import(fake, connect):
    broker = Gateways("old", "late")
    fake(broker)
    client = connect()
    would = client.import_(DOCUMENT, dry_run=True)
    assert [(one.profile, one.action) for one in would] == [("new", "register"), ("broken", "refuse"), ("old", "stop"), ("late", "start")]
    assert {heard[0] for heard in broker.heard} == {"Status"}
    broker.heard.clear()
    done = client.import_(json.loads(json.dumps(DOCUMENT)))
    assert [(one.profile, one.action, one.persisted) for one in done] == [
        ("new", "register", True), ("broken", "refuse", True), ("old", "stop", False), ("late", "refuse", True)]
    assert isinstance(done[1].error, svcbroker.Protected) and isinstance(done[3].error, svcbroker.Unsupervised) and done[0].error is None
    assert broker.heard == [("Register", "new", {"A": "b"}, True), ("Register", "broken", None, True), ("Register", "old", None, False),
                            ("Stop", "old", None, None), ("Register", "late", None, True), ("Start", "late", None, None)]


@pytest.mark.parametrize("document", [
    None, "text", [{"profile": "coder", "want": "up"}], {}, {"version": 2, "gateways": []}, {"version": 1}, {"version": 1, "gateways": {}}, {"version": 1, "gateways": ["coder"]},
    {"version": 1, "gateways": [{"profile": "coder"}]}, {"version": 1, "gateways": [{"profile": 3, "want": "up"}]},
    {"version": 1, "gateways": [{"profile": "fine", "want": "up"}, {"profile": "coder", "want": "up", "environment": ["A"]}]}])
def test_what_is_no_such_document_orders_nothing(connect, document):
    with pytest.raises(ValueError):
        connect().import_(document)


def test_a_document_of_a_newer_version_is_called_one(connect):
    with pytest.raises(ValueError, match="of version 2, which a newer svcbroker gave"):
        connect().import_({"version": 2, "gateways": {}})


def test_export(fake, connect):
    world = World(gateway_coder="up", gateway_writer="down")
    world.services["gateway-writer"].update(profile="writer", want="down")
    world.services["dashboard"] = service("up", "dashboard", kind="static", profile=None)
    fake(world)
    client = connect()
    both = {"version": 1, "gateways": [{"profile": "coder", "want": "up"}, {"profile": "writer", "want": "down"}]}
    assert client.export() == both and client.export("gateway-writer") == {"version": 1, "gateways": both["gateways"][1:]}
    with pytest.raises(svcbroker.NoSuchService):
        client.export("gateway-nobody")
    with pytest.raises(ValueError, match="is no gateway"):
        client.export("dashboard")


@pytest.fixture
def volume(tmp_path):
    (tmp_path / ".svcbroker/intent").mkdir(parents=True)
    (tmp_path / "secret").write_text('{"environment": {"SECRET": "root\'s"}}')
    return tmp_path


def environment(volume, **members):
    given = Service(**{**service("up", log_directory=f"{volume}/logs/gateways/coder"), "last_exit": None, **members})
    return intents.environments([given])[NAME]


def record(volume):
    return volume / ".svcbroker/intent/coder"


def owned(volume):
    """By somebody: a volume that is root's alone has no client user."""
    uid = os.getuid() or 1
    for path in (volume, volume / ".svcbroker", *volume.rglob("*")):
        os.chown(path, uid, -1, follow_symlinks=False)


def test_variables_are_read_on_the_volume(volume):
    record(volume).write_text('{"version": 1, "want": "up", "environment": {"A": "b"}}')
    owned(volume)
    assert environment(volume) == {"A": "b"}
    record(volume).write_text('{"version": 1, "want": "up"}')
    assert environment(volume) == {}


@pytest.mark.parametrize("attack, error", [
    (lambda volume: record(volume).symlink_to(volume / "secret"), OSError), (lambda volume: record(volume).hardlink_to(volume / "secret"), OSError),
    (lambda volume: os.mkfifo(record(volume)), OSError), (lambda volume: record(volume).mkdir(), OSError), (lambda volume: None, FileNotFoundError),
    (lambda volume: record(volume).write_text("nonsense"), ValueError), (lambda volume: record(volume).write_text("[" * 60000), ValueError),
    (lambda volume: record(volume).write_text(" " * 70000), ValueError), (lambda volume: record(volume).write_text('{"environment": {"A": 1}}'), ValueError),
    (lambda volume: ((volume / ".svcbroker").rename(volume / "other"), (volume / ".svcbroker").symlink_to(volume / "other")), OSError)],
    ids=["link", "hard link", "fifo", "directory", "none", "nonsense", "deep", "large", "number", "above"])
def test_a_record_that_is_none(volume, attack, error):
    """Whatever the client user has put in its place: it is not followed, and nothing hangs."""
    attack(volume)
    owned(volume)
    with pytest.raises(error):
        environment(volume)


def test_variables_of_what_has_no_known_place(volume):
    for directory in (None, "/x", f"{volume}/logs/gateways/"):
        with pytest.raises(OSError):
            environment(volume, log_directory=directory)


# Choosing

EVERY = [Service(**{**service(state, name, profile=name.partition("-")[2] or None, want=want, **more), "last_exit": None}) for name, state, want, more in (
    ("dashboard", "up", "up", {}), ("gateway-play", "up", "up", {}), ("gateway-work-a", "up", "up", {}), ("gateway-work-b", "backoff", "up", {}),
    ("gateway-work-c", "down", "down", {}), ("gateway-dashboard", "held", "up", {"cause": "served"}))]


@pytest.mark.parametrize("words, options, found", [
    ((), {}, [0, 1, 2, 3, 4, 5]), (("work-*",), {}, [2, 3, 4]), (("gateway-work-[ab]",), {}, [2, 3]), (("play", "work-c"), {}, [1, 4]), (("dashboard",), {}, [0]),
    (("*dash*",), {"gateways": True}, [5]), ((), {"gateways": True, "state": "up"}, [1, 2]), (("work-?",), {"state": ("down", "backoff")}, [3, 4]),
    ((), {"wanted": "down"}, [4]), ((), {"state": "served"}, [5]), ((), {"state": "held"}, []), (("nobody", "x*"), {}, [])])
def test_select(words, options, found):
    assert svcbroker.select(EVERY, *words, **options) == tuple(EVERY[number] for number in found)


@pytest.mark.parametrize("options", [{"state": "nonsense"}, {"state": ("up", "")}, {"wanted": "yes"}])
def test_select_knows_its_words(options):
    with pytest.raises(ValueError):
        svcbroker.select(EVERY, **options)


def test_both_clients_have_the_same_methods():
    names = [name for name in dir(svcbroker.Client) if not name.startswith("_")]
    assert names == [name for name in dir(aio.Client) if not name.startswith("_")]
    for name in names:
        ours, theirs = getattr(svcbroker.Client, name), getattr(aio.Client, name)
        plain, awaited = inspect.signature(ours), inspect.signature(theirs)
        assert plain.parameters == awaited.parameters, name
        if ours is not theirs and name != "watch":
            assert inspect.iscoroutinefunction(theirs) and plain.return_annotation == awaited.return_annotation, name
        assert inspect.getdoc(ours), name
