# SPDX-License-Identifier: ISC
"""What both clients have alike: how they are made, and what they stream. Their calls differ by `await`."""

from __future__ import annotations

import functools
import os
from typing import Any, Generic, Mapping, Optional, Sequence, Tuple, TypeVar, Union

from svcbroker import _calls, _wire
from svcbroker._calls import WAIT_SEC, Call
from svcbroker._pool import Flow, Pool
from svcbroker.replies import Outcome

T = TypeVar("T")
# The client's own Stream, of what it gives: of replies, of outcomes, of past events.
Replies = TypeVar("Replies")
Outcomes = TypeVar("Outcomes")
PastEvents = TypeVar("PastEvents")

TIMEOUT_SEC = 10.0


def only(value: T) -> Sequence[T]:
    return (value,)


class Base(Generic[Replies, Outcomes, PastEvents]):
    def __init__(self, socket: Union[str, "os.PathLike[str]", None] = None, *, timeout: float = TIMEOUT_SEC) -> None:
        if not timeout > 0:
            raise ValueError("timeout: give seconds, more than 0")
        self.socket = os.fsdecode(socket) if socket is not None else _wire.default_socket()
        self.timeout = timeout
        self._pool = Pool(self.socket)

    def __reduce__(self) -> Tuple[Any, ...]:
        return functools.partial(type(self), timeout=self.timeout), (self.socket,)

    def close(self) -> None:
        """Calls that other threads or tasks have under way raise ConnectionFailed. Streams are closed by themselves. It may be used
        again; it connects again then."""
        self._pool.close()

    def _stream(self, flow: Flow[Any]) -> Any:
        raise NotImplementedError

    def _flow(self, call: Call[Any], timeout: Optional[float], split: Any) -> Flow[Any]:
        limit = (self.timeout if timeout is None else timeout) + call.takes_sec
        return Flow(self.socket, call, limit, limit, split)

    def _each(self, call: Call[Tuple[Outcome, ...]]) -> Outcomes:
        made: Outcomes = self._stream(self._flow(call, None, tuple))
        return made

    def stream(self, method: str, parameters: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None) -> Replies:
        """call() with "more": every reply. Calls when it is first iterated. timeout: seconds for each reply."""
        made: Replies = self._stream(self._flow(_calls.call(method, parameters), timeout, only))
        return made

    def start_each(self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC) -> Outcomes:
        """As start(), but every outcome as it happens, and none is raised. Orders when it is first iterated."""
        return self._each(_calls.order("Start", "up", names, all, wait, wait_sec))

    def stop_each(
        self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC, kill_after_sec: Optional[float] = None
    ) -> Outcomes:
        """As start_each()."""
        return self._each(_calls.order("Stop", "down", names, all, wait, wait_sec, kill_after_sec))

    def restart_each(
        self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC, kill_after_sec: Optional[float] = None
    ) -> Outcomes:
        """As start_each()."""
        return self._each(_calls.order("Restart", "up", names, all, wait, wait_sec, kill_after_sec))

    def history_follow(
        self, *names: str, since_usec: Optional[int] = None, count: Optional[int] = None, timeout: Optional[float] = None
    ) -> PastEvents:
        """As history(), and then what happens, as it comes to be known. Calls when it is first iterated. timeout: seconds to wait for
        an event; None: for ever."""
        made: PastEvents = self._stream(Flow(self.socket, _calls.history(names, since_usec, count, True), self.timeout, timeout, tuple))
        return made
