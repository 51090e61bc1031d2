# SPDX-License-Identifier: ISC
"""What can go wrong: one class for each error of io.svcbroker and of org.varlink.service, with its fields as attributes, and three
for a broker that is not there or does not answer as it should.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Type

from svcbroker import _decode
from svcbroker.replies import Outcome, Service

INTERFACE = "io.svcbroker"
VARLINK = "org.varlink.service"


class Error(Exception):
    """Every error that a broker, or the lack of one, causes. Wrong arguments are ValueError and TypeError."""


class ConnectionFailed(Error):
    """There is no broker at the socket, it refuses the connection, or it closed it.

    sent: the call may have reached the broker, so that what it ordered may hold.
    """

    def __init__(self, message: str, *, sent: bool = False) -> None:
        super().__init__(message)
        self.sent = sent


class TimedOut(Error):
    """The broker did not answer in time. What was ordered may hold."""


class ProtocolError(Error):
    """What came is not what the interface allows, or is larger."""


class BrokerError(Error):
    """An error reply. Itself it stands for errors that this version does not know.

    error: the fully qualified name, like "io.svcbroker.Held". parameters: the fields, as they came.
    """

    def __init__(self, error: str, parameters: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(error, parameters)
        self.error: str = error
        self.parameters: Dict[str, Any] = dict(parameters or {})

    def __str__(self) -> str:
        said = self.parameters.get("reason") or self.parameters.get("message")
        about = [str(value) for name, value in self.parameters.items() if isinstance(value, (str, int)) and value != said]
        service = self.parameters.get("service")
        if isinstance(service, dict):
            about.insert(0, str(service.get("name")))
            said = said or service.get("reason")
        return ": ".join([self.error.rpartition(".")[2], *([", ".join(about)] if about else []), *([str(said)] if said else [])])


class NoSuchService(BrokerError):
    """No service of that name is in the scan directory."""

    name: str


class NotRegistered(BrokerError):
    """The profile has no gateway; register() makes one."""

    profile: str


class InvalidName(BrokerError):
    """The name could be none of a service or profile."""

    name: str
    reason: str


class InvalidEnvironment(BrokerError):
    """A gateway may not have that variable, or not with that value."""

    variable: str
    reason: str


class InvalidMessage(BrokerError):
    """The request was no valid call; offset: the byte at which that showed."""

    reason: str
    offset: int


class Protected(BrokerError):
    """The name is known, and refuses this operation. cause "link": the profile's directory is a link that is not followed; "deleted":
    the application has deleted the profile."""

    name: str
    reason: str
    cause: Optional[str]


class TooManyServices(BrokerError):
    """limit: how many supervisors s6-svscan takes, loggers included; cause "descriptors": its limit of open files is for no more."""

    limit: int
    cause: Optional[str]


class WaitTimeout(BrokerError):
    """The order stands; only the waiting ended. waited_msec: milliseconds."""

    service: Service
    waited_msec: int


class Failed(BrokerError):
    """The gateway was started and ended again; service.reason says why."""

    service: Service


class Superseded(BrokerError):
    """A later order took the place of the one that was waited for."""

    service: Service


class Unsupervised(BrokerError):
    """Its directory is there, and no s6-supervise that would take an order."""

    name: str
    reason: str


class Held(BrokerError):
    """It is kept down on purpose. cause "served": the default gateway serves this profile, and nothing need be done."""

    name: str
    reason: str
    cause: Optional[str]


class Busy(BrokerError):
    """The service is being registered or removed; operation says which."""

    name: str
    operation: str


class NotRunning(BrokerError):
    """What was to be signalled has no process of its own; reason says why."""

    name: str
    reason: str


class LimitExceeded(BrokerError):
    """limit: which one, like request_bytes; value: what it is."""

    limit: str
    value: int


class SystemError(BrokerError):
    """A system call of the broker failed. errno_name: like ENOSPC."""

    operation: str
    errno_name: str
    message: str


class InterfaceNotFound(BrokerError):
    """org.varlink.service: the broker does not serve that interface."""

    interface: str


class MethodNotFound(BrokerError):
    """org.varlink.service: the broker is older than the method."""

    method: str


class MethodNotImplemented(BrokerError):
    """org.varlink.service."""

    method: str


class InvalidParameter(BrokerError):
    """org.varlink.service: it is unknown, missing or of the wrong type."""

    parameter: str


class PermissionDenied(BrokerError):
    """org.varlink.service: this user may not call that."""


class ExpectedMore(BrokerError):
    """org.varlink.service: the method answers only with "more"."""


_STANDARD = (InterfaceNotFound, MethodNotFound, MethodNotImplemented, InvalidParameter, PermissionDenied, ExpectedMore)

BY_NAME: Dict[str, Type[BrokerError]] = {
    f"{VARLINK if cls in _STANDARD else INTERFACE}.{cls.__name__}": cls for cls in BrokerError.__subclasses__()
}


def broker_error(error: str, parameters: Optional[Mapping[str, Any]] = None) -> BrokerError:
    """The exception for an error's name and fields. ProtocolError: fields are missing, or of the wrong type."""
    cls = BY_NAME.get(error, BrokerError)
    made = cls(error, parameters)
    try:
        made.__dict__.update(_decode.fields(cls, made.parameters))
    except _decode.Mismatch as mismatch:
        raise ProtocolError(f"{error}: {mismatch}") from None
    return made


def failure(outcome: Outcome) -> Optional[BrokerError]:
    """Why an order to one of several services failed; None: it did not."""
    return None if outcome.error is None else broker_error(outcome.error, outcome.error_parameters)
