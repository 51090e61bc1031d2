# SPDX-License-Identifier: ISC
"""One connection to the broker, in steps that never block.

A generator of this package yields what it waits for, and who drives it (client.py with poll, aio.py with the event loop) goes on when
that is there or the time is over. How an exchange ends, by a timeout too, is *returned*. An exception is therefore somebody
else's: of a signal's handler, of a cancelled task, of a generator that is dropped. It may come between any two instructions,
so nobody tries to tell what it left undone: whoever holds a connection then, closes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import time
from typing import Any, Callable, Generator, NamedTuple, Optional, TypeVar, Union
from weakref import WeakValueDictionary

from svcbroker import _wire
from svcbroker.errors import ConnectionFailed, Error, TimedOut

T = TypeVar("T")

RETRY_SEC = 0.05  # between looks for a broker that restarts, or whose backlog is full
RECEIVE_BYTES = 64 * 1024  # at once
STANDARD_MAX = 2  # the last of the descriptors that have a meaning
OBSERVER = ".observer"  # beside the socket, for those who may only look

# What a system call's error may have passed through: gevent and eventlet put calls of their own in its place.
_CALLERS = ("svcbroker", "socket", "gevent", "eventlet")


class Wait(NamedTuple):
    """For one of poll's events, or the time: one of time.monotonic(). descriptor -1: for the time only."""

    descriptor: int
    events: int
    until: float


Steps = Generator[Wait, None, T]


def attempt(function: Callable[..., T], *arguments: Any) -> Union[T, OSError]:
    """A system call. Its error is returned, and nobody else's is caught: a handler of SIGALRM likes to raise TimeoutError."""
    try:
        return function(*arguments)
    except OSError as error:
        if not _wire.raised_in(error.__traceback__, *_CALLERS):
            raise
        return error.with_traceback(None)


def _failure(what: str, error: OSError, *, sent: bool = False) -> ConnectionFailed:
    made = ConnectionFailed(f"{what}: {error.strerror or error}", sent=sent)
    made.__cause__ = error
    return made


class _Socket(socket.socket):
    """One that is forgotten, or still open when the interpreter ends, is closed without a ResourceWarning: a client that lives as
    long as its program is no fault."""

    __slots__ = ()

    def __del__(self) -> None:
        try:
            self.close()
        except AttributeError:  # an exception came while it was made
            super(socket.socket, self).close()


def _new_socket() -> _Socket:
    made = _Socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    if made.fileno() > STANDARD_MAX:
        return made
    # The program closed its standard output, say: what is printed must not go to the broker.
    with made:
        other = _Socket(fileno=fcntl.fcntl(made.fileno(), fcntl.F_DUPFD_CLOEXEC, STANDARD_MAX + 1))
    other.setblocking(False)
    return other


class Link:
    """Raises ConnectionFailed if there can be no socket."""

    def __init__(self) -> None:
        made = attempt(_new_socket)
        if isinstance(made, OSError):
            raise _failure("socket", made)
        self._socket = made
        self._frames = _wire.Frames()
        self._process = os.getpid()
        _links[id(self)] = self

    @property
    def inherited(self) -> bool:
        """It came by a fork. What is sent and received here would be the parent's."""
        return self._process != os.getpid()

    def close(self) -> None:
        """For who holds it."""
        self._socket.close()

    def end(self) -> None:
        """For others: whoever holds it sees it end. Closed under them, its descriptor could be another file's already."""
        if not self.inherited:
            attempt(self._socket.shutdown, socket.SHUT_RDWR)

    def fresh(self) -> bool:
        """Nothing came since the last reply, not even the end: a call can be sent."""
        if self.inherited or self._socket.fileno() < 0 or not self._frames.empty:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | select.POLLRDHUP)
        return not poll.poll(0)

    def connect(self, path: str, deadline: float) -> Steps[Optional[Error]]:
        while True:
            error = self._connect(path)
            if error is None:
                return None
            if error.errno != errno.EAGAIN:
                return _failure(path, error)
            if time.monotonic() + RETRY_SEC >= deadline:
                return TimedOut(f"{path}: the broker does not accept connections")
            yield Wait(-1, 0, time.monotonic() + RETRY_SEC)

    def _connect(self, path: str) -> Optional[OSError]:
        error = attempt(self._socket.connect, path)
        if error is None or error.errno != errno.EACCES:
            return error
        other = attempt(self._socket.connect, path + OBSERVER)
        return other if other is None or other.errno == errno.EAGAIN else error

    def _wait(self, events: int, deadline: float) -> Steps[bool]:
        """False: the time is over."""
        if time.monotonic() >= deadline:
            return False
        yield Wait(self._socket.fileno(), events, deadline)
        return True

    def send(self, data: bytes, deadline: float) -> Steps[Optional[Error]]:
        left = memoryview(data)
        if time.monotonic() >= deadline:
            return TimedOut("there was no time left to send the call")
        while left:
            # A program may have set SIGPIPE to what ends it.
            sent = attempt(self._socket.send, left, socket.MSG_NOSIGNAL)
            if not isinstance(sent, OSError):
                left = left[sent:]
            elif sent.errno != errno.EAGAIN:
                return _failure("the broker closed the connection", sent, sent=True)
            elif not (yield from self._wait(select.POLLOUT, deadline)):
                return TimedOut("the broker did not take the call in time")
        return None

    def receive(self, deadline: float) -> Steps[Union[_wire.Reply, Error]]:
        """The next reply. ProtocolError is raised."""
        if self.inherited:
            return ConnectionFailed("the connection belongs to the process that forked")
        while not self._frames.whole:
            data = attempt(self._socket.recv, RECEIVE_BYTES)
            if not isinstance(data, OSError):
                if not data:
                    return ConnectionFailed("the broker closed the connection", sent=True)
                self._frames.feed(data)
                late = not self._frames.whole and time.monotonic() >= deadline
            elif data.errno == errno.EAGAIN:
                late = not (yield from self._wait(select.POLLIN, deadline))
            else:
                return _failure("the broker closed the connection", data, sent=True)
            if late:
                return TimedOut("the broker did not answer in time")
        return _wire.reply(self._frames.take() or b"")


# Every connection of this process.
_links: WeakValueDictionary[int, Link] = WeakValueDictionary()


def each_of(things: WeakValueDictionary[int, T], act: Callable[[T], None]) -> None:
    """Also while another thread makes new ones."""
    for reference in things.valuerefs():
        thing = reference()
        if thing is not None:
            act(thing)


# Closed in a forked process, which could only do harm with them. The parent's own descriptors stay open.
os.register_at_fork(after_in_child=lambda: each_of(_links, Link.close))
