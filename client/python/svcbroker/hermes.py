# SPDX-License-Identifier: ISC
"""Hermes's ServiceManager protocol, over the broker.

    manager = svcbroker.hermes.get_service_manager()
    manager.restart("gateway-coder")        # returns when the order is accepted, like Hermes's own

    svcbroker.hermes.install()              # an unmodified Hermes in this process does the same by itself

The errors are Hermes's own classes where it can be imported, else equals of them; both are names of this module:
GatewayNotRegisteredError, S6CommandError. A bad or a taken profile name is a ValueError.
"""

from __future__ import annotations

import importlib
import logging
import os
import re
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Callable, Dict, FrozenSet, List, Mapping, NamedTuple, NoReturn, Optional, Tuple, TypeVar, Union

import svcbroker
import svcbroker_hermes
from svcbroker import _hermes_errors
from svcbroker.errors import ConnectionFailed, Error, Held, InvalidName, NoSuchService, NotRegistered
from svcbroker.replies import Outcome, Registered, Service, Unregistered

if TYPE_CHECKING:
    from svcbroker._hermes_errors import GatewayNotRegisteredError, S6CommandError

__all__ = ["Detection", "GatewayNotRegisteredError", "S6CommandError", "S6ServiceManager", "detect", "get_service_manager",
           "install"]

DEFAULT_SCANDIR = Path(svcbroker_hermes.SCANDIR)
CHOOSERS = ("hermes_cli.service_manager", "gateway.service_manager")  # where Hermes's own get_service_manager() is, or has been
PREFIX = "gateway-"
PROFILE_BYTES_MAX = 251  # Hermes's; the broker's own limit may be lower

# How long Hermes's callers wait.
ORDER_SEC = 5.0
REGISTER_SEC = 15.0
UNREGISTER_SEC = 25.0
UNREGISTER_KILL_SEC = 20.0  # then a gateway that is being removed is killed, early enough for an answer
LISTED_SEC = 60.0  # so long after a list, or the order before, an order is taken for one of that list
RETRY_SEC = 0.05  # between looks for a broker that is started again

ABSENT = (NoSuchService, NotRegistered)
ORDERS: Dict[str, Callable[[svcbroker.Client, str], Tuple[Outcome, ...]]] = {
    "start": lambda broker, name: broker.start(name),
    "stop": lambda broker, name: broker.stop(name),
    "restart": lambda broker, name: broker.restart(name),
}
# proto/name.h lists who else checks this.
PROFILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

T = TypeVar("T")

logger = logging.getLogger(__name__)


def _is_untouched(service: Service) -> bool:
    """Nobody has wanted it since it was registered, as far as can be seen."""
    return service.want == "down" and service.pid is None and service.last_exit is None


class Detection(NamedTuple):
    """kind: s6, systemd, launchd, windows or none. broker: it is s6, and svcbrokerd's socket is there."""

    kind: str
    broker: bool


def detect() -> Detection:
    """What supervises services here. Works as any user, and talks to nobody."""
    if _is_s6():
        return Detection("s6", svcbroker_hermes.broker_serves(DEFAULT_SCANDIR))
    if sys.platform == "win32":
        return Detection("windows", False)
    if sys.platform == "darwin":
        return Detection("launchd", False)
    return Detection("systemd" if os.path.isdir("/run/systemd/system") else "none", False)


def _is_s6() -> bool:
    """By what any user may read: /proc/1/exe is for root only. Both, since either alone can be somebody else's."""
    try:
        with open("/proc/1/comm", encoding="utf-8", errors="replace") as file:
            name = file.read().strip()
    except OSError:
        return False
    return name == "s6-svscan" and os.path.isdir("/run/s6/basedir")


def get_service_manager() -> Any:
    """The broker's, where there is one; else Hermes's own for systemd, launchd, Windows or a bare s6. RuntimeError: neither."""
    if detect().broker:
        return S6ServiceManager()
    for name in CHOOSERS:
        module = _import(name)
        if hasattr(module, "get_service_manager"):
            return module.get_service_manager()
    raise RuntimeError("no supported service manager detected")


def install() -> None:
    """From now on, an unmodified Hermes in this process asks the broker: whenever its socket is there, for the default scan
    directory. To be called before or after Hermes is imported, once or often; it imports nothing of Hermes, and raises
    nothing. On other systems, and for other scan directories, Hermes does as it always did."""
    svcbroker_hermes.install()


class S6ServiceManager:
    """Hermes's class of that name, without s6's tools and without rights of its own.

    scandir: what callers look into, as in (manager.scandir / "gateway-coder").is_dir(). The broker has one scan directory, so
    this does not choose another. socket: the broker's, else $SVCBROKER_SOCKET or the usual one. errors: the module whose
    GatewayNotRegisteredError and S6CommandError are raised.
    """

    kind = "s6"

    def __init__(
        self,
        scandir: Union[str, "os.PathLike[str]"] = DEFAULT_SCANDIR,
        *,
        socket: Union[str, "os.PathLike[str]", None] = None,
        errors: Optional[ModuleType] = None,
    ) -> None:
        self.scandir = Path(scandir)
        self._socket = socket
        self._errors = errors
        self._listed_down: FrozenSet[str] = frozenset()
        self._listed_served: FrozenSet[str] = frozenset()
        self._listed_until = 0.0
        self.left_down: Optional[str] = None  # what the last restart() was about, if it left it down

    def start(self, name: str) -> None:
        """Accepted, not completed. A profile of the volume that has no slot gets one. What the default gateway serves
        (multiplexing) is started with that, and is no error."""
        try:
            self._order("start", name)
        except self._error("S6CommandError") as error:
            if not _is_served(error.__cause__):
                raise
            logger.info("start of %s: the default gateway serves it: nothing need be done", name)

    def stop(self, name: str) -> None:
        """Accepted, not completed: a gateway may take minutes to finish what it does. It stays down."""
        self._order("stop", name)

    def restart(self, name: str) -> None:
        """Accepted, not completed; a gateway may restart itself with it.

        One that is down is started. But whoever asked this manager for the list, as Hermes does for `gateway restart --all`, and
        restarts what is in it, one after the other, means those that are to run: what was stopped when it was listed, and still
        is, is left down, once. So s6-svc -t did, and so does the broker's own restart of all. What the default gateway serves is
        left alone in the same way; by itself it cannot be restarted, and that is an S6CommandError.
        """
        self.left_down = None
        if name in self._listed_served and time.monotonic() < self._listed_until:
            self._listed_served -= {name}
            self.left_down = name
            logger.info("restart of %s: the default gateway serves it, and is restarted for it", name)
        if name in self._listed_down and time.monotonic() < self._listed_until:
            self._listed_down -= {name}
            if self._is_stopped(name):
                self.left_down = name
                logger.info("restart of %s: it is stopped, and left so; start it, or restart it by itself", name)
        self._listed_until = time.monotonic() + LISTED_SEC if self._listed_down or self._listed_served else 0.0
        if self.left_down is None:
            self._order("restart", name)

    def is_running(self, name: str) -> bool:
        """Whether it has a process, be that one starting or stopping. What there is not, does not run."""
        try:
            service = self._ask(lambda broker: broker.status(name))
        except (*ABSENT, InvalidName):
            return False
        except Error as error:
            self._refuse("status", name, error)
        return service.pid is not None and service.state != "finishing"

    def supports_runtime_registration(self) -> bool:
        return True

    def register_profile_gateway(
        self, profile: str, *, extra_env: Optional[Mapping[str, str]] = None, start_now: bool = True
    ) -> None:
        """ValueError: no name for a profile, or one that is registered. S6CommandError, a RuntimeError: it failed.

        The broker makes a gateway of each new profile by itself, maybe before this is called: one that nobody has wanted yet is
        no taken name.
        """
        name = _service_of(profile)
        try:
            there = self._find(name)
            if there is not None and not _is_untouched(there):
                raise ValueError(f"profile {profile!r} is registered already")
            done = self._ask(lambda broker: broker.register(profile, environment=extra_env, start=start_now), REGISTER_SEC)
        except InvalidName as error:
            raise ValueError(str(error)) from error
        except Error as error:
            self._refuse("register", name, error)
        _warn("register", name, done)
        # Not created: the broker was first. Or it ended while it answered, and was asked twice; then this changes nothing.
        if start_now and not done.created:
            self._order("start", name)

    def unregister_profile_gateway(self, profile: str) -> None:
        """Stops it, kills it if need be, and removes all there is of it. Absent is fine."""
        name = _service_of(profile)
        try:
            done = self._ask(lambda broker: broker.unregister(profile, kill_after_sec=UNREGISTER_KILL_SEC),
                             UNREGISTER_SEC - UNREGISTER_KILL_SEC)  # fmt: skip
        except InvalidName as error:
            raise ValueError(str(error)) from error
        except Error as error:
            self._refuse("unregister", name, error)
        _warn("unregister", name, done)

    def list_profile_gateways(self) -> List[str]:
        """The profiles that have a gateway, running or not."""
        try:
            services = self._ask(lambda broker: broker.list())
        except Error as error:
            self._refuse("list", "gateways", error)
        self._listed_down = frozenset(service.name for service in services if service.profile is not None and service.want == "down")
        self._listed_served = frozenset(service.name for service in services if getattr(service, "served", False))
        self._listed_until = time.monotonic() + LISTED_SEC
        return [service.profile for service in services if service.profile is not None]

    def _is_stopped(self, name: str) -> bool:
        """What cannot be asked is the order's to find out."""
        try:
            return self._ask(lambda broker: broker.status(name)).want == "down"
        except Error:
            return False

    def _find(self, name: str) -> Optional[Service]:
        try:
            return self._ask(lambda broker: broker.status(name))
        except ABSENT:
            return None

    def _order(self, action: str, name: str) -> None:
        try:
            outcomes = self._ask(lambda broker: ORDERS[action](broker, name))
        except (*ABSENT, InvalidName) as error:
            profile = name[len(PREFIX) :] if name.startswith(PREFIX) else name
            raise self._error("GatewayNotRegisteredError")(profile) from error
        except Error as error:
            self._refuse(action, name, error)
        for outcome in outcomes:
            _warn(action, name, outcome)

    def _ask(self, ask: Callable[[svcbroker.Client], T], seconds: float = ORDER_SEC) -> T:
        """One call, on a connection of its own. A broker that is being started again is waited for; what it may have heard
        before it ended, the client itself sends again where that does no harm."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with svcbroker.Client(self._socket, timeout=max(deadline - time.monotonic(), RETRY_SEC)) as broker:
                    return ask(broker)
            except ConnectionFailed as error:
                if error.sent or time.monotonic() + RETRY_SEC >= deadline:
                    raise
            time.sleep(RETRY_SEC)

    def _refuse(self, action: str, name: str, error: Error) -> NoReturn:
        from svcbroker.__main__ import exit_code

        raise self._error("S6CommandError")(service=name, action=action, returncode=exit_code(error), stderr=str(error)) from error

    def _error(self, name: str) -> Any:
        return getattr(self._errors, name, None) or _error_class(name)


def _is_served(error: Optional[BaseException]) -> bool:
    return isinstance(error, Held) and error.cause == "served"


def _service_of(profile: str) -> str:
    # In full: $ would take a newline at the end for part of a name.
    if not PROFILE_NAME.fullmatch(profile) or len(profile) > PROFILE_BYTES_MAX:
        raise ValueError(f"{profile!r} is no name for a profile: it takes 1 to {PROFILE_BYTES_MAX} of a-z 0-9 _ -, and begins with "
                         "a letter or a digit")
    return PREFIX + profile


def _warn(action: str, name: str, done: Union[Outcome, Registered, Unregistered]) -> None:
    """The protocol has no word for what holds, and is not on the volume yet."""
    if not done.persisted:
        logger.warning("%s of %s holds, but is not recorded yet: %s", action, name, done.persist_error or "no reason given")


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except Exception:  # whatever a module of somebody else raises, it is of no use then
        return None


def _error_class(name: str) -> Any:
    for module in svcbroker_hermes.MODULES:
        found = getattr(_import(module), name, None)
        if found is not None:
            return found
    return getattr(_hermes_errors, name)


def __getattr__(name: str) -> Any:
    if name in ("GatewayNotRegisteredError", "S6CommandError"):
        return _error_class(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
