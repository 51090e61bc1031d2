# SPDX-License-Identifier: ISC
"""Lets an unmodified Hermes use svcbrokerd.

Every Python process of an image may load this, by way of svcbroker-hermes.pth: it imports nothing that the interpreter has not
loaded anyway, not even __future__. What talks to the broker is svcbroker.hermes, imported by the first call that needs it.

S6ServiceManager is changed in place, method by method, so that it does not matter who imported it and when. Each call looks
anew: a manager of the default scan directory goes to the broker wherever its socket is, any other is Hermes's own business.
"""

import _thread
import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

# Where S6ServiceManager and its errors are, in the layouts that Hermes has had.
MODULES = ("hermes_cli.service_manager", "gateway.s6_manager")
METHODS = ("start", "stop", "restart", "is_running", "register_profile_gateway", "unregister_profile_gateway",
           "list_profile_gateways")
DESIRED = {"start": "running", "restart": "running", "stop": "stopped"}
SCANDIR = "/run/service"
SOCKET = "/run/svcbroker/io.svcbroker"
MARK = "_svcbroker"

_sockets_seen: "set[str]" = set()


def install() -> None:
    """From now on, Hermes in this process asks the broker, where there is one. To be called once or often, before or after
    Hermes is imported. Raises nothing."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    for name in MODULES:
        module = sys.modules.get(name)
        if module is not None:
            adapt(module)


def socket_path() -> str:
    return os.environ.get("SVCBROKER_SOCKET") or SOCKET


def broker_serves(scandir: "str | os.PathLike[str]") -> bool:
    """Whether that scan directory is the broker's. Once seen, always: while svcbrokerd is started again its socket may be gone,
    and Hermes's own way would then fail with something that explains nothing."""
    if os.path.normpath(os.fspath(scandir)) != SCANDIR:
        return False
    path = socket_path()
    if path in _sockets_seen:
        return True
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return False
    except (OSError, ValueError):
        return False
    _sockets_seen.add(path)
    return True


def adapt(module: "ModuleType") -> bool:
    """Whether the module's S6ServiceManager is one that asks the broker now. One of another shape is left as it is."""
    try:
        return _adapt(module)
    except Exception:
        return False  # Hermes as it is, is better than none


def _adapt(module: "ModuleType") -> bool:
    manager = getattr(module, "S6ServiceManager", None)
    if not isinstance(manager, type):
        return False
    if MARK in vars(manager):
        return True
    methods = {name: vars(manager).get(name) for name in METHODS}
    if not all(callable(method) for method in methods.values()) or _find("svcbroker", None) is None:
        return False
    for name, method in methods.items():
        setattr(manager, name, _route(module, name, method))
    setattr(manager, MARK, True)
    return True


def _route(module: "ModuleType", name: str, method: "Any") -> "Callable[..., Any]":
    import functools

    @functools.wraps(method)
    def routed(self: "Any", *arguments: "Any", **options: "Any") -> "Any":
        if not broker_serves(self.scandir):
            return method(self, *arguments, **options)
        try:
            broker = _broker_of(self, module)
        except ImportError:
            return method(self, *arguments, **options)  # the package was taken out since this process began
        answer = getattr(broker, name)(*arguments, **options)
        if name in DESIRED and getattr(broker, "left_down", None) is None:
            _record(module, arguments[0] if arguments else options["name"], DESIRED[name])
        return answer

    return routed


def _broker_of(manager: "Any", module: "ModuleType") -> "Any":
    """One for each manager of Hermes's, since it remembers what that one was told: a restart of each in a list is another thing
    than a restart of one."""
    from svcbroker import hermes
    kept = getattr(manager, MARK + "_manager", None)
    if isinstance(kept, hermes.S6ServiceManager):
        return kept
    made = hermes.S6ServiceManager(manager.scandir, errors=module)
    try:
        setattr(manager, MARK + "_manager", made)
    except AttributeError:
        pass  # one with slots: it remembers nothing
    return made


def _record(module: "ModuleType", service: str, desired: str) -> None:
    """Hermes's own note of what its user wants, in a file that the broker only reads: kept up for an image without a broker."""
    try:
        write = getattr(module, "_write_gateway_desired_state", None)
        if write is not None:
            write(service, desired)
    except Exception:
        pass  # what counts is the broker's record, and that is made


class _Finder:
    """Adapts a module of Hermes right after it was executed, whoever finds and loads it."""

    def __init__(self) -> None:
        self.busy: "set[tuple[int, str]]" = set()

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        # Busy: who was asked asks everyone, as we do.
        asked = (_thread.get_ident(), name)
        if name not in MODULES or asked in self.busy:
            return None
        self.busy.add(asked)
        try:
            spec = _find(name, path, target)
        finally:
            self.busy.discard(asked)
        if spec is not None:
            _adapt_after(spec.loader)
        return spec


def _find(name: str, path: "Sequence[str] | None", target: "ModuleType | None" = None) -> "ModuleSpec | None":
    for finder in list(sys.meta_path):
        if isinstance(finder, _Finder) or not hasattr(finder, "find_spec"):
            continue
        spec = finder.find_spec(name, path, target)
        if spec is not None:
            return spec
    return None


def _adapt_after(loader: "Any") -> None:
    if not hasattr(loader, "exec_module") or isinstance(loader, type):
        return  # a loader without instances serves other modules too
    execute = loader.exec_module

    def exec_module(module: "ModuleType") -> None:
        execute(module)
        adapt(module)

    try:
        loader.exec_module = exec_module
    except AttributeError:
        pass
