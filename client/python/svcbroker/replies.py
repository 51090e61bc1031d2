# SPDX-License-Identifier: ISC
"""The types of io.svcbroker. Times are microseconds since 1970-01-01 UTC, in fields ending in _usec."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any, Dict, Literal, Optional, Tuple

State = Literal["down", "starting", "up", "stopping", "finishing", "backoff", "failed", "held", "unsupervised"]

Signal = Literal["HUP", "INT", "QUIT", "KILL", "TERM", "USR1", "USR2", "CONT", "STOP", "WINCH"]

Problem = Literal["unsupervised", "failed", "backoff", "held", "unread", "not_started", "not_ready", "not_ended", "not_finished",
                  "paused", "stopped", "stale", "unwanted", "logger", "log", "lock", "pipe"]


def moment(usec: int) -> datetime.datetime:
    """A time of the interface, with its time zone (UTC)."""
    return datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=usec)


@dataclasses.dataclass(frozen=True)
class Exit:
    """How the last run ended: one of code and signal ("SIGTERM") is set. oom_kills: so many processes of the container the kernel
    killed for want of memory between oom_since_usec and that end; which ones it does not say. ordered: somebody had told it to end;
    None where nobody knows, or the broker is an older one."""

    code: Optional[int]
    signal: Optional[str]
    at_usec: int
    oom_kills: Optional[int] = None
    oom_since_usec: Optional[int] = None
    ordered: Optional[bool] = None


@dataclasses.dataclass(frozen=True)
class Service:
    """A service as it was when the broker answered.

    name: as in the scan directory, like gateway-coder. profile: of gateways only. want: what a person last asked for.
    cause: why it is held, as a word. reason: what the problem is, or why it is in backoff, failed, held or unsupervised, for people.
    since_usec: when this run, or this time down, began. log_problem: why its lines reach the container's log only, not log_directory.
    lock_problem: it runs without its lock. restarts: starts after a death that nobody asked for. log_restarts: the same of its
    logger. problem: in one word what of it Health tells, None where it is nothing (or the broker is an older one).
    step_since_usec, step_until_usec: of what is on the way (starting, stopping, ...), since when, and until when that is no problem.
    note: what else is to be known of it, for people.
    """

    name: str
    kind: Literal["gateway", "static"]
    profile: Optional[str]
    state: State
    want: Literal["up", "down"]
    reason: Optional[str]
    pid: Optional[int]
    since_usec: int
    ready_usec: Optional[int]
    restarts: int
    log_restarts: int
    next_start_usec: Optional[int]
    last_exit: Optional[Exit]
    log_directory: Optional[str]
    problem: Optional[Problem] = None
    step_since_usec: Optional[int] = None
    step_until_usec: Optional[int] = None
    cause: Optional[str] = None
    log_problem: Optional[str] = None
    lock_problem: Optional[str] = None
    note: Optional[str] = None

    @property
    def running(self) -> bool:
        """There is a process, whether it is up yet or still."""
        return self.pid is not None

    @property
    def served(self) -> bool:
        """The default gateway serves its profile, as it is to: it needs no process of its own, and nothing is wrong."""
        return self.state == "held" and self.cause == "served"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of an order to one service.

    persisted False: the order holds, but could not be recorded on the volume yet; persist_error says why.
    error: fully qualified name of the error, with its fields in error_parameters; see failure().
    """

    name: str
    service: Optional[Service]
    persisted: bool
    persist_error: Optional[str]
    error: Optional[str]
    error_parameters: Optional[Dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Registered:
    """created: the call made the gateway. changed: it was there, and got a different environment."""

    service: Service
    created: bool
    changed: bool
    persisted: bool
    persist_error: Optional[str]


@dataclasses.dataclass(frozen=True)
class Unregistered:
    """removed False: there was nothing to remove."""

    removed: bool
    persisted: bool
    persist_error: Optional[str]


@dataclasses.dataclass(frozen=True)
class Action:
    """What reconcile() did about a profile, or would do. cause: why it is held, as a word."""

    profile: str
    prior_state: Optional[str]
    action: Literal["started", "registered", "kept", "held", "removed", "skipped"]
    message: Optional[str]
    cause: Optional[str] = None


@dataclasses.dataclass(frozen=True)
class Event:
    """Of watch(). A service's first event is always present."""

    event: Literal["present", "changed", "removed"]
    service: Service


@dataclasses.dataclass(frozen=True)
class PastEvent:
    """Something that happened to a service; event says what, and so which of the others are set.

    order: what was ordered, with uid, caller_pid and process: whose it was, and who connected, which may call itself anything; of a
    signal, signal is which.
    started_by: what began a run. code, signal, ordered, lasted_msec, oom_kills: how one ended. state: it is held back now, and
    reason says why. variables: that are different now, by name; left_out: how many more. from_volume: it was read from a file
    that the client user can write.
    """

    name: str
    at_usec: int
    event: Literal["order", "began", "ended", "state", "environment", "logger", "container"]
    order: Optional[Literal["start", "stop", "restart", "reset", "register", "unregister", "signal"]] = None
    uid: Optional[int] = None
    caller_pid: Optional[int] = None
    process: Optional[str] = None
    started_by: Optional[Literal["s6", "person", "retry", "boot"]] = None
    pid: Optional[int] = None
    code: Optional[int] = None
    signal: Optional[str] = None
    ordered: Optional[bool] = None
    lasted_msec: Optional[int] = None
    oom_kills: Optional[int] = None
    state: Optional[Literal["backoff", "failed", "held"]] = None
    variables: Optional[Tuple[str, ...]] = None
    left_out: Optional[int] = None
    reason: Optional[str] = None
    from_volume: Optional[bool] = None


@dataclasses.dataclass(frozen=True)
class Health:
    """problems: one line each, for people. services, wanted, up: how many there are, are to run, and do. served: of those wanted,
    how many the default gateway serves; None where each has its own. notes: what is under way and no problem; None: nothing is, or
    the broker is an older one."""

    healthy: bool
    problems: Tuple[str, ...]
    services: int
    wanted: int
    up: int
    served: Optional[int] = None
    notes: Optional[Tuple[str, ...]] = None


@dataclasses.dataclass(frozen=True)
class Check:
    """One of diagnose(). advice: what to do about a verdict that is not ok."""

    name: str
    verdict: Literal["ok", "warning", "failure"]
    detail: str
    advice: Optional[str]
