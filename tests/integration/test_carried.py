# SPDX-License-Identifier: ISC
"""Descriptors that a peer passes (SCM_RIGHTS), and whose release sleeps: on a kernel that lets them through, nobody waits for that.
Linux 6.16 and later refuse them: a preloaded library makes this one older."""

import contextlib
import socket
import subprocess
import sys

import pytest

from tree import SOCKET, TOP, wait_until
from varlink import Closed

OLDER_KERNEL = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
        int (*real)(int, int, int, const void *, socklen_t) = dlsym(RTLD_NEXT, "setsockopt");

        if (level == SOL_SOCKET && name == 83) {
                errno = ENOPROTOOPT;
                return -1;
        }
        return real(fd, level, name, value, length);
}
"""


@pytest.fixture
def older(make_tree, tmp_path):
    """A tree whose kernel, as far as the broker can tell, lacks SO_PASSRIGHTS."""
    source, library = tmp_path / "older.c", tmp_path / "older.so"
    source.write_text(OLDER_KERNEL)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    tree = make_tree(before=f"""
        cp {library} /opt/older.so
        sed -i 's|^exec \\(.*/svcbrokerd\\) |ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0 LD_PRELOAD=/opt/older.so exec \\1 |' \
            "$servicedirs/svcbrokerd/run"
        cp tests/integration/carry.py /opt/carry.py
        chmod 644 /opt/carry.py""")
    with open(tree.path(f"/proc/{tree.broker_pid()}/maps")) as file:
        assert "older.so" in file.read()
    tree.run("root", sys.executable, "/opt/carry.py", "up", check=True)
    return tree


@contextlib.contextmanager
def carrying(tree, scenario, connections=4, sockets=20, user="hermes", go_on=True):
    """Everything is there before the broker looks."""
    def stop():
        tree.signal("STOP", tree.broker_pid())

    waits = scenario in ("waiting", "not-reading")
    if not waits:
        stop()
    if user == "stranger":  # past the first gate
        tree.run("root", "chmod", "666", SOCKET, check=True)
    process = subprocess.Popen(
        ["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "carry", str(tree.pid), user, sys.executable,
         "/opt/carry.py", scenario, str(connections), str(sockets)], cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if waits:
            assert process.stdout.readline() == "waits\n"
            stop()
            process.stdin.write("go on\n")
            process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        if go_on:
            tree.signal("CONT", tree.broker_pid())
        yield process
    finally:
        # Killed, nothing of it lingers.
        tree.signal("KILL", *(pid for pid, (line, _, _) in tree.processes().items() if f"/opt/carry.py {scenario} " in line))
        process.wait()
        tree.run("root", "chmod", "660", SOCKET, check=True)


def assert_root_is_served(tree):
    for _ in range(10):
        with tree.connect("root") as connection:
            connection.send("Health")
            assert connection.result()["healthy"] is True


def open_files(tree):
    return int(tree.run("root", "sh", "-c", f"ls /proc/{tree.broker_pid()}/fd | wc -l", check=True).stdout)


@pytest.mark.parametrize("scenario,connections,user", [
    ("at-once", 100, "hermes"),     # and over the limit of a uid
    ("at-once", 30, "stranger"),    # nobody's, and over the limit of those
    ("urgent", 4, "hermes"),
    ("malformed", 8, "hermes"),
    ("malformed", 30, "stranger"),
    ("too-large", 8, "hermes"),
    ("waiting", 8, "hermes"),
])
def test_nobody_waits_for_what_a_peer_passes(older, scenario, connections, user):
    before = open_files(older)
    with carrying(older, scenario, connections, user=user) as process:
        assert_root_is_served(older)
        process.stdin.write("close\n")
        process.stdin.flush()
        assert process.stdout.readline() == "closed\n"  # what waited is gone, and its connection ends with it
        assert_root_is_served(older)
        wait_until(lambda: open_files(older) <= before, what="all of it closed, while its other ends are there")


def test_the_threads_that_close_have_no_capability(older):
    closers = older.run("root", "sh", "-c", f"grep -h -A 60 '^Name:.closer$' /proc/{older.broker_pid()}/task/*/status", check=True).stdout
    assert closers.count("Name:\tcloser\n") == 4
    for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
        assert closers.count(f"{name}:\t0000000000000000\n") == 4


def test_who_does_not_read_is_closed_with_what_it_passed(older):
    with carrying(older, "not-reading", 4):
        assert_root_is_served(older)
        older.wait_log("why=not-reading")
        assert_root_is_served(older)


def test_the_broker_ends_with_what_was_passed(older):
    """Of connections, and of those that nobody has accepted."""
    with carrying(older, "waiting", 8), carrying(older, "at-once", 60):
        assert_root_is_served(older)
        older.stop_broker()
        older.start_broker()
        assert_root_is_served(older)
    with carrying(older, "at-once", 60, go_on=False):
        older.kill_broker()
        assert_root_is_served(older)


def test_who_passes_descriptors_is_told(older):
    """And what it called in the same breath is not done."""
    with older.connect() as connection:
        with open("/dev/null") as file:
            socket.send_fds(connection.socket, [b"x"], [file.fileno()])
        reply = connection.receive()
        assert reply["error"] == "io.svcbroker.InvalidMessage" and "descriptors" in reply["parameters"]["reason"]
        with pytest.raises(Closed):
            connection.receive()
    older.wait_log("why=descriptors uid=10000")
