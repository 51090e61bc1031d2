# SPDX-License-Identifier: ISC
"""HERMES_SOURCE=DIRECTORY: a checkout of Hermes, whose own module the tests use instead of the stand-in's beside this file.

It is the real text, and behind it what notes Hermes's own way instead of going it: calls must fit the real parameters.
"""

import os
import pathlib
import shutil

HERE = pathlib.Path(__file__).resolve().parent
STAND_IN = HERE / "hermes_stand_in"
SOURCE = os.environ.get("HERMES_SOURCE")

NOTES = '''

# Of the tests of svcbrokerd, from here on.
import functools
import inspect

own_way, desired = [], []


def _noted(method, word):
    @functools.wraps(method)
    def note(self, *words, **options):
        inspect.signature(method).bind(self, *words, **options)
        own_way.append((word, *words))
        if word in ("start", "stop", "restart"):
            _write_gateway_desired_state(words[0], "stopped" if word == "stop" else "running")
        return {"is_running": False, "list": []}.get(word)
    return note


def _write_noted(write):
    @functools.wraps(write)
    def note(*words, **options):
        bound = inspect.signature(write).bind(*words, **options)
        desired.append(tuple(bound.arguments.values()))
    return note


for _name in ("start", "stop", "restart", "is_running", "register_profile_gateway", "unregister_profile_gateway", "list_profile_gateways"):
    setattr(S6ServiceManager, _name, _noted(getattr(S6ServiceManager, _name), _name.split("_profile")[0]))
S6ServiceManager.start.__doc__ = "Hermes's own words."
_write_gateway_desired_state = _write_noted(_write_gateway_desired_state)
# What 0.18.2 does not have yet.
_MANAGER_CLASSES = globals().get("_MANAGER_CLASSES", {"s6": S6ServiceManager})
if "register_unregistered_profile_gateway" not in globals():
    def register_unregistered_profile_gateway(mgr, profile):
        if not (_profile_dir_for_gateway_service(f"gateway-{profile}") / "SOUL.md").exists():
            return False
        mgr.register_profile_gateway(profile, start_now=False)
        return True
'''


def make(directory, whole=False):
    """Writes the package hermes_cli there: commands as Hermes has them, over the real module. The rest of it is the checkout's; whole: a copy, with
    what else of Hermes that imports."""
    package = pathlib.Path(directory, "hermes_cli")
    source = pathlib.Path(SOURCE).resolve()
    real = source / "hermes_cli"
    if whole:
        shutil.copytree(real, package)
        for path in source.iterdir():
            if path.suffix == ".py":
                shutil.copy(path, directory)
            elif (path / "__init__.py").exists() and path != real:
                shutil.copytree(path, pathlib.Path(directory, path.name))
    else:
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(f"__path__.append({str(real)!r})\n")
    (package / "service_manager.py").write_text((real / "service_manager.py").read_text(encoding="utf-8") + NOTES, encoding="utf-8")
    shutil.copy(STAND_IN / "hermes_cli/commands.py", package)
    return pathlib.Path(directory)
