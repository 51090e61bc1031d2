# SPDX-License-Identifier: ISC
"""The client for asyncio: the same methods as svcbroker.Client, each a coroutine, and iterators for what streams."""

from __future__ import annotations

import asyncio
import os
import select
import time
from collections import deque
from types import TracebackType
from typing import Any, AsyncIterator, Deque, Dict, Mapping, Optional, Tuple, Type, TypeVar, Union
from weakref import WeakKeyDictionary, WeakSet

from svcbroker import _calls, _wire, intents
from svcbroker._base import TIMEOUT_SEC, Base, only
from svcbroker._calls import UNREGISTER_SEC, WAIT_SEC, Call
from svcbroker._link import Steps, Wait
from svcbroker._pool import Flow, deadline_after
from svcbroker._waiting import Until, Waiting
from svcbroker.errors import BrokerError, TimedOut
from svcbroker.intents import Imported, Script
from svcbroker.replies import Action, Check, Event, Health, Outcome, PastEvent, Registered, Service, Signal, Unregistered

T = TypeVar("T")

# Calls at once, of the 48 connections that the broker gives a user: orders that wait, and others, which need not wait for them.
WAITS_MAX = 16
CALLS_MAX = 8
WATCHES_MAX = 8  # calls of wait(), each of which is one of the 16 Watches of a user


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


class Client(Base[Stream[Dict[str, Any]], Stream[Outcome], Stream[PastEvent]]):
    """As svcbroker.Client.

    Calls of several tasks are made at once: up to 16 orders that wait, and beside them 8 of wait(), and 8 others. More than these have to wait for their
    turn, which counts for their timeout. A task that is cancelled in a call costs that call's connection, not the client.
    Nothing of it belongs to an event loop: it may be used in the next asyncio.run(), or in the loops of several threads.
    """

    def __init__(self, socket: Union[str, "os.PathLike[str]", None] = None, *, timeout: float = TIMEOUT_SEC) -> None:
        super().__init__(socket, timeout=timeout)
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, Tuple[_Turns, _Turns, _Turns]] = WeakKeyDictionary()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def _stream(self, flow: Flow[Any]) -> Stream[Any]:
        return Stream(flow)

    def _turns_here(self) -> Tuple[_Turns, _Turns, _Turns]:
        """For orders that wait, for other calls, and for wait()."""
        loop = asyncio.get_running_loop()
        if loop not in self._turns:
            self._turns[loop] = (_Turns(WAITS_MAX), _Turns(CALLS_MAX), _Turns(WATCHES_MAX))
        return self._turns[loop]

    async def _in_turn(self, turns: _Turns, deadline: float, steps: Steps[T]) -> T:
        turn = _Turn()
        try:
            await turns.take(turn, deadline)
            return await _drive(steps)
        finally:
            turns.give(turn)

    async def _run(self, call: Call[T], timeout: Optional[float] = None) -> T:
        data = _wire.request(call.method, call.parameters, bool(call.pieces))
        deadline = deadline_after((self.timeout if timeout is None else timeout) + call.takes_sec)
        turns = self._turns_here()[0 if call.takes_sec else 1]
        return await self._in_turn(turns, deadline, self._pool.exchange(call, data, deadline))

    async def _play(self, script: Script[T]) -> T:
        given: Any = None
        while True:
            try:
                call = script.send(given)
            except StopIteration as done:
                result: T = done.value
                return result
            try:
                given = await self._run(call)
            except BrokerError as refused:
                if not _wire.raised_in(refused.__traceback__, "svcbroker"):
                    raise
                given = refused

    async def call(
        self, method: str, parameters: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None
    ) -> Dict[str, Any]:
        return await self._run(_calls.call(method, parameters), timeout)

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

    async def wait(self, *names: str, until: Until = "up", wait_sec: Optional[float] = WAIT_SEC) -> Tuple[Service, ...]:
        waiting = Waiting(self._pool, self.socket, self.timeout, names, until, wait_sec)
        deadline = deadline_after(None if wait_sec is None else wait_sec + self.timeout)
        return await self._in_turn(self._turns_here()[2], deadline, waiting.steps())

    async def export(self, *names: str, with_environment: bool = False) -> Dict[str, Any]:
        """The volume is read in a thread."""
        services = intents.chosen(await self.list(), names)
        return intents.document(services, await asyncio.to_thread(intents.environments, services) if with_environment else None)

    async def import_(self, document: Mapping[str, Any], *, dry_run: bool = False) -> Tuple[Imported, ...]:
        return await self._play(intents.importing(document, dry_run))

    def watch(self, *names: str, timeout: Optional[float] = None) -> Watch:
        """Connects when it is first iterated."""
        return Watch(Flow(self.socket, _calls.watch(names), self.timeout, timeout, only))

    async def history(self, *names: str, since_usec: Optional[int] = None, count: Optional[int] = None) -> Tuple[PastEvent, ...]:
        return await self._run(_calls.history(names, since_usec, count, False))

    async def health(self) -> Health:
        return await self._run(_calls.health())

    async def diagnose(self) -> Tuple[Check, ...]:
        return await self._run(_calls.diagnose())
