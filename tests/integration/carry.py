# SPDX-License-Identifier: ISC
"""carry.py SCENARIO CONNECTIONS SOCKETS: opens connections to the broker and leaves in each a message that carries so many TCP sockets,
whose close sleeps for an hour. Says `waits` when the broker reads none of them any more, where that is the scenario, and goes on when told
by a line; says `ready` when all are sent; when told by a line closes the connections and says `closed`. All of it ends with this process."""

import array
import fcntl
import json
import os
import resource
import socket
import struct
import sys
import termios
import time

PATH = "/run/svcbroker/io.svcbroker"
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def call(method, parameters=None, **flags):
    return json.dumps({"method": method, "parameters": parameters or {}, **flags}).encode() + b"\0"


# What is sent before; and how much of an answer says that nothing is read any more.
SCENARIOS = {
    "at-once": (b"", 0),
    "urgent": (b"", 0),
    "malformed": (b"{\0" + b"x" * 30000, 0),
    "too-large": (b"x" * 75000, 0),
    "waiting": (call("io.svcbroker.Watch", more=True) + call("io.svcbroker.Health") * 40, 1),
    "not-reading": (call("org.varlink.service.GetInterfaceDescription", {"interface": "io.svcbroker"}) * 100, 100000),
}


def lingering(listener):
    """Has unsent data, and nobody who takes it."""
    stream = socket.socket()
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3600))
    stream.connect(listener.getsockname())
    stream.setblocking(False)
    try:
        while True:
            stream.send(b"x" * 1024)
    except BlockingIOError:
        return stream


def carry(connection, scenario, listener, sockets):
    carried = [lingering(listener) for _ in range(sockets)]
    numbers = array.array("i", [stream.fileno() for stream in carried])
    connection.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)], socket.MSG_OOB if scenario == "urgent" else 0)
    if scenario == "urgent":
        connection.sendall(call("io.svcbroker.Health"))
    for stream in carried:
        stream.close()


def answered(connection):
    return struct.unpack("i", fcntl.ioctl(connection, termios.FIONREAD, b"\0" * 4))[0]


def main(scenario, connections, sockets):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    before, answer = SCENARIOS[scenario]
    held = []
    for _ in range(connections):
        held.append(socket.socket(socket.AF_UNIX))
        held[-1].connect(PATH)
        held[-1].settimeout(10)
        held[-1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        held[-1].sendall(before)
    if answer:
        while min(map(answered, held)) < answer:
            time.sleep(0.01)
        print("waits", flush=True)
        sys.stdin.readline()
    for connection in held:
        carry(connection, scenario, listener, sockets)
    print("ready", flush=True)
    sys.stdin.readline()
    for connection in held:
        connection.close()
    print("closed", flush=True)
    sys.stdin.read()


if sys.argv[1] == "up":  # as root: this network's loopback
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
    sys.exit()
try:
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
except OSError as error:
    print(f"carry.py: {error}", flush=True)
    os._exit(1)  # which lets nothing linger
