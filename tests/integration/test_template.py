# SPDX-License-Identifier: ISC
"""The gateway template: what runs as whom, with which environment, and what is left of it."""

import base64
import fcntl
import os
import re
import shutil

import pytest

from slot_directory import OLD_TEMPLATE
from tree import SERVICES, wait_until

CONTAINER = "/run/s6/container_environment"
# PATH of s6-svscan as an application's image may have it: its first directory is hermes's.
HOSTILE_PATH = "/opt/data/.local/bin:/usr/local/bin:/usr/bin:/bin"
SHELLS = {"dash": "", "busybox": "mount --bind /usr/bin/busybox /bin/sh"}


@pytest.fixture(scope="module", params=SHELLS)
def tree(request, module_trees):
    """By each shell that may be /bin/sh."""
    return module_trees(before=SHELLS[request.param], path=HOSTILE_PATH)


def environment_of(tree, profile):
    """What the running gateway was started with, from the kernel."""
    with open(tree.path(f"/proc/{tree.wait_gateway(profile)}/environ"), "rb") as file:
        return dict(line.split("=", 1) for line in file.read().decode().split("\0") if line)


def link_inside(tree, path):
    """From outside, the kernel would name what it points to with the way to the tree's root in front of it."""
    return tree.run("root", "readlink", path, check=True).stdout.rstrip("\n")


def test_gateway_and_logger_run_as_hermes(tree, profile):
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    logger = next(p for p, (line, _, _) in tree.processes().items() if line.endswith(f"/gateways/{profile}"))
    for process in (pid, logger):
        with open(tree.path(f"/proc/{process}/status")) as file:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        assert fields["Uid"] == "10000\t10000\t10000\t10000" and fields["Gid"] == "10000\t10000\t10000\t10000"
        assert fields["Groups"].strip() == "10000"
        assert int(fields["CapPrm"], 16) == int(fields["CapEff"], 16) == 0
    assert tree.processes()[pid][0].endswith(f"hermes -p {profile} gateway run --replace")
    assert link_inside(tree, f"/proc/{pid}/cwd") == "/opt/data"


def test_descriptors_of_a_gateway(tree, profile):
    """Standard ones, and the lock."""
    tree.register(profile, environment={"GATEWAY_INTERVAL": "0.1"})
    pid = tree.wait_gateway(profile)
    # Behind its first line it still opens files, its own /proc/PID/stat among them; behind its second it only waits.
    wait_until(lambda: "still here" in tree.gateway_log(profile), what="the second line of its log")
    found = {}
    for name in os.listdir(tree.path(f"/proc/{pid}/fd")):
        found[int(name)] = link_inside(tree, f"/proc/{pid}/fd/{name}")
    assert found[0] == "/dev/null" and found[1] == found[2] and found[1].startswith("pipe:")
    others = [target for number, target in found.items() if number > 2 and not target.startswith(("pipe:", "anon_inode:"))]
    assert others == [f"/opt/data/.svcbroker/lock/{profile}"]


def test_own_variables_win(tree, profile):
    tree.register(profile, environment={"PATH": "/somewhere:/usr/bin:/bin", "EXTRA": "1"})
    environment = environment_of(tree, profile)
    assert environment["HOME"] == environment["HERMES_HOME"] == "/opt/data"
    assert environment["HERMES_S6_SUPERVISED_CHILD"] == environment["HERMES_SUPERVISED_CHILD"] == "1"
    assert environment["PATH"] == "/opt/hermes/.venv/bin:/somewhere:/usr/bin:/bin"
    assert environment["VIRTUAL_ENV"] == "/opt/hermes/.venv" and environment["EXTRA"] == "1"
    assert "OLDPWD" not in environment


def test_container_environment_comes_first(make_tree):
    files = {"FROM_CONTAINER": "yes\n\n", "ENDED": "yes\n", "BOTH": "container", "PATH": "/container/bin:/usr/bin:/bin", "HERMES_HOME": "/opt/data/"}
    tree = make_tree(before=f"mkdir -p {CONTAINER}; cd {CONTAINER}; "
                     + " ".join(f"printf %b {value!r} >{name};" for name, value in files.items()))
    tree.register("a", environment={"BOTH": "profile", "OWN": "lines\n\n"})
    environment = environment_of(tree, "a")
    assert environment["OWN"] == "lines\n\n"
    # s6-overlay ends each of its files with a newline.
    assert environment["FROM_CONTAINER"] == "yes\n" and environment["ENDED"] == "yes" and environment["BOTH"] == "profile"
    assert environment["PATH"] == "/opt/hermes/.venv/bin:/container/bin:/usr/bin:/bin"
    assert environment["HERMES_HOME"] == environment["HOME"] == "/opt/data"


WHOLE = {"EMPTY": "", "LINES": "\n", "MORE": "\n\n x\n\n  y\n", "SPACES": "  a \t ", "EQUALS": "==a=b\n=c", "BACKSLASH": "\\n\\\n\\", "SIGNS": "$(id)`id`${x}'\"*?[",
         "CONTROLS": "".join(map(chr, range(1, 32))) + "\x7f", "LETTERS": "".join(map(chr, range(128, 1024))) + "漢字🎉", "PS4": "$(id)",
         "_": "x", "line": "l", "name": "n", "value": "v", "HERMES_OTHER": "h", "LC_ALL": "C.UTF-8"}
READERS = [["dash"], ["bash", "--posix"], ["busybox", "ash"]]


@pytest.mark.parametrize("shell", READERS, ids=" ".join)
def test_variables_are_whole_in_every_shell(make_tree, shell):
    """A `gateway` that is a script reads them; /bin/sh is another shell in each image. Names that a shell keeps for itself must not end it."""
    if not shutil.which(shell[0]):
        pytest.skip(f"there is no {shell[0]} here")
    tree, profile = make_tree(profiles="", before=OLD_TEMPLATE), "a"
    special = {name: "a[$(echo evaluated >&2)]" for name in ("OPTIND", "PPID", "UID", "EUID", "IFS", "SHELLOPTS", "BASHOPTS", "BASH_VERSINFO", "RANDOM", "LINENO", "SECONDS",
                                         "SRANDOM", "EPOCHSECONDS", "FUNCNAME", "GROUPS", "DIRSTACK", "BASH_ARGV0", "HISTCMD", "BASHPID")}
    tree.register(profile, environment=WHOLE | special, start=False)
    script = f"cd {SERVICES}/gateway-{profile}; sed '/^unset HERMES_S6_line/q' gateway >/run/reading; echo '/usr/bin/env -0 | /usr/bin/base64' >>/run/reading"
    tree.run("root", "sh", "-c", script, check=True)
    result = tree.run("root", "env", "-C", f"{SERVICES}/gateway-{profile}", *shell, "/run/reading", check=True)
    found = dict(line.split("=", 1) for line in base64.b64decode(result.stdout).decode().split("\0") if line)
    assert result.stderr == ""
    for name, value in WHOLE.items():
        if (name, shell[0]) != ("_", "bash"):
            assert found.get(name) == value, name


def test_variables_are_whole(make_tree):
    """Those that a shell keeps for itself, too: no shell reads them."""
    tree = make_tree(profiles="")
    own = WHOLE | {name: "a[$(echo evaluated >&2)]" for name in ("OPTIND", "PPID", "UID", "EUID", "IFS", "SHELLOPTS", "BASH_VERSINFO", "BASH_ENV", "ENV")}
    tree.register("a", environment=own)
    environment = environment_of(tree, "a")
    assert {name: environment.get(name) for name in own} == own


def test_home_of_a_profile_means_the_root_above(make_tree):
    tree = make_tree(before=f"mkdir -p {CONTAINER} /opt/other/profiles/coder; chown -R hermes: /opt/other; "
                            f"echo /opt/other/profiles/coder >{CONTAINER}/HERMES_HOME")
    tree.call("Register", profile="coder")
    pid = wait_until(lambda: (now := tree.status("coder")) and "gateway run" in tree.processes().get(now.pid, ("",))[0] and now.pid)
    assert link_inside(tree, f"/proc/{pid}/cwd") == "/opt/other"
    wait_until(lambda: os.path.exists(tree.path("/opt/other/logs/gateways/coder/current")), what="its log")


def test_log_has_times_in_the_directory_and_none_outside(tree, profile):
    tree.register(profile, "environment")
    tree.wait_gateway(profile)
    line = tree.gateway_log(profile).splitlines()[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+  gateway " + profile + r": started, pid \d+", line), line
    assert re.search(rf"^gateway {profile}: started", tree.wait_log(f"gateway {profile}: started"), re.MULTILINE)
    logger = next(line for line, _, _ in tree.processes().values() if line.endswith(f"/gateways/{profile}"))
    assert logger.split()[1:-1] == ["1", "n10", "s1000000", "T"]


def test_log_directory_that_cannot_be_written(tree, profile):
    """The gateway must not block on a logger that does not run: lines go to the container's log only."""
    tree.run("hermes", "mkdir", "-p", "/opt/data/logs/gateways", check=True)
    tree.run("hermes", "sh", "-c", f"echo in the way >/opt/data/logs/gateways/{profile}", check=True)
    tree.register(profile)
    log = tree.wait_log(f"gateway {profile}: started")
    assert log.count(f"gateway {profile}: /opt/data/logs/gateways/{profile} cannot be written") == 1


def test_where_faccessat2_is_refused(make_tree):
    tree = make_tree(before=f"""mkdir -p {CONTAINER} /opt/other; chown hermes: /opt/other; echo /opt/other >{CONTAINER}/HERMES_HOME
cp tests/integration/old_seccomp.py /opt/old_seccomp.py
exec() {{ builtin exec /usr/bin/python3 /opt/old_seccomp.py "$@"; }}""")
    assert tree.call("Register", profile="coder")["persisted"]
    pid = wait_until(lambda: (now := tree.status("coder")) and "gateway run" in tree.processes().get(now.pid, ("",))[0] and now.pid)
    assert link_inside(tree, f"/proc/{pid}/cwd") == "/opt/other"
    wait_until(lambda: os.path.exists(tree.path("/opt/other/logs/gateways/coder/current")), what="its log")
    # What a killed broker left half removed goes; the whole one beside it does not.
    for half in (".gateway-coder~", ".gateway-coder", ".gateway-gone~"):
        tree.run("root", "mkdir", f"{SERVICES}/{half}", check=True)
    tree.kill_broker()
    tree.wait_log("removed what was left of service=gateway-gone")
    assert "removed what was left of service=gateway-coder" not in tree.log()
    assert tree.status("coder").pid == pid and tree.state("coder")["state"] == "up"
    # And one that comes back behind the broker's start is adopted.
    os.rename(tree.slot("coder"), tree.path("/run/away"))
    tree.kill_broker()
    os.rename(tree.path("/run/away"), tree.slot("coder"))
    wait_until(lambda: "a slot is there again: service=gateway-coder" in tree.log(), what="it is adopted")
    tree.wait_state("coder", "up")
    assert tree.status("coder").pid == pid


def test_log_directory_that_is_spoilt(tree, profile):
    """s6-log itself gives up on it; the next logger does without."""
    tree.run("hermes", "mkdir", "-p", f"/opt/data/logs/gateways/{profile}/current", check=True)
    tree.register(profile)
    log = tree.wait_log(f"gateway {profile}: started")
    assert log.count(f"/opt/data/logs/gateways/{profile} cannot be written") == 1
    assert not os.path.exists(f"{tree.slot(profile)}/log/forward-only")


def lock_file(tree, profile):
    return tree.path(f"/opt/data/.svcbroker/lock/{profile}")


def test_lock_is_held_exactly_while_it_runs(tree, profile):
    tree.register(profile, "child")
    pid = tree.wait_gateway(profile)
    with open(lock_file(tree, profile), "r+") as file:
        with pytest.raises(BlockingIOError):
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        tree.signal("KILL", pid)
        # Its child lives on for a moment, and does not hold it.
        wait_until(lambda: try_lock(file), what="the lock is free")


def try_lock(file):
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def test_lock_held_elsewhere_keeps_it_down(tree, profile):
    tree.run("hermes", "mkdir", "-p", "/opt/data/.svcbroker/lock", check=True)
    with open(lock_file(tree, profile), "w") as file:
        os.fchown(file.fileno(), 10000, 10000)
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        tree.register(profile)
        tree.wait_log(f"gateway {profile}: not started: it runs elsewhere")
        wait_until(lambda: not tree.status(profile).pid and not tree.status(profile).want_up, what="s6 leaving it down")
        assert os.waitstatus_to_exitcode(tree.status(profile).wait_status) == 69
        assert "started, pid" not in tree.gateway_log(profile)
    tree.call("Start", names=[f"gateway-{profile}"], wait="up")


def test_a_volume_without_locks_is_no_obstacle(tree, profile):
    """It starts, and says what is missing."""
    tree.run("hermes", "mkdir", "-p", f"/opt/data/.svcbroker/lock/{profile}", check=True)
    tree.register(profile)
    tree.wait_gateway(profile)
    tree.wait_gateway_log(profile, f"gateway {profile}: started without its lock")


def test_no_child_outlives_a_stop(tree, profile):
    tree.register(profile, "child")
    group = tree.wait_gateway(profile)
    wait_until(lambda: sum(its == group for _, _, its in tree.processes().values()) == 2, what="a child")
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    assert group not in [its for _, _, its in tree.processes().values()]


def test_gateway_of_a_killed_supervisor_is_replaced(tree, profile):
    """The new s6-supervise knows nothing of it, but the slot does."""
    tree.register(profile)
    old = tree.wait_gateway(profile)
    tree.signal("KILL", tree.supervisor(f"gateway-{profile}"))
    pid = wait_until(lambda: (now := tree.status(profile)).pid not in (0, old) and not now.finishing and now.pid)
    wait_until(lambda: f"started, pid {pid}\n" in tree.gateway_log(profile), what="the new gateway")
    assert old not in tree.processes()
    with open(f"{tree.slot(profile)}/data/pgid") as file:
        assert [int(line.split(":")[0]) for line in file] == [old, pid], "the old one stays noted until finish"
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    assert os.stat(f"{tree.slot(profile)}/data/pgid").st_size == 0


def test_stop_while_the_old_one_drains(tree, profile):
    """A killed supervisor's gateway that does not end: the stop of the new run ends it too."""
    tree.register(profile, "ignore-term")
    old = tree.wait_gateway(profile)
    tree.signal("KILL", tree.supervisor(f"gateway-{profile}"))
    wait_until(lambda: (now := tree.status(profile)).pid not in (0, old) and not now.finishing)
    wait_until(lambda: "SIGTERM ignored" in tree.gateway_log(profile), what="the sweep")
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    assert old not in tree.processes()


def test_no_hermes_is_said(make_tree):
    tree = make_tree(before="rm /opt/hermes/.venv/bin/hermes")
    tree.register("a")
    tree.wait_log("gateway a: no program `hermes' in PATH=")
    wait_until(lambda: tree.status("a").wait_status and os.waitstatus_to_exitcode(tree.status("a").wait_status) == 127)


def test_profile_in_the_slot_is_checked(tree, profile):
    """It is the broker's; but the scripts run as root, and do not rely on it."""
    tree.register(profile, start=False)
    tree.run("root", "sh", "-c", f"echo ../evil >{SERVICES}/gateway-{profile}/data/profile", check=True)
    tree.run("root", "s6-svc", "-u", f"{SERVICES}/gateway-{profile}", check=True)
    tree.wait_log("data/profile: not the name of a profile")


def test_nothing_of_hermes_is_looked_up_by_root(tree, profile):
    """PATH of the container begins with a directory that hermes owns; root must not find a program there."""
    names = ["sh", "sleep", "mkdir", "rm", "true", "cat", "s6-setuidgid", "s6-applyuidgid", "s6-envuidgid", "s6-envdir", "s6-log",
             "s6-setlock", "s6-permafailon", "id", "kill"]
    script = "".join(f"printf '#!/bin/sh\\necho {name} $(/usr/bin/id -u) >>/opt/data/trap\\nexit 0\\n' >.local/bin/{name}; "
                     f"chmod 755 .local/bin/{name}; " for name in names)
    tree.run("hermes", "sh", "-c", f"mkdir -p .local/bin; {script}", check=True)
    try:
        tree.register(profile, "child")
        tree.wait_gateway(profile)
        tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
        try:
            with open(tree.path("/opt/data/trap")) as file:
                caught = file.read()
        except FileNotFoundError:
            caught = ""
        assert caught == "", "looked up in PATH, as the uid behind it"
    finally:
        tree.run("hermes", "/bin/rm", "-r", ".local", check=True)
