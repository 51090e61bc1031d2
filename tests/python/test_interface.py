# SPDX-License-Identifier: ISC
"""The package's types and errors are those of the interface file, which idl.py reads. And they are typed as they say."""

import dataclasses
import os
import shutil
import subprocess
import sys
import typing

import pytest

import svcbroker
from conftest import SERVICE, TOP
from svcbroker import aio, errors, replies

sys.path.insert(0, f"{TOP}/tests/integration")
import idl  # noqa: E402


@pytest.fixture(scope="module")
def interfaces():
    texts = []
    for name in ("io.svcbroker", "org.varlink.service"):
        with open(f"{TOP}/proto/{name}.varlink") as file:
            texts.append(file.read())
    return idl.Service(*texts).interfaces


# What is a reply's parameters has a name here, and none in the interface.
REPLIES = {"Registered": "Register", "Unregistered": "Unregister", "Event": "Watch", "Health": "Health"}


def kind_of(hint):
    """A type hint, as idl.py has it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union:
        assert arguments[1:] == (type(None),)
        return ("maybe", kind_of(arguments[0]))
    if origin is typing.Literal:
        return ("enum", list(arguments))
    if origin is tuple:
        assert arguments[1] is Ellipsis
        return ("array", kind_of(arguments[0]))
    if origin is dict:
        return ("object",)
    if dataclasses.is_dataclass(hint):
        return ("named", hint.__name__)
    return ({str: "string", int: "int", bool: "bool"}[hint],)


def flat(interface, kind):
    """Enumerations of the interface that have a name, as what they are."""
    if kind[0] == "named" and interface.types[kind[1]][0] == "enum":
        return interface.types[kind[1]]
    return (kind[0], flat(interface, kind[1])) if kind[0] in ("maybe", "array") else kind


def members(cls):
    return {name: kind_of(hint) for name, hint in typing.get_type_hints(cls).items()}


def test_types(interfaces):
    interface = interfaces["io.svcbroker"]
    classes = {name: cls for name, cls in vars(replies).items() if dataclasses.is_dataclass(cls)}
    wanted = {name: kind[1] for name, kind in interface.types.items() if kind[0] == "struct"}
    wanted.update({cls: interface.methods[method][1][1] for cls, method in REPLIES.items()})
    assert classes.keys() == wanted.keys()
    for name, fields in wanted.items():
        assert members(classes[name]) == {field: flat(interface, kind) for field, kind in fields.items()}, name


def test_errors(interfaces):
    wanted = {f"{interface.name}.{name}": kind[1] for interface in interfaces.values() for name, kind in interface.errors.items()}
    assert errors.BY_NAME.keys() == wanted.keys()
    for name, fields in wanted.items():
        cls = errors.BY_NAME[name]
        assert members(cls) == fields, name
        assert getattr(svcbroker, cls.__name__) is cls and cls.__name__ in svcbroker.__all__


def test_methods(interfaces):
    names = {name.lower() for name in interfaces["io.svcbroker"].methods}
    streams = {f"{name}_each" for name in ("start", "stop", "restart")}
    for client in (svcbroker.Client, aio.Client):
        public = {name for name in dir(client) if not name.startswith("_")}
        assert public == names | streams | {"history_follow", "call", "stream", "close", "wait", "export", "import_"}


def test_limits():
    with open(f"{TOP}/proto/limits.h") as file:
        text = file.read()
    assert "#define LIMIT_REQUEST_BYTES (64 * 1024) " in text and svcbroker._wire.REQUEST_BYTES_MAX == 64 * 1024
    assert "#define LIMIT_REPLY_BYTES (4 * 1024 * 1024) " in text and svcbroker._wire.REPLY_BYTES_MAX == 4 * 1024 * 1024
    assert "#define LIMIT_WAIT_MSEC 600000 " in text and svcbroker._calls.WAIT_SEC_MAX == 600
    assert "#define DEFAULT_WAIT_MSEC 30000 " in text and svcbroker._calls.WAIT_SEC == 30
    assert "#define DEFAULT_UNREGISTER_MSEC 20000 " in text and svcbroker._calls.UNREGISTER_SEC == 20


@pytest.mark.parametrize("name, parameters, text", [
    ("io.svcbroker.Held", {"name": "gateway-x", "reason": "it runs in another container"},
     "Held: gateway-x: it runs in another container"),
    ("io.svcbroker.SystemError", {"operation": "read", "errno_name": "EIO", "message": "broken"}, "SystemError: read, EIO: broken"),
    ("io.svcbroker.Failed", {"service": {**SERVICE, "reason": "exit 78"}}, "Failed: gateway-coder: exit 78"),
    ("org.varlink.service.PermissionDenied", {}, "PermissionDenied"),
])
def test_errors_read_well(name, parameters, text):
    assert str(errors.broker_error(name, parameters)) == text


@pytest.mark.parametrize("version", ["3.9", "3.13"])
def test_types_are_checked(version, tmp_path):
    mypy = shutil.which("mypy") or pytest.fail("mypy is not installed")
    with open(mypy) as file:
        assert file.readline() == "#!/usr/bin/python3\n"
    result = subprocess.run([mypy, "--strict", "--python-version", version, "--cache-dir", tmp_path, "svcbroker"],
                            cwd=f"{TOP}/client/python", capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_only_the_standard_library():
    """And none of it twice as slow to start: asyncio is for who imports svcbroker.aio."""
    script = "import sys; before = set(sys.modules); import svcbroker; print(*sorted(set(sys.modules) - before))"
    result = subprocess.run([sys.executable, "-IS", "-c", f"import sys; sys.path.insert(0, {TOP + '/client/python'!r}); {script}"],
                            capture_output=True, text=True, check=True)
    names = {name.partition(".")[0] for name in result.stdout.split()}
    assert names <= set(sys.stdlib_module_names) | {"svcbroker"}
    assert "asyncio" not in names


def test_installs_with_pip(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(f"{TOP}/client/python", source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INDEX": "1"}
    result = subprocess.run([python, "-m", "pip", "install", "--no-build-isolation", "--no-deps", source], env=environment,
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    script = "import os, svcbroker.hermes, svcbroker.aio; print(os.path.dirname(svcbroker.__file__)); print(os.listdir(os.path.dirname(svcbroker.__file__)))"
    where, files = subprocess.run([python, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.splitlines()
    assert where.startswith(str(tmp_path / "venv")) and "py.typed" in files
