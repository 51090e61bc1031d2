"""What keeps the broker from starting, and who can bring that about: nobody but root, and never for good."""

import os
import subprocess

import pytest

import s6
from tree import BROKER, SERVICES, SOCKET, wait_until

HOLD = r"""
import fcntl, os, sys, time
held = 0
files = []
for top in sys.argv[1:]:
    for directory, directories, names in os.walk(top):
        for path in [directory] + [f"{directory}/{name}" for name in names]:
            try:
                fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                files.append(fd)
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
                held += 1
            except OSError:
                pass
            try:
                fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except (OSError, NameError):
                pass
print("held", held, flush=True)
time.sleep(1000)
"""


def hold(tree, *tops):
    """hermes opens and locks whatever it can there, until the tree ends."""
    holder = subprocess.Popen(["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(tree.pid),
                               "hermes", "/usr/bin/python3", "-c", HOLD, *tops], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True)
    line = holder.stdout.readline()
    assert line.startswith("held ") and int(line.split()[1]) > 0, line
    return holder


def test_directory_that_everybody_can_open(make_tree):
    """A lock there would be anybody's, and the broker's last."""
    tree = make_tree()
    tree.register("a")
    pid = tree.wait_state("a", "up")["pid"]
    tree.run("hermes", "sh", "-c", f"flock -s {SERVICES} sleep 1000 >/dev/null 2>&1 & flock -s /run/svcbroker sleep 1000 >/dev/null 2>&1 &",
             check=True)
    tree.kill_broker()
    tree.stop_broker()
    tree.start_broker()
    assert tree.state("a")["pid"] == pid


def test_everything_that_can_be_opened_is_locked(make_tree):
    """Whatever hermes can open below what root's processes lock: the broker, a supervisor and a logger begin again."""
    tree = make_tree()
    tree.register("a")
    tree.wait_gateway("a")
    holder = hold(tree, "/run", "/usr/local", "/etc")
    try:
        tree.kill_broker()
        tree.signal("KILL", tree.supervisor("gateway-a"))
        tree.signal("KILL", tree.supervisor("gateway-a/log"))
        wait_until(lambda: tree.supervisor("gateway-a") and tree.supervisor("gateway-a/log"), what="both supervisors back")
        tree.wait_state("a", "up", timeout=60)
        tree.register("b")
        tree.wait_state("b", "up", timeout=60)
        tree.call("Unregister", "root", profile="a")
        tree.assert_absent("a")
    finally:
        holder.kill()
        holder.wait()


def test_locks_are_for_root_alone(make_tree):
    tree = make_tree()
    for path in (f"{SOCKET}.lock", f"{SERVICES}.lock"):
        entry = os.lstat(tree.path(path))
        assert (entry.st_uid, entry.st_mode & 0o7777) == (0, 0o600), path
        assert tree.run("hermes", "cat", path).returncode != 0


def test_lock_that_was_opened_to_all_is_replaced(make_tree):
    """Somebody may have opened it meanwhile."""
    tree = make_tree()
    tree.stop_broker()
    tree.run("root", "chmod", "644", f"{SOCKET}.lock", f"{SERVICES}.lock", check=True)
    before = os.lstat(tree.path(f"{SOCKET}.lock")).st_ino
    tree.run("hermes", "sh", "-c", f"exec 5<{SOCKET}.lock 6<{SERVICES}.lock; sleep 1000 >/dev/null 2>&1 &", check=True)
    tree.start_broker()
    after = os.lstat(tree.path(f"{SOCKET}.lock"))
    assert after.st_mode & 0o7777 == 0o600 and after.st_ino != before
    tree.kill_broker()


# What passes by itself is tried again

def wait_refused(tree, word, times=2):
    """So often it has tried, and was told why; and it will again."""
    wait_until(lambda: os.path.exists(tree.path("/run/container.log")), what="the log")
    wait_until(lambda: tree.log().count(word) >= times, 30, f"{word!r} {times} times")
    assert s6.read_status(tree.path(BROKER)).want_up and "not started again" not in tree.log(), tree.log()
    tree.tainted = True


def assert_comes_back(tree):
    wait_until(tree.broker_is_ready, 30, "ready by itself")
    tree.call("Health", "root")


def test_supervisor_that_is_killed_leaves_a_broker(make_tree):
    """The next one waits until the socket is free, and then serves."""
    tree = make_tree()
    orphan = tree.broker_pid()
    tree.signal("KILL", tree.supervisor("svcbrokerd"))
    wait_refused(tree, "another svcbrokerd serves it")
    tree.call("Health")
    tree.signal("KILL", orphan)
    assert_comes_back(tree)


@pytest.mark.parametrize("directory", ["mkdir /opt/scan", "mkdir -p /opt/scan/.s6-svscan"])
def test_svscan_that_begins_later(make_tree, directory):
    tree = make_tree("--scandir", "/opt/scan", boot=False, before=directory)
    tree.boot(ready=False)
    wait_refused(tree, "no s6-svscan runs on it")
    tree.run("root", "sh", "-c", "s6-svscan /opt/scan >/dev/null 2>&1 </dev/null &", check=True)
    assert_comes_back(tree)


def test_fork_bomb_while_it_starts(make_tree):
    """pids.max or RLIMIT_NPROC reached: no thread can be had. Here by a limit that is lifted later."""
    tree = make_tree()
    tree.tainted = True
    run = tree.path(f"{BROKER}/run")
    with open(run) as file:
        text = file.read()
    limited = text.replace("exec /usr/local/sbin", "[ ! -e /opt/bomb ] || exec strace -f -qq -o /dev/null -e trace=clone,clone3 "
                           "-e inject=clone,clone3:error=EAGAIN /usr/local/sbin/svcbrokerd --notification-fd 3 \"$@\"\nexec /usr/local/sbin")
    assert limited != text
    with open(run + ".x", "w") as file:
        file.write(limited)
    os.chmod(run + ".x", 0o755)
    os.rename(run + ".x", run)
    tree.run("root", "touch", "/opt/bomb", check=True)
    tree.signal("KILL", tree.broker_pid())
    wait_refused(tree, "Resource temporarily unavailable")
    tree.run("root", "rm", "/opt/bomb", check=True)
    assert_comes_back(tree)


FAULTS = [  # a system call, from which occurrence on, an errno: how strace injects it
    ("clone,clone3", "EAGAIN"), ("clone,clone3", "ENOMEM"), ("inotify_init1", "EMFILE"), ("inotify_add_watch", "ENOSPC"),
    ("socket", "EMFILE"), ("socket", "ENOBUFS"), ("bind", "ENOSPC"), ("bind", "EIO"), ("listen", "ENOMEM"), ("eventfd2", "EMFILE"),
    ("epoll_create1", "EMFILE"), ("pipe2", "ENFILE"), ("flock", "EIO"), ("flock", "ENOLCK"), ("prctl", "ENOMEM"),
    ("capget,capset", "ENOMEM"), ("setresuid,setfsuid", "EAGAIN"), ("readlink", "ENOMEM"), ("mkdir", "ENOSPC"),
]


@pytest.mark.parametrize("calls,error", FAULTS, ids=[f"{calls} {error}" for calls, error in FAULTS])
def test_failure_that_passes_is_no_configuration_error(make_tree, calls, error, sanitized):
    """By the errno, whatever call it comes from: 78 would be for good."""
    if sanitized:
        pytest.skip("the sanitizer makes system calls of its own")
    tree = make_tree()
    tree.stop_broker()
    tree.expected_ends += 1
    tree.tainted = True
    tree.run("root", "rm", "-rf", "/run/svcbroker", check=True)
    result = tree.run("root", "timeout", "10", "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}",
                      "-e", f"inject={calls}:error={error}", "/usr/local/sbin/svcbrokerd", "--no-gateways")
    assert result.returncode not in (0, 78, 124), result.stderr


# The scripts

def test_lock_of_the_brokers_log(make_tree):
    """/var/log/svcbrokerd is for everybody to enter: were s6-log's lock for everybody to open, the next s6-log could not begin."""
    tree = make_tree(before="mount -t tmpfs -o mode=755 none /var/log")
    script = "/usr/local/share/svcbroker/s6-rc.d/svcbrokerd-log/run"
    tree.run("root", script, text="one\n", check=True)
    holder = hold(tree, "/var/log/svcbrokerd")
    tree.run("root", script, text="two\n", check=True)
    holder.kill()
    holder.wait()
    with open(tree.path("/var/log/svcbrokerd/current")) as file:
        assert "one" in (text := file.read()) and "two" in text


@pytest.mark.parametrize("error", ["ENFILE", "ENOMEM"])
def test_scripts_that_cannot_read_who_they_are_drop_privileges(make_tree, error):
    tree = make_tree()
    tree.register("a", start=False)
    tree.run("root", "sh", "-c", f"cp -a {SERVICES}/gateway-a /opt/slot; printf '#!/bin/sh\\nid -u\\n' >/opt/slot/gateway", check=True)
    result = tree.run("root", "sh", "-c", "cd /opt/slot; exec strace -f -qq -o /dev/null -P /proc/self/status "
                      f"-e trace=open,openat -e inject=open,openat:error={error} ./run")
    assert "10000" in result.stdout.splitlines() or result.returncode == 111, (result.stdout, result.stderr)
    assert "0" not in result.stdout.splitlines()


def test_profile_that_cannot_be_read_is_no_configuration_error(make_tree):
    tree = make_tree()
    tree.register("a", start=False)
    result = tree.run("root", "sh", "-c", f"cd {SERVICES}/gateway-a; exec strace -f -qq -o /dev/null -P ./data/profile "
                      "-e trace=open,openat -e inject=open,openat:error=EMFILE ./run")
    assert result.returncode == 111 and "data/profile" in result.stdout + result.stderr, result
