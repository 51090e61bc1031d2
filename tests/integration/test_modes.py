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
    tree.call("Unregister", profile="gone")
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
        assert stat.S_IMODE(os.lstat(used.path(f"{SERVICES}/{slot}/env")).st_mode) == 0o750
    assert stat.S_IMODE(os.lstat(used.path("/run/service/.s6-svscan")).st_mode) == 0o700
    assert stat.S_IMODE(os.lstat(used.path("/run/service")).st_mode) == 0o755


@pytest.mark.parametrize("command", [
    "touch /run/service/x", "mkdir /run/service/gateway-x", "ln -s /opt/data /run/service/gateway-x", "rm /run/service/gateway-up",
    "mv /run/service/gateway-up /run/service/gateway-z", f"touch {SERVICES}/x", f"touch {SERVICES}/gateway-up/down",
    f"touch {SERVICES}/gateway-up/env/X", f"touch {SERVICES}/gateway-up/data/x", f"touch {SERVICES}/gateway-up/log/x",
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


ATTACK = """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
done = []
for task in map(int, sys.argv[2:]):
    for what, call in (("kill", lambda: libc.kill(task, 0)), ("tgkill", lambda: libc.syscall(234, int(sys.argv[1]), task, 0)),
                       ("prlimit", lambda: libc.prlimit(task, 7, None, ctypes.create_string_buffer(16))),
                       ("ptrace", lambda: libc.ptrace(16, task, 0, 0)), ("setpriority", lambda: libc.setpriority(0, task, 19)),
                       ("sched", lambda: libc.sched_setaffinity(task, 8, ctypes.create_string_buffer(b"\\1" + b"\\0" * 7, 8)))):
        ctypes.set_errno(0)
        if call() == 0:
            done.append(f"{what} {task}")
        elif ctypes.get_errno() not in (1, 13):
            done.append(f"{what} {task}: errno {ctypes.get_errno()}")
print("; ".join(done))
"""


def test_hermes_has_no_power_over_any_thread(used):
    """But for one: the kernel lets an effective uid set the priority of a thread that has it too. The thread that acts as hermes
    has, which costs what it does, never the loop."""
    pid = used.broker_pid()
    result = used.run("hermes", "/usr/bin/python3", "-c", ATTACK, str(pid), *map(str, broker_tasks(used)))
    assert result.stderr == ""
    done = [entry for entry in result.stdout.strip().split("; ") if entry]
    assert [entry for entry in done if not entry.startswith(("setpriority", "sched"))] == []
    assert [entry for entry in done if entry.endswith(f" {pid}")] == []
    control = used.run("root", "/usr/bin/python3", "-c", ATTACK.replace("libc.ptrace(16, task, 0, 0)", "-1"), str(pid), str(pid))
    assert "kill" in control.stdout and "prlimit" in control.stdout, "the attack works where it may"


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
        used.call("Unregister", profile="again")
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
    used.call("Unregister", profile="secret")
