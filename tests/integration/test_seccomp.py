# SPDX-License-Identifier: ISC
"""The last layer: what somebody else's code in the broker can still call (tests/unit/edge_seccomp.c has each list)."""

import errno
import os
import platform
import signal
import subprocess

import pytest

import s6
from doctor import diagnose
from tree import BROKER, TOP, wait_until
from varlink import Closed

MODE_FILTER = "2"
NUMBERS = {
    "x86_64": {"execve": 59, "ptrace": 101, "mount": 165, "socket": 41, "clone": 56, "unshare": 272, "process_vm_readv": 310, "bpf": 321,
               "io_uring_setup": 425, "sched_get_priority_max": 146, "accept4": 288, "setns": 308},
    "aarch64": {"execve": 221, "ptrace": 117, "mount": 40, "socket": 198, "clone": 220, "unshare": 97, "process_vm_readv": 270, "bpf": 280,
                "io_uring_setup": 425, "sched_get_priority_max": 125, "accept4": 242, "setns": 268},
}.get(platform.machine())
# As a container's profile, or a sandbox, that lets no program have a filter.
REFUSING = f"""exec() {{ builtin exec /usr/bin/python3 {TOP}/tests/integration/no_seccomp.py "$@"; }}"""


@pytest.fixture(autouse=True)
def confined(sanitized):
    if sanitized:
        pytest.skip("a sanitizer needs its own calls: there is no filter")


def threads(tree):
    """{name: [status of each thread of the broker]}"""
    found = {}
    pid = tree.broker_pid()
    for thread in os.listdir(tree.path(f"/proc/{pid}/task")):
        with open(tree.path(f"/proc/{pid}/task/{thread}/status")) as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        name = "loop" if thread == str(pid) else status["Name"] if status["Name"] in ("watchdog", "closer") else "deputy"
        found.setdefault(name, []).append(status)
    return found


def test_every_thread_has_its_filter(make_tree):
    """The loop's is everybody's; the others have one more. A thread takes its own first of all, but some time after it is there."""
    tree = make_tree(gateways=True)
    assert diagnose(tree)["seccomp"]["detail"].startswith("on: ")

    def settled():
        found = threads(tree)
        assert {"loop", "deputy", "watchdog"} <= set(found)
        loop = int(found["loop"][0].get("Seccomp_filters", "0"))
        assert all(status["Seccomp"] == MODE_FILTER for statuses in found.values() for status in statuses)
        return all(int(status.get("Seccomp_filters", "1")) == loop + (name != "loop") for name, statuses in found.items() for status in statuses)
    wait_until(settled, what="a filter of its own for each thread")


@pytest.mark.parametrize("option,mode,begins", [("log", MODE_FILTER, "log: "), ("off", "0", "off, by --seccomp: ")])
def test_it_can_be_chosen(make_tree, option, mode, begins):
    tree = make_tree("--seccomp", option, gateways=True)
    check = diagnose(tree)["seccomp"]
    assert check["verdict"] == "ok" and check["detail"].startswith(begins)
    assert {status["Seccomp"] for statuses in threads(tree).values() for status in statuses} == {mode}
    assert "no filter" not in tree.log() and "takes no filter" not in tree.log()


def test_nothing_else_is_an_option(make_tree):
    tree = make_tree()
    result = tree.run("root", "/usr/local/sbin/svcbrokerd", "--seccomp", "yes")
    assert result.returncode == 78 and "--seccomp: yes: not a value it takes" in result.stderr


def test_kernel_or_container_that_takes_no_filter(make_tree):
    """It is said, and nothing else is different."""
    tree = make_tree(gateways=True, before=REFUSING)
    check = diagnose(tree)["seccomp"]
    assert check["verdict"] == "warning" and "takes no filter of system calls from the broker" in check["detail"]
    assert os.strerror(errno.EPERM) in check["detail"]
    tree.wait_log("main: the kernel takes no filter of system calls: why=EPERM")
    tree.register("a")
    tree.wait_state("a", "up")
    assert {status["Seccomp_filters"] for statuses in threads(tree).values() for status in statuses if "Seccomp_filters" in status} <= {"1"}


@pytest.fixture
def possessed(make_tree, tmp_path):
    library = tmp_path / "possessed.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", library, f"{TOP}/tests/integration/possessed.c", "-ldl"], check=True)
    if not NUMBERS:
        pytest.skip("no numbers for this architecture")

    def make(*options):
        return make_tree(*options, gateways=True, before=(
            f"cp {library} /run/possessed.so; "
            "sed -i 's|^exec .*svcbrokerd |exec env LD_PRELOAD=/run/possessed.so /usr/local/sbin/svcbrokerd |' " f"{BROKER}/run"))
    return make


def possess(tree, who, call, *arguments):
    """Asks for that one call, and lets all kinds of threads come by until it is made. What came of it; None: the broker ended."""
    pid = tree.broker_pid()
    result = tree.path("/run/possessed.result")
    path = tree.path("/run/possessed")
    with open(f"{path}.new", "w") as file:
        file.write(" ".join(str(int(word)) if word is not who else word for word in (who, NUMBERS[call], *arguments)))
    os.rename(f"{path}.new", path)

    def made():
        try:
            tree.call("Diagnose", "root")
        except (OSError, Closed):
            pass  # it ended while it was asked
        return os.path.exists(result) or tree.broker_pid() != pid
    wait_until(made, what=f"{who} making {call}")
    if not os.path.exists(result):
        return None
    with open(result) as file:
        return int(file.read())


@pytest.mark.parametrize("who,call,arguments", [
    ("loop", "execve", ()), ("loop", "ptrace", ()), ("loop", "mount", ()), ("loop", "socket", (2, 1, 0)), ("loop", "clone", (signal.SIGCHLD,)),
    ("loop", "unshare", (0x10000000,)), ("loop", "process_vm_readv", (1,)), ("loop", "bpf", ()), ("loop", "io_uring_setup", (8,)),
    ("deputy", "execve", ()), ("deputy", "setns", ()), ("watchdog", "execve", ()), ("watchdog", "socket", (2, 1, 0)),
])
def test_forbidden_call_of_the_broker(possessed, who, call, arguments):
    """The whole of it ends, no gateway is disturbed, and the next one serves."""
    tree = possessed()
    tree.register("a")
    gateway = tree.wait_state("a", "up")["pid"]
    pid = tree.broker_pid()
    tree.expected_ends += 1
    assert possess(tree, who, call, *arguments) is None
    wait_until(lambda: tree.broker_is_ready(pid), what="the next broker")
    assert s6.count_deaths(tree.path(BROKER)) == 1
    assert tree.state("a")["pid"] == gateway


@pytest.mark.parametrize("who,call", [("loop", "sched_get_priority_max"), ("deputy", "accept4"), ("deputy", "sched_get_priority_max"),
                                      ("watchdog", "accept4")])
@pytest.mark.parametrize("mode", ["on", "log"])
def test_call_that_is_not_listed(possessed, mode, who, call):
    """It fails, or is done and noted; nothing ends."""
    tree = possessed("--seccomp", mode)
    pid = tree.broker_pid()
    result = possess(tree, who, call, -1 if call == "accept4" else 1)
    if mode == "on":
        assert result == errno.EPERM
    else:
        assert result == (errno.EBADF if call == "accept4" else 0)
    assert tree.broker_pid() == pid and tree.broker_is_ready()
