# SPDX-License-Identifier: ISC
"""What is wanted of gateways, to be kept and restored: the document of svcctl's export and import.

{"version": 1, "gateways": [{"profile": "coder", "want": "up", "environment": {"A": "b"}}]}, environment only where it was asked for.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import re
import stat
from typing import Any, Dict, Generator, Iterable, List, Literal, Mapping, NoReturn, Optional, Sequence, Tuple, TypeVar

from svcbroker import _calls
from svcbroker._calls import Call
from svcbroker._waiting import PREFIX
from svcbroker.errors import INTERFACE, BrokerError, NoSuchService, NotRegistered, broker_error, failure
from svcbroker.replies import Registered, Service

T = TypeVar("T")

VERSION = 1
RECORDS = (".svcbroker", "intent")  # below HERMES_HOME
RECORD_BYTES_MAX = 64 * 1024  # what the broker reads of one
RECORD_TRIES = 16  # each order replaces it

# Yields calls, and gets for each what its reply means, or the error reply.
Script = Generator[Call[Any], Any, T]


@dataclasses.dataclass(frozen=True)
class Imported:
    """What import_() did about a gateway, or would do. error: why it could not; see action "refuse". persisted False: it holds, but is
    not recorded on the volume yet."""

    profile: str
    want: Literal["up", "down"]
    action: Literal["register", "start", "stop", "refuse"]
    persisted: bool = True
    error: Optional[BrokerError] = None


# To keep


def chosen(services: Iterable[Service], names: Sequence[str]) -> List[Service]:
    """The gateways of that name; without names, all."""
    found = {service.name: service for service in services}
    for name in names:
        if name not in found:
            raise broker_error(f"{INTERFACE}.NoSuchService", {"name": name})
        if found[name].profile is None:
            raise ValueError(f"{name} is no gateway")
    return [service for name, service in found.items() if service.profile is not None and (not names or name in names)]


def document(services: Iterable[Service], environments: Optional[Mapping[str, Dict[str, str]]]) -> Dict[str, Any]:
    gateways: List[Dict[str, Any]] = []
    for service in services:
        entry: Dict[str, Any] = {"profile": service.profile, "want": service.want}
        if environments is not None:
            entry["environment"] = environments[service.name]
        gateways.append(entry)
    return {"version": VERSION, "gateways": gateways}


def environments(services: Iterable[Service]) -> Dict[str, Dict[str, str]]:
    """Of each its variables. The broker tells nobody their values: they are read where what is wanted is recorded, with this process's
    own rights. OSError, ValueError: they cannot be."""
    return {service.name: _environment(service) for service in services}


def _fail(name: str, number: int, why: str) -> NoReturn:
    raise OSError(number, why, name)


def _environment(service: Service) -> Dict[str, str]:
    home = re.fullmatch(r"(.+)/logs/gateways/[^/]+", service.log_directory or "")
    if home is None or service.profile is None or "/" in service.profile:
        _fail(service.name, errno.ENOENT, "nobody knows where its variables are recorded")
    with os.fdopen(_open_record(home[1], service.profile), "rb") as file:
        data = file.read(RECORD_BYTES_MAX + 1)
    try:
        if len(data) > RECORD_BYTES_MAX:
            raise ValueError("it is too large")
        found = json.loads(data.decode()).get("environment") or {}
        if not (isinstance(found, dict) and all(isinstance(value, str) for value in found.values())):
            raise ValueError("its environment is none")
    except (ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"{service.name}: what is recorded of it cannot be read: {error}") from None
    return found


def _open_record(home: str, profile: str) -> int:
    """Every name below the top the client user can replace at any moment, by a link to what only root may read, too. So it is gone
    step by step, and no link is followed; and a record is a plain file of that user's, with one name."""
    directory = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
    at = os.open(home, directory)
    try:
        owner = os.fstat(at).st_uid
        for name in RECORDS:
            below = os.open(name, directory | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
            owner = owner or os.fstat(at).st_uid  # a volume of root says nothing of whose it is
        for _ in range(RECORD_TRIES):
            opened = _open_at(at, profile, owner)
            if opened is not None:
                return opened
        _fail(profile, errno.EAGAIN, "what is recorded of it changes all the time")
    finally:
        os.close(at)


def _open_at(at: int, profile: str, owner: int) -> Optional[int]:
    """None: another one has taken its place."""
    before = os.stat(profile, dir_fd=at, follow_symlinks=False)
    # Asked first: to open a device, or a FIFO, is to do something to it.
    if not (stat.S_ISREG(before.st_mode) and before.st_nlink == 1 and before.st_uid == owner != 0):
        _fail(profile, errno.EINVAL, "what is recorded of it is no plain file of the client user's alone")
    try:
        made = os.open(profile, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=at)
    except FileNotFoundError:
        return None
    info = os.fstat(made)
    if (info.st_dev, info.st_ino) == (before.st_dev, before.st_ino) and info.st_nlink == 1 and info.st_uid == owner:
        return made
    os.close(made)
    return None


# To restore


def _entries(given: Mapping[str, Any]) -> List[Mapping[str, Any]]:
    """ValueError: it is no such document."""
    if not isinstance(given, Mapping):
        raise ValueError("is not what export() gave: no object")
    gateways, version = given.get("gateways"), given.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ValueError(f"is of version {version}, which a newer svcbroker gave: import it with that one")
    if version != VERSION or not isinstance(gateways, (list, tuple)):
        raise ValueError(f"is not what export() gave: no version {VERSION}, or no gateways")
    for entry in gateways:
        environment = entry.get("environment") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(entry.get("profile"), str) or entry.get("want") not in ("up", "down"):
            raise ValueError(f"{entry!r:.80}: is no gateway of what export() gave")
        if environment is not None and not isinstance(environment, Mapping):
            raise ValueError(f"{entry['profile']}: its environment is none")
    return list(gateways)


def importing(given: Mapping[str, Any], dry_run: bool) -> Script[Tuple[Imported, ...]]:
    done = []
    for entry in _entries(given):
        profile, want = entry["profile"], entry["want"]
        order: Literal["start", "stop"] = "start" if want == "up" else "stop"
        name = PREFIX + profile
        if dry_run:
            there = yield _calls.status(name)
            absent = isinstance(there, (NoSuchService, NotRegistered))
            if isinstance(there, BrokerError) and not absent:
                done.append(Imported(profile, want, "refuse", error=there))
            else:
                done.append(Imported(profile, want, "register" if absent else order))
            continue
        made = yield _calls.register(profile, entry.get("environment"), want == "up")
        if not isinstance(made, Registered):
            done.append(Imported(profile, want, "refuse", error=made))
        elif made.created:
            done.append(Imported(profile, want, "register", made.persisted))
        else:
            outcomes = yield _calls.order(order.capitalize(), want, (name,), False, False, 0.0)
            error = outcomes if isinstance(outcomes, BrokerError) else failure(outcomes[0])
            persisted = made.persisted and (isinstance(outcomes, BrokerError) or outcomes[0].persisted)
            done.append(Imported(profile, want, order if error is None else "refuse", persisted, error))
    return tuple(done)
