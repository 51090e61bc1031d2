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
    while time.monotonic() - began < 1:
        try:
            unread.socket.send(call * 100)
        except BlockingIOError:
            time.sleep(0.01)  # the deadline above is what counts

    wait_until(lambda: re.search("peer: .*not-reading", tree.log()), 40, "the broker giving up on who does not read")
    assert 29 < time.monotonic() - began < 36
    assert closed_after(unread, time.monotonic(), 5) is not None
    assert 58 < closed_after(asked, began, 70) < 66
    assert 58 < closed_after(mute, began, 70) < 70
    assert not watching.is_closed(0.1) and not waiting.is_closed(0.1), "waits and Watch are not idle"
    tree.signal("KILL", pid)
    assert waiting.result()["outcomes"][0]["service"]["state"] == "down"
    for connection in (asked, mute, watching, waiting, unread):
        connection.close()
