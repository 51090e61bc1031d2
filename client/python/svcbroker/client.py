"""The blocking client."""

from __future__ import annotations

import os
import select
import socket
import time
from types import TracebackType
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple, Type, TypeVar, Union

from svcbroker import _calls, _wire
from svcbroker._calls import UNREGISTER_SEC, WAIT_SEC, Call
from svcbroker.errors import ConnectionFailed, ProtocolError, TimedOut
from svcbroker.replies import Action, Check, Event, Health, Outcome, Registered, Service, Unregistered

T = TypeVar("T")

TIMEOUT_SEC = 10.0
RETRY_SEC = 0.05  # between looks for a broker that restarts
RECEIVE_BYTES = 64 * 1024  # at once


class _Connection:
    """A socket, and the replies that came over it."""

    def __init__(self, path: str, deadline: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._frames = _wire.Frames()
        try:
            self._limit(deadline)
            self._socket.connect(path)
        except OSError as error:
            self.close()
            if isinstance(error, (socket.timeout, BlockingIOError)):  # its backlog is full
                raise TimedOut(f"{path}: the broker does not accept connections") from None
            raise ConnectionFailed(f"{path}: {error.strerror or error}") from error
        except BaseException:
            self.close()
            raise

    def _limit(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimedOut("the broker did not answer in time")
        self._socket.settimeout(None if left == float("inf") else left)

    def close(self) -> None:
        self._socket.close()

    def fresh(self) -> bool:
        """Nothing came since the last reply, not even the end: a call can be sent."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | select.POLLRDHUP)
        return self._frames.empty and not poll.poll(0)

    def send(self, data: bytes, deadline: float) -> None:
        try:
            self._limit(deadline)
            self._socket.sendall(data)
        except socket.timeout:
            raise TimedOut("the broker did not take the call in time") from None
        except OSError as error:
            raise ConnectionFailed(f"the broker closed the connection: {error.strerror}", sent=True) from error

    def receive(self, deadline: float) -> Tuple[Dict[str, Any], bool]:
        """The next reply's parameters, and whether more follow."""
        while True:
            frame = self._frames.take()
            if frame is not None:
                return _wire.reply(frame)
            try:
                self._limit(deadline)
                data = self._socket.recv(RECEIVE_BYTES)
            except socket.timeout:
                raise TimedOut("the broker did not answer in time") from None
            except OSError as error:
                raise ConnectionFailed(f"the broker closed the connection: {error.strerror}", sent=True) from error
            if not data:
                raise ConnectionFailed("the broker closed the connection", sent=True)
            self._frames.feed(data)


class Watch(Iterator[Event]):
    """The events of Client.watch(). Ends by close(), or with ConnectionFailed when the broker does: watch again then.

    Iterating raises TimedOut after `timeout` seconds without an event, and may go on after that.
    """

    def __init__(self, connection: _Connection, call: Call[Event], timeout: Optional[float]) -> None:
        self._connection: Optional[_Connection] = connection
        self._call = call
        self._timeout = timeout

    def __next__(self) -> Event:
        if self._connection is None:
            raise StopIteration
        parameters, _ = self._connection.receive(_deadline(self._timeout))
        return self._call.decode(parameters)

    def close(self) -> None:
        """Also ends an iteration's for loop, when called in it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()


def _deadline(seconds: Optional[float]) -> float:
    return time.monotonic() + (float("inf") if seconds is None else seconds)


class Client:
    """A connection to the broker, made when it is needed first. For one thread at a time.

    socket: a path; None: $SVCBROKER_SOCKET, else the default one.
    timeout: seconds that a call may take, beside what it makes the broker wait for (`wait_sec`, `kill_after_sec`).

    Each method raises ConnectionFailed, TimedOut, ProtocolError, or one of the errors of the interface (BrokerError).

    A broker that was restarted, or closed the idle connection, is connected to once more, and waited for until the timeout. If it
    ended before the call was sent, every call is sent then. If it ended later, those are sent again that change nothing a second
    time: all but restart(), call() and stream(), which raise ConnectionFailed with `sent`.
    """

    def __init__(self, socket: Union[str, "os.PathLike[str]", None] = None, *, timeout: float = TIMEOUT_SEC) -> None:
        if timeout <= 0:
            raise ValueError("timeout: seconds, more than 0")
        self.socket = os.fspath(socket) if socket is not None else _wire.default_socket()
        self.timeout = timeout
        self._connection: Optional[_Connection] = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        """It may be used again; it connects again then."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _reconnect(self, deadline: float) -> _Connection:
        """To a broker that was there a moment ago."""
        self.close()
        while True:
            try:
                self._connection = _Connection(self.socket, deadline)
                return self._connection
            except ConnectionFailed:
                if time.monotonic() + RETRY_SEC >= deadline:
                    raise
                time.sleep(RETRY_SEC)

    def _connect(self, deadline: float) -> Tuple[_Connection, bool]:
        """A connection that can be used, and whether the reconnection is spent."""
        if self._connection is None:
            self._connection = _Connection(self.socket, deadline)
            return self._connection, False
        if self._connection.fresh():
            return self._connection, False
        return self._reconnect(deadline), True

    def _run(self, call: Call[T], timeout: Optional[float] = None) -> T:
        data = _wire.request(call.method, call.parameters, False)
        deadline = _deadline((self.timeout if timeout is None else timeout) + call.takes_sec)
        connection, again = self._connect(deadline)
        try:
            try:
                connection.send(data, deadline)
                parameters, _ = connection.receive(deadline)
            except ConnectionFailed:
                if again or not call.repeat:
                    raise
                connection = self._reconnect(deadline)
                connection.send(data, deadline)
                parameters, _ = connection.receive(deadline)
            return call.decode(parameters)
        except (ConnectionFailed, TimedOut, ProtocolError, KeyboardInterrupt):
            self.close()  # a reply may still come, and would be taken for that of the next call
            raise

    def _stream(self, call: Call[T], timeout: Optional[float]) -> Iterator[T]:
        """On a connection of its own, so that it may be left at any time."""
        data = _wire.request(call.method, call.parameters, True)
        limit = (self.timeout if timeout is None else timeout) + call.takes_sec
        connection = _Connection(self.socket, _deadline(limit))
        try:
            connection.send(data, _deadline(limit))
            more = True
            while more:
                parameters, more = connection.receive(_deadline(limit))
                yield call.decode(parameters)
        finally:
            connection.close()

    def call(self, method: str, parameters: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None) -> Dict[str, Any]:
        """Any method ("Status", or with its interface), for what this class has no method for: the reply's parameters."""
        return self._run(_calls.call(method, parameters), timeout)

    def stream(
        self, method: str, parameters: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None
    ) -> Iterator[Dict[str, Any]]:
        """The same with "more": every reply. timeout: seconds for each."""
        return self._stream(_calls.call(method, parameters), timeout)

    def list(self) -> Tuple[Service, ...]:
        """Every service of the scan directory."""
        return self._run(_calls.list_services())

    def status(self, name: str) -> Service:
        """name: of the service, like gateway-coder."""
        return self._run(_calls.status(name))

    def start(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Tuple[Outcome, ...]:
        """Services to start, or all gateways. With one name, what fails is raised; with several it is told in the outcomes.

        Returns when the order is recorded; with wait when it is up, after at most wait_sec seconds.
        """
        return self._run(_calls.order("Start", "up", names, all, wait, wait_sec))

    def stop(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Tuple[Outcome, ...]:
        """As start(); with wait it returns when it is down."""
        return self._run(_calls.order("Stop", "down", names, all, wait, wait_sec))

    def restart(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Tuple[Outcome, ...]:
        """As start(); one that is down is started. Never repeated by itself."""
        return self._run(_calls.order("Restart", "up", names, all, wait, wait_sec))

    def start_each(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Iterator[Outcome]:
        """As start(), but every outcome as it happens, and none is raised. Orders when it is first iterated."""
        return self._each(_calls.order("Start", "up", names, all, wait, wait_sec))

    def stop_each(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Iterator[Outcome]:
        """As start_each()."""
        return self._each(_calls.order("Stop", "down", names, all, wait, wait_sec))

    def restart_each(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Iterator[Outcome]:
        """As start_each()."""
        return self._each(_calls.order("Restart", "up", names, all, wait, wait_sec))

    def _each(self, call: Call[Tuple[Outcome, ...]]) -> Iterator[Outcome]:
        for outcomes in self._stream(call, None):
            yield from outcomes

    def reset(self, *names: str) -> Tuple[Outcome, ...]:
        """Forgets failures: back-off, failed, the counted deaths. Starts nothing."""
        return self._run(_calls.reset(names))

    def register(
        self, profile: str, *, environment: Optional[Mapping[str, str]] = None, start: Optional[bool] = None
    ) -> Registered:
        """Makes the profile's gateway, if there is none. environment None keeps what there is. start None is True, and counts
        only when this made the gateway."""
        return self._run(_calls.register(profile, environment, start))

    def unregister(self, profile: str, *, kill_after_sec: float = UNREGISTER_SEC) -> Unregistered:
        """Ends the profile's gateway and removes it. A gateway that does not end within kill_after_sec seconds is killed."""
        return self._run(_calls.unregister(profile, kill_after_sec))

    def reconcile(self, *, dry_run: bool = False) -> Tuple[Action, ...]:
        """Brings the gateways in line with the profiles on the volume; with dry_run only tells what it would do."""
        return self._run(_calls.reconcile(dry_run))

    def watch(self, *names: str, timeout: Optional[float] = None) -> Watch:
        """First every service, then each change, on a connection of its own. No names: all, also those that come later.

        timeout: seconds to wait for an event; None: for ever.
        """
        call = _calls.watch(names)
        connection = _Connection(self.socket, _deadline(self.timeout))
        try:
            connection.send(_wire.request(call.method, call.parameters, True), _deadline(self.timeout))
        except BaseException:
            connection.close()
            raise
        return Watch(connection, call, timeout)

    def health(self) -> Health:
        """From the broker's memory, at once."""
        return self._run(_calls.health())

    def diagnose(self) -> Tuple[Check, ...]:
        """Looks at everything that health() does not; may take some seconds."""
        return self._run(_calls.diagnose())
