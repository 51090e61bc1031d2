# SPDX-License-Identifier: ISC
"""Connections on which nothing happens: which of them end, and when. One test, since each of them takes its time."""

import socket
import threading
import time

from tree import wait_until
from varlink import HANG_SEC, encode

DESCRIBE = "org.varlink.service.GetInterfaceDescription"
BIG = encode(DESCRIBE, {"interface": "io.svcbroker"})
SMALL = encode(DESCRIBE, {"interface": "org.varlink.service"})
# What is asked of whom: replies that fill the socket fast; and replies of which a turn's worth goes in whole, and leaves it
# too full to be polled writable.
PIPELINES = {"big": BIG * 4000, "mixed": (BIG * 8 + SMALL * 8) * 250, "small": SMALL * 20000}
SLOW_CALLS = 60


def closed_after(connection, began, most):
    """Seconds from `began` until the other side closed; what was sent before that is dropped."""
    while time.monotonic() - began < most:
        connection.socket.settimeout(max(0.01, began + most - time.monotonic()))
        try:
            if not connection.socket.recv(65536):
                return time.monotonic() - began
        except ConnectionResetError:
            return time.monotonic() - began
        except socket.timeout:
            break
    return None


def send_all(connection, data):
    """In a thread, until everything is sent or the other side has closed: who does not read is not read either."""
    def send():
        try:
            connection.socket.sendall(data)
        except OSError:
            pass

    connection.socket.settimeout(None)
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


class SlowReader(threading.Thread):
    """Asks ahead and reads some 2 KB a second: never enough of what is queued for the socket to be polled writable again
    within the time that one may read nothing, and always something."""

    def __init__(self, connection):
        super().__init__(daemon=True)
        self.connection = connection
        self.done = threading.Event()
        self.calls = [(DESCRIBE, {"interface": "io.svcbroker" if index % 2 else f"x.n{index}"}) for index in range(SLOW_CALLS)]
        self.sender = send_all(connection, b"".join(encode(*call) for call in self.calls))
        connection.sent += [(method, False) for method, _ in self.calls]
        self.start()

    def run(self):
        while not self.done.wait(0.5):
            data = self.connection.socket.recv(1024)
            self.connection.buffer += data
            if not data:
                return

    def finish(self):
        """The rest, as fast as it comes: each call has its reply, in order."""
        self.done.set()
        self.join()
        for _, parameters in self.calls:
            reply = self.connection.receive()
            if parameters["interface"] == "io.svcbroker":
                assert reply["parameters"]["description"].count("interface io.svcbroker") == 1
            else:
                assert reply["parameters"] == parameters
        self.sender.join()


def test_a_minute_of_silence(tree, profile):
    tree.register(profile, "drain:300")
    pid = tree.wait_gateway(profile)
    name = f"gateway-{profile}"
    began = time.monotonic()
    # One that asked once, one that never said a word, and two that wait for something.
    asked, mute, watching, waiting = (tree.connect() for _ in range(4))
    asked.call("Health")
    watching.send("Watch", {"names": ["svcbrokerd"]}, more=True)
    assert watching.result()["event"] == "present"
    waiting.send("Stop", {"names": [name], "wait": "down", "timeout_msec": 300000})
    # Those that ask and do not read, and one that hardly does.
    unread = {kind: tree.connect() for kind in PIPELINES}
    asking = time.monotonic()
    senders = [send_all(connection, PIPELINES[kind]) for kind, connection in unread.items()]
    slow = SlowReader(tree.connect())

    wait_until(lambda: tree.log().count("why=not-reading") == len(unread), what="the broker giving up on who does not read")
    assert time.monotonic() - asking > 29.9
    for kind, connection in unread.items():
        assert closed_after(connection, time.monotonic(), HANG_SEC) is not None, kind
    for sender in senders:
        sender.join(HANG_SEC)
        assert not sender.is_alive()
    assert closed_after(asked, began, 3 * HANG_SEC) > 58
    assert closed_after(mute, began, 3 * HANG_SEC) > 58
    assert not watching.is_closed(0.1) and not waiting.is_closed(0.1), "waits and Watch are not idle"
    assert slow.is_alive(), "reading slowly is reading"
    slow.finish()
    assert "request-not-whole" not in tree.log() and tree.log().count("why=not-reading") == len(unread)
    tree.signal("KILL", pid)
    assert waiting.result()["outcomes"][0]["service"]["state"] == "down"
    for connection in (asked, mute, watching, waiting, slow.connection, *unread.values()):
        connection.close()
