"""The client for asyncio: the same methods as svcbroker.Client, each a coroutine, and iterators for what streams."""

from __future__ import annotations

import asyncio
import os
import time
from types import TracebackType
from typing import Any, AsyncIterator, Dict, Mapping, Optional, Tuple, Type, TypeVar, Union

from svcbroker import _calls, _wire
from svcbroker._calls import UNREGISTER_SEC, WAIT_SEC, Call
from svcbroker.client import RECEIVE_BYTES, RETRY_SEC, TIMEOUT_SEC
from svcbroker.errors import BrokerError, ConnectionFailed, TimedOut
from svcbroker.replies import Action, Check, Event, Health, Outcome, Registered, Service, Unregistered

T = TypeVar("T")


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = _wire.Frames()

    @classmethod
    async def open(cls, path: str) -> _Connection:
        try:
            return cls(*await asyncio.open_unix_connection(path, limit=RECEIVE_BYTES))
        except OSError as error:
            raise ConnectionFailed(f"{path}: {error.strerror or error}") from error

    def close(self) -> None:
        self._writer.close()

    def fresh(self) -> bool:
        """Its end has not come, as far as the event loop has looked."""
        return self._frames.empty and not self._reader.at_eof() and not self._writer.is_closing()

    async def send(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise ConnectionFailed(f"the broker closed the connection: {error.strerror}", sent=True) from error

    async def receive(self) -> Tuple[Dict[str, Any], bool]:
        """The next reply's parameters, and whether more follow."""
        while True:
            frame = self._frames.take()
            if frame is not None:
                return _wire.reply(frame)
            try:
                data = await self._reader.read(RECEIVE_BYTES)
            except OSError as error:
                raise ConnectionFailed(f"the broker closed the connection: {error.strerror}", sent=True) from error
            if not data:
                raise ConnectionFailed("the broker closed the connection", sent=True)
            self._frames.feed(data)


async def _within(awaitable: Any, seconds: Optional[float]) -> Any:
    try:
        return await asyncio.wait_for(awaitable, seconds)
    except asyncio.TimeoutError:
        raise TimedOut("the broker did not answer in time") from None


class Watch(AsyncIterator[Event]):
    """The events of Client.watch(), as svcbroker.Watch. Close it, or use it in `async with`."""

    def __init__(self, path: str, call: Call[Event], opening: float, timeout: Optional[float]) -> None:
        self._path = path
        self._call = call
        self._opening = opening
        self._timeout = timeout
        self._connection: Optional[_Connection] = None
        self._closed = False

    async def _open(self) -> None:
        self._connection = await _Connection.open(self._path)
        await self._connection.send(_wire.request(self._call.method, self._call.parameters, True))

    async def __anext__(self) -> Event:
        if self._closed:
            raise StopAsyncIteration
        if self._connection is None:
            await _within(self._open(), self._opening)
        assert self._connection is not None
        parameters, _ = await _within(self._connection.receive(), self._timeout)
        return self._call.decode(parameters)

    def close(self) -> None:
        self._closed = True
        if self._connection is not None:
            self._connection.close()

    async def __aenter__(self) -> Watch:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


class Client:
    """As svcbroker.Client. Calls of several tasks are made one after the other; a task that is cancelled in a call costs the
    connection, not the client."""

    def __init__(self, socket: Union[str, "os.PathLike[str]", None] = None, *, timeout: float = TIMEOUT_SEC) -> None:
        if timeout <= 0:
            raise ValueError("timeout: seconds, more than 0")
        self.socket = os.fspath(socket) if socket is not None else _wire.default_socket()
        self.timeout = timeout
        self._connection: Optional[_Connection] = None
        self._turn: Optional[asyncio.Lock] = None  # made in the loop that it is for

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        """It may be used again; it connects again then."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _reconnect(self, deadline: float) -> _Connection:
        """To a broker that was there a moment ago."""
        self.close()
        while True:
            try:
                self._connection = await _Connection.open(self.socket)
                return self._connection
            except ConnectionFailed:
                if time.monotonic() + RETRY_SEC >= deadline:
                    raise
                await asyncio.sleep(RETRY_SEC)

    async def _exchange(self, call: Call[T], data: bytes, deadline: float) -> T:
        again = False
        await asyncio.sleep(0)  # lets the event loop see the end of a connection
        if self._connection is None:
            self._connection = await _Connection.open(self.socket)
        elif not self._connection.fresh():
            again = True
            await self._reconnect(deadline)
        try:
            await self._connection.send(data)
            parameters, _ = await self._connection.receive()
        except ConnectionFailed:
            if again or not call.repeat:
                raise
            connection = await self._reconnect(deadline)
            await connection.send(data)
            parameters, _ = await connection.receive()
        return call.decode(parameters)

    async def _run(self, call: Call[T], timeout: Optional[float] = None) -> T:
        data = _wire.request(call.method, call.parameters, False)
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            try:
                limit = (self.timeout if timeout is None else timeout) + call.takes_sec
                result: T = await _within(self._exchange(call, data, time.monotonic() + limit), limit)
                return result
            except BrokerError:
                raise
            except BaseException:
                self.close()  # a reply may still come, and would be taken for that of the next call
                raise

    async def _stream(self, call: Call[T], timeout: Optional[float]) -> AsyncIterator[T]:
        data = _wire.request(call.method, call.parameters, True)
        limit = (self.timeout if timeout is None else timeout) + call.takes_sec
        connection: _Connection = await _within(_Connection.open(self.socket), limit)
        try:
            await _within(connection.send(data), limit)
            more = True
            while more:
                parameters, more = await _within(connection.receive(), limit)
                yield call.decode(parameters)
        finally:
            connection.close()

    async def call(
        self, method: str, parameters: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None
    ) -> Dict[str, Any]:
        return await self._run(_calls.call(method, parameters), timeout)

    def stream(
        self, method: str, parameters: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None
    ) -> AsyncIterator[Dict[str, Any]]:
        return self._stream(_calls.call(method, parameters), timeout)

    async def list(self) -> Tuple[Service, ...]:
        return await self._run(_calls.list_services())

    async def status(self, name: str) -> Service:
        return await self._run(_calls.status(name))

    async def start(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Tuple[Outcome, ...]:
        return await self._run(_calls.order("Start", "up", names, all, wait, wait_sec))

    async def stop(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Tuple[Outcome, ...]:
        return await self._run(_calls.order("Stop", "down", names, all, wait, wait_sec))

    async def restart(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Tuple[Outcome, ...]:
        return await self._run(_calls.order("Restart", "up", names, all, wait, wait_sec))

    def start_each(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> AsyncIterator[Outcome]:
        return self._each(_calls.order("Start", "up", names, all, wait, wait_sec))

    def stop_each(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> AsyncIterator[Outcome]:
        return self._each(_calls.order("Stop", "down", names, all, wait, wait_sec))

    def restart_each(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> AsyncIterator[Outcome]:
        return self._each(_calls.order("Restart", "up", names, all, wait, wait_sec))

    async def _each(self, call: Call[Tuple[Outcome, ...]]) -> AsyncIterator[Outcome]:
        async for outcomes in self._stream(call, None):
            for outcome in outcomes:
                yield outcome

    async def reset(self, *names: str) -> Tuple[Outcome, ...]:
        return await self._run(_calls.reset(names))

    async def register(
        self, profile: str, *, environment: Optional[Mapping[str, str]] = None, start: Optional[bool] = None
    ) -> Registered:
        return await self._run(_calls.register(profile, environment, start))

    async def unregister(self, profile: str, *, kill_after_sec: float = UNREGISTER_SEC) -> Unregistered:
        return await self._run(_calls.unregister(profile, kill_after_sec))

    async def reconcile(self, *, dry_run: bool = False) -> Tuple[Action, ...]:
        return await self._run(_calls.reconcile(dry_run))

    def watch(self, *names: str, timeout: Optional[float] = None) -> Watch:
        """Connects when it is first iterated."""
        return Watch(self.socket, _calls.watch(names), self.timeout, timeout)

    async def health(self) -> Health:
        return await self._run(_calls.health())

    async def diagnose(self) -> Tuple[Check, ...]:
        return await self._run(_calls.diagnose())
