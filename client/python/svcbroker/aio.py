# SPDX-License-Identifier: ISC
"""The client for asyncio: the same methods as svcbroker.Client, each a coroutine, and iterators for what streams."""

from __future__ import annotations

import asyncio
import functools
import os
import select
import time
from collections import deque
from types import TracebackType
from typing import Any, AsyncIterator, Deque, Dict, Mapping, Optional, Tuple, Type, TypeVar, Union
from weakref import WeakKeyDictionary, WeakSet

from svcbroker import _calls, _wire
from svcbroker._calls import UNREGISTER_SEC, WAIT_SEC, Call
from svcbroker._link import Steps, Wait
from svcbroker._pool import Flow, Pool, deadline_after
from svcbroker.client import TIMEOUT_SEC, only
from svcbroker.errors import TimedOut
from svcbroker.replies import Action, Check, Event, Health, Outcome, PastEvent, Registered, Service, Signal, Unregistered

T = TypeVar("T")

# Calls at once, of the 48 connections that the broker gives a user: orders that wait, and others, which need not wait for them.
WAITS_MAX = 16
CALLS_MAX = 8


def _alarm(loop: asyncio.AbstractEventLoop, until: float, future: "asyncio.Future[bool]") -> Optional[asyncio.TimerHandle]:
    """Makes it False at that time."""
    left = until - time.monotonic()
    return None if left == float("inf") else loop.call_later(left, _settle, future, False)


def _settle(future: "asyncio.Future[bool]", value: bool) -> None:
    if not future.done():
        future.set_result(value)


async def _wait(wait: Wait) -> None:
    loop = asyncio.get_running_loop()
    woken: "asyncio.Future[bool]" = loop.create_future()
    reads = wait.events & select.POLLIN
    timer = _alarm(loop, wait.until, woken)

    def forget() -> None:
        if wait.descriptor >= 0:
            (loop.remove_reader if reads else loop.remove_writer)(wait.descriptor)
        if timer is not None:
            timer.cancel()

    try:
        if wait.descriptor >= 0:
            (loop.add_reader if reads else loop.add_writer)(wait.descriptor, _settle, woken, True)
        await woken
        forget()
    except BaseException:
        # Twice, if it came in forget(): the loop would not look at another file that gets this number.
        forget()
        raise


async def _drive(steps: Steps[T]) -> T:
    try:
        while True:
            try:
                wait = next(steps)
            except StopIteration as done:
                result: T = done.value
                return result
            await _wait(wait)
    finally:
        steps.close()


class _Turn:
    """Of one call. An exception may come before anything else is done about it: then it counts no longer than it exists."""


class _Turns:
    """So many at once, and the others in their order. For one event loop."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._taken: WeakSet[_Turn] = WeakSet()
        self._waiting: Deque[Tuple[_Turn, "asyncio.Future[bool]"]] = deque()

    async def take(self, turn: _Turn, deadline: float) -> None:
        if len(self._taken) < self._at_once:
            self._taken.add(turn)
            return
        loop = asyncio.get_running_loop()
        given: "asyncio.Future[bool]" = loop.create_future()
        self._waiting.append((turn, given))
        timer = _alarm(loop, deadline, given)
        try:
            if not await given:
                raise TimedOut("other calls of this client took all the time")
        finally:
            if timer is not None:
                timer.cancel()

    def give(self, turn: _Turn) -> None:
        self._taken.discard(turn)
        while self._waiting and len(self._taken) < self._at_once:
            following, given = self._waiting.popleft()
            if not given.done():
                self._taken.add(following)
                given.set_result(True)


class Stream(AsyncIterator[T]):
    """As svcbroker.Stream. Close it, or use it in `async with`; it may be closed by another task, and without a running loop."""

    def __init__(self, flow: Flow[T]) -> None:
        self._flow = flow

    async def __anext__(self) -> T:
        await asyncio.sleep(0)  # what has come already is no reason to keep others waiting
        found = await _drive(self._flow.following())
        if found is None:
            raise StopAsyncIteration
        return found[0]

    def close(self) -> None:
        self._flow.close()

    async def aclose(self) -> None:
        self.close()

    async def __aenter__(self: _S) -> _S:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


_S = TypeVar("_S", bound=Stream[Any])


class Watch(Stream[Event]):
    """The events of Client.watch(), as svcbroker.Watch."""


class Client:
    """As svcbroker.Client.

    Calls of several tasks are made at once: up to 16 orders that wait, and beside them 8 others. More than these have to wait for their
    turn, which counts for their timeout. A task that is cancelled in a call costs that call's connection, not the client.
    Nothing of it belongs to an event loop: it may be used in the next asyncio.run(), or in the loops of several threads.
    """

    def __init__(self, socket: Union[str, "os.PathLike[str]", None] = None, *, timeout: float = TIMEOUT_SEC) -> None:
        if not timeout > 0:
            raise ValueError("timeout: give seconds, more than 0")
        self.socket = os.fsdecode(socket) if socket is not None else _wire.default_socket()
        self.timeout = timeout
        self._pool = Pool(self.socket)
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, Tuple[_Turns, _Turns]] = WeakKeyDictionary()

    def __reduce__(self) -> Tuple[Any, ...]:
        return functools.partial(type(self), timeout=self.timeout), (self.socket,)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        """Calls that other tasks have under way raise ConnectionFailed. It may be used again; it connects again then. Needs no
        running loop."""
        self._pool.close()

    def _turns_of(self, call: Call[Any]) -> _Turns:
        loop = asyncio.get_running_loop()
        if loop not in self._turns:
            self._turns[loop] = (_Turns(WAITS_MAX), _Turns(CALLS_MAX))
        return self._turns[loop][0 if call.takes_sec else 1]

    async def _run(self, call: Call[T], timeout: Optional[float] = None) -> T:
        data = _wire.request(call.method, call.parameters, bool(call.pieces))
        deadline = deadline_after((self.timeout if timeout is None else timeout) + call.takes_sec)
        turns, turn = self._turns_of(call), _Turn()
        try:
            await turns.take(turn, deadline)
            return await _drive(self._pool.exchange(call, data, deadline))
        finally:
            turns.give(turn)

    def _flow(self, call: Call[Any], timeout: Optional[float], split: Any) -> Flow[Any]:
        limit = (self.timeout if timeout is None else timeout) + call.takes_sec
        return Flow(self.socket, call, limit, limit, split)

    async def call(
        self, method: str, parameters: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None
    ) -> Dict[str, Any]:
        return await self._run(_calls.call(method, parameters), timeout)

    def stream(
        self, method: str, parameters: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None
    ) -> Stream[Dict[str, Any]]:
        return Stream(self._flow(_calls.call(method, parameters), timeout, only))

    async def list(self) -> Tuple[Service, ...]:
        return await self._run(_calls.list_services())

    async def status(self, name: str) -> Service:
        return await self._run(_calls.status(name))

    async def start(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Tuple[Outcome, ...]:
        return await self._run(_calls.order("Start", "up", names, all, wait, wait_sec))

    async def stop(
        self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC, kill_after_sec: Optional[float] = None
    ) -> Tuple[Outcome, ...]:
        return await self._run(_calls.order("Stop", "down", names, all, wait, wait_sec, kill_after_sec))

    async def restart(
        self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC, kill_after_sec: Optional[float] = None
    ) -> Tuple[Outcome, ...]:
        return await self._run(_calls.order("Restart", "up", names, all, wait, wait_sec, kill_after_sec))

    def start_each(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Stream[Outcome]:
        return self._each(_calls.order("Start", "up", names, all, wait, wait_sec))

    def stop_each(
        self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC, kill_after_sec: Optional[float] = None
    ) -> Stream[Outcome]:
        return self._each(_calls.order("Stop", "down", names, all, wait, wait_sec, kill_after_sec))

    def restart_each(
        self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC, kill_after_sec: Optional[float] = None
    ) -> Stream[Outcome]:
        return self._each(_calls.order("Restart", "up", names, all, wait, wait_sec, kill_after_sec))

    def _each(self, call: Call[Tuple[Outcome, ...]]) -> Stream[Outcome]:
        return Stream(self._flow(call, None, tuple))

    async def reset(self, *names: str) -> Tuple[Outcome, ...]:
        return await self._run(_calls.reset(names))

    async def signal(self, *names: str, signal: Signal) -> Tuple[Outcome, ...]:
        return await self._run(_calls.signal(names, signal))

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
        return Watch(Flow(self.socket, _calls.watch(names), self.timeout, timeout, only))

    async def history(self, *names: str, since_usec: Optional[int] = None, count: Optional[int] = None) -> Tuple[PastEvent, ...]:
        return await self._run(_calls.history(names, since_usec, count, False))

    def history_follow(
        self, *names: str, since_usec: Optional[int] = None, count: Optional[int] = None, timeout: Optional[float] = None
    ) -> Stream[PastEvent]:
        return Stream(Flow(self.socket, _calls.history(names, since_usec, count, True), self.timeout, timeout, tuple))

    async def health(self) -> Health:
        return await self._run(_calls.health())

    async def diagnose(self) -> Tuple[Check, ...]:
        return await self._run(_calls.diagnose())
