# SPDX-License-Identifier: ISC
"""The container's contract: what runs, as whom, where, and how it ends."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import pytest

from engine import DEADLINE_SEC, ENVIRONMENT, podman, run, run_arguments, until, until_it_takes_term


def spoken(result):
    return [line for line in result.stdout.splitlines() if line.startswith("hermes ")]


def test_no_arguments_runs_hermes(image):
    result = run(image)
    assert spoken(result) == ["hermes  profile=default uid=10000 cwd=/opt/data home=/opt/data venv=/opt/hermes/.venv"]
    assert result.returncode == 0


def test_words_are_hermes_s(image):
    result = run(image, "chat", "-q", "7")
    assert spoken(result)[0].startswith("hermes chat -q 7 profile=default uid=10000")
    assert result.returncode == 7
    assert spoken(run(image, "hermes", "chat", "--tui"))[0].startswith("hermes chat --tui ")
    assert spoken(run(image, "--tui"))[0].startswith("hermes --tui ")


def test_a_program_runs_directly(image):
    result = run(image, "bash", "-c", 'echo "$1 $(id -u) $HOME $HERMES_HOME"; exit 9', "bash", "a  b")
    assert (result.returncode, "a  b 10000 /opt/data /opt/data" in result.stdout) == (9, True), result.stdout + result.stderr


def test_a_program_that_is_a_shell_word_too(image):
    assert "one" in run(image, "echo", "one").stdout.splitlines()


def test_variables_and_input_arrive(image):
    result = run(image, "sh", "-c", 'echo "[$VALUE]"; cat', text="from outside\n", VALUE="a $b 'c'")
    assert {"[a $b 'c']", "from outside"} <= set(result.stdout.splitlines())


def test_working_directory(image):
    assert "/usr/share" in run(image, "pwd", options=("--workdir", "/usr/share")).stdout.splitlines()
    assert "cwd=/srv" in spoken(run(image, options=("--workdir", "/srv")))[0]


def test_killed_by_a_signal(image):
    assert run(image, "sh", "-c", "kill -KILL $$").returncode == 137


def test_without_the_application_it_says_so(plain_image):
    result = run(plain_image, "chat")
    assert result.returncode == 127
    assert "has no `hermes'" in result.stderr
    result = run(plain_image, "sh", "-c", "svcctl health && hermes chat")
    assert result.returncode == 127
    assert "has no `hermes'" in result.stderr and "healthy" in result.stdout


def test_the_services_are_ready_before_the_command(image):
    assert run(image, "svcctl", "list").returncode == 0


def test_gateway_run_is_supervised(start):
    container = start("gateway", "run")
    until(lambda: container.service("gateway-default")["state"] == "up", "the default gateway is up")
    assert container.service("gateway-default")["restarts"] == 0
    pid = container.service("gateway-default")["pid"]
    container.shell(f"kill -KILL {pid}")
    until(lambda: container.service("gateway-default").get("pid") not in (pid, None), "it was started again")
    assert container.running()
    assert container.stop() != 137


@pytest.mark.parametrize("arguments,environment", [(("--no-supervise",), {}), ((), {"HERMES_GATEWAY_NO_SUPERVISE": "1"})])
def test_gateway_run_in_the_foreground(start, arguments, environment):
    container = start("gateway", "run", *arguments, **environment)
    until(lambda: "default began" in container.shell("cat notes", check=False).stdout, "the gateway runs")
    until_it_takes_term(container)
    assert container.service("gateway-default")["state"] == "down"
    container.shell("kill $(cat pid.default)")
    assert container.wait() == 0


def test_exec_as_root_drops(start):
    container = start()
    said = container.exec("hermes", "status", user="root").stdout
    assert said.startswith("hermes status profile=default uid=10000 cwd=/opt/data home=/opt/data")
    assert container.exec("hermes", "status", user="hermes").stdout.startswith("hermes status profile=default uid=10000")
    assert container.exec("hermes", "chat", "-q", "5", user="root", check=False).returncode == 5


class Terminal:
    """podman run -it, on a terminal of its own."""

    def __init__(self, image, *command, columns=80, rows=24):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe("podman", ["podman", "run", "-it", "--rm", *run_arguments(image, command, (), {})], ENVIRONMENT)
        self.text = ""

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def expect(self, pattern):
        end = time.monotonic() + DEADLINE_SEC
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, f"{pattern!r} was not seen in {self.text!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:  # the end of a terminal
                    assert re.search(pattern, self.text), f"{pattern!r} was not seen in {self.text!r}"

    def send(self, data):
        os.write(self.fd, data)

    def wait(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_terminal(image):
    """Its size, a resize and single keys arrive; nothing of the services is in between."""
    terminal = Terminal(image, "tui", columns=123, rows=45)
    terminal.expect(r"size 45 123\r\n")
    terminal.resize(77, 50)
    terminal.expect(r"size 50 77\r\n")
    terminal.send(b"\x1b")
    terminal.expect(r"key 1b\r\n")
    assert terminal.wait() == 0


def test_terminal_of_a_shell(image):
    """Job control, and Ctrl-C for what runs in front, not for the container."""
    terminal = Terminal(image, "bash", "--norc")
    terminal.expect(r"\$ ")
    terminal.send(b"sh -c 'echo in \"\"front; exec sleep 1000'\r")
    terminal.expect(r"in front\r\n")  # the command has to be there before the key
    terminal.send(b"\x03")
    terminal.send(b"echo state=$?\r")
    terminal.expect(r"state=130\r\n")
    assert "no job control" not in terminal.text
    terminal.send(b"exit 6\r")
    assert terminal.wait() == 6


def test_exec_with_a_terminal(start):
    container = start()
    assert podman("exec", "-t", "--user", "hermes", container.id, "tty").stdout.startswith("/dev/pts/")
