# SPDX-License-Identifier: ISC
"""The blocking client."""

from __future__ import annotations

import math
import select
import time
from types import TracebackType
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple, Type, TypeVar

from svcbroker import _calls, _wire, intents
from svcbroker._base import Base, only
from svcbroker._calls import UNREGISTER_SEC, WAIT_SEC, Call
from svcbroker._link import Steps, Wait
from svcbroker._pool import Flow, deadline_after
from svcbroker._waiting import Until, Waiting
from svcbroker.errors import BrokerError
from svcbroker.intents import Imported, Script
from svcbroker.replies import Action, Check, Event, Health, Outcome, PastEvent, Registered, Service, Signal, Unregistered

T = TypeVar("T")

POLL_SEC_MAX = 24 * 60 * 60.0  # poll's own limit is 24 days


def _wait(wait: Wait, beside: int) -> None:
    poll = select.poll()
    if wait.descriptor >= 0:
        poll.register(wait.descriptor, wait.events)
    if beside >= 0:
        poll.register(beside, 0)
    left = min(max(wait.until - time.monotonic(), 0), POLL_SEC_MAX)
    for descriptor, events in poll.poll(math.ceil(left * 1000)):
        if descriptor == beside and events & select.POLLERR:
            raise BrokenPipeError


def _drive(steps: Steps[T], beside: int = -1) -> T:
    """beside: a pipe; BrokenPipeError when its reader goes away meanwhile."""
    try:
        while True:
            try:
                wait = next(steps)
            except StopIteration as done:
                result: T = done.value
                return result
            _wait(wait, beside)
    finally:
        steps.close()


class Stream(Iterator[T]):
    """The replies to Client.stream(), or the outcomes of start_each() and the like, on a connection of its own.

    It ends by close(), which may also come from another thread or a signal's handler while it is waited for. Iterating raises TimedOut
    after `timeout` seconds without a reply, and may go on after that. After any other exception, be it of a signal's handler,
    what was not read is lost: it raises ConnectionFailed from then on. What was ordered holds.
    """

    def __init__(self, flow: Flow[T], beside: int = -1) -> None:
        self._flow = flow
        self._beside = beside

    def __next__(self) -> T:
        found = _drive(self._flow.following(), self._beside)
        if found is None:
            raise StopIteration
        return found[0]

    def close(self) -> None:
        """Also ends an iteration's for loop, when called in it."""
        self._flow.close()

    def __enter__(self: _S) -> _S:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()


_S = TypeVar("_S", bound=Stream[Any])


class Watch(Stream[Event]):
    """The events of Client.watch(): a Stream that ends by close(), or with ConnectionFailed when the broker does: watch again then."""


class Client(Base[Stream[Dict[str, Any]], Stream[Outcome], Stream[PastEvent]]):
    """The broker. Connections are made when they are needed first.

    socket: a path; None: $SVCBROKER_SOCKET, else the default one. Who may not connect to it is connected to the one for observers
    beside it, if that is allowed.
    timeout: seconds that a call may take, beside what it makes the broker wait for (`wait_sec`, `kill_after_sec`).

    Each method raises ConnectionFailed, TimedOut, ProtocolError, or one of the errors of the interface (BrokerError).

    A broker that was restarted, or closed the idle connection, is connected to once more, and waited for until the timeout. If it
    ended before the call was sent, every call is sent then. If it ended later, those are sent again that change nothing a second
    time: all but restart(), signal(), call() and stream(), which raise ConnectionFailed with `sent`.

    Any other exception that comes out of a call (KeyboardInterrupt, one of a signal's handler) closes that call's connection; what was
    ordered holds. Threads may share a client, and a signal's handler may use the one that it interrupts: calls at the same time have
    connections of their own. After a fork, the child's calls have new ones, and streams that were begun are the parent's. A
    client is copied and pickled as its socket and timeout.
    """

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def _stream(self, flow: Flow[Any]) -> Stream[Any]:
        return Stream(flow)

    def _run(self, call: Call[T], timeout: Optional[float] = None) -> T:
        data = _wire.request(call.method, call.parameters, bool(call.pieces))
        deadline = deadline_after((self.timeout if timeout is None else timeout) + call.takes_sec)
        return _drive(self._pool.exchange(call, data, deadline))

    def _play(self, script: Script[T]) -> T:
        given: Any = None
        while True:
            try:
                call = script.send(given)
            except StopIteration as done:
                result: T = done.value
                return result
            try:
                given = self._run(call)
            except BrokerError as refused:
                if not _wire.raised_in(refused.__traceback__, "svcbroker"):
                    raise
                given = refused

    def call(self, method: str, parameters: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None) -> Dict[str, Any]:
        """Any method ("Status", or with its interface), for what this class has no method for: the reply's parameters."""
        return self._run(_calls.call(method, parameters), timeout)

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

    def stop(
        self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC, kill_after_sec: Optional[float] = None
    ) -> Tuple[Outcome, ...]:
        """As start(); with wait it returns when it is down. What still runs after kill_after_sec seconds is killed; None: nothing is."""
        return self._run(_calls.order("Stop", "down", names, all, wait, wait_sec, kill_after_sec))

    def restart(
        self, *names: str, all: bool = False, wait: bool = False, wait_sec: float = WAIT_SEC, kill_after_sec: Optional[float] = None
    ) -> Tuple[Outcome, ...]:
        """As start(); one that is down is started, but of all only those that are wanted up. kill_after_sec as in stop(). Never repeated by itself."""
        return self._run(_calls.order("Restart", "up", names, all, wait, wait_sec, kill_after_sec))

    def reset(self, *names: str) -> Tuple[Outcome, ...]:
        """Forgets failures: back-off, failed, the counted deaths. Starts nothing."""
        return self._run(_calls.reset(names))

    def signal(self, *names: str, signal: Signal) -> Tuple[Outcome, ...]:
        """Sends it to the processes that run, like "KILL". What is wanted stays as it is: one that ends by it is started again if it is
        wanted, and that end does not count. NotRunning: there is no process. Never repeated by itself."""
        return self._run(_calls.signal(names, signal))

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

    def wait(self, *names: str, until: Until = "up", wait_sec: Optional[float] = WAIT_SEC) -> Tuple[Service, ...]:
        """Orders nothing, and returns when all of them are so: the services, as they were then. up and ready are the same, and so is what
        the default gateway serves; what is gone is not among them, and counts as down, too.

        Raises WaitTimeout after wait_sec seconds (None: never); NoSuchService or NotRegistered, if one is not there in the beginning,
        or at the end; Failed or Held, if one is to be up and nobody but a person can start it. A broker that is started again
        meanwhile is waited for.
        """
        return _drive(Waiting(self._pool, self.socket, self.timeout, names, until, wait_sec).steps())

    def export(self, *names: str, with_environment: bool = False) -> Dict[str, Any]:
        """What is wanted of these gateways, or of all, as JSON has it: for import_(), and for 'svcctl import'. with_environment: and their
        variables, read on the volume with this process's own rights; OSError or ValueError, if they cannot be."""
        services = intents.chosen(self.list(), names)
        return intents.document(services, intents.environments(services) if with_environment else None)

    def import_(self, document: Mapping[str, Any], *, dry_run: bool = False) -> Tuple[Imported, ...]:
        """Makes gateways wanted as export() gave it: each is registered, if it is not, with its variables, if they are in it, and
        started or stopped. Nothing is waited for, others stay as they are, and what fails is told of that gateway. With dry_run
        only tells. ValueError: it is no such document. Broken off, it may be done again."""
        return self._play(intents.importing(document, dry_run))

    def watch(self, *names: str, timeout: Optional[float] = None) -> Watch:
        """First every service, then each change, on a connection of its own. No names: all, also those that come later.

        timeout: seconds to wait for an event; None: for ever.
        """
        flow: Flow[Event] = Flow(self.socket, _calls.watch(names), self.timeout, timeout, only)
        _drive(flow.open())
        return Watch(flow)

    def history(self, *names: str, since_usec: Optional[int] = None, count: Optional[int] = None) -> Tuple[PastEvent, ...]:
        """What happened to these services, or to all, also to those that are gone, by time; since then, and the last `count`."""
        return self._run(_calls.history(names, since_usec, count, False))

    def health(self) -> Health:
        """From the broker's memory, at once."""
        return self._run(_calls.health())

    def diagnose(self) -> Tuple[Check, ...]:
        """Looks at everything that health() does not; may take some seconds."""
        return self._run(_calls.diagnose())
