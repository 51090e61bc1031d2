# SPDX-License-Identifier: ISC
"""What keeps the broker from starting, and who can bring that about: nobody but root, and never for good."""

import os
import subprocess

import pytest

import s6
from tree import BROKER, SERVICES, SOCKET, TOP, wait_until
from varlink import Closed, VarlinkError

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
        tree.wait_state("a", "up")
        tree.register("b")
        tree.wait_state("b", "up")
        tree.call("Unregister", "root", profile="a")
        tree.assert_absent("a")
    finally:
        holder.kill()
        holder.wait()


def test_whatever_root_has_locked_hermes_cannot_open(make_tree):
    """All that hold a lock, s6's own programs too: what can be opened can be locked, and waited for."""
    tree = make_tree()
    tree.register("a")
    tree.wait_gateway("a")
    script = "for f in /proc/[0-9]*/fdinfo/*; do p=${f%/fdinfo/*}; [ $(stat -c %u $p) = 0 ] && grep -q ^lock: $f && " \
             "echo $(cat $p/comm) $(readlink $p/fd/${f##*/}); done; true"
    locked = [line.split(" ", 1) for line in tree.run("root", "sh", "-c", script).stdout.splitlines()]
    assert {name for name, _ in locked} >= {"s6-svscan", "s6-supervise", "svcbrokerd"}, locked
    for name, path in locked:
        result = tree.run("hermes", "sh", "-c", f": <'{path}'")
        assert result.returncode != 0 and "denied" in result.stderr, (name, path, result)


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
    wait_until(lambda: tree.log().count(word) >= times, what=f"{word!r} {times} times")
    assert s6.read_status(tree.path(BROKER)).want_up and "not started again" not in tree.log(), tree.log()
    tree.tainted = True


def assert_comes_back(tree):
    wait_until(tree.broker_is_ready, what="ready by itself")
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
    ("clone,clone3", "EAGAIN"), ("clone,clone3", "ENOMEM"), ("socket", "EMFILE"), ("socket", "ENOBUFS"), ("bind", "ENOSPC"), ("bind", "EIO"), ("listen", "ENOMEM"), ("eventfd2", "EMFILE"),
    ("epoll_create1", "EMFILE"), ("pipe2", "ENFILE"), ("flock", "EIO"), ("flock", "ENOLCK"), ("prctl", "ENOMEM"),
    ("capget,capset", "ENOMEM"), ("setgroups", "ENOMEM"), ("readlink", "ENOMEM"), ("mkdir", "ENOSPC"),
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
    result = tree.run("root", "timeout", "120", "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}",
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
    """Neither what the kernel says of them, nor the accounts."""
    tree = make_tree()
    tree.register("a", start=False)
    tree.run("root", "sh", "-c", f"cp -a {SERVICES}/gateway-a /opt/slot; printf '#!/bin/sh\\nid -u\\n' >/opt/slot/gateway; "
             "chmod 755 /opt/slot/gateway", check=True)
    for path in ("/proc/self/status", "/etc/passwd", "/etc/group"):
        result = tree.run("root", "sh", "-c", f"cd /opt/slot; exec strace -f -qq -o /dev/null -P {path} "
                          f"-e trace=open,openat -e inject=open,openat:error={error} ./run")
        assert "10000" in result.stdout.splitlines() or result.returncode != 0 and path != "/proc/self/status", (path, result.stdout, result.stderr)
        assert "0" not in result.stdout.splitlines()


def test_profile_that_cannot_be_read_is_no_configuration_error(make_tree):
    tree = make_tree()
    tree.register("a", start=False)
    result = tree.run("root", "sh", "-c", f"cd {SERVICES}/gateway-a; export ASAN_OPTIONS=detect_leaks=0; exec strace -f -qq -o /dev/null "
                      "-P ./data/profile -e trace=open,openat -e inject=open,openat:error=EMFILE ./run")
    assert result.returncode == 111 and "data/profile" in result.stdout + result.stderr, result


# Group 0, which hermes may be in: as in images for OpenShift

EDIT = "edit() { sed \"$1\" /opt/etc/$2 >/opt/x; cat /opt/x >/opt/etc/$2; }; "
TEMPLATE = "/usr/local/share/svcbroker/gateway"
IN_GROUP_0 = {
    "member": EDIT + "edit 's/^root:x:0:.*/root:x:0:hermes/' group",
    "first group": EDIT + "edit 's/^hermes:x:10000:10000:/hermes:x:10000:0:/' passwd",
    "another account": EDIT + "edit 's/^stranger:x:10001:10001:/stranger:x:10001:0:/' passwd",
    "another member": EDIT + "edit 's/^root:x:0:.*/root:x:0:root,stranger/' group",
}
GROUP_WRITABLE = ["/run/service", TEMPLATE, f"{TEMPLATE}/run", f"{TEMPLATE}/log", "/run/svcbroker", "/usr/local/sbin/svcbrokerd", "/usr/local"]


@pytest.fixture(scope="module")
def idle(module_trees):
    """A tree whose broker is down."""
    tree = module_trees()
    tree.stop_broker()
    tree.expected_ends += 1
    tree.tainted = True
    return tree


def run_broker(tree, *options):
    """Until it serves, or ends by itself: 124 is the exit code of the former."""
    script = """said=$(mktemp -p /run); timeout -s TERM 120 /usr/local/sbin/svcbrokerd --no-gateways "$@" 2>$said & broker=$!
        until grep -q 'main: ready' $said; do kill -0 $broker 2>/dev/null || { wait $broker; code=$?; cat $said >&2; exit $code; }; sleep 0.02; done
        kill -s ALRM $broker; wait $broker; code=$?; cat $said >&2; exit $code"""
    return tree.run("root", "sh", "-c", script, "sh", *options)


@pytest.mark.parametrize("path", GROUP_WRITABLE)
def test_root_group_may_write_what_is_roots(idle, path):
    """A template that was copied with umask 002, in a container where nobody but root is in the group."""
    idle.run("root", "chmod", "g+w", path, check=True)
    result = run_broker(idle)
    idle.run("root", "chmod", "g-w", path, check=True)
    assert result.returncode == 124 and "main: ready" in result.stderr, result.stderr


@pytest.mark.parametrize("how", IN_GROUP_0)
def test_group_0_with_others_in_it_may_not(idle, how):
    idle.run("root", "sh", "-c", f"cp -a /opt/etc /opt/etc.was; {IN_GROUP_0[how]}", check=True)
    try:
        assert "main: ready" in run_broker(idle).stderr, "nothing is writable: nothing is refused"
        for path in GROUP_WRITABLE:
            idle.run("root", "chmod", "g+w", path, check=True)
            result = run_broker(idle)
            idle.run("root", "chmod", "g-w", path, check=True)
            assert result.returncode == 78 and f"{path}: " in result.stderr and "go-w" in result.stderr, (path, result.stderr)
    finally:
        idle.run("root", "sh", "-c", "for f in passwd group; do cat /opt/etc.was/$f >/opt/etc/$f; done; rm -rf /opt/etc.was", check=True)


def test_group_0_in_diagnose(make_tree):
    tree = make_tree(before=IN_GROUP_0["member"])
    tree.register("a", start=False)
    for path, check in ((f"{SERVICES}/gateway-a/run", "permissions_services"), (f"{TEMPLATE}/run", "permissions_template"),
                        ("/run/service", "permissions_scandir"), ("/usr/local/sbin", "permissions_binary")):
        tree.run("root", "chmod", "g+w", path, check=True)
        checks = {check["name"]: check for check in tree.call("Diagnose", "root")["checks"]}
        tree.run("root", "chmod", "g-w", path, check=True)
        assert checks[check]["verdict"] == "failure" and path in checks[check]["detail"], checks[check]
    assert checks["template"]["verdict"] == "ok"


@pytest.mark.parametrize("path", ["notification-fd", "log/notification-fd"])
def test_template_with_a_readiness_descriptor(idle, path):
    """hermes could write into it without end, and s6-supervise would read nothing else."""
    idle.run("root", "sh", "-c", f"echo 3 >{TEMPLATE}/{path}", check=True)
    result = run_broker(idle)
    idle.run("root", "rm", f"{TEMPLATE}/{path}", check=True)
    assert result.returncode == 78 and f"{TEMPLATE}/{path}" in result.stderr and "remove" in result.stderr, result.stderr


# A bound that is s6-svscan's

def s6_of(suite):
    found = subprocess.run([f"{TOP}/tests/integration/s6-root", suite], stdout=subprocess.PIPE, text=True)
    if found.returncode == 75:
        pytest.skip(f"the s6 of {suite} cannot be had here")
    return found.stdout.strip()


@pytest.mark.parametrize("suite", ["", "trixie", "sid"], ids=["s6 here", "s6 of trixie", "s6 of sid"])
@pytest.mark.parametrize("before", ["", "ulimit -Sn 22"], ids=["services_max", "descriptors"])
def test_more_than_s6_svscan_takes_is_refused_at_once(make_tree, before, suite):
    """It ignores what is too much without a word: told by its command line and its limits, not by our option alone."""
    other = {"s6": s6_of(suite)} if suite else {}
    tree = make_tree("--services-max", "1000", services_max=1000 if before else 6, profiles="", before=before, **other)
    if not before:
        tree.wait_log("main: --services-max is more than s6-svscan takes: limit=")
    made = []
    with pytest.raises(VarlinkError) as refused:
        for index in range(20):
            tree.register(f"p{index}")
            made.append(f"p{index}")
    assert refused.value.name == "TooManyServices", refused.value
    assert refused.value.parameters.get("cause") == ("descriptors" if before else None)
    said = tree.run("hermes", "svcctl", "register", "one-more")
    assert said.returncode == 1 and ("open files (nofile)" in said.stderr) == bool(before), said
    assert 1 <= len(made) < 6
    for profile in made:
        tree.wait_state(profile, "up")
    checks = {check["name"]: check for check in tree.call("Diagnose", "root")["checks"]}
    assert checks["capacity"]["verdict"] == "failure" and "room for 0 more" in checks["capacity"]["detail"], checks["capacity"]
    assert ("open files" in checks["capacity"]["detail"]) == ("nofile" in checks["capacity"]["advice"]) == bool(before), checks["capacity"]
    tree.call("Unregister", profile=made[0])
    tree.register(made[0])
    tree.wait_state(made[0], "up")


def test_option_beyond_s6_svscans_own_is_said(make_tree):
    tree = make_tree("--services-max", "2000", services_max=100, profiles="")
    checks = {check["name"]: check for check in tree.call("Diagnose", "root")["checks"]}
    assert checks["capacity"]["verdict"] == "warning" and "--services-max says 2000" in checks["capacity"]["detail"]


# Descriptors

@pytest.mark.parametrize("limit", [8, 16, 55])
def test_too_few_descriptors_are_named(idle, limit):
    result = idle.run("root", "sh", "-c", f"ulimit -n {limit}; exec /usr/local/sbin/svcbrokerd --no-gateways")
    assert result.returncode == 78 and "descriptors" in result.stderr and str(limit) in result.stderr, result.stderr
    assert "56" in result.stderr and len(result.stderr.splitlines()) == 1, result.stderr


@pytest.mark.parametrize("limit", [56, 64, 100, 199])
def test_few_descriptors_leave_root_its_places(make_tree, limit):
    """Connections give way, hermes's and strangers', and what the broker itself needs does not."""
    tree = make_tree(before=f"ulimit -n {limit}; ulimit -Hn {limit}", profiles="a b")
    tree.wait_log(f"main: few descriptors: limit={limit}")
    idle_ones = []
    for user in ("hermes", "stranger"):
        for _ in range(136):
            try:
                idle_ones.append(tree.connect(user))
            except OSError:
                break
    with tree.connect("root") as root:
        assert root.call("Health")["healthy"] in (True, False)
        root.call("Register", profile="a")
        root.call("Stop", names=["gateway-a"], wait="down")
        checks = {check["name"]: check for check in root.call("Diagnose")["checks"]}
        assert checks["descriptors"]["verdict"] == "warning" and f"may open {limit} files" in checks["descriptors"]["detail"]
        others = [tree.connect("root") for _ in range(5)]
        for connection in others:
            connection.call("Health")
    for connection in idle_ones + others:
        connection.close()
    wait_until(lambda: can_call(tree), what="places for hermes again")
    assert "EMFILE" not in tree.log()


def can_call(tree):
    try:
        return bool(tree.call("List"))
    except (VarlinkError, Closed):
        return False
