# SPDX-License-Identifier: ISC
"""svcbroker.Client against a broker that behaves in ways a real one rarely does. Both clients: the blocking one, and aio's."""

import asyncio
import json
import sys
import threading
import time

import pytest

import svcbroker
import svcbroker.aio
from conftest import DEADLINE_SEC, HEALTH, SERVICE, answering
from svcbroker import _calls


def raw(data):
    """A connection that answers the first call with those bytes, and ends."""
    def serve(peer):
        peer.receive()
        peer.send(data)
    return serve


def test_reply_becomes_types(fake, connect):
    fake(answering({"service": SERVICE}))
    service = connect().status("gateway-coder")
    assert (service.name, service.profile, service.state, service.pid, service.running) == ("gateway-coder", "coder", "up", 42, True)
    assert service.last_exit == svcbroker.Exit(1, None, 1)
    with pytest.raises(AttributeError):
        service.state = "down"
    assert svcbroker.moment(1_500_000).isoformat() == "1970-01-01T00:00:01.500000+00:00"


@pytest.mark.parametrize("method, arguments, options, call, parameters", [
    ("list", (), {}, "List", {}),
    ("status", ("x",), {}, "Status", {"name": "x"}),
    ("start", ("x", "y"), {}, "Start", {"names": ["x", "y"]}),
    ("start", (), {"all": True, "wait": True, "wait_sec": 1.5}, "Start", {"all": True, "wait": "up", "timeout_msec": 1500}),
    ("stop", ("x",), {"wait": True}, "Stop", {"names": ["x"], "wait": "down", "timeout_msec": 30000}),
    ("restart", ("x",), {"wait": True, "wait_sec": 600}, "Restart", {"names": ["x"], "wait": "up", "timeout_msec": 600000}),
    ("reset", ("x",), {}, "Reset", {"names": ["x"]}),
    ("stop", ("x",), {"kill_after_sec": 0}, "Stop", {"names": ["x"], "kill_after_msec": 0}),
    ("restart", ("x",), {"kill_after_sec": 1.5}, "Restart", {"names": ["x"], "kill_after_msec": 1500}),
    ("signal", ("x",), {"signal": "KILL"}, "Signal", {"names": ["x"], "signal": "KILL"}),
    ("register", ("x",), {}, "Register", {"profile": "x"}),
    ("register", ("x",), {"environment": {}, "start": False}, "Register", {"profile": "x", "environment": {}, "start": False}),
    ("unregister", ("x",), {"kill_after_sec": 0.5}, "Unregister", {"profile": "x", "timeout_msec": 500}),
    ("reconcile", (), {"dry_run": True}, "Reconcile", {"dry_run": True}),
    ("health", (), {}, "Health", {}),
    ("diagnose", (), {}, "Diagnose", {}),
])
def test_what_is_sent(fake, connect, method, arguments, options, call, parameters):
    seen = []

    def serve(peer):
        seen.append(peer.receive())
        peer.reply({"services": [], "service": SERVICE, "outcomes": [], "created": True, "changed": False, "persisted": True,
                    "removed": True, "actions": [], "checks": [], **HEALTH, "services": [] if method == "list" else 0})
    fake(serve)
    getattr(connect(), method)(*arguments, **options)
    assert seen[0].pop("method") == f"io.svcbroker.{call}"
    in_pieces = call in ("List", "Reconcile", "Health") or (call == "Start" and parameters.get("names") != ["x"])
    assert seen[0].pop("more", False) is in_pieces
    assert seen[0].pop("parameters", {}) == parameters and seen[0] == {}


@pytest.mark.parametrize("method, arguments, options, error", [
    ("start", (), {}, ValueError),
    ("start", ("x",), {"all": True}, ValueError),
    ("stop", ("x",), {"wait": True, "wait_sec": 0}, ValueError),
    ("stop", ("x",), {"wait": True, "wait_sec": 600.001}, ValueError),
    ("stop", ("x",), {"wait": True, "wait_sec": float("nan")}, ValueError),
    ("start", (b"x",), {}, TypeError),
    ("reset", (), {}, ValueError),
    ("unregister", ("x",), {"kill_after_sec": -1}, ValueError),
    ("status", ("x" * 70000,), {}, ValueError),
    ("call", ("Status", {"name": float("nan")}), {}, ValueError),
])
def test_wrong_arguments_are_not_sent(connect, method, arguments, options, error):
    with pytest.raises(error):
        getattr(connect(), method)(*arguments, **options)


def test_timeout_must_be_positive(path):
    for cls in (svcbroker.Client, svcbroker.aio.Client):
        with pytest.raises(ValueError):
            cls(path, timeout=0)


def test_reply_in_pieces(fake, connect):
    def serve(peer):
        peer.receive()
        for byte in json.dumps({"parameters": HEALTH}).encode() + b"\0":
            peer.send(bytes([byte]))
    fake(serve)
    assert connect().health().services == 3


def pieces_of(services):
    """A reply, one service a piece."""
    for at, service in enumerate(services):
        yield json.dumps({"parameters": {"services": [service]}, **({"continues": True} if at < len(services) - 1 else {})})


def test_pieces_of_a_reply_are_one(fake, connect):
    names = [f"gateway-{number}" for number in range(500)]

    def serve(peer):
        while peer.receive():
            peer.send(b"".join(piece.encode() + b"\0" for piece in pieces_of([{**SERVICE, "name": name} for name in names])))
    fake(serve)
    client = connect()
    for _ in range(2):
        assert [service.name for service in client.list()] == names


def test_an_error_behind_a_piece(fake, connect):
    def serve(peer):
        peer.receive()
        peer.send(json.dumps({"parameters": {"services": [SERVICE]}, "continues": True}).encode() + b"\0")
        peer.send(json.dumps({"error": "io.svcbroker.LimitExceeded", "parameters": {"limit": "x", "value": 1}}).encode() + b"\0")
    fake(serve)
    with pytest.raises(svcbroker.LimitExceeded):
        connect().list()


@pytest.mark.parametrize("piece", [{}, {"services": None}, {"services": {}}], ids=["none", "null", "object"])
def test_a_piece_that_is_none(fake, connect, piece):
    def serve(peer):
        peer.receive()
        peer.send(json.dumps({"parameters": {"services": [SERVICE]}, "continues": True}).encode() + b"\0")
        peer.send(json.dumps({"parameters": piece}).encode() + b"\0")
    fake(serve)
    with pytest.raises(svcbroker.ProtocolError):
        connect().list()


def test_two_replies_in_one_read(fake, connect):
    def serve(peer):
        assert peer.receive()["more"] is True
        one, two = ({"event": event, "service": SERVICE} for event in ("present", "changed"))
        peer.send(b"".join(json.dumps({"parameters": event, "continues": True}).encode() + b"\0" for event in (one, two)))
        peer.receive()
    fake(serve)
    watch = connect().watch(timeout=DEADLINE_SEC)
    assert [next(watch).event, next(watch).event] == ["present", "changed"]
    watch.close()
    with pytest.raises(StopIteration):
        next(watch)


def test_watch_goes_on_after_a_silence(fake, connect):
    go = threading.Event()

    def serve(peer):
        peer.receive()
        go.wait(DEADLINE_SEC)
        peer.reply({"event": "present", "service": SERVICE}, continues=True)
        peer.receive()
    fake(serve)
    watch = connect().watch("gateway-coder", timeout=0.05)
    with pytest.raises(svcbroker.TimedOut):
        next(watch)
    go.set()
    for _ in range(int(DEADLINE_SEC / 0.05)):
        try:
            assert next(watch).service.name == "gateway-coder"
            break
        except svcbroker.TimedOut:
            continue
    else:
        raise AssertionError("no event")
    watch.close()


def test_watch_says_when_the_broker_ends(fake, connect):
    fake(lambda peer: peer.receive() and None)
    with pytest.raises(svcbroker.ConnectionFailed):
        next(connect().watch())


def test_outcomes_one_by_one(fake, connect):
    held = {"name": "b", "service": None, "persisted": False, "persist_error": None, "error": "io.svcbroker.Held",
            "error_parameters": {"name": "b", "reason": "elsewhere"}}
    fine = {"name": "a", "service": SERVICE, "persisted": True, "persist_error": None, "error": None, "error_parameters": None}

    def serve(peer):
        assert peer.receive()["more"] is True
        peer.reply({"outcomes": [fine]}, continues=True)
        peer.reply({"outcomes": [held]})
    fake(serve)
    outcomes = list(connect().start_each("a", "b"))
    assert [svcbroker.failure(outcome) is None for outcome in outcomes] == [True, False]
    error = svcbroker.failure(outcomes[1])
    assert isinstance(error, svcbroker.Held) and (error.name, error.reason) == ("b", "elsewhere")


def test_leaving_a_stream_leaves_the_client_usable(fake, connect):
    def stream(peer):
        peer.receive()
        for number in range(100000):
            peer.reply({"number": number}, continues=True)
    fake(stream, answering(HEALTH))
    client = connect()
    replies = client.stream("Anything")
    assert next(replies) == {"number": 0}
    replies.close()
    assert client.health().healthy


@pytest.mark.parametrize("name, cls, parameters", [
    ("io.svcbroker.NoSuchService", svcbroker.NoSuchService, {"name": "x"}),
    ("io.svcbroker.WaitTimeout", svcbroker.WaitTimeout, {"service": SERVICE, "waited_msec": 5}),
    ("org.varlink.service.PermissionDenied", svcbroker.PermissionDenied, {}),
    ("io.svcbroker.FromTheFuture", svcbroker.BrokerError, {"anything": [1]}),
])
def test_error_reply_is_raised(fake, connect, name, cls, parameters):
    def serve(peer):
        peer.receive()
        peer.reply(parameters, error=name)
        peer.receive()
        peer.reply(HEALTH)
    fake(serve)
    client = connect()
    with pytest.raises(svcbroker.BrokerError) as caught:
        client.status("x")
    assert type(caught.value) is cls and caught.value.error == name and caught.value.parameters == parameters
    for field, value in parameters.items():
        if cls is not svcbroker.BrokerError and field != "service":
            assert getattr(caught.value, field) == value
    assert client.health().healthy  # on the same connection


@pytest.mark.parametrize("data", [
    b"\0", b"nonsense\0", b"[]\0", b"null\0", b'{"parameters": []}\0', b'{"error": 5}\0', b'{"parameters": NaN}\0', b"\xff\0",
    b"[" * 100000 + b"\0", b'{"error": "io.svcbroker.Held", "parameters": {"name": 5, "reason": "x"}}\0',
    b'{"parameters": {}}\0', b'{"parameters": {"healthy": 1, "problems": [], "services": 1, "wanted": 1, "up": 1}}\0',
    b'{"parameters": {"healthy": true, "problems": [1], "services": 1, "wanted": 1, "up": 1}}\0',
    b'{"parameters": {"healthy": true, "problems": [], "services": true, "wanted": 1, "up": 1}}\0',
    b"x" * (4 * 1024 * 1024 + 1),
])
def test_hostile_reply(fake, connect, data):
    fake(raw(data))
    with pytest.raises(svcbroker.ProtocolError):
        connect().health()


def test_value_that_nests():
    """What is said of it nests no deeper than can be said: whoever calls has a stack of its own below."""
    value = []
    for _ in range(sys.getrecursionlimit()):
        value = [value]
    with pytest.raises(svcbroker.ProtocolError):
        _calls.health().decode({"healthy": value})


def test_long_value(fake, connect):
    """What stands in the place of another type is shown in part."""
    fake(raw(b'{"parameters": {"healthy": "' + b"x" * 1000000 + b'"}}\0'))
    with pytest.raises(svcbroker.ProtocolError) as caught:
        connect().health()
    assert len(str(caught.value)) < 1000


def test_largest_reply(fake, connect):
    text = json.dumps({"parameters": {**HEALTH, "more": ""}}).encode()
    fake(raw(text.replace(b'"more": ""', b'"more": "' + b"x" * (4 * 1024 * 1024 - len(text)) + b'"') + b"\0"))
    assert connect().health().up == 2


def test_no_broker(connect, path):
    with pytest.raises(svcbroker.ConnectionFailed) as caught:
        connect().health()
    assert path in str(caught.value) and not caught.value.sent


def test_no_answer(fake, connect):
    fake(lambda peer: [peer.receive(), peer.receive()] and None, answering(HEALTH))
    client = connect(timeout=0.2)
    begun = time.monotonic()
    with pytest.raises(svcbroker.TimedOut):
        client.health()
    assert time.monotonic() - begun >= 0.2
    getattr(client, "client", client).timeout = DEADLINE_SEC
    assert client.health().healthy  # the late answer would have been another call's


def test_trickle_does_not_prolong(fake, connect):
    """The timeout is for the whole reply."""
    end = threading.Event()

    def serve(peer):
        peer.receive()
        while not end.wait(0.02):
            peer.send(b" ")
    fake(serve)
    with pytest.raises(svcbroker.TimedOut):
        connect(timeout=0.3).health()
    end.set()


def test_wait_is_added_to_the_timeout(fake, connect):
    def serve(peer):
        peer.receive()
        time.sleep(0.4)  # the broker waits as it was told
        peer.reply({"outcomes": []})
    fake(serve)
    assert connect(timeout=0.2).stop("x", wait=True, wait_sec=5) == ()


def closing_after(calls, *, answer_last):
    def serve(peer):
        for number in range(calls):
            if peer.receive() is None:
                return
            if number < calls - 1 or answer_last:
                peer.reply({**HEALTH, "outcomes": []})
    return serve


@pytest.mark.parametrize("method, arguments", [("health", ()), ("start", ("x",)), ("restart", ("x",)), ("call", ("Health",))])
def test_connection_that_ended_between_calls(fake, connect, method, arguments):
    """The broker closes idle connections: nothing was sent, so everything is sent anew."""
    ended = threading.Event()
    calls = []

    def first(peer):
        closing_after(1, answer_last=True)(peer)
        peer.connection.close()
        ended.set()

    def second(peer):
        calls.append(peer.receive())
        peer.reply({**HEALTH, "outcomes": []})
    fake(first, second)
    client = connect()
    client.health()
    assert ended.wait(DEADLINE_SEC)
    getattr(client, method)(*arguments)
    assert len(calls) == 1


@pytest.mark.parametrize("method, arguments, again", [
    ("health", (), True), ("start", ("x",), True), ("stop", ("x",), True), ("register", ("x",), True),
    ("restart", ("x",), False), ("call", ("Health",), False),
])
def test_connection_that_ends_in_a_call(fake, connect, method, arguments, again):
    reply = {**HEALTH, "outcomes": [], "service": SERVICE, "created": True, "changed": False, "persisted": True}
    fake(closing_after(2, answer_last=False), answering(reply))
    client = connect()
    client.health()
    if again:
        getattr(client, method)(*arguments)
    else:
        with pytest.raises(svcbroker.ConnectionFailed) as caught:
            getattr(client, method)(*arguments)
        assert caught.value.sent
    assert client.health().healthy


def test_it_is_sent_again_only_once(fake, connect):
    seen = []
    fake(lambda peer: seen.append(peer.receive()))
    with pytest.raises(svcbroker.ConnectionFailed):
        connect().health()
    assert len(seen) == 2


def test_restarting_broker_is_waited_for(fake, connect):
    broker = fake(closing_after(1, answer_last=True))
    client = connect(timeout=DEADLINE_SEC)
    client.health()
    broker.close()
    timer = threading.Timer(0.3, fake, (answering(HEALTH),))
    timer.start()
    assert client.health().healthy
    timer.join()


def test_calls_of_several_tasks(fake, path):
    fake(answering(HEALTH))

    async def main():
        async with svcbroker.aio.Client(path) as client:
            return await asyncio.gather(*(client.health() for _ in range(20)))
    assert len(asyncio.run(main())) == 20


def test_cancelled_task_costs_the_connection_only(fake, path):
    heard = threading.Event()
    fake(lambda peer: [peer.receive(), heard.set(), peer.receive()] and None, answering(HEALTH))

    async def main():
        async with svcbroker.aio.Client(path) as client:
            task = asyncio.ensure_future(client.health())
            while not heard.is_set():
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await client.health()
    assert asyncio.run(main()).healthy


def test_default_socket(monkeypatch):
    monkeypatch.delenv("SVCBROKER_SOCKET", raising=False)
    assert svcbroker.Client().socket == "/run/svcbroker/io.svcbroker" == svcbroker.default_socket()
    monkeypatch.setenv("SVCBROKER_SOCKET", "/x")
    assert svcbroker.Client().socket == "/x" == svcbroker.aio.Client().socket
