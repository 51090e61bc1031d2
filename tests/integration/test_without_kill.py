# SPDX-License-Identifier: ISC
"""A container without CAP_KILL: s6-supervise takes orders and cannot signal what runs as hermes. The broker does, as hermes."""

import concurrent.futures
import os
import re

import pytest

from tree import wait_until
from varlink import HANG_SEC

CAP_KILL = 1 << 5
PROBLEM = "s6-supervise lacks CAP_KILL: the broker signals gateways itself; give the container CAP_KILL"


@pytest.fixture(scope="module")
def tree(module_trees):
    return module_trees(without="kill")


def capabilities(tree, pid):
    with open(tree.path(f"/proc/{pid}/status")) as file:
        return {name: int(value, 16) for name, value in re.findall(r"^Cap(\w+):\t(\w+)$", file.read(), re.MULTILINE)}


def terms(tree, profile):
    """How many SIGTERMs a gateway with ignore-term has seen."""
    return tree.gateway_log(profile).count("SIGTERM ignored")


def pass_the_deputy(tree, profile):
    """What the deputy had to do before this, it has done behind it: it takes one job at a time, in order."""
    tree.register(profile)
    tree.wait_gateway(profile)
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    tree.unregister(profile)


def logger_of(tree, profile):
    return next((pid for pid, (line, _, _) in tree.processes().items() if line.endswith(f"/gateways/{profile}")), None)


def test_the_tree_lacks_it(tree, profile):
    """And s6 alone is helpless there, or the tests below would prove nothing."""
    for pid in (1, tree.supervisor("svcbrokerd"), tree.broker_pid()):
        for which, bits in capabilities(tree, pid).items():
            assert bits & CAP_KILL == 0, (pid, which)
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    path = f"{tree.slot(profile)}/supervise/status"
    before = os.stat(path).st_mtime_ns
    tree.run("root", "s6-svc", "-kd", f"/run/service/gateway-{profile}", check=True)
    wait_until(lambda: os.stat(path).st_mtime_ns != before, what="s6-supervise having read it")
    assert tree.status(profile).pid == pid and pid in tree.processes()


def test_stop(tree, profile):
    tree.register(profile)
    tree.wait_gateway(profile)
    (outcome,) = tree.call("Stop", names=[f"gateway-{profile}"], wait="down")["outcomes"]
    service = outcome["service"]
    assert (service["state"], service["want"], service["last_exit"]["code"]) == ("down", "down", 1)
    tree.wait_gateway_log(profile, "ended by SIGTERM")


def test_no_signal_is_lost_for_want_of_descriptors(tree, profile):
    """One is needed at a time, however many wait; and what cannot be opened for a moment is not over."""
    names = [f"{profile}-{i}" for i in range(24)]
    for name in names:
        tree.register(name)
    for name in names:
        tree.wait_gateway(name)
    broker = str(tree.broker_pid())
    before = tree.run("root", "prlimit", "--pid", broker, "--nofile", "--noheadings", "--raw", "--output", "SOFT,HARD", check=True).stdout.split()
    with tree.connect() as connection:
        used = max(map(int, os.listdir(tree.path(f"/proc/{broker}/fd")))) + 1
        tree.run("root", "prlimit", "--pid", broker, f"--nofile={used + 4}:{before[1]}", check=True)
        connection.send("Stop", {"names": [f"gateway-{name}" for name in names], "wait": "down"})
        outcomes = connection.result()["outcomes"]
    tree.run("root", "prlimit", "--pid", broker, f"--nofile={before[0]}:{before[1]}", check=True)
    assert [outcome for outcome in outcomes if "error" in outcome] == []
    assert {outcome["service"]["state"] for outcome in outcomes} == {"down"}


def test_who_slows_the_thread_that_signals_down(tree, profile):
    """It has hermes's effective id for an instant. The loop and the threads that write records never have."""
    hammer = (f"import os\nwhile not os.path.exists('/opt/data/enough-{profile}'):\n"
              f" for task in map(int, os.listdir('/proc/{tree.broker_pid()}/task')):\n"
              "  try: os.sched_setscheduler(task, os.SCHED_IDLE, os.sched_param(0))\n  except OSError: pass")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        hammering = pool.submit(tree.run, "hermes", "/usr/bin/python3", "-c", hammer)
        for i in range(20):
            tree.register(f"{profile}-{i}")
            tree.wait_gateway(f"{profile}-{i}")
            (outcome,) = tree.call("Stop", names=[f"gateway-{profile}-{i}"], wait="down")["outcomes"]
            assert outcome["service"]["state"] == "down" and outcome["persisted"]
        tree.run("hermes", "touch", f"/opt/data/enough-{profile}", check=True)
        assert hammering.result(HANG_SEC).stderr == ""
    slowed = [task for task in map(int, os.listdir(tree.path(f"/proc/{tree.broker_pid()}/task")))
              if tree.run("root", "chrt", "--pid", str(task)).stdout.find("SCHED_IDLE") >= 0]
    assert tree.broker_pid() not in slowed
    assert len(slowed) <= 9, "each that was is replaced, up to a bound, and what comes then is one"


def test_restart(tree, profile):
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    (outcome,) = tree.call("Restart", names=[f"gateway-{profile}"], wait="up")["outcomes"]
    service = outcome["service"]
    assert service["state"] == "up" and service["pid"] != pid and service["restarts"] == 0


def test_one_term_however_often_it_is_ordered(tree, profile):
    """A gateway takes a second one for impatience."""
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    for _ in range(3):
        tree.call("Stop", names=[f"gateway-{profile}"])
    wait_until(lambda: terms(tree, profile), what="the TERM")
    tree.kill_broker()
    assert (tree.state(profile)["state"], tree.state(profile)["pid"]) == ("stopping", pid)
    tree.call("Stop", names=[f"gateway-{profile}"])
    pass_the_deputy(tree, f"{profile}-other")
    assert terms(tree, profile) == 1


def test_a_paused_gateway_goes_on(tree, profile):
    """TERM waits in a stopped process for the CONT that follows."""
    tree.register(profile)
    tree.signal("STOP", tree.wait_gateway(profile))
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")


def test_an_order_while_privileges_are_dropped(tree, profile):
    """The deputy finds root's shell, which it leaves to s6-supervise; and that comes when hermes's program is there already."""
    tree.register(profile, start=False)
    gate = f"/opt/data/gate-{profile}"
    tree.begin_run_with(profile, f"while [ ! -e {gate} ]; do /bin/sleep 0.02; done")
    tree.call("Start", names=[f"gateway-{profile}"])
    wait_until(lambda: tree.status(profile).pid and not tree.status(profile).finishing, what="its run")
    supervisor = tree.supervisor(f"gateway-{profile}")
    tree.signal("STOP", supervisor)
    tree.call("Stop", names=[f"gateway-{profile}"])
    pass_the_deputy(tree, f"{profile}-other")
    pid = tree.status(profile).pid
    tree.run("hermes", "touch", gate, check=True)
    wait_until(lambda: "gateway run" in tree.processes().get(pid, ("gateway run",))[0], what="hermes's program, or its end")
    tree.signal("CONT", supervisor)
    tree.wait_state(profile, "down")


def test_unregister_kills(tree, profile):
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    with tree.connect() as patient:
        patient.send("Unregister", {"profile": profile, "timeout_msec": 60000})
        wait_until(lambda: terms(tree, profile), what="the TERM")  # before it is killed it must have had a processor, to say so
        assert tree.call("Unregister", profile=profile, timeout_msec=300)["removed"]
        assert patient.result()["removed"]
    assert pid not in tree.processes()
    assert terms(tree, profile) == 1
    tree.assert_absent(profile)


def test_unregister_ends_a_logger_whose_pipe_is_held(tree, profile):
    """By somebody who left the gateway's session: so no end of file tells it to end."""
    tree.register(profile, "daemon")
    pid = tree.wait_gateway(profile)
    group = f"-p {profile} gateway run"
    # Who has left nothing yet, neither the gateway nor its session, ends with it.
    daemon = wait_until(lambda: [its for its, (line, _, group_of_it) in tree.processes().items()
                                 if group in line and its == group_of_it and its != pid], what="who left it")
    logger = wait_until(lambda: logger_of(tree, profile))
    tree.signal("STOP", logger)
    assert tree.call("Unregister", profile=profile, timeout_msec=300)["removed"]
    assert logger not in tree.processes() and pid not in tree.processes()
    tree.signal("KILL", *daemon)


def test_an_order_that_a_killed_broker_left(tree, profile):
    """Written to the FIFO, and not yet signalled: the next broker does."""
    tree.register(profile, "drain:1")
    pid = tree.wait_gateway(profile)
    tree.call("Restart", names=[f"gateway-{profile}"])
    tree.kill_broker()
    wait_until(lambda: tree.status(profile).pid not in (0, pid), what="the next run")
    assert tree.wait_state(profile, "up")["restarts"] == 0


def test_health_says_so(tree):
    health = wait_until(lambda: (now := tree.call("Health"))["problems"] == [PROBLEM] and now, what="nothing else")
    assert health["healthy"] is False


def test_a_whole_container_is_not_told_so(make_tree):
    """There s6-supervise signals, and nobody else."""
    tree = make_tree()
    tree.register("a", "ignore-term")
    tree.wait_gateway("a")
    supervisor = tree.supervisor("gateway-a")
    tree.signal("STOP", supervisor)
    tree.call("Stop", names=["gateway-a"])
    pass_the_deputy(tree, "b")
    assert terms(tree, "a") == 0
    tree.signal("CONT", supervisor)
    wait_until(lambda: terms(tree, "a"), what="the TERM")
    # Its s6-supervise did not read its orders for a while.
    wait_until(lambda: tree.call("Health")["problems"] == [], what="no problem")
