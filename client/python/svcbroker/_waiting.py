# SPDX-License-Identifier: ISC
"""Waiting for a state that nobody orders, as steps (see _link.py).

Watch tells of changes, and in its beginning of what there is, but not of what there is not, nor when that beginning is over. So
what it has not told of yet is asked for by its name, now and then, until it has. While a broker is started again, it is waited for.
"""

from __future__ import annotations

import dataclasses
import time
from types import TracebackType
from typing import Dict, List, Literal, Optional, Sequence, Set, Tuple, get_args

from svcbroker import _calls, _wire
from svcbroker._base import only
from svcbroker._link import RETRY_SEC, Steps, Wait
from svcbroker._pool import Flow, Pool, closed, deadline_after
from svcbroker.errors import INTERFACE, BrokerError, ConnectionFailed, NoSuchService, NotRegistered, TimedOut, broker_error
from svcbroker.replies import Event, Service

Until = Literal["up", "ready", "down", "failed", "gone"]

LOOK_SEC = 0.05  # the first time, between looks at what Watch has not told of
LOOK_SEC_MAX = 1.0
PREFIX = "gateway-"


def is_reached(until: str, service: Optional[Service]) -> bool:
    """service None: there is none, which is down, too."""
    if service is None:
        return until in ("gone", "down")
    if until in ("up", "ready"):
        return service.state == "up" or service.served
    return service.state == until


def _absent(name: str) -> BrokerError:
    if name.startswith(PREFIX):
        return broker_error(f"{INTERFACE}.NotRegistered", {"profile": name[len(PREFIX) :]})
    return broker_error(f"{INTERFACE}.NoSuchService", {"name": name})


def _is_ours(error: BaseException) -> bool:
    trace: Optional[TracebackType] = error.__traceback__
    return _wire.raised_in(trace, "svcbroker")


class Waiting:
    def __init__(self, pool: Pool, path: str, timeout: float, names: Sequence[str], until: str, wait_sec: Optional[float]) -> None:
        if not names:
            raise ValueError("names are missing")
        if until not in get_args(Until):
            raise ValueError(f"until: {until!r} is none of {', '.join(get_args(Until))}")
        if wait_sec is not None and not wait_sec > 0:
            raise ValueError("wait_sec: give seconds, more than 0, or None")
        _calls.watch(names)  # are they names?
        self._pool = pool
        self._path = path
        self._timeout = timeout
        self._names = tuple(dict.fromkeys(names))
        self._until = until
        self._wait_sec = wait_sec
        self._left: Dict[str, Optional[Service]] = dict.fromkeys(names)  # as it was last, where it is not as it is to be
        self._reached: Dict[str, Service] = {}
        self._closings = 0

    def steps(self) -> Steps[Tuple[Service, ...]]:
        begun, deadline = time.monotonic(), deadline_after(self._wait_sec)
        self._closings = self._pool.closings
        yield from self._look(self._names, first=True)
        while self._left and time.monotonic() < deadline:
            try:
                yield from self._follow(deadline)
            except ConnectionFailed as lost:
                if not _is_ours(lost):
                    raise
            if self._left and self._is_closed():
                raise closed(sent=False)
            if self._left:
                yield Wait(-1, 0, min(time.monotonic() + RETRY_SEC, deadline))
        if self._left:
            raise self._late(round((time.monotonic() - begun) * 1000))
        return tuple(self._reached[name] for name in self._names if name in self._reached)

    def _look(self, names: Sequence[str], *, first: bool = False) -> Steps[None]:
        for name in names:
            call = _calls.status(name)
            try:
                service: Optional[Service] = yield from self._pool.exchange(
                    call, _wire.request(call.method, call.parameters, False), deadline_after(self._timeout)
                )
            except (NoSuchService, NotRegistered) as absent:
                if (first and self._until != "gone") or not _is_ours(absent):
                    raise
                service = None
            self._note(name, service)

    def _follow(self, deadline: float) -> Steps[None]:
        """Until all is as it is to be, or the time is over, or the broker is."""
        flow: Flow[Event] = Flow(self._path, _calls.watch(tuple(self._left)), self._timeout, None, only)
        self._pool.attend(flow)
        told: Set[str] = set()
        pause = LOOK_SEC
        look_at = time.monotonic() + pause
        try:
            yield from flow.open()
            while self._left and time.monotonic() < deadline and not self._is_closed():
                silent: List[str] = [name for name in self._left if name not in told]
                if silent and time.monotonic() >= look_at:
                    yield from self._look(silent)
                    pause = min(2 * pause, LOOK_SEC_MAX)
                    look_at = time.monotonic() + pause
                    continue
                try:
                    found = yield from flow.following(min(deadline, look_at) if silent else deadline)
                except TimedOut as late:
                    if not _is_ours(late):
                        raise
                    continue
                if found is None:
                    return
                told.add(found[0].service.name)
                self._note(found[0].service.name, None if found[0].event == "removed" else found[0].service)
        finally:
            flow.close()

    def _is_closed(self) -> bool:
        """The client was."""
        return self._pool.closings != self._closings

    def _note(self, name: str, service: Optional[Service]) -> None:
        if name not in self._left:
            return
        self._left[name] = service
        if is_reached(self._until, service):
            del self._left[name]
            if service is not None:
                self._reached[name] = service
        elif service is not None and self._until in ("up", "ready"):
            # It is up when a person starts it, and not by itself.
            if service.state == "failed":
                raise broker_error(f"{INTERFACE}.Failed", {"service": dataclasses.asdict(service)})
            if service.state == "held":
                reason = service.reason or "it does not start by itself"
                raise broker_error(f"{INTERFACE}.Held", {"name": name, "reason": reason, "cause": service.cause})

    def _late(self, waited_msec: int) -> BrokerError:
        name, service = next(iter(self._left.items()))
        if service is None:
            return _absent(name)
        return broker_error(f"{INTERFACE}.WaitTimeout", {"service": dataclasses.asdict(service), "waited_msec": waited_msec})
