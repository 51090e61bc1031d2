"""python3 -m svcbroker, as a script uses it."""

import json
import subprocess
import sys

import pytest

from conftest import HEALTH, SERVICE, TOP, answering


def run(path, *words, check=None):
    environment = {"PYTHONPATH": f"{TOP}/client/python", "SVCBROKER_SOCKET": path, "PATH": "/usr/bin:/bin"}
    result = subprocess.run([sys.executable, "-m", "svcbroker", *words], env=environment, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in result.stderr
    if check is not None:
        assert result.returncode == check, result
    return result


def test_call(fake, path):
    seen = []

    def serve(peer):
        seen.append(peer.receive())
        peer.reply({"service": SERVICE})
    fake(serve)
    result = run(path, "Status", '{"name": "gateway-coder"}', check=0)
    assert json.loads(result.stdout) == {"service": SERVICE}
    assert seen == [{"method": "io.svcbroker.Status", "parameters": {"name": "gateway-coder"}}]


def test_stream(fake, path):
    def serve(peer):
        peer.receive()
        for number in range(3):
            peer.reply({"number": number}, continues=number < 2)
    fake(serve)
    assert run(path, "Watch", "--more", check=0).stdout == '{"number": 0}\n{"number": 1}\n{"number": 2}\n'


def test_socket_option(fake, path):
    fake(answering(HEALTH))
    assert run("/nowhere", "Health", "--socket", path, check=0).stdout


@pytest.mark.parametrize("error, parameters, code", [
    ("io.svcbroker.SystemError", {"operation": "a", "errno_name": "b", "message": "c"}, 1),
    ("io.svcbroker.NoSuchService", {"name": "x"}, 4), ("io.svcbroker.NotRegistered", {"profile": "x"}, 4),
    ("org.varlink.service.PermissionDenied", {}, 5), ("io.svcbroker.Protected", {"name": "x", "reason": "y"}, 5),
    ("io.svcbroker.WaitTimeout", {"service": SERVICE, "waited_msec": 1}, 6),
    ("io.svcbroker.Held", {"name": "x", "reason": "y"}, 7), ("io.svcbroker.Failed", {"service": SERVICE}, 7),
])
def test_exit_codes(fake, path, error, parameters, code):
    def serve(peer):
        peer.receive()
        peer.reply(parameters, error=error)
    fake(serve)
    result = run(path, "Anything", check=code)
    assert json.loads(result.stdout) == {"error": error, "parameters": parameters}
    assert result.stderr.startswith("svcbroker: ")


def test_nobody_there(path):
    result = run(path, "Health", check=69)
    assert result.stdout == "" and path in result.stderr


def test_nonsense(fake, path):
    fake(lambda peer: [peer.receive(), peer.send(b"nonsense\0")] and None)
    run(path, "Health", check=1)


@pytest.mark.parametrize("words", [(), ("Status", "nonsense"), ("Status", "[]"), ("Status", '{"name": NaN}'), ("A", "{}", "B"),
                                   ("Health", "--timeout", "0"), ("Health", "--timeout", "soon"), ("Status", '{"name": "%s"}' % ("x" * 70000))])
def test_usage(path, words):
    assert run(path, *words, check=2).stdout == ""


def test_reader_that_has_enough(fake, path):
    def serve(peer):
        peer.receive()
        for number in range(100000):
            peer.reply({"number": number}, continues=True)
    fake(serve)
    script = f"{sys.executable} -m svcbroker Watch --more | head -n 1; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60,
                            env={"PYTHONPATH": f"{TOP}/client/python", "SVCBROKER_SOCKET": path, "PATH": "/usr/bin:/bin"})
    assert result.stdout == '{"number": 0}\n0\n' and result.stderr == ""
