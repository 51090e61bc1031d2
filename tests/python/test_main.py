# SPDX-License-Identifier: ISC
"""python3 -m svcbroker, as a script uses it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

import svcbroker
from conftest import DEADLINE_SEC, HEALTH, SERVICE, TOP, answering
from svcbroker.__main__ import exit_code
from svcbroker.errors import BY_NAME


def run(path, *words, check=None):
    environment = {"PYTHONPATH": f"{TOP}/client/python", "SVCBROKER_SOCKET": path, "PATH": "/usr/bin:/bin"}
    result = subprocess.run([sys.executable, "-m", "svcbroker", *words], env=environment, capture_output=True, text=True, timeout=300)
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


def test_exit_codes_are_svcctl_s():
    """Of each error that svcctl has words for."""
    with open(f"{TOP}/client/talk/failure.h") as header, open(f"{TOP}/client/talk/failure.c") as source:
        codes = dict(re.findall(r"OUTCOME_(\w+) = (\d+)", header.read()))
        rows = re.findall(r'\{(?:ERROR_(\w+)|"([\w.]+)"), OUTCOME_(\w+),', source.read())
    assert len(rows) > 20
    for word, error, outcome in rows:
        name = error or "io.svcbroker." + "".join(part.capitalize() for part in word.split("_"))
        assert exit_code(BY_NAME[name](name, {})) == int(codes[outcome]), name


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


def shell(path, script, **options):
    """A script of bash; $call is the module."""
    environment = {"PYTHONPATH": f"{TOP}/client/python", "SVCBROKER_SOCKET": path, "PATH": "/usr/bin:/bin",
                   "PYTHONDONTWRITEBYTECODE": "1", "call": f"{sys.executable} -X dev -m svcbroker"}
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=300, env=environment, **options)


def test_reader_that_has_enough(fake, path):
    def serve(peer):
        peer.receive()
        for number in range(100000):
            peer.reply({"number": number}, continues=True)
    fake(serve)
    result = shell(path, "$call Watch --more | head -n 1; echo ${PIPESTATUS[0]}")
    assert result.stdout == '{"number": 0}\n0\n' and result.stderr == ""


def test_reader_that_has_enough_before_anything_more_comes(fake, path):
    """It does not wait for the next reply to see that nobody reads."""
    def serve(peer):
        peer.receive()
        peer.reply({"number": 0}, continues=True)
        assert peer.receive() is None
    fake(serve)
    result = shell(path, "$call --more Watch | head -n 1; echo ${PIPESTATUS[0]}")
    assert result.stdout == '{"number": 0}\n0\n' and result.stderr == ""


HELD = {"name": "x", "reason": "y"}
LOST = "svcbroker: stdout: could not be written: make room, or send it elsewhere\n"


def erring(error, parameters):
    def serve(peer):
        peer.receive()
        peer.reply(parameters, error=error)
    return serve


@pytest.mark.parametrize("where", ["/dev/full", "&-"])
@pytest.mark.parametrize("serve, words, code", [
    (answering(HEALTH), "Health", 1), (answering(HEALTH), "Health --more", 1),
    (answering(HEALTH), "--help", 1), (answering(HEALTH), "--version", 1),
    (erring("io.svcbroker.Held", HELD), "Start", 1), (erring("io.svcbroker.Protected", HELD), "Start", 5),
    (erring("org.varlink.service.PermissionDenied", {}), "Start", 5), (answering(HEALTH), "Health --socket /nowhere", 69),
    (answering(HEALTH), "Health nonsense", 2),
])
def test_output_that_is_lost_is_a_failure(fake, path, where, serve, words, code):
    fake(serve)
    result = shell(path, f"$call {words} >{where}")
    assert result.returncode == code and "Traceback" not in result.stderr and "ignored" not in result.stderr, result
    if words != "Health nonsense" and code != 69:
        assert LOST in result.stderr
    if code == 5 or words == "Start":
        assert result.stderr.count("svcbroker: ") == 2  # and what went wrong


@pytest.mark.parametrize("redirections, code", [
    ("2>/dev/full", 4), ("2>&-", 4), (">&- 2>&-", 1), ("<&- >&- 2>&-", 1), ("<&-", 4), (">/dev/full 2>/dev/full", 1), ("2>&1 | true", 4)])
def test_whatever_is_closed_the_exit_code_tells(fake, path, redirections, code):
    seen = []

    def serve(peer):
        seen.append(peer.receive())
        peer.reply({"name": "x"}, error="io.svcbroker.NoSuchService")
        assert peer.receive() is None, "what is printed does not go to the broker"
    fake(serve)
    result = shell(path, f"$call Status {redirections}; exit ${{PIPESTATUS[0]}}")
    assert result.returncode == code and len(seen) == 1, result


def test_output_that_would_block(fake, path):
    """A pipe that its other users made non-blocking, and a reader that is slow."""
    text = "x" * 300000

    def serve(peer):
        peer.receive()
        peer.reply({"text": text})
    fake(serve)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with subprocess.Popen([sys.executable, "-m", "svcbroker", "Status"], stdout=writer, stderr=subprocess.PIPE,
                          env={"PYTHONPATH": f"{TOP}/client/python", "SVCBROKER_SOCKET": path}) as process:
        os.close(writer)
        with open(reader) as file:
            assert json.load(file) == {"text": text}
        assert (process.wait(300), process.stderr.read()) == (0, b"")


@pytest.mark.parametrize("words", ["Start", "Watch --more"])
def test_interrupted(fake, path, words):
    heard = threading.Event()
    fake(lambda peer: [peer.receive(), heard.set(), peer.receive()] and None)
    with subprocess.Popen([sys.executable, "-m", "svcbroker", *words.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={"PYTHONPATH": f"{TOP}/client/python", "SVCBROKER_SOCKET": path},
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
        assert heard.wait(300)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=300) == (b"", b"") and process.returncode == 130


def test_version(path):
    assert run(path, "--version", check=0).stdout == f"svcbroker {svcbroker.__version__}\n"


WORDS = "ключ\x1b[2J\u202e"


def said_on_a_terminal(socket, **locale):
    """Standard error, where that is a terminal."""
    here, there = os.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("LC_ALL", "LC_CTYPE", "LANG")}
    subprocess.run([sys.executable, "-m", "svcbroker", "--socket", socket, "Health"], stderr=there, stdout=subprocess.DEVNULL,
                   env={**environment, "PYTHONPATH": f"{TOP}/client/python", **locale}, timeout=60)
    os.close(there)
    said = os.read(here, 4096)
    os.close(here)
    return said.decode()


@pytest.mark.parametrize("locale,utf8", [
    ({}, True), ({"LC_ALL": "C"}, True), ({"LANG": "POSIX"}, True), ({"LC_CTYPE": "UTF-8"}, True), ({"LC_ALL": "ru_RU.KOI8-R"}, False),
    ({"LC_ALL": "de_DE.ISO-8859-1", "LANG": "C.UTF-8"}, False)])  # fmt: skip
def test_text_of_others_on_a_terminal(locale, utf8):
    said = said_on_a_terminal(f"/nowhere/{WORDS}\udcff", **locale)
    name = "ключ" if utf8 else "".join(f"\\x{byte:02x}" for byte in "ключ".encode())
    assert f"/nowhere/{name}\\x1b[2J\\xe2\\x80\\xae\\xff" in said, said


def test_text_of_others_in_a_pipe_is_as_it_is_but_for_control_characters():
    for locale in ({}, {"LC_ALL": "C"}, {"LC_ALL": "de_DE.ISO-8859-1"}):
        said = subprocess.run([sys.executable, "-m", "svcbroker", "--socket", f"/nowhere/{WORDS}\udcff", "Health"], capture_output=True,
                              env={**os.environ, "PYTHONPATH": f"{TOP}/client/python", **locale}, timeout=60).stderr  # fmt: skip
        assert "/nowhere/ключ\\x1b[2J\\xe2\\x80\\xae".encode() + b"\xff" in said, said


def test_metrics_when_there_is_no_thread_to_be_had(monkeypatch):
    """As often as there are places for connections, and then there are threads again."""
    from svcbroker import metrics

    def refuse(thread):
        raise RuntimeError("can't start new thread")
    with metrics.Server(("127.0.0.1", 0), None) as server:
        loop = threading.Thread(target=server.serve_forever, daemon=True)
        loop.start()
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", refuse)
            for _ in range(metrics.CONNECTIONS_MAX):
                with socket.create_connection(server.server_address, timeout=DEADLINE_SEC) as connection:
                    assert connection.recv(1) == b""
        with socket.create_connection(server.server_address, timeout=DEADLINE_SEC) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert connection.makefile("rb").readline().startswith(b"HTTP/1.0 404 ")
        server.shutdown()
        loop.join()
