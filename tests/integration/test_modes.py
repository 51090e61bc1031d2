# SPDX-License-Identifier: ISC
"""What hermes must not be able to touch, and what the broker must not be able to do."""

import os
import stat

import pytest

from tree import SERVICES, SOCKET, wait_until

CAP_SETGID, CAP_SETUID = 1 << 6, 1 << 7


@pytest.fixture(scope="module")
def used(module_trees):
    """A tree in which all kinds of things have happened."""
    tree = module_trees()
    for profile, behaviour in (("up", ""), ("crashes", "exit:3"), ("broken", "exit:78"), ("child", "child"), ("down", "")):
        tree.register(profile, behaviour, start=profile != "down", environment={"SECRET": "x"})
    tree.wait_state("up", "up")
    tree.wait_gateway("child")
    tree.call("Restart", names=["gateway-up", "gateway-child"], wait="up")
    tree.signal("KILL", tree.supervisor("gateway-down"))
    tree.register("gone")
    tree.unregister("gone")
    tree.kill_broker()
    tree.call("Register", profile="up", environment={"OTHER": "y"})
    tree.call("Stop", names=["gateway-child"], wait="down")
    wait_until(lambda: tree.supervisor("gateway-down"))
    return tree


def test_no_inode_is_writable_but_by_root(used):
    assert used.audit() == []


def test_audit_would_notice(make_tree):
    tree = make_tree()
    tree.register("a", start=False)
    slot = f"{SERVICES}/gateway-a"
    for command in (f"chmod 777 {slot}", f"chmod g+w {slot}/run", f"chown hermes {slot}/env", f"touch {slot}/x; chmod o+w {slot}/x",
                    "chmod 666 /run/svcbroker/io.svcbroker", f"chown -h hermes {slot}/supervise"):
        assert tree.audit() == []
        tree.run("root", "sh", "-c", command, check=True)
        assert tree.audit() != [], command
        tree.run("root", "sh", "-c", f"chmod 755 {slot} {slot}/run; chown root {slot}/env {slot}/supervise; rm -f {slot}/x; "
                                     f"chmod 660 {SOCKET}", check=True)
    tree.tainted = True


def test_root_only_directories_and_fifos(used):
    slots = [name for name in os.listdir(used.path(SERVICES)) if not name.startswith(".")]
    assert len(slots) == 5
    for slot in slots:
        for part in ("supervise", "event", "log/supervise", "log/event"):
            assert stat.S_IMODE(os.lstat(used.path(f"{SERVICES}/{slot}/{part}")).st_mode) == 0o700, (slot, part)
        for part in ("supervise/control", "log/supervise/control"):
            entry = os.lstat(used.path(f"{SERVICES}/{slot}/{part}"))
            assert stat.S_ISFIFO(entry.st_mode) and stat.S_IMODE(entry.st_mode) == 0o600, (slot, part)
        assert stat.S_IMODE(os.lstat(used.path(f"{SERVICES}/{slot}/env")).st_mode) == 0o640
    assert stat.S_IMODE(os.lstat(used.path("/run/service/.s6-svscan")).st_mode) == 0o700
    assert stat.S_IMODE(os.lstat(used.path("/run/service")).st_mode) == 0o755


@pytest.mark.parametrize("command", [
    "touch /run/service/x", "mkdir /run/service/gateway-x", "ln -s /opt/data /run/service/gateway-x", "rm /run/service/gateway-up",
    "mv /run/service/gateway-up /run/service/gateway-z", f"touch {SERVICES}/x", f"touch {SERVICES}/gateway-up/down",
    f"echo X=1 >>{SERVICES}/gateway-up/env", f"touch {SERVICES}/gateway-up/data/x", f"touch {SERVICES}/gateway-up/log/x",
    f"ls {SERVICES}/gateway-up/supervise", f"ls {SERVICES}/gateway-up/event", f"cat {SERVICES}/gateway-up/data/state",
    f"echo >>{SERVICES}/gateway-up/run", f"echo x >{SERVICES}/gateway-up/data/pgid", f"chmod 777 {SERVICES}/gateway-up",
    f"rm -r {SERVICES}/gateway-up", "s6-svc -u /run/service/gateway-up", "s6-svscanctl -t /run/service", "touch /run/svcbroker/x",
    f"rm {SOCKET}", f"mv {SOCKET} /run/svcbroker/y", f"chmod 777 {SOCKET}", "echo x >>/usr/local/share/svcbroker/gateway/run",
    "touch /usr/local/share/svcbroker/gateway/x", "echo x >>/usr/local/sbin/svcbrokerd", f"cat {SOCKET}.lock",
    "ls /proc/$(pgrep -x svcbrokerd)/fd", "cat /proc/$(pgrep -x svcbrokerd)/environ", "kill -9 $(pgrep -x svcbrokerd)", "kill 1",
])
def test_hermes_may_not(used, command):
    assert used.run("hermes", "sh", "-c", command).returncode != 0


def broker_tasks(tree):
    """{thread id: its status file} of the broker."""
    base = f"/proc/{tree.broker_pid()}/task"
    tasks = {}
    for task in os.listdir(tree.path(base)):
        with open(tree.path(f"{base}/{task}/status")) as file:
            tasks[int(task)] = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return tasks


def test_capabilities_of_every_thread(used):
    tasks = broker_tasks(used)
    assert tasks
    for task, fields in tasks.items():
        permitted, effective = int(fields["CapPrm"], 16), int(fields["CapEff"], 16)
        assert permitted & ~(CAP_SETUID | CAP_SETGID) == 0, f"thread {task}: {permitted:#x}"
        assert effective == 0, f"thread {task}: {effective:#x}"
        assert int(fields["CapInh"], 16) == int(fields["CapAmb"], 16) == 0
        assert int(fields["CapBnd"], 16) & ~(CAP_SETUID | CAP_SETGID) == 0
        assert fields["NoNewPrivs"] == "1"


def test_no_thread_has_all_of_hermes_identity(used):
    """kill(2) and prlimit(2) look at the ids of the very thread they are given."""
    for task, fields in broker_tasks(used).items():
        real, _, saved, _ = map(int, fields["Uid"].split())
        assert real == saved == 0, f"thread {task}"


# Everything by which one process may change, stop, slow down or look into another, tried on each thread.
ATTACK = """
import ctypes, errno, os, signal, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
calls = {"x86_64": {"tgkill": 234, "tkill": 200, "ioprio_set": 251, "migrate_pages": 256, "move_pages": 279, "kcmp": 312, "perf_event_open": 298,
                    "sched_setattr": 314, "pidfd_open": 434, "pidfd_getfd": 438, "pidfd_send_signal": 424, "process_madvise": 440,
                    "get_robust_list": 274},
         "aarch64": {"tgkill": 131, "tkill": 130, "ioprio_set": 30, "migrate_pages": 238, "move_pages": 239, "kcmp": 272, "perf_event_open": 241,
                     "sched_setattr": 274, "pidfd_open": 434, "pidfd_getfd": 438, "pidfd_send_signal": 424, "process_madvise": 440,
                     "get_robust_list": 100}}[os.uname().machine]
process, tasks, skipped = int(sys.argv[1]), list(map(int, sys.argv[2].split(","))), sys.argv[3:]
zero = ctypes.create_string_buffer(128)
room = ctypes.create_string_buffer(128)
one = ctypes.create_string_buffer(b"\\1" + bytes(127), 128)
vector = struct.pack("QQ", ctypes.addressof(room), 8)
perf = ctypes.create_string_buffer(struct.pack("IIQ", 1, 128, 0) + bytes(112), 128)
idle = ctypes.create_string_buffer(struct.pack("IIQiIQQQ", 48, 5, 0, 0, 0, 0, 0, 0), 48)


def call(name, *arguments):
    return libc.syscall(calls[name], *arguments)


def by_pidfd(task):
    pidfd = call("pidfd_open", task, 0x80 if task != process else 0)
    if pidfd < 0:
        return -1
    results = [call("pidfd_send_signal", pidfd, 0, None, 0), call("pidfd_getfd", pidfd, 0, 0),
               call("process_madvise", pidfd, vector, 1, 21, 0)]
    os.close(pidfd)
    return max(results)


def open_file(task, name, flags):
    try:
        os.close(os.open(f"/proc/{process}/task/{task}/{name}", flags))
    except OSError as error:
        ctypes.set_errno(error.errno)
        return -1
    return 0


ways = {
    "kill": lambda task: libc.kill(task, 0), "tkill": lambda task: call("tkill", task, 0), "tgkill": lambda task: call("tgkill", process, task, 0),
    "pidfd": by_pidfd, "sigqueue": lambda task: libc.sigqueue(task, 0, None),
    "prlimit": lambda task: libc.prlimit(task, 7, None, room), "prlimit to none": lambda task: libc.prlimit(task, 0, zero, None),
    "ptrace attach": lambda task: libc.ptrace(16, task, 0, 0), "ptrace seize": lambda task: libc.ptrace(0x4206, task, 0, 0),
    "setpriority": lambda task: libc.setpriority(0, task, 19), "idle policy": lambda task: libc.sched_setscheduler(task, 5, zero),
    "batch policy": lambda task: libc.sched_setscheduler(task, 3, zero), "sched_setattr": lambda task: call("sched_setattr", task, idle, 0),
    "affinity": lambda task: libc.sched_setaffinity(task, 8, one), "setpgid": lambda task: libc.setpgid(task, 0),
    "ioprio": lambda task: call("ioprio_set", 1, task, 3 << 13), "migrate_pages": lambda task: call("migrate_pages", task, 8, one, one),
    "move_pages": lambda task: call("move_pages", task, 0, None, None, None, 0), "kcmp": lambda task: call("kcmp", task, task, 0, 0, 0),
    "perf": lambda task: call("perf_event_open", perf, task, -1, -1, 0),
    "process_vm_readv": lambda task: libc.process_vm_readv(task, vector, 1, vector, 1, 0),
    "process_vm_writev": lambda task: libc.process_vm_writev(task, vector, 1, vector, 1, 0),
    "robust list": lambda task: call("get_robust_list", task, room, room),
}
for name in ("mem", "environ", "maps", "syscall", "stack", "auxv", "io", "pagemap", "personality"):
    ways[f"read {name}"] = lambda task, name=name: open_file(task, name, os.O_RDONLY)
for name in ("oom_score_adj", "oom_adj", "comm", "clear_refs", "coredump_filter", "timerslack_ns", "sched", "setgroups", "uid_map"):
    ways[f"write {name}"] = lambda task, name=name: open_file(task, name, os.O_WRONLY)
for name in ("cwd", "root", "exe", "fd/0"):
    ways[f"follow {name}"] = lambda task, name=name: open_file(task, name, os.O_PATH)
for way, attempt in ways.items():
    if way not in skipped:
        for task in tasks:
            ctypes.set_errno(0)
            if attempt(task) >= 0:
                print(f"{way}: {task}")
            elif ctypes.get_errno() not in (errno.EPERM, errno.EACCES, errno.ESRCH, errno.ENOENT, errno.ENOSYS, errno.EINVAL, errno.EBADF):
                print(f"{way}: {task}: errno {ctypes.get_errno()}")
print("tried", len(ways))
"""


def attack(tree, user, process, tasks, *skipped):
    result = tree.run(user, "/usr/bin/python3", "-c", ATTACK, str(process), ",".join(map(str, tasks)), *skipped)
    assert result.stderr == ""
    *done, tried = result.stdout.splitlines()
    assert int(tried.split()[1]) > 40
    return done


def test_hermes_has_no_power_over_any_thread(used):
    """The kernel looks at real, effective or saved ids for all of these: files are the file-system ids' only."""
    pid = used.broker_pid()
    tasks = broker_tasks(used)
    assert len(tasks) > 4, "the loop, and threads with hermes's files"
    assert attack(used, "hermes", pid, tasks) == []
    # They work where they may: on a process of one's own.
    script = ("import os, subprocess, sys; other = subprocess.Popen(['/bin/sleep', '60']); "
              "sys.argv = [sys.argv[0], str(other.pid), str(other.pid)] + sys.argv[1:]; exec(os.environ['ATTACK']); other.kill()")
    control = used.run("hermes", "env", f"ATTACK={ATTACK}", "/usr/bin/python3", "-c", script, "ptrace attach", "ptrace seize")
    works = {line.split(":")[0] for line in control.stdout.splitlines()}
    assert works >= {"kill", "tgkill", "prlimit", "setpriority", "idle policy", "affinity", "ioprio", "write oom_score_adj",
                     "follow cwd"}, sorted(works)


def test_limits_of_the_process(used):
    with open(used.path(f"/proc/{used.broker_pid()}/limits")) as file:
        limits = {line[:25].strip(): line[26:].split() for line in file}
    assert limits["Max core file size"][:2] == ["0", "0"]
    assert int(limits["Max open files"][0]) < 4096
    with open(used.path(f"/proc/{used.broker_pid()}/status")) as file:
        assert "Umask:\t0077\n" in file.read()


def test_descriptors_of_the_broker(used):
    """Nothing is held that it has no use for, and nothing piles up."""
    def descriptors():
        return len(os.listdir(used.path(f"/proc/{used.broker_pid()}/fd")))

    used.call("Health")
    before = descriptors()
    for _ in range(20):
        used.register("again", start=False)
        used.unregister("again")
    wait_until(lambda: descriptors() <= before, what="descriptors back to what they were")


def test_environment_is_not_in_the_processes_of_root(used):
    """Variables of a client are for hermes's process only."""
    used.register("secret", environment={"SECRET_OF_A_CLIENT": "x"})
    pid = used.wait_gateway("secret")
    holders = []
    for process in used.processes():
        try:
            with open(used.path(f"/proc/{process}/environ"), "rb") as file:
                if b"SECRET_OF_A_CLIENT" in file.read():
                    holders.append(process)
        except OSError:
            continue
    assert holders == [pid]
    used.unregister("secret")
