# SPDX-License-Identifier: ISC
"""Every method of the interface, as a request and what to make of its reply. No sockets here."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Dict, Generic, Mapping, Optional, Sequence, Tuple, TypeVar

from svcbroker import _decode
from svcbroker.errors import ProtocolError
from svcbroker.replies import Action, Check, Event, Health, Outcome, PastEvent, Registered, Service, Unregistered

T = TypeVar("T")

WAIT_SEC = 30.0  # the broker's own default of a wait; proto/limits.h
UNREGISTER_SEC = 20.0  # the same of how long a gateway may take to end before it is killed
WAIT_SEC_MAX = 600.0  # the longest it waits
KILL_AFTER_SEC_MAX = 600.0  # the latest that it kills what an order ends


@dataclasses.dataclass(frozen=True)
class Call(Generic[T]):
    """takes_sec: how long the broker may take on purpose. repeat: a second time changes nothing that the first did not.
    pieces: the array of the reply that may come in pieces; empty: the call has one reply."""

    method: str
    parameters: Dict[str, Any]
    decode: Callable[[Mapping[str, Any]], T]
    takes_sec: float = 0.0
    repeat: bool = True
    pieces: str = ""


def _member(kind: Any, name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda reply: _decoded(kind, reply.get(name), name)


def _whole(kind: Any) -> Callable[[Mapping[str, Any]], Any]:
    return lambda reply: _decoded(kind, reply, "reply")


def _decoded(kind: Any, given: Any, where: str) -> Any:
    try:
        return _decode.value(kind, given, where)
    except _decode.Mismatch as mismatch:
        raise ProtocolError(str(mismatch)) from None


def _msec(seconds: float) -> int:
    if not 0 < seconds <= WAIT_SEC_MAX:
        raise ValueError(f"{seconds} s: the broker waits more than 0 and at most {WAIT_SEC_MAX:g} s")
    return max(1, round(seconds * 1000))


def _names(names: Sequence[str]) -> Sequence[str]:
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{name!r}: a name is a str")
    return list(names)


def call(method: str, parameters: Optional[Mapping[str, Any]]) -> Call[Dict[str, Any]]:
    return Call(method, dict(parameters or {}), dict, repeat=False)


def list_services() -> Call[Tuple[Service, ...]]:
    return Call("List", {}, _member(Tuple[Service, ...], "services"), pieces="services")


def status(name: str) -> Call[Service]:
    return Call("Status", {"name": name}, _member(Service, "service"))


def order(
    method: str, goal: str, names: Sequence[str], everything: bool, wait: bool, wait_sec: float, kill_after_sec: Optional[float] = None
) -> Call[Tuple[Outcome, ...]]:
    """Start, Stop or Restart."""
    if everything == bool(names):
        raise ValueError("give names, or all=True for every gateway")
    parameters: Dict[str, Any] = {"all": True} if everything else {"names": _names(names)}
    if wait:
        parameters.update(wait=goal, timeout_msec=_msec(wait_sec))
    if kill_after_sec is not None:
        if not 0 <= kill_after_sec <= KILL_AFTER_SEC_MAX:
            raise ValueError(f"{kill_after_sec} s: nothing is killed later than after {KILL_AFTER_SEC_MAX:g} s")
        parameters["kill_after_msec"] = round(kill_after_sec * 1000)
    takes_sec = wait_sec if wait else 0.0
    # Of one name a failure is the error reply, which it would not be in pieces.
    pieces = "outcomes" if len(names) != 1 else ""
    return Call(method, parameters, _member(Tuple[Outcome, ...], "outcomes"), takes_sec, method != "Restart", pieces)


def reset(names: Sequence[str]) -> Call[Tuple[Outcome, ...]]:
    if not names:
        raise ValueError("names are missing")
    pieces = "outcomes" if len(names) != 1 else ""
    return Call("Reset", {"names": _names(names)}, _member(Tuple[Outcome, ...], "outcomes"), pieces=pieces)


def signal(names: Sequence[str], number: str) -> Call[Tuple[Outcome, ...]]:
    if not names:
        raise ValueError("names are missing")
    pieces = "outcomes" if len(names) != 1 else ""
    parameters = {"names": _names(names), "signal": number}
    return Call("Signal", parameters, _member(Tuple[Outcome, ...], "outcomes"), repeat=False, pieces=pieces)


def register(profile: str, environment: Optional[Mapping[str, str]], start: Optional[bool]) -> Call[Registered]:
    parameters: Dict[str, Any] = {"profile": profile}
    if environment is not None:
        parameters["environment"] = dict(environment)
    if start is not None:
        parameters["start"] = start
    return Call("Register", parameters, _whole(Registered))


def unregister(profile: str, kill_after_sec: float) -> Call[Unregistered]:
    return Call("Unregister", {"profile": profile, "timeout_msec": _msec(kill_after_sec)}, _whole(Unregistered), kill_after_sec)


def reconcile(dry_run: bool) -> Call[Tuple[Action, ...]]:
    return Call("Reconcile", {"dry_run": dry_run}, _member(Tuple[Action, ...], "actions"), pieces="actions")


def watch(names: Sequence[str]) -> Call[Event]:
    return Call("Watch", {"names": _names(names)} if names else {}, _whole(Event))


def history(names: Sequence[str], since_usec: Optional[int], count: Optional[int], follow: bool) -> Call[Tuple[PastEvent, ...]]:
    parameters: Dict[str, Any] = {"names": _names(names)} if names else {}
    if since_usec is not None:
        parameters["since_usec"] = since_usec
    if count is not None:
        parameters["count"] = count
    if follow:
        parameters["follow"] = True
    return Call("History", parameters, _member(Tuple[PastEvent, ...], "events"), pieces="events")


def health() -> Call[Health]:
    return Call("Health", {}, _whole(Health), pieces="problems")


def diagnose() -> Call[Tuple[Check, ...]]:
    return Call("Diagnose", {}, _member(Tuple[Check, ...], "checks"))
