# SPDX-License-Identifier: ISC
"""Each bound is reached, answered as the interface says, and costs nobody else anything."""

import re
import select
import socket
import time

import pytest

from tree import wait_until
from varlink import HANG_SEC, Closed, VarlinkError, encode

KIB = 1024


def refused(connection):
    """The error that ends a connection."""
    reply = connection.receive()
    assert connection.is_closed(), "the connection ends with it"
    return reply["error"].rpartition(".")[2], reply["parameters"]


# Messages

@pytest.mark.parametrize("message", [
    b"", b" ", b"{", b"}", b"[]", b"null", b"1", b'"x"', b"{}", b'{"method":1}', b'{"method":null}', b'{"method":"io.svcbroker.Health"}x',
    b'{"method":"io.svcbroker.Health","method":"io.svcbroker.Health"}', b"{'method':'io.svcbroker.Health'}",
    b'{"method":"io.svcbroker.Health","parameters":[]}', b'{"method":"io.svcbroker.Health","parameters":{"a":NaN}}',
    b'{"method":"io.svcbroker.Health","more":1}', b'{"method":"io.svcbroker.Health","unknown":1}',
    b'{"method":"io.svcbroker.Health","parameters":{"a":1,"a":1}}', b'{"method":"io.svcbroker.\xff"}',
    b'{"method":"io.svcbroker.Health","parameters":{"a":"\xc0\x80"}}', b'{"method":"io.svcbroker.Health",}',
    b'{"method":"io.svcbroker.Health","parameters":{"a":01}}', b'{"method":"io.svcbroker.Health"\x0b}',
    b'{"method":"io.svcbroker.Health"} /* x */', b'\xef\xbb\xbf{"method":"io.svcbroker.Health"}',
    b'{"method":"io.svcbroker.Health","parameters":{"a":"\\u0000"}}', b'{"method":"io.svcbroker.Health","parameters":{"a":"\t"}}',
])
def test_what_is_no_call(tree, message):
    with tree.connect() as connection:
        connection.send_bytes(message + b"\0")
        error, parameters = refused(connection)
        assert error == "InvalidMessage" and parameters["reason"] and 0 <= parameters["offset"] <= len(message)


@pytest.mark.parametrize("method,error,parameters", [
    ("io.svcbroker.Nonsense", "MethodNotFound", {"method": "io.svcbroker.Nonsense"}),
    ("io.svcbroker.", "MethodNotFound", {"method": "io.svcbroker."}),
    ("org.varlink.service.Nonsense", "MethodNotFound", {"method": "org.varlink.service.Nonsense"}),
    ("com.example.Thing", "InterfaceNotFound", {"interface": "com.example"}),
    ("io.svcbrokers.List", "InterfaceNotFound", {"interface": "io.svcbrokers"}),
])
def test_unknown_methods(tree, method, error, parameters):
    with pytest.raises(VarlinkError) as caught:
        tree.call(method)
    assert caught.value.full_name == f"org.varlink.service.{error}" and caught.value.parameters == parameters


def test_watch_needs_more(tree):
    with pytest.raises(VarlinkError, match="org.varlink.service.ExpectedMore"):
        tree.call("Watch")


def padded(size):
    """A call of exactly that many bytes without its NUL."""
    call = encode("Health")[:-1]
    return call[:-1] + b" " * (size - len(call)) + call[-1:]


def test_largest_request(tree):
    with tree.connect() as connection:
        connection.send_bytes(padded(64 * KIB) + b"\0", "Health")
        connection.result()
        connection.send_bytes(padded(64 * KIB + 1) + b"\0")
        assert refused(connection) == ("LimitExceeded", {"limit": "request_bytes", "value": 64 * KIB})


def test_request_without_an_end(tree):
    """It is refused when it is too large, not when it ends."""
    with tree.connect() as connection:
        connection.send_bytes(b"x" * (64 * KIB + 1))
        assert connection.receive()["parameters"]["limit"] == "request_bytes"


def test_depth(tree):
    def nested(depth):
        return b'{"method":"io.svcbroker.Health","parameters":{"a":' + b"[" * (depth - 2) + b"]" * (depth - 2) + b"}}"

    with tree.connect() as connection:
        connection.send_bytes(nested(8) + b"\0", "Health")
        with pytest.raises(VarlinkError, match="InvalidParameter"):
            connection.result()
        connection.send_bytes(nested(9) + b"\0")
        assert refused(connection) == ("LimitExceeded", {"limit": "json_depth", "value": 8})


def test_string_length(tree):
    with tree.connect() as connection:
        with pytest.raises(VarlinkError, match="InvalidName"):
            connection.call("Status", name="a" * 4096)
        connection.send("Status", {"name": "a" * 4097})
        connection.sent.clear()
        assert refused(connection) == ("LimitExceeded", {"limit": "string_bytes", "value": 4096})


def test_names_and_waits(tree):
    with tree.connect() as connection:
        for method in ("Start", "Reset", "Watch"):
            connection.send(method, {"names": [f"a{i}" for i in range(1001)]}, more=method == "Watch")
            with pytest.raises(VarlinkError) as caught:
                connection.result()
            assert caught.value.parameters == {"limit": "names_per_call", "value": 1000}, method
        for method, parameters in (("Start", {"names": ["a"]}), ("Unregister", {"profile": "a"})):
            with pytest.raises(VarlinkError) as caught:
                connection.call(method, timeout_msec=600001, **parameters)
            assert caught.value.parameters == {"limit": "wait_msec", "value": 600000}, method


# Bytes on their way

def test_one_byte_at_a_time(tree):
    with tree.connect() as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        for byte in encode("Health"):
            connection.send_bytes(bytes([byte]))
        connection.sent.append(("io.svcbroker.Health", False))
        connection.result()


def test_many_in_one_write_are_answered_in_order(tree):
    methods = ["Health", "List", "org.varlink.service.GetInfo", "Diagnose"] * 50
    with tree.connect() as connection:
        connection.send_bytes(b"".join(encode(method) for method in methods))
        connection.sent = [(method if "." in method else f"io.svcbroker.{method}", False) for method in methods]
        for _ in methods:
            connection.result()


def test_a_wait_holds_back_what_follows_it(tree, profile):
    tree.register(profile, start=False)
    with tree.connect() as connection:
        connection.send("Start", {"names": [f"gateway-{profile}"], "wait": "up"})
        connection.send("Status", {"name": f"gateway-{profile}"})
        assert connection.result()["outcomes"][0]["service"]["state"] == "up"
        assert connection.result()["service"]["state"] == "up"


def test_half_closed_client_gets_its_replies(tree, profile):
    tree.register(profile, start=False)
    with tree.connect() as connection:
        connection.send("Start", {"names": [f"gateway-{profile}"], "wait": "up"})
        connection.send("Health", {})
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.result()["outcomes"][0]["service"]["state"] == "up"
        assert "healthy" in connection.result()
        assert connection.is_closed()


def test_client_that_goes_away_ends_the_wait_not_the_order(tree, profile):
    tree.register(profile, start=False)
    connection = tree.connect()
    connection.send("Start", {"names": [f"gateway-{profile}"], "wait": "up"})
    wait_until(lambda: tree.state(profile)["want"] == "up")
    connection.close()
    tree.wait_state(profile, "up")


def test_half_a_request_has_five_seconds(tree):
    with tree.connect() as slow, tree.connect() as other:
        slow.send_bytes(b'{"method":')
        began = time.monotonic()
        for _ in range(100):
            other.call("Health")  # it is in nobody's way
        assert slow.is_closed()
        assert time.monotonic() - began > 4.5


def test_trickling_does_not_extend_the_five_seconds(tree):
    with tree.connect() as slow:
        slow.socket.settimeout(0.5)
        began = time.monotonic()
        message = iter(padded(4000))
        while time.monotonic() - began < HANG_SEC:
            try:
                slow.socket.send(bytes([next(message)]))
                assert slow.socket.recv(1) == b""
                break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            raise AssertionError("it is not closed")
        assert time.monotonic() - began > 4.5


# Connections

def connect_until_refused(tree, user, most):
    connections = []
    for _ in range(most):
        connection = tree.connect(user)
        connection.send("Health", {})
        try:
            connection.result()
        except VarlinkError as error:
            assert error.name == "LimitExceeded" and connection.is_closed()
            connection.close()
            return connections, error.parameters
        connections.append(connection)
    return connections, None


def close(connections):
    for connection in connections:
        connection.close()


def test_connections_of_a_uid_and_in_all(make_tree):
    tree = make_tree("--observer-group", "observers")
    of_hermes, limit = connect_until_refused(tree, "hermes", 60)
    assert len(of_hermes) == 48 and limit == {"limit": "connections_uid", "value": 48}
    tree.call("Health", "root")
    everyone = list(of_hermes)
    for uid in (20001, 20002, 20003):
        more, limit = connect_until_refused(tree, (uid, 10000, (10002,)), 60)
        everyone += more
    assert len(everyone) == 120 and limit == {"limit": "connections", "value": 128}, "eight are root's"
    of_root, limit = connect_until_refused(tree, "root", 20)
    assert len(of_root) == 8 and limit == {"limit": "connections", "value": 128}
    everyone.pop().close()
    wait_until(lambda: connect_until_refused(tree, (20003, 10000, (10002,)), 1)[0], what="a place is free again")
    close(everyone + of_root)
    of_hermes, limit = wait_until(lambda: (found := connect_until_refused(tree, "hermes", 48))[1] is None and found)
    close(of_hermes)


def test_denied_peers_take_no_place(tree):
    """Those who may nothing and say nothing are few, and leave everybody else his place."""
    silent = [tree.connect((10001, 10000, ())) for _ in range(40)]
    of_hermes, limit = connect_until_refused(tree, "hermes", 48)
    assert len(of_hermes) == 48 and limit is None
    closed = 0
    for connection in silent:
        try:
            reply = connection.receive(timeout=0.05)
            assert reply["error"].endswith(("PermissionDenied", "LimitExceeded"))
            closed += 1
        except (TimeoutError, Closed):
            continue
    assert closed >= 32
    close(silent + of_hermes)


def test_a_thousand_connections_that_say_nothing(tree):
    for _ in range(1000):
        try:
            tree.connect().close()
        except BlockingIOError:
            pass  # the queue is full: the kernel's answer
    tree.call("Health", "root")
    wait_until(lambda: connect_until_refused(tree, "hermes", 1)[0], what="a place for hermes")


# Output

def memory_of_broker(tree):
    with open(tree.path(f"/proc/{tree.broker_pid()}/status")) as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))


def fill(connection, call, quiet=0.1):
    """Sends that call until the broker takes no more for a while. How many times, and what the last one lacks."""
    data, sent = call * 4000, 0
    connection.socket.setblocking(False)
    deadline = time.monotonic() + quiet
    while sent < len(data) and time.monotonic() < deadline:
        try:
            sent += connection.socket.send(data[sent:sent + 65536])
            deadline = time.monotonic() + quiet
        except BlockingIOError:
            time.sleep(0.001)  # the next look; the deadline is what counts
    assert sent < len(data), "it went on reading"
    whole, part = divmod(sent, len(call))
    return whole + bool(part), call[part:] if part else b""


def test_client_that_does_not_read(tree, sanitized):
    """The broker stops taking its requests. When it reads, it gets every answer, each time."""
    method, call = "org.varlink.service.GetInterfaceDescription", encode("org.varlink.service.GetInterfaceDescription",
                                                                       {"interface": "io.svcbroker"})
    tree.call("Health")
    before = memory_of_broker(tree)
    with tree.connect() as lazy, tree.connect() as other:
        for turn in range(10):
            count, rest = fill(lazy, call)
            other.call("Health")  # it is in nobody's way
            assert sanitized or memory_of_broker(tree) - before < 3000
            lazy.sent = [(method, False)] * count
            for index in range(count):
                # As soon as there is room for it: from its first byte on a request has five seconds.
                if rest and (index == count - 1 or select.select([], [lazy.socket], [], 0)[1]):
                    lazy.send_bytes(rest)
                    rest = b""
                assert lazy.result()["description"].startswith("#"), f"answer {index} of {count}, turn {turn}"


def test_memory_of_all_connections(make_tree, sanitized):
    """Even root's, who has no share of its own: what would go over it ends those that do not read."""
    tree = make_tree()
    pad = "x" * 230
    with tree.connect("root") as connection:
        for number in range(300):
            connection.send("Register", {"profile": f"m{number}-{pad}", "start": False})
            connection.result()
    connections = [tree.connect("root") for _ in range(110)]
    for connection in connections:
        connection.send("List")
        connection.send("List")
    wait_until(lambda: "why=output-bound uid=0" in tree.log(), what="the bound")
    assert sanitized or memory_of_broker(tree) < 64 * KIB
    assert tree.call("Health")["services"] == 301, "others are served"
    close(connections)
    with tree.connect("root") as connection:
        assert len(connection.call("List")["services"]) == 301, "and so is root again"


# Rates

RESET = encode("Reset", {"names": ["gateway-absent"]})
CHARGED_SEC = 20  # what is free takes far less, on any machine; what is not takes longer


def send_resets(connection, count):
    """All at once: how fast they are judged is not the test's doing."""
    connection.socket.sendall(RESET * count)
    connection.sent = [("io.svcbroker.Reset", False)] * count


def take_resets(connection, count):
    for _ in range(count):
        with pytest.raises(VarlinkError, match="NotRegistered"):
            connection.result()


def test_changes_of_a_uid(tree):
    with tree.connect((10000, 10000, (1,))) as connection, tree.connect() as other:
        began = time.monotonic()
        send_resets(connection, 200)
        take_resets(connection, 1)
        other.call("Health")
        connection.socket.setblocking(False)
        answered = connection.socket.recv(1 << 20, socket.MSG_PEEK).count(b"\0") if select.select([connection.socket], [], [], 0)[0] else 0
        assert answered + connection.buffer.count(b"\0") < 199, "reading is not held up"
        take_resets(connection, 199)
        assert time.monotonic() - began > (200 - 60) / 20 - 0.6, "those over the burst came at 20 a second"


def test_changes_of_root_are_free(tree):
    with tree.connect("root") as connection:
        began = time.monotonic()
        send_resets(connection, 60 + 20 * CHARGED_SEC)
        take_resets(connection, 60 + 20 * CHARGED_SEC)
        assert time.monotonic() - began < CHARGED_SEC


def test_a_batch_is_one_change(tree):
    """By its names, it would be more than a bucket, and longer to wait for."""
    names = [f"gateway-absent-{i}" for i in range(60 + 20 * CHARGED_SEC)]
    began = time.monotonic()
    for _ in range(2):
        assert len(tree.call("Stop", names=names)["outcomes"]) == len(names)
    assert time.monotonic() - began < CHARGED_SEC


def test_watches_of_a_uid(tree):
    watching = [tree.connect() for _ in range(17)]
    for connection in watching[:16]:
        connection.send("Watch", {}, more=True)
    for connection in watching[:16]:
        assert connection.result()["event"] == "present"
    # Whose turn comes first is nobody's to know: the one too many asks when the others watch.
    watching[16].send("Watch", {}, more=True)
    with pytest.raises(VarlinkError) as caught:
        watching[16].result()
    assert caught.value.parameters == {"limit": "watches_uid", "value": 16}
    watching[0].close()

    def again():
        with tree.connect() as connection:
            connection.send("Watch", {}, more=True)
            return "parameters" in (reply := connection.receive()) and "error" not in reply

    wait_until(again, what="a watch is free again")
    close(watching[1:])


def watches(connection):
    """A connection that was closed counts until the broker has seen that, which may be after a newer one's first call."""
    connection.send("Watch", {}, more=True)
    try:
        return connection.result()
    except VarlinkError as error:
        assert error.parameters == {"limit": "watches_uid", "value": 16}
        return None


def test_removals_that_a_watcher_never_read(tree):
    """So many are kept for it, and no more: it is closed, and has to look again."""
    pad = "x" * 200
    with tree.connect() as slow:
        wait_until(lambda: watches(slow), what="the connections of the test before this one are gone")
        workers = [tree.connect("root") for _ in range(8)]
        for turn in range(200):
            for number, worker in enumerate(workers):
                worker.send("Register", {"profile": f"r{number}-{turn}-{pad}", "start": False})
                worker.send("Unregister", {"profile": f"r{number}-{turn}-{pad}"})
            for worker in workers:
                worker.result()
                assert worker.result()["removed"] is True
        close(workers)
        with pytest.raises(Closed):
            while True:
                slow.result()
    assert "gateway-r" not in str(tree.call("List"))


def test_introspection(tree, interface_texts):
    info = tree.call("org.varlink.service.GetInfo")
    assert set(info["interfaces"]) == {"io.svcbroker", "io.systemd.Metrics", "org.varlink.service"}
    assert info["product"] and info["version"]
    for name, text in zip(("io.svcbroker", "io.systemd.Metrics", "org.varlink.service"), interface_texts):
        assert tree.call("org.varlink.service.GetInterfaceDescription", interface=name)["description"] == text
    with pytest.raises(VarlinkError) as caught:
        tree.call("org.varlink.service.GetInterfaceDescription", interface="com.example")
    assert caught.value.full_name == "org.varlink.service.InterfaceNotFound"
