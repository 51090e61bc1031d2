# SPDX-License-Identifier: ISC
"""A Varlink client of the standard library, which holds every reply against the interface."""

import json
import socket

import idl

# Whatever takes that long on a machine that has other things to do, too, hangs.
HANG_SEC = 90.0
# A wait of an order is the broker's to end, before a call is given up here.
WAIT_MSEC = int(HANG_SEC * 1000) - 10000


class VarlinkError(Exception):
    def __init__(self, name, parameters):
        super().__init__(f"{name} {parameters}")
        self.name = name.rpartition(".")[2]
        self.full_name = name
        self.parameters = parameters


class Closed(Exception):
    """The other side closed the connection."""


def encode(method, parameters=None, **flags):
    name = method if "." in method else f"io.svcbroker.{method}"
    call = {"method": name, **({} if parameters is None else {"parameters": parameters}), **flags}
    return json.dumps(call).encode() + b"\0"


class Connection:
    """service: an idl.Service. Calls may be sent ahead; replies are matched with them in order."""

    def __init__(self, stream, service):
        self.socket = stream
        self.service = service
        self.buffer = b""
        self.sent = []
        self.timeout = HANG_SEC

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, method, parameters=None, more=False, oneway=False):
        flags = {**({"more": True} if more else {}), **({"oneway": True} if oneway else {})}
        self.socket.settimeout(self.timeout)
        try:
            self.socket.sendall(encode(method, parameters, **flags))
        except BrokenPipeError:
            if oneway:
                raise
            # Turned away already: what is to be read says so, and why.
        if not oneway:
            self.sent.append((method if "." in method else f"io.svcbroker.{method}", more))

    def send_bytes(self, data, method=None, more=False):
        """Bytes as they are; if they hold a whole call, method says which."""
        self.socket.settimeout(self.timeout)
        self.socket.sendall(data)
        if method is not None:
            self.sent.append((f"io.svcbroker.{method}", more))

    def receive_bytes(self, timeout=None):
        """One message, without its NUL."""
        while b"\0" not in self.buffer:
            self.socket.settimeout(self.timeout if timeout is None else timeout)
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise Closed(f"with {self.buffer[:100]!r} half received" if self.buffer else "")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return message

    def receive(self, timeout=None):
        """One reply: the dict as it came."""
        reply = idl.strict_json(self.receive_bytes(timeout).decode("utf-8"))
        method, more = self.sent[0] if self.sent else (None, False)
        self.service.reply(method, more, reply)
        if self.sent and not reply.get("continues", False):
            self.sent.pop(0)
        return reply

    def result(self, timeout=None):
        reply = self.receive(timeout)
        if "error" in reply:
            raise VarlinkError(reply["error"], reply.get("parameters") or {})
        return reply.get("parameters", {})

    def call(self, method, **parameters):
        if parameters.get("wait", "no") != "no":
            parameters.setdefault("timeout_msec", WAIT_MSEC)
        self.send(method, parameters)
        return self.result()

    def stream(self, method, timeout=None, **parameters):
        """Calls with more; yields the parameters of each reply until the last."""
        self.send(method, parameters, more=True)
        while True:
            reply = self.receive(timeout)
            if "error" in reply:
                raise VarlinkError(reply["error"], reply.get("parameters") or {})
            yield reply.get("parameters", {})
            if not reply.get("continues", False):
                return

    def is_closed(self, timeout=HANG_SEC):
        """Does the other side close, within that time, without another message?"""
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except (TimeoutError, socket.timeout):
            return False
