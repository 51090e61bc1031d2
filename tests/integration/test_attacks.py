# SPDX-License-Identifier: ISC
"""Attacks of docs/security.md that no subject's own tests try: what the broker calls, what it does without a descriptor, and what
not every json-c reads."""

import re
import subprocess
import time

import pytest

from tree import SOCKET, TOP, wait_until
from varlink import HANG_SEC, encode

# What makes a process, becomes another program, or changes whose a file is and what its mode is.
MAKES = ("execve", "execveat", "fork", "vfork", "clone", "clone3")
CHANGES = ("chmod", "fchmod", "fchmodat", "chown", "lchown", "fchown", "fchownat")


def enter(tree, *command):
    """The beginning of a command that root runs inside the tree."""
    return ["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(tree.pid), "root", *command]


def lead_a_life(tree):
    """All kinds of orders, and what is read and written for them."""
    tree.register("a", environment={"GATEWAY_TEST": "child"}, user="root")
    tree.wait_gateway("a")
    for method in ("Restart", "Stop", "Start"):
        tree.call(method, "root", names=["gateway-a"], wait="down" if method == "Stop" else "up")
    for method in ("Diagnose", "Health", "List", "Reconcile"):
        tree.call(method, "root")
    tree.call("Unregister", "root", profile="a")


def traced(names):
    """In strace's words; no architecture has all of them."""
    return "trace=" + ",".join(f"?{name}" for name in names)


class Trace:
    """The lines of all calls of these kinds that the broker makes meanwhile."""

    def __init__(self, tree, *names):
        self.tree = tree
        # Into a file: what nobody reads from a pipe would stop strace, and the broker with it.
        command = enter(tree, "strace", "-f", "-o", "/run/strace", "-p", str(tree.broker_pid()), "-y", "-s", "200", "-e", "signal=none", "-e", traced(names))
        self.strace = subprocess.Popen(command, cwd=TOP, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "attached" not in (line := self.strace.stderr.readline()):
            assert line, "strace did not attach"

    def end(self):
        self.tree.run("root", "pkill", "-TERM", "-x", "strace")
        self.strace.communicate(timeout=HANG_SEC)
        with open(self.tree.path("/run/strace"), errors="replace") as file:
            lines = file.read().splitlines()
        return [line for line in lines if "(" in line and "resumed>" not in line]


# Of /proc/PID what that process can hold up: while it is in the middle of an exec, or does something long to its memory.
HELD_UP = re.compile(r'"/proc/(?!self/|thread-self/|1/)\d+/(stat|cmdline|environ|maps|smaps\w*|mem|auxv|stack|syscall|wchan|io|fd|map_files|exe|cwd|root|personality)\b')


@pytest.mark.parametrize("without", [None, "kill"])
def test_a_process_cannot_hold_up_the_loop(make_tree, without):
    """It may be given so little of a CPU that an exec of it takes as long as it likes: who reads that has a deadline."""
    tree = make_tree(**({} if without is None else {"without": without}))
    tree.register("stands")
    pid = tree.wait_gateway("stands")
    broker = tree.broker_pid()
    trace = Trace(tree, "openat", "open", "readlink", "readlinkat")
    lead_a_life(tree)
    tree.signal("STOP", pid)
    for method in ("Health", "List", "Diagnose"):
        tree.call(method, "root")
    tree.signal("CONT", pid)
    tree.call("Stop", "root", names=["gateway-stands"], wait="down")
    lines = trace.end()
    assert any(re.search(r'"/proc/\d+/status"', line) for line in lines), "it was looked at"
    loops = [line for line in lines if int(line.split()[0]) == broker]
    assert any("/status" in line for line in loops)
    assert [line for line in loops if HELD_UP.search(line)] == []


def test_nothing_is_executed_or_forked(make_tree):
    """Whatever is asked of it: it may make threads, and that is all."""
    tree = make_tree()
    trace = Trace(tree, *MAKES, "accept4")
    lead_a_life(tree)
    lines = trace.end()
    assert any("accept4(" in line for line in lines), "it was looked at"
    assert [line for line in lines if "accept4(" not in line and "CLONE_THREAD" not in line] == []


def test_nothing_on_the_volume_gets_another_owner_or_mode(make_tree):
    """Whatever stands there is hermes's, and may be a link at the next moment."""
    tree = make_tree()
    trace = Trace(tree, *CHANGES)
    lead_a_life(tree)
    lines = trace.end()
    assert any("/run/svcbroker/services/" in line for line in lines), "it was looked at"
    assert [line for line in lines if "/opt/data" in line] == []


def answers(tree):
    try:
        return tree.call("Health", "root")
    except OSError:
        return None


def test_the_socket_is_never_changed(make_tree):
    """Its mode and group are right when bind makes it: there is no moment at which others may connect, and nothing to mend later."""
    tree = make_tree()
    tree.stop_broker()
    command = enter(tree, "strace", "-f", "-s", "200", "-e", "signal=none", "-e", traced((*CHANGES, "bind", "umask")), "/usr/local/sbin/svcbrokerd")
    strace = subprocess.Popen(command, cwd=TOP, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: answers(tree), what="it serves")
    tree.run("root", "pkill", "-TERM", "-x", "svcbrokerd", check=True)
    lines = [line for line in strace.communicate(timeout=HANG_SEC)[1].splitlines() if "(" in line]
    (bound,) = [number for number, line in enumerate(lines) if 'bind(' in line and f'sun_path="{SOCKET}"' in line]
    masks = [match[1] for line in lines[:bound] if (match := re.search(r"umask\((0\d+)\)", line))]
    assert masks[-1] == "0117"
    assert [line for line in lines if SOCKET in line and any(f"{name}(" in line for name in CHANGES)] == []


def test_no_descriptor_for_a_connection(make_tree):
    """Those that are open are served, the loop does not turn for nothing meanwhile, and who waits is let in afterwards."""
    tree = make_tree()
    pid = tree.broker_pid()
    limit = tree.run("root", "prlimit", "--pid", str(pid), "--nofile", "--noheadings", "--raw", "--output", "SOFT,HARD", check=True).stdout.split()
    with tree.connect("root") as before:
        before.call("Health")
        tree.run("root", "prlimit", "--pid", str(pid), f"--nofile=4:{limit[1]}", check=True)
        with tree.connect("hermes") as waiting:
            waiting.send("Health")
            tree.wait_log("listener: accept: EMFILE")
            began = time.monotonic()
            trace = Trace(tree, "accept4")
            for _ in range(5):
                before.call("Health")
            wait_until(lambda: time.monotonic() - began > 1)
            tries = trace.end()
            assert 0 < len(tries) < 20 * (time.monotonic() - began) + 20, "ten a second, and no more"
            tree.run("root", "prlimit", "--pid", str(pid), f"--nofile={limit[0]}:{limit[1]}", check=True)
            waiting.result()
    assert tree.broker_pid() == pid


def test_characters_that_look_like_half_a_pair(make_tree):
    """U+2D800 and others beyond U+FFFF: written as two escapes, as Python does, json-c before 0.19 takes them for half of one."""
    tree = make_tree()
    value = "\U0002d800 \U0001d800 \U0010dfff \U0001f600"
    assert b"\\ud876\\udc00" in encode("Health", {"value": value})
    tree.register("a", environment={"GATEWAY_TEST": "child", "TEXT": value})
    pid = tree.wait_gateway("a")
    with open(tree.path(f"/proc/{pid}/environ"), "rb") as file:
        assert f"TEXT={value}".encode() in file.read().split(b"\0")
