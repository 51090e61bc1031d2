# SPDX-License-Identifier: ISC
"""svcbroker.hermes and what lets Hermes use it: with a Client that a test answers for, and interpreters of their own."""

import atexit
import importlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import pytest

import conftest
import real_hermes
import svcbroker
import svcbroker_hermes
from svcbroker import _hermes_errors, hermes

TOP = Path(__file__).resolve().parents[2]
PACKAGE = TOP / "client/python"
STAND_IN = real_hermes.STAND_IN
if real_hermes.SOURCE:
    STAND_IN = real_hermes.make(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, STAND_IN)

SERVICE = {**conftest.SERVICE, "name": "gateway-a", "profile": "a"}
OUTCOME = {"name": "gateway-a", "service": SERVICE, "persisted": True, "persist_error": None, "error": None,
           "error_parameters": None}
REGISTERED = {"service": SERVICE, "created": True, "changed": False, "persisted": True, "persist_error": None}


def error(error_name, **parameters):
    return {"error": error_name if "." in error_name else f"io.svcbroker.{error_name}", "parameters": parameters}


ABSENT = error("NoSuchService", name="gateway-a")
TYPO = {"NoSuchService": {"name": "gateway-typo"}, "NotRegistered": {"profile": "typo"},
        "InvalidName": {"name": "gateway-typo", "reason": "of its own"}}


class Answers:
    """What a broker answers: `replies` in their order, the last again and again. A function takes the connection itself."""

    def __init__(self):
        self.replies = []
        self.calls = []

    def serve(self, peer):
        while (call := peer.receive()) is not None:
            self.calls.append((call["method"].rpartition(".")[2], call.get("parameters", {})))
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            if callable(reply):
                return reply(peer)
            if "error" in reply:
                peer.send(json.dumps(reply).encode() + b"\0")
            else:
                peer.reply(reply)


@pytest.fixture
def answers(fake, path, monkeypatch):
    monkeypatch.setenv("SVCBROKER_SOCKET", path)
    made = Answers()
    fake(made.serve)
    return made


def given(parameters):
    """Without the fields that are null."""
    return {name: value for name, value in parameters.items() if value is not None}


def service(**fields):
    return {"service": {**SERVICE, **fields}}


# The protocol

def test_attributes():
    manager = hermes.S6ServiceManager()
    assert manager.kind == "s6" and manager.supports_runtime_registration() is True
    assert manager.scandir == Path("/run/service") and isinstance(manager.scandir, Path)
    assert hermes.S6ServiceManager(scandir="/elsewhere").scandir == Path("/elsewhere")


@pytest.mark.parametrize("action", ["start", "stop", "restart"])
def test_an_order_is_accepted_and_not_waited_for(answers, action):
    answers.replies = [{"outcomes": [OUTCOME]}]
    assert getattr(hermes.S6ServiceManager(), action)("gateway-a") is None
    (method, parameters), = answers.calls
    assert method == action.capitalize() and given(parameters) in ({"names": ["gateway-a"]}, {"names": ["gateway-a"], "wait": "no"})


def test_what_is_not_on_the_volume_yet_is_told(answers, caplog):
    answers.replies = [{"outcomes": [{**OUTCOME, "persisted": False, "persist_error": "no space"}]}]
    hermes.S6ServiceManager().stop("gateway-a")
    assert "stop of gateway-a holds, but is not recorded yet: no space" in caplog.text


@pytest.mark.parametrize("action", ["start", "stop", "restart"])
@pytest.mark.parametrize("name", TYPO)
def test_an_order_to_nobody(answers, action, name):
    answers.replies = [error(name, **TYPO[name])]
    with pytest.raises(_hermes_errors.GatewayNotRegisteredError) as caught:
        getattr(hermes.S6ServiceManager(), action)("gateway-typo")
    assert caught.value.profile == "typo" and caught.value.service == "gateway-typo"


def test_only_the_prefix_is_taken_off(answers):
    answers.replies = [ABSENT]
    for name, profile in (("gateway-gateway-x", "gateway-x"), ("dashboard", "dashboard")):
        with pytest.raises(_hermes_errors.GatewayNotRegisteredError) as caught:
            hermes.S6ServiceManager().start(name)
        assert caught.value.profile == profile


@pytest.mark.parametrize("reply, code, words", [
    (error("Protected", name="dashboard", reason="static"), 5, "Protected: dashboard: static"),
    (error("org.varlink.service.PermissionDenied"), 5, "PermissionDenied"),
    (error("Held", name="gateway-a", reason="another container"), 7, "Held: gateway-a: another container"),
    (error("Busy", name="gateway-a", operation="remove"), 1, "Busy: gateway-a, remove"),
    (error("OfALaterVersion", field=1), 1, "OfALaterVersion: 1"),
    (lambda peer: peer.receive(), 69, "in time"),
    (lambda peer: peer.send(b"?\0"), 1, ""),
])
def test_refusals(answers, monkeypatch, reply, code, words):
    monkeypatch.setattr(hermes.S6ServiceManager._ask, "__defaults__", (0.5,))
    answers.replies = [reply]
    with pytest.raises(_hermes_errors.S6CommandError) as caught:
        hermes.S6ServiceManager().start("gateway-a")
    raised = caught.value
    assert isinstance(raised, RuntimeError) and isinstance(raised.__cause__, svcbroker.Error)
    assert (raised.service, raised.action, raised.returncode) == ("gateway-a", "start", code)
    assert words in raised.stderr != "" and raised.stderr in str(raised)


def test_orders_end_in_the_time_that_callers_wait():
    assert hermes.S6ServiceManager._ask.__defaults__ == (hermes.ORDER_SEC,) == (5.0,)
    assert hermes.UNREGISTER_KILL_SEC + 5 <= hermes.UNREGISTER_SEC == 25.0


def test_a_broker_that_is_started_again_is_waited_for(answers, fake, path):
    """Also with what must not be ordered twice, since it was not sent."""
    answers.replies = [{"outcomes": [OUTCOME]}]
    for action in ("stop", "restart"):
        os.rename(path, f"{path}.away")
        timer = threading.Timer(0.3, os.rename, (f"{path}.away", path))
        timer.start()
        getattr(hermes.S6ServiceManager(), action)("gateway-a")
        timer.join()
    assert [method for method, _ in answers.calls] == ["Stop", "Restart"]


def test_a_broker_that_stays_away_is_an_error_by_the_deadline(path, monkeypatch):
    monkeypatch.setattr(hermes.S6ServiceManager._ask, "__defaults__", (0.2,))
    with pytest.raises(_hermes_errors.S6CommandError) as caught:
        hermes.S6ServiceManager(socket=path).is_running("gateway-a")
    assert caught.value.returncode == 69 and path in str(caught.value)


def listed(*wanted, stopped=()):
    return {"services": [{**SERVICE, "name": f"gateway-{name}", "profile": name, "want": "down" if name in stopped else "up"}
                         for name in (*wanted, *stopped)]}


def test_a_restart_of_each_in_a_list_leaves_down_what_is_stopped(answers, caplog):
    """What `hermes gateway restart --all` does; and a restart of one starts it, before the list, after it, and the second time."""
    caplog.set_level("INFO")
    done = {"outcomes": [OUTCOME]}
    manager = hermes.S6ServiceManager()
    answers.replies = [done, listed("a", stopped=("b", "c")), done, service(want="down"), service(want="up"), done, done]
    manager.restart("gateway-b")
    assert manager.list_profile_gateways() == ["a", "b", "c"]
    for name in ("a", "b", "c"):
        manager.restart(f"gateway-{name}")
    manager.restart("gateway-b")
    asked = [(method, (parameters.get("names") or [parameters.get("name")])[0]) for method, parameters in answers.calls]
    assert asked == [("Restart", "gateway-b"), ("List", None), ("Restart", "gateway-a"), ("Status", "gateway-b"),
                     ("Status", "gateway-c"), ("Restart", "gateway-c"), ("Restart", "gateway-b")], asked
    assert "restart of gateway-b: it is stopped, and left so" in caplog.text


def test_a_list_is_forgotten(answers, monkeypatch):
    answers.replies = [listed(stopped=("b",)), {"outcomes": [OUTCOME]}]
    monkeypatch.setattr(hermes, "LISTED_SEC", 0.0)
    manager = hermes.S6ServiceManager()
    manager.list_profile_gateways()
    manager.restart("gateway-b")
    assert [method for method, _ in answers.calls] == ["List", "Restart"]


def test_a_restart_is_not_ordered_twice(answers):
    answers.replies = [lambda peer: None, {"outcomes": [OUTCOME]}]
    with pytest.raises(_hermes_errors.S6CommandError):
        hermes.S6ServiceManager().restart("gateway-a")
    assert len(answers.calls) == 1


@pytest.mark.parametrize("state, pid, running", [
    ("up", 7, True), ("starting", 7, True), ("stopping", 7, True), ("starting", None, False), ("backoff", None, False),
    ("failed", None, False), ("down", None, False), ("finishing", 7, False), ("finishing", None, False), ("of-later", 7, True)])
def test_is_running(answers, state, pid, running):
    answers.replies = [service(state=state, pid=pid)]
    assert hermes.S6ServiceManager().is_running("gateway-a") is running
    assert answers.calls == [("Status", {"name": "gateway-a"})]


@pytest.mark.parametrize("name", TYPO)
def test_what_is_absent_does_not_run(answers, name):
    answers.replies = [error(name, **TYPO[name])]
    assert hermes.S6ServiceManager().is_running("main-hermes") is False


def test_register(answers):
    answers.replies = [ABSENT, REGISTERED]
    hermes.S6ServiceManager().register_profile_gateway("a", extra_env={"X": "1"}, start_now=False)
    assert answers.calls[1] == ("Register", {"profile": "a", "environment": {"X": "1"}, "start": False})
    answers.replies, answers.calls = [ABSENT, REGISTERED], []
    hermes.S6ServiceManager().register_profile_gateway("a")
    assert (answers.calls[1][0], given(answers.calls[1][1])) == ("Register", {"profile": "a", "start": True})


def test_a_taken_name_changes_nothing(answers):
    answers.replies = [service()]
    with pytest.raises(ValueError, match="'a' is registered already"):
        hermes.S6ServiceManager().register_profile_gateway("a", extra_env={"X": "2"})
    assert [method for method, _ in answers.calls] == ["Status"]


UNTOUCHED = {"state": "down", "want": "down", "pid": None, "last_exit": None}


def test_a_gateway_that_the_broker_made_first(answers):
    """It makes one of each new profile by itself; Hermes's `profile create` comes a moment later."""
    there = {**REGISTERED, "created": False, "service": {**SERVICE, **UNTOUCHED}}
    answers.replies = [service(**UNTOUCHED), there, {"outcomes": [OUTCOME]}]
    hermes.S6ServiceManager().register_profile_gateway("a", extra_env={"X": "1"})
    assert [method for method, _ in answers.calls] == ["Status", "Register", "Start"]
    assert answers.calls[1][1]["environment"] == {"X": "1"}
    answers.replies, answers.calls = [service(**UNTOUCHED), there], []
    hermes.S6ServiceManager().register_profile_gateway("a", start_now=False)
    assert [method for method, _ in answers.calls] == ["Status", "Register"]
    for touched in ({"want": "up"}, {"pid": 7, "state": "stopping"}, {"last_exit": {"code": 0, "signal": None, "at_usec": 1}}):
        answers.replies, answers.calls = [service(**{**UNTOUCHED, **touched})], []
        with pytest.raises(ValueError, match="registered already"):
            hermes.S6ServiceManager().register_profile_gateway("a")


@pytest.mark.parametrize("name", ["", "A", "a\n", "../a", "-a", "a b", "é", "a" * 252])
@pytest.mark.parametrize("action", ["register_profile_gateway", "unregister_profile_gateway"])
def test_a_bad_name_is_not_even_asked_for(answers, action, name):
    with pytest.raises(ValueError, match="no name for a profile"):
        getattr(hermes.S6ServiceManager(), action)(name)
    assert not answers.calls


@pytest.mark.parametrize("action", ["register_profile_gateway", "unregister_profile_gateway"])
def test_a_name_that_the_broker_does_not_take(answers, action):
    answers.replies = [error("InvalidName", name="a" * 251, reason="too long")]
    with pytest.raises(ValueError, match="too long"):
        getattr(hermes.S6ServiceManager(), action)("a" * 251)


def test_registering_that_fails(answers):
    answers.replies = [ABSENT, error("TooManyServices", limit=500)]
    with pytest.raises(RuntimeError) as caught:
        hermes.S6ServiceManager().register_profile_gateway("a")
    assert caught.value.action == "register"


def test_unregister(answers):
    answers.replies = [{"removed": False, "persisted": True, "persist_error": None}]
    assert hermes.S6ServiceManager().unregister_profile_gateway("a") is None
    assert answers.calls == [("Unregister", {"profile": "a", "timeout_msec": 20000})]


def test_list(answers):
    static = {**SERVICE, "kind": "static", "profile": None, "name": "dashboard"}
    answers.replies = [{"services": [{**SERVICE, "profile": "b"}, static, SERVICE]}]
    assert hermes.S6ServiceManager().list_profile_gateways() == ["b", "a"]


def test_errors_are_hermes_s_own_where_it_can_be_imported(answers, monkeypatch):
    assert hermes.S6CommandError is _hermes_errors.S6CommandError
    monkeypatch.syspath_prepend(str(STAND_IN))
    try:
        module = importlib.import_module("hermes_cli.service_manager")
        assert hermes.S6CommandError is module.S6CommandError
        answers.replies = [ABSENT]
        with pytest.raises(module.GatewayNotRegisteredError):
            hermes.S6ServiceManager().start("gateway-a")
    finally:
        for name in [name for name in sys.modules if name.startswith("hermes_cli")]:
            del sys.modules[name]


# Detection

def test_where_there_is_no_s6(monkeypatch):
    monkeypatch.setattr(hermes, "_is_s6", lambda: False)
    for platform, kind in (("win32", "windows"), ("darwin", "launchd")):
        monkeypatch.setattr(sys, "platform", platform)
        assert hermes.detect() == (kind, False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert hermes.detect().kind in ("systemd", "none")
    with pytest.raises(RuntimeError, match="no supported service manager"):
        hermes.get_service_manager()


def test_the_hook_agrees_with_the_package(monkeypatch):
    monkeypatch.delenv("SVCBROKER_SOCKET", raising=False)
    assert svcbroker_hermes.socket_path() == svcbroker.default_socket()
    monkeypatch.setenv("SVCBROKER_SOCKET", "/elsewhere")
    assert svcbroker_hermes.socket_path() == svcbroker.default_socket() == "/elsewhere"


# install(), each time in an interpreter of its own

@pytest.fixture
def listening(tmp_path, monkeypatch):
    """A socket where the broker's is said to be. Nobody answers."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        monkeypatch.setenv("SVCBROKER_SOCKET", str(path))
        yield path


def python(code, *options, paths=(PACKAGE, STAND_IN), check=True, **environment):
    environment = {**os.environ, "PYTHONPATH": ":".join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run([sys.executable, *options, "-c", textwrap.dedent(code)], check=check, capture_output=True, text=True,
                          env=environment)


# Notes which calls come to the broker.
DOUBLE = """
import svcbroker
asked = []
class Client:
    def __init__(self, *_, **__): pass
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def start(self, name): asked.append("start"); return ()
    def stop(self, name): asked.append("stop"); return ()
    def restart(self, name): asked.append("restart"); return ()
    def list(self): asked.append("list"); return ()
    def status(self, name): asked.append("status"); return type("Service", (), {"pid": 1, "state": "up"})
svcbroker.Client = Client
"""
INSTALL = "import svcbroker.hermes; svcbroker.hermes.install()\n"
BEFORE = "from hermes_cli.service_manager import S6ServiceManager as Manager\nimport hermes_cli.commands\n"
AFTER = "from hermes_cli.service_manager import S6ServiceManager as Manager, get_service_manager, _MANAGER_CLASSES\n"
LOOK = """
from hermes_cli import service_manager as module
from hermes_cli.commands import S6ServiceManager as Third
assert Manager is Third is module.S6ServiceManager
for manager in (Manager(), Third(), module._MANAGER_CLASSES["s6"]()):
    manager.start("gateway-a")
    assert manager.list_profile_gateways() == [] and manager.is_running("dashboard")
"""


@pytest.mark.parametrize("code", [INSTALL + AFTER, BEFORE + INSTALL + AFTER, INSTALL + INSTALL + AFTER + INSTALL])
def test_whoever_imported_it_and_when(listening, code):
    python(DOUBLE + code + LOOK + """assert asked == ["start", "list", "status"] * 3 and module.own_way == [], asked\n""")


def test_one_who_was_made_before(listening):
    python(DOUBLE + BEFORE + "manager = Manager()\n" + INSTALL + """manager.stop("gateway-a"); assert asked == ["stop"]\n""")


def test_hermes_keeps_its_note_of_what_is_wanted(listening):
    python(DOUBLE + INSTALL + AFTER + """
from hermes_cli import service_manager as module
Manager().start("gateway-a"); Manager().stop(name="gateway-b"); Manager().restart("gateway-c")
assert module.desired == [("gateway-a", "running"), ("gateway-b", "stopped"), ("gateway-c", "running")], module.desired
def broken(*_): raise OSError(28, "no space")
module._write_gateway_desired_state = broken
Manager().start("gateway-a")
""")


def test_a_list_is_remembered_where_hermes_asked_for_it(listening):
    """One manager gives the list and restarts what is in it; what is left down is not noted as wanted. Another one knows of no list."""
    python(DOUBLE + """
class Listed(Client):
    def list(self): return [type("Service", (), {"name": f"gateway-{name}", "profile": name, "want": want})
                            for name, want in (("a", "up"), ("b", "down"))]
    def status(self, name): return type("Service", (), {"want": "down"})
svcbroker.Client = Listed
""" + INSTALL + AFTER + """
from hermes_cli import service_manager as module
manager = Manager()
for profile in manager.list_profile_gateways():
    manager.restart(f"gateway-{profile}")
assert asked == ["restart"] and module.desired == [("gateway-a", "running")], (asked, module.desired)
Manager().restart("gateway-b")
assert asked == ["restart"] * 2 and module.desired[1:] == [("gateway-b", "running")], (asked, module.desired)
""")


def test_without_a_socket_hermes_does_as_it_always_did(tmp_path):
    (tmp_path / "file").touch()
    for path in ("absent", "file"):
        python(DOUBLE + INSTALL + AFTER + """
from hermes_cli import service_manager as module
Manager().start("gateway-a"); Manager().register_profile_gateway("a", start_now=False)
assert not asked and module.own_way == [("start", "gateway-a"), ("register", "a")], module.own_way
assert Manager.start.__doc__ == "Hermes's own words." and Manager.start.__name__ == "start"
""", SVCBROKER_SOCKET=str(tmp_path / path))


def test_of_another_scan_directory_too(listening):
    python(DOUBLE + INSTALL + AFTER + """
from hermes_cli import service_manager as module
from pathlib import Path
Manager(scandir=Path("/elsewhere")).start("gateway-a")
assert not asked and module.own_way == [("start", "gateway-a")]
Manager(scandir=Path("/run/service/")).start("gateway-a")
Manager(scandir="/run/service/").start("gateway-a")
assert asked == ["start"] * 2
""")


def test_a_socket_that_comes_later_and_goes_again(tmp_path):
    python(DOUBLE + INSTALL + AFTER + f"""
import os, socket
path = os.environ["SVCBROKER_SOCKET"]
Manager().stop("gateway-a"); assert not asked
socket.socket(socket.AF_UNIX).bind(path)
Manager().stop("gateway-a"); assert asked == ["stop"]
os.unlink(path)
Manager().stop("gateway-a"); assert asked == ["stop", "stop"]
""", SVCBROKER_SOCKET=str(tmp_path / "socket"))


def test_errors_are_of_the_module_of_the_class(listening):
    python(DOUBLE + INSTALL + """
def stop(self, name): raise svcbroker.NoSuchService("io.svcbroker.NoSuchService", {"name": name})
svcbroker.Client.stop = stop
from hermes_cli.service_manager import GatewayNotRegisteredError, S6ServiceManager
try:
    S6ServiceManager().stop("gateway-x")
except GatewayNotRegisteredError as error:
    assert error.profile == "x"
else:
    raise SystemExit("no error")
""")


def test_the_layout_with_a_module_of_its_own(listening, tmp_path):
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway/__init__.py").touch()
    (tmp_path / "gateway/s6_manager.py").write_text((STAND_IN / "hermes_cli/service_manager.py").read_text())
    python(DOUBLE + INSTALL + """
import hermes_cli.service_manager
from gateway import s6_manager
s6_manager.S6ServiceManager().start("gateway-a")
assert asked == ["start"]
def stop(self, name): raise svcbroker.NoSuchService("io.svcbroker.NoSuchService", {"name": name})
svcbroker.Client.stop = stop
try:
    s6_manager.S6ServiceManager().stop("gateway-x")
except s6_manager.GatewayNotRegisteredError:
    pass  # and not the other module's
""", paths=(PACKAGE, STAND_IN, tmp_path))


def test_hermes_s_own_choice_in_that_layout(tmp_path):
    """Without a broker. There it is in neither of the modules that have the class."""
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway/__init__.py").touch()
    (tmp_path / "gateway/s6_manager.py").write_text("class S6ServiceManager: pass")
    (tmp_path / "gateway/service_manager.py").write_text("def get_service_manager(): return 'its own'")
    python("import svcbroker.hermes; assert svcbroker.hermes.get_service_manager() == 'its own'", paths=(PACKAGE, tmp_path),
           SVCBROKER_SOCKET=str(tmp_path / "absent"))


SEALED = """
import hermes_cli
class Sealed(type):
    def __setattr__(cls, name, value): raise TypeError("sealed")
class S6ServiceManager(metaclass=Sealed):
    def start(self, name): return "own"
    stop = restart = is_running = register_profile_gateway = unregister_profile_gateway = list_profile_gateways = start
"""


FEWER = """
class S6ServiceManager:
    def start(self, name): return "own"
"""


@pytest.mark.parametrize("text", ["", "S6ServiceManager = None", SEALED, FEWER])
def test_a_hermes_of_another_shape_is_left_alone(listening, tmp_path, text):
    (tmp_path / "hermes_cli").mkdir()
    (tmp_path / "hermes_cli/__init__.py").touch()
    (tmp_path / "hermes_cli/service_manager.py").write_text(text)
    done = python(INSTALL + """
import hermes_cli.service_manager as module
assert not getattr(module, "S6ServiceManager", None) or module.S6ServiceManager().start("x") == "own"
svcbroker.hermes.install()
""", paths=(PACKAGE, tmp_path))
    assert not done.stdout and not done.stderr


def test_a_hermes_that_cannot_be_imported_says_why(listening, tmp_path):
    (tmp_path / "hermes_cli").mkdir()
    (tmp_path / "hermes_cli/__init__.py").touch()
    (tmp_path / "hermes_cli/service_manager.py").write_text("raise LookupError('its own')")
    done = python(INSTALL + "import hermes_cli.service_manager", paths=(PACKAGE, tmp_path), check=False)
    assert done.returncode == 1 and done.stderr.rstrip().endswith("LookupError: its own")
    done = python(INSTALL + "import hermes_cli.service_manager", paths=(PACKAGE,), check=False)
    assert "ModuleNotFoundError: No module named 'hermes_cli'" in done.stderr


def test_with_other_finders_of_its_kind_and_a_reload(listening):
    python(DOUBLE + """
import importlib, sys
class Asking:
    def find_spec(self, name, path, target=None):
        specs = (finder.find_spec(name, path, target) for finder in sys.meta_path if not isinstance(finder, Asking))
        return next((spec for spec in specs if spec), None) if name.startswith("hermes_cli") else None
""" + INSTALL + "sys.meta_path.insert(0, Asking()); sys.meta_path.append(Asking())\n" + AFTER + """
module = importlib.reload(sys.modules["hermes_cli.service_manager"])
module.S6ServiceManager().start("gateway-a")
assert asked == ["start"] and module.S6ServiceManager is not Manager
Manager().start("gateway-a")
assert asked == ["start"] * 2
""")


# The .pth file

@pytest.fixture
def environment(tmp_path):
    """A virtual environment as an image has one, with the package in it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    site, = (tmp_path / "venv").glob("lib/python*/site-packages")
    for name in ("svcbroker", "svcbroker_hermes.py", "svcbroker-hermes.pth"):
        (site / name).symlink_to(PACKAGE / name)
    return site


def in_environment(site, code, *options):
    return subprocess.run([site.parents[2] / "bin/python3", *options, "-c", textwrap.dedent(code)], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(STAND_IN), "PYTHONDONTWRITEBYTECODE": "1"})


def test_an_unmodified_hermes(listening, environment):
    done = in_environment(environment, """
        import sys
        assert "svcbroker" not in sys.modules
        import hermes_cli.commands
        assert "svcbroker" not in sys.modules, "nobody has called yet"
    """ + textwrap.indent(DOUBLE, " " * 8) + """
        hermes_cli.commands.S6ServiceManager().start("gateway-a")
        assert asked == ["start"]
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_start_of_python_loads_nothing_for_it(environment):
    def modules():
        done = in_environment(environment, "import sys, json; print(json.dumps(sorted(sys.modules)))")
        assert not done.stderr
        return set(json.loads(done.stdout))
    having = modules()
    (environment / "svcbroker-hermes.pth").unlink()
    # Any .pth file is read by way of the second, from Python 3.13 on.
    assert having - modules() - {"encodings.utf_8_sig"} == {"svcbroker_hermes"}


@pytest.mark.parametrize("missing", ["svcbroker", "svcbroker_hermes.py"])
def test_it_is_silent_when_half_of_it_is_gone(listening, environment, missing):
    (environment / missing).unlink()
    done = in_environment(environment, """
        from hermes_cli import service_manager as module
        module.S6ServiceManager().start("gateway-a")
        assert module.own_way == [("start", "gateway-a")]
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_goes_on_by_itself_when_the_package_is_taken_out(listening, environment):
    """As disable-hermes does it, under a process that has not called yet."""
    done = in_environment(environment, """
        import os, sys
        from hermes_cli import service_manager as module
        site, = [path for path in sys.path if path.endswith("site-packages")]
        os.unlink(site + "/svcbroker")
        module.S6ServiceManager().start("gateway-a")
        assert module.own_way == [("start", "gateway-a")]
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_pth_file_is_one_line_that_site_runs():
    line, = (PACKAGE / "svcbroker-hermes.pth").read_text().splitlines()
    assert re.match(r"import[ \t]", line)
