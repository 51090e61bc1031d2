# SPDX-License-Identifier: ISC
"""What the kernel killed for want of memory is told, in a real control group of the tree's own."""

import os

import pytest

from tree import SLOW_TO_SETTLE, wait_until

LIMIT_BYTES = 150 << 20


def own_group():
    """Where a group of our own can be made, its limit's file, and None where there is no such place."""
    with open("/proc/self/cgroup") as file:
        for line in file.read().splitlines():
            _, controllers, path = line.split(":", 2)
            for top, fits, limit in (("/sys/fs/cgroup/memory", "memory" in controllers.split(","), "memory.limit_in_bytes"),
                                     ("/sys/fs/cgroup", not controllers, "memory.max")):
                if fits and os.path.exists(f"{top}{path.rstrip('/')}/{limit}"):
                    return f"{top}{path.rstrip('/')}", limit
    return None


@pytest.fixture
def small(boot, volume, request):
    """A tree in a control group with little memory; it cannot be written without one."""
    place = own_group()
    if place is None:
        pytest.skip("no control group for memory here")
    group = f"{place[0]}/svcbroker-test-{os.getpid()}"
    try:
        os.mkdir(group)
    except OSError as error:
        pytest.skip(f"no control group can be made: {error}")
    try:
        with open(f"{group}/{place[1]}", "w") as file:
            file.write(str(LIMIT_BYTES))
        tree = boot(*SLOW_TO_SETTLE, *getattr(request, "param", ()))
        tree.limit_file = f"{group}/{place[1]}"
        space = os.readlink(f"/proc/{tree.pid}/ns/pid")

        def move():
            left = []
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    if os.readlink(f"/proc/{pid}/ns/pid") == space:
                        with open(f"/proc/{pid}/cgroup") as file:
                            if os.path.basename(group) not in file.read():
                                left.append(pid)
                                with open(f"{group}/cgroup.procs", "w") as procs:
                                    procs.write(pid)
                except OSError:
                    pass  # it has ended
            return not left

        wait_until(move, what="all of the tree in its group")
        tree.kill_broker()
        yield tree
        tree.kill()
    finally:
        wait_until(lambda: not open(f"{group}/cgroup.procs").read(), what="the group empty")
        os.rmdir(group)


def end_of(tree, signal):
    return wait_until(lambda: (found := tree.state("coder").get("last_exit")) and found.get("signal") == signal and found, 60, signal)


def test_the_kernel_killed_it(small):
    small.register("coder", "eat:1")
    found = end_of(small, "SIGKILL")
    assert found["oom_kills"] >= 1 and found["oom_since_usec"] < found["at_usec"], found
    wait_until(lambda: "out of memory" in small.state("coder").get("reason", ""), 120, "its reason")  # s6's own brake comes first
    # It is started again after some seconds, and killed again, and waits longer then.
    wait_until(lambda: any("out of memory" in line for line in small.call("Health")["problems"]), what="the problem")

    def why():
        return small.run("hermes", "svcctl", "why", "coder").stdout

    wait_until(lambda: "for want of memory" in (said := why()) and "more memory" in said, what=f"what is to be done: {why()}")
    check = next(check for check in small.call("Diagnose")["checks"] if check["name"] == "memory")
    assert check["verdict"] == "warning" and f"{LIMIT_BYTES >> 10} KiB" in check["detail"], check
    small.kill_broker()
    assert small.state("coder")["last_exit"]["oom_kills"] >= 1, "it is recorded"


def test_somebody_else_killed_it(small):
    small.register("coder")
    small.signal("KILL", small.wait_gateway("coder"))
    assert "oom_kills" not in end_of(small, "SIGKILL")
    assert "memory" not in small.run("hermes", "svcctl", "why", "coder").stdout


def memory_problems(tree):
    return [line for line in tree.call("Health", "root")["problems"] if "of memory, more than" in line]


@pytest.mark.parametrize("small", [("--memory-percent", "1")], indirect=True)
def test_health_warns_before_that(small):
    """Of what is used, a hundredth is little enough to be over at any time; and so large a limit is none that it comes near."""
    (problem,) = wait_until(lambda: memory_problems(small), what="the warning")
    assert f" of {LIMIT_BYTES >> 20} MiB of memory, more than 1 %" in problem
    assert small.run("hermes", "svcctl", "health").returncode == 1
    with open(small.limit_file, "w") as file:
        file.write(str(1 << 44))
    wait_until(lambda: not memory_problems(small), what="no warning")


def test_it_does_not_unless_it_is_told_to(small):
    assert memory_problems(small) == []
