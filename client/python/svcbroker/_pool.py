# SPDX-License-Identifier: ISC
"""What both clients do with connections, as steps (see _link.py).

A connection is in a pool, or in a stream, only while it is idle. Who calls takes it out and puts it back after the whole reply was
taken, never otherwise. So the next call finds one on which no reply is due, whatever became of this one; and two calls at
once, of two threads, two tasks, or of a signal's handler in the middle of a call, have two connections.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Generic, List, Mapping, Optional, Sequence, Tuple, TypeVar, Union
from weakref import WeakValueDictionary

from svcbroker import _wire
from svcbroker._calls import Call
from svcbroker._link import RETRY_SEC, Link, Steps, Wait, each_of
from svcbroker._wire import Reply
from svcbroker.errors import ConnectionFailed, Error, ProtocolError, TimedOut

T = TypeVar("T")

IDLE_MAX = 4  # connections that are kept for later calls


def deadline_after(seconds: Optional[float]) -> float:
    """None: never."""
    if seconds is not None and seconds != seconds:
        raise ValueError("timeout: not a number")
    return time.monotonic() + (float("inf") if seconds is None else seconds)


class Pool:
    """The connections of a client's calls."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._idle: List[Link] = []  # pop() and append() are whole, whichever thread or handler comes in between
        self._links: WeakValueDictionary[int, Link] = WeakValueDictionary()
        self._flows: WeakValueDictionary[int, Flow[Any]] = WeakValueDictionary()
        self._closings = 0

    @property
    def closings(self) -> int:
        """How often it was closed."""
        return self._closings

    def attend(self, flow: Flow[Any]) -> None:
        """It is a part of a call: close() ends it, too."""
        self._flows[id(flow)] = flow

    def close(self) -> None:
        """Ends the calls under way, too. It may be used again."""
        self._closings += 1
        while True:
            try:
                self._idle.pop().close()
            except IndexError:
                break
        each_of(self._links, Link.end)
        each_of(self._flows, Flow.close)

    def _take(self) -> Tuple[Optional[Link], bool]:
        """An idle connection, if there is one; and whether there was one that the broker ended."""
        ended = False
        while True:
            try:
                link = self._idle.pop()
            except IndexError:
                return None, ended
            if link.fresh():
                return link, False
            ended = ended or not link.inherited
            link.close()

    def _keep(self, link: Link, closings: int) -> None:
        if closings == self._closings and len(self._idle) < IDLE_MAX:
            self._idle.append(link)
        else:
            link.close()

    def _open(self, deadline: float, closings: int, *, patient: bool) -> Steps[Link]:
        """patient: the broker was there a moment ago."""
        while True:
            link = Link()
            try:
                self._links[id(link)] = link
                failed = yield from link.connect(self._path, deadline)
                if failed is None and closings == self._closings:
                    return link
            except BaseException:
                link.close()
                raise
            link.close()
            if closings != self._closings:
                raise closed(sent=False)
            assert failed is not None
            if not patient or isinstance(failed, TimedOut) or time.monotonic() + RETRY_SEC >= deadline:
                raise failed
            yield from _sleep(RETRY_SEC)

    def exchange(self, call: Call[T], data: bytes, deadline: float) -> Steps[T]:
        """One call, and what its reply means."""
        closings = self._closings
        link, ended = self._take()
        try:
            if link is None:
                link = yield from self._open(deadline, closings, patient=ended)
            result = yield from _ask(link, data, call.pieces, deadline)
            if isinstance(result, ConnectionFailed) and call.repeat and not ended and closings == self._closings:
                link.close()
                # A broker that ends may take one more connection, which ends with it.
                yield from _sleep(min(RETRY_SEC, max(deadline - time.monotonic(), 0)))
                link = yield from self._open(deadline, closings, patient=True)
                result = yield from _ask(link, data, call.pieces, deadline)
            if isinstance(result, Error):
                raise result if closings == self._closings else closed(sent=True)
            value = None if result.error else (call.decode(result.parameters),)
        except BaseException:
            if link is not None:
                link.close()
            raise
        self._keep(link, closings)
        if value is None:
            assert result.error is not None
            raise result.error
        return value[0]


def closed(*, sent: bool) -> ConnectionFailed:
    return ConnectionFailed("the client was closed meanwhile", sent=sent)


def _sleep(seconds: float) -> Steps[None]:
    yield Wait(-1, 0, time.monotonic() + seconds)


def _ask(link: Link, data: bytes, pieces: str, deadline: float) -> Steps[Union[Reply, Error]]:
    failed = yield from link.send(data, deadline)
    if failed is not None:
        return failed
    result = yield from link.receive(deadline)
    if isinstance(result, Error) or not result.more:
        return result
    joined = result
    while result.more:
        result = yield from link.receive(deadline)
        if isinstance(result, Error) or result.error is not None:
            return result
        _join(joined, result, pieces)
    return joined._replace(more=False)


def _join(first: Reply, piece: Reply, name: str) -> None:
    array, further = first.parameters.get(name), piece.parameters.get(name)
    if not (name and isinstance(array, list) and isinstance(further, list)):
        raise ProtocolError("a reply in pieces that holds no pieces")
    array.extend(further)


class Flow(Generic[T]):
    """The replies to one call with "more", on a connection of its own.

    opening: seconds until it is sent. limit: seconds for each reply, or None. split: what comes in one reply.
    """

    def __init__(
        self, path: str, call: Call[Any], opening: float, limit: Optional[float], split: Callable[[Any], Sequence[T]]
    ) -> None:
        self._path = path
        self._data = _wire.request(call.method, call.parameters, True)
        self._decode: Callable[[Mapping[str, Any]], Any] = call.decode
        self._opening = opening
        self._limit = limit
        self._split = split
        self._items: List[T] = []
        self._link: Optional[Link] = None
        self._turn = [True]  # empty: it is being read, or was left half read
        self._over = False
        self._broken = False
        self._closed = False

    def close(self) -> None:
        """Also while it is being read, which then ends."""
        self._closed = True
        link = self._link
        if link is None:
            return
        try:
            self._turn.pop()
        except IndexError:
            link.end()
        else:
            link.close()

    def following(self, until: float = float("inf")) -> Steps[Optional[Tuple[T]]]:
        """None: there are no more. Of what is raised, only TimedOut leaves it as it was. until: no later than then."""
        if self._closed or (self._over and not self._items):
            return None
        if self._broken:
            raise ConnectionFailed("the stream was broken off: call again", sent=True)
        try:
            self._turn.pop()
        except IndexError:
            raise RuntimeError("the stream is being read already, or was left half read") from None
        try:
            late = yield from self._fill(until)
            found = None if late else self._found()
        except BaseException:
            self._broken = True
            if self._link is not None:
                self._link.close()
            raise
        self._turn.append(True)
        if self._closed and self._link is not None:
            self._link.close()
        if late is not None:
            raise late
        return found

    def _found(self) -> Optional[Tuple[T]]:
        return (self._items.pop(0),) if self._items and not self._closed else None

    def open(self) -> Steps[None]:
        deadline = deadline_after(self._opening)
        self._link = link = Link()
        try:
            failed = yield from link.connect(self._path, deadline)
            if failed is None:
                failed = yield from link.send(self._data, deadline)
            if failed is not None:
                raise failed
        except BaseException:
            link.close()
            raise

    def _fill(self, until: float) -> Steps[Optional[TimedOut]]:
        """Until something is there, or nothing will be."""
        if self._link is None:
            yield from self.open()
        assert self._link is not None
        while not (self._items or self._over or self._closed):
            result = yield from self._link.receive(min(deadline_after(self._limit), until))
            if isinstance(result, TimedOut):
                return result
            if isinstance(result, Error):
                if not self._closed:
                    raise result
            elif result.error is not None:
                self._over = True
                raise result.error
            else:
                self._items.extend(self._split(self._decode(result.parameters)))
                self._over = not result.more
        if self._over:
            self._link.close()
        return None
