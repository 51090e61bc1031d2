# SPDX-License-Identifier: ISC
"""A broker of the test's own making: a function for each connection says what it answers, byte by byte."""

import json
import os
import socket
import sys
import tempfile
import threading
import time

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{TOP}/client/python")

from both import CLIENTS  # noqa: E402

SERVICE = {"name": "gateway-coder", "kind": "gateway", "profile": "coder", "state": "up", "want": "up", "reason": None, "pid": 42,
           "since_usec": 1, "ready_usec": 2, "restarts": 0, "log_restarts": 0, "next_start_usec": None,
           "last_exit": {"code": 1, "signal": None, "at_usec": 1}, "log_directory": "/opt/data/logs/gateways/coder"}
HEALTH = {"healthy": True, "problems": [], "services": 3, "wanted": 2, "up": 2}
DEADLINE_SEC = 90.0  # a bound on a hang


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection):
        self.connection = connection
        self.rest = b""

    def receive(self):
        """The next call; None: the client has gone."""
        while b"\0" not in self.rest:
            data = self.connection.recv(65536)
            if not data:
                return None
            self.rest += data
        frame, _, self.rest = self.rest.partition(b"\0")
        return json.loads(frame)

    def send(self, data):
        self.connection.sendall(data)

    def reply(self, parameters, **members):
        self.send(json.dumps({"parameters": parameters, **members}).encode() + b"\0")


class FakeBroker:
    """serve: functions, one for each connection in their order; the last for all that follow. They get a Peer."""

    def __init__(self, path, *serve):
        self.path = path
        self.serve = list(serve)
        self.errors = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            serve = self.serve.pop(0) if len(self.serve) > 1 else self.serve[0]
            threading.Thread(target=self.run, args=(serve, connection), daemon=True).start()

    def run(self, serve, connection):
        connection.settimeout(DEADLINE_SEC)
        with connection:
            try:
                serve(Peer(connection))
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client has heard enough
            except Exception as error:  # told by the fixture
                self.errors.append(error)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(DEADLINE_SEC)
        os.unlink(self.path)


@pytest.fixture
def path():
    with tempfile.TemporaryDirectory() as directory:
        yield f"{directory}/io.svcbroker"


@pytest.fixture
def fake(path):
    """fake(serve, ...): starts a FakeBroker at `path`."""
    made = []

    def make(*serve):
        made.append(FakeBroker(path, *serve))
        return made[-1]

    yield make
    for broker in made:
        if broker.listener.fileno() != -1:
            broker.close()
    assert [error for broker in made for error in broker.errors] == []


def answering(*replies):
    """A connection that answers every call with the next of the replies, and then goes on with the last."""
    def serve(peer):
        left = list(replies)
        while peer.receive() is not None:
            peer.reply(left.pop(0) if len(left) > 1 else left[0])
    return serve


@pytest.fixture(params=CLIENTS.values(), ids=list(CLIENTS))
def connect(request, path):
    """connect(**options): a client of the broker at `path`, of either kind."""
    clients = []

    def make(**options):
        clients.append(request.param(path, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.__exit__(None, None, None)


class Told:
    """Answers each call with what it asked for: the name of the service, or of the first. Of `held` ones when it is released, and
    `begun` has the name as soon as half of the reply is on its way."""

    def __init__(self):
        self.held = {}
        self.heard = []
        self.begun = []

    def hold(self, name):
        self.held[name] = threading.Event()

    def release(self, name):
        self.held[name].set()

    def __call__(self, peer):
        while (call := peer.receive()) is not None:
            given = call.get("parameters", {})
            name = given.get("name") or given.get("profile") or (given.get("names") or ["all"])[0]
            self.heard.append(name)
            if name in self.held:
                # Half of it already, so that the client is in the middle of a reply.
                whole = json.dumps({"parameters": told(name)}).encode() + b"\0"
                peer.send(whole[: len(whole) // 2])
                self.begun.append(name)
                self.held[name].wait(DEADLINE_SEC)
                peer.send(whole[len(whole) // 2 :])
            else:
                peer.reply(told(name))


def told(name):
    """A reply that fits every method but list() and health(), where both have a member `services`."""
    service = {**SERVICE, "name": name, "profile": name}
    outcome = {"name": name, "service": service, "persisted": True, "persist_error": None, "error": None, "error_parameters": None}
    return {"service": service, "outcomes": [outcome], "created": True, "changed": False, "persisted": True, "removed": True,
            "actions": [{"profile": name, "prior_state": None, "action": "kept"}], "event": "present",
            "checks": [], "healthy": True, "problems": [], "services": 0, "wanted": 0, "up": 0}


@pytest.fixture
def broker(fake):
    made = Told()
    fake(made)
    yield made
    for event in made.held.values():
        event.set()


def wait_until(true):
    deadline = time.monotonic() + DEADLINE_SEC
    while not true():
        assert time.monotonic() < deadline, "it does not become so"
        time.sleep(0.005)


def wait_main_sleeps():
    """Called by another thread: until the main one sleeps in the kernel. It has slept all the time between three looks, with some
    milliseconds in which it could have had the interpreter: so it waits for something else than that, and for no processor."""
    looks = []

    def sleeps():
        with open(f"/proc/self/task/{os.getpid()}/status") as file:
            looks.append([line for line in file if line.startswith(("State:", "voluntary_", "nonvoluntary_"))])
        return len(looks) > 2 and looks[-3] == looks[-2] == looks[-1] and "S (sleeping)" in looks[-1][0]

    wait_until(sleeps)
