# SPDX-License-Identifier: ISC
"""A client of svcbrokerd: the gateways of profiles, without being root.

    import svcbroker

    with svcbroker.Client() as broker:
        broker.start("gateway-coder", wait=True)
        print(broker.status("gateway-coder").state)

Everything is in the standard library. svcbroker.aio is the same for asyncio; svcbroker.hermes makes Hermes use it.
"""

from svcbroker._wire import DEFAULT_SOCKET, default_socket
from svcbroker._selection import select
from svcbroker.client import Client, Stream, Watch
from svcbroker.errors import (
    BrokerError,
    Busy,
    ConnectionFailed,
    Error,
    ExpectedMore,
    Failed,
    Held,
    InterfaceNotFound,
    InvalidEnvironment,
    InvalidMessage,
    InvalidName,
    InvalidParameter,
    LimitExceeded,
    MethodNotFound,
    MethodNotImplemented,
    NoSuchService,
    NotRegistered,
    NotRunning,
    PermissionDenied,
    Protected,
    ProtocolError,
    Superseded,
    SystemError,
    TimedOut,
    TooManyServices,
    Unsupervised,
    WaitTimeout,
    failure,
)
from svcbroker.intents import Imported
from svcbroker.replies import Action, Check, Event, Exit, Health, Outcome, PastEvent, Registered, Service, Unregistered, moment

__version__ = "0.1.0"  # meson.build's

__all__ = [
    "DEFAULT_SOCKET", "__version__", "Action", "BrokerError", "Busy", "Check", "Client", "ConnectionFailed", "Error", "Event", "Exit",
    "ExpectedMore", "Failed", "Health", "Held", "Imported", "InterfaceNotFound", "InvalidEnvironment", "InvalidMessage", "InvalidName",
    "InvalidParameter", "LimitExceeded", "MethodNotFound", "MethodNotImplemented", "NoSuchService", "NotRegistered", "NotRunning", "Outcome", "PastEvent",
    "PermissionDenied", "Protected", "ProtocolError", "Registered", "Service", "Stream", "Superseded", "SystemError", "TimedOut",
    "TooManyServices", "Unregistered", "Unsupervised", "WaitTimeout", "Watch", "default_socket", "failure", "moment", "select",
]  # fmt: skip
