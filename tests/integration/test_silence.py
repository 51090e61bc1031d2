"""Connections on which nothing happens: which of them end, and when. One test, since each of them takes its time."""

import re
import socket
import time

from tree import wait_until
from varlink import encode


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


def test_a_minute_of_silence(tree, profile):
    tree.register(profile, "drain:300")
    pid = tree.wait_gateway(profile)
    name = f"gateway-{profile}"
    began = time.monotonic()
    # One that asked once, one that never said a word, two that wait for something, and one that asks and does not read.
    asked, mute, watching, waiting, unread = (tree.connect() for _ in range(5))
    asked.call("Health")
    watching.send("Watch", {"names": ["svcbrokerd"]}, more=True)
    assert watching.result()["event"] == "present"
    waiting.send("Stop", {"names": [name], "wait": "down", "timeout_msec": 300000})
    unread.socket.setblocking(False)
    call = encode("org.varlink.service.GetInterfaceDescription", {"interface": "io.svcbroker"})
    stuffed = 0
    while stuffed < 4000 * len(call):
        try:
            stuffed += unread.socket.send((call * 4000)[stuffed:])
        except BlockingIOError:
            break  # the broker reads no more of it
    full = time.monotonic()
    wait_until(lambda: re.search("peer: .*not-reading", tree.log()), 50, "the broker giving up on who does not read")
    assert time.monotonic() - full > 25, "it had its time"
    assert "request-not-whole" not in tree.log()
    assert closed_after(asked, began, 80) > 58
    assert closed_after(mute, began, 80) > 58
    assert not watching.is_closed(0.1) and not waiting.is_closed(0.1), "waits and Watch are not idle"
    tree.signal("KILL", pid)
    assert waiting.result()["outcomes"][0]["service"]["state"] == "down"
    for connection in (asked, mute, watching, waiting, unread):
        connection.close()
