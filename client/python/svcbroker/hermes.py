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
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import svcbroker
import svcbroker_hermes
from svcbroker import _hermes_errors

if TYPE_CHECKING:
    from svcbroker._hermes_errors import GatewayNotRegisteredError, S6CommandError

__all__ = ["Detection", "GatewayNotRegisteredError", "S6CommandError", "S6ServiceManager", "detect", "get_service_manager",
           "install"]

DEFAULT_SCANDIR = Path(svcbroker_hermes.SCANDIR)
PREFIX = "gateway-"
PROFILE_BYTES_MAX = 251  # Hermes's; the broker's own limit may be lower

# How long Hermes's callers wait.
ORDER_TIMEOUT_SEC = 5.0
REGISTER_TIMEOUT_SEC = 15.0
UNREGISTER_TIMEOUT_SEC = 25.0
UNREGISTER_KILL_MSEC = 20_000  # when the broker gives up on a gateway that is being removed, well before that
RETRY_PAUSE_SEC = 0.05

# What svcctl exits with.
EXIT_FAILED = 1
EXIT_UNREACHABLE = 69
EXITS = {"PermissionDenied": 5, "Protected": 5, "WaitTimeout": 6, "Failed": 7, "Held": 7}

ABSENT = ("NoSuchService", "NotRegistered")
PROFILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

logger = logging.getLogger(__name__)


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
    for name in svcbroker_hermes.MODULES:
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

    def __init__(self, scandir: str | os.PathLike[str] = DEFAULT_SCANDIR, *, socket: str | os.PathLike[str] | None = None,
                 errors: ModuleType | None = None) -> None:
        self.scandir = Path(scandir)
        self._socket = socket
        self._errors = errors

    def start(self, name: str) -> None:
        """Accepted, not completed. A profile of the volume that has no slot gets one."""
        self._order("start", name)

    def stop(self, name: str) -> None:
        """Accepted, not completed: a gateway may take minutes to finish what it does. It stays down."""
        self._order("stop", name)

    def restart(self, name: str) -> None:
        """Accepted, not completed; a gateway may restart itself with it."""
        self._order("restart", name)

    def is_running(self, name: str) -> bool:
        """Whether it has a process, be that one starting or stopping. What there is not, does not run."""
        try:
            reply = self._call("Status", {"name": name})
        except svcbroker.Error as error:
            if _name_of(error) in (*ABSENT, "InvalidName"):
                return False
            self._refuse("status", name, error)
        service = _object(reply, "service")
        return service.get("pid") is not None and service.get("state") != "finishing"

    def supports_runtime_registration(self) -> bool:
        return True

    def register_profile_gateway(self, profile: str, *, extra_env: dict[str, str] | None = None, start_now: bool = True) -> None:
        """ValueError: no name for a profile, or one that is registered. S6CommandError, a RuntimeError: it failed."""
        name = _service_of(profile)
        try:
            if self._is_registered(name):
                raise ValueError(f"profile {profile!r} is registered already")
            reply = self._call("Register", {"profile": profile, "environment": extra_env, "start": start_now},
                               REGISTER_TIMEOUT_SEC)
        except svcbroker.Error as error:
            if _name_of(error) == "InvalidName":
                raise ValueError(_text_of(error)) from error
            self._refuse("register", name, error)
        # That it was created is not looked at: asked twice, because the broker ended while it answered, it says no.
        _warn("register", name, reply)

    def unregister_profile_gateway(self, profile: str) -> None:
        """Stops it, kills it if need be, and removes all there is of it. Absent is fine."""
        name = _service_of(profile)
        try:
            reply = self._call("Unregister", {"profile": profile, "timeout_msec": UNREGISTER_KILL_MSEC}, UNREGISTER_TIMEOUT_SEC)
        except svcbroker.Error as error:
            if _name_of(error) == "InvalidName":
                raise ValueError(_text_of(error)) from error
            self._refuse("unregister", name, error)
        _warn("unregister", name, reply)

    def list_profile_gateways(self) -> list[str]:
        """The profiles that have a gateway, running or not."""
        try:
            reply = self._call("List", {})
        except svcbroker.Error as error:
            self._refuse("list", "gateways", error)
        return [service["profile"] for service in reply.get("services", ()) if service.get("profile") is not None]

    def _is_registered(self, name: str) -> bool:
        try:
            self._call("Status", {"name": name})
        except svcbroker.BrokerError as error:
            if _name_of(error) in ABSENT:
                return False
            raise
        return True

    def _order(self, action: str, name: str) -> None:
        try:
            reply = self._call(action.capitalize(), {"names": [name]}, repeat=action != "restart")
        except svcbroker.Error as error:
            if _name_of(error) in (*ABSENT, "InvalidName"):
                raise self._error("GatewayNotRegisteredError")(name[len(PREFIX):] if name.startswith(PREFIX) else name) from error
            self._refuse(action, name, error)
        for outcome in reply.get("outcomes", ()):
            _warn(action, name, outcome)

    def _call(self, method: str, parameters: dict[str, Any], seconds: float = ORDER_TIMEOUT_SEC, repeat: bool = True) -> dict[str, Any]:
        """One call. repeat: asking twice is as good as once, so a broker that is being started again is waited for."""
        deadline = time.monotonic() + seconds
        while True:
            left = max(deadline - time.monotonic(), RETRY_PAUSE_SEC)
            try:
                with svcbroker.Client(self._socket, timeout=left) as client:
                    return client.call(method, parameters, timeout=left)
            except svcbroker.ConnectionFailed:
                if not repeat or time.monotonic() + RETRY_PAUSE_SEC >= deadline:
                    raise
            time.sleep(RETRY_PAUSE_SEC)

    def _refuse(self, action: str, name: str, error: svcbroker.Error) -> NoReturn:
        code = EXITS.get(_name_of(error), EXIT_FAILED) if isinstance(error, svcbroker.BrokerError) else EXIT_UNREACHABLE
        raise self._error("S6CommandError")(service=name, action=action, returncode=code, stderr=_text_of(error)) from error

    def _error(self, name: str) -> Any:
        return getattr(self._errors, name, None) or _error_class(name)


def _service_of(profile: str) -> str:
    # In full: $ would take a newline at the end for part of a name.
    if not PROFILE_NAME.fullmatch(profile) or len(profile) > PROFILE_BYTES_MAX:
        raise ValueError(f"{profile!r} is no name for a profile: it takes 1 to {PROFILE_BYTES_MAX} of a-z 0-9 _ -, and begins with "
                         "a letter or a digit")
    return PREFIX + profile


def _name_of(error: svcbroker.Error) -> str:
    """Of an error of the interface: its name without the interface."""
    return error.name.rpartition(".")[2] if isinstance(error, svcbroker.BrokerError) else ""


def _text_of(error: svcbroker.Error) -> str:
    return str(error) or type(error).__name__


def _object(reply: dict[str, Any], name: str) -> dict[str, Any]:
    value = reply.get(name)
    return value if isinstance(value, dict) else {}


def _warn(action: str, name: str, reply: dict[str, Any]) -> None:
    """The protocol has no word for what is done, and not on the volume yet."""
    if reply.get("persisted") is False:
        logger.warning("%s of %s holds, but is not recorded yet: %s", action, name, reply.get("persist_error") or "no reason given")


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
