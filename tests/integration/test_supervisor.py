# SPDX-License-Identifier: ISC
"""s6-supervise and s6-svscan killed or stopped: orders hold, and nobody else waits."""

import os
import select
import signal

import pytest

import s6
from tree import wait_until
from varlink import VarlinkError


def new_supervisor(tree, name, old):
    return wait_until(lambda: (now := tree.supervisor(name)) not in (None, old) and now, what=f"a new s6-supervise {name}")


def test_replacement_obeys_a_start(tree, profile):
    tree.register(profile)
    pid = tree.wait_state(profile, "up")["pid"]
    old = tree.supervisor(f"gateway-{profile}")
    tree.signal("KILL", old)
    new_supervisor(tree, f"gateway-{profile}", old)
    service = wait_until(lambda: (now := tree.state(profile))["state"] == "up" and now["pid"] != pid and now)
    assert service["want"] == "up"


def test_orders_reach_the_replacement(tree, profile):
    tree.register(profile)
    tree.wait_state(profile, "up")
    for method, wait, state in (("Stop", "down", "down"), ("Start", "up", "up"), ("Restart", "up", "up"), ("Stop", "down", "down")):
        old = tree.supervisor(f"gateway-{profile}")
        tree.signal("KILL", old)
        new_supervisor(tree, f"gateway-{profile}", old)
        wait_until(lambda: s6.takes_orders(tree.slot(profile)), what="it reads orders")
        wait_until(lambda: tree.state(profile)["state"] != "unsupervised", what="the broker seeing it")
        (outcome,) = tree.call(method, names=[f"gateway-{profile}"], wait=wait)["outcomes"]
        assert outcome["service"]["state"] == state, method


def test_wait_goes_on_with_the_replacement(tree, profile):
    """Who waits when the supervisor dies still gets what the order was for."""
    tree.register(profile, start=False)
    tree.signal("STOP", old := tree.supervisor(f"gateway-{profile}"))
    with tree.connect() as connection:
        connection.send("Start", {"names": [f"gateway-{profile}"], "wait": "up"})
        wait_until(lambda: tree.state(profile)["want"] == "up")
        tree.signal("KILL", old)
        assert connection.result()["outcomes"][0]["service"]["state"] == "up"


def test_killed_logger_supervisor_is_replaced(tree, profile):
    """Its s6-log would read on, and keep the next one from the log directory."""
    tree.register(profile)
    tree.wait_gateway(profile)
    old = tree.supervisor(f"gateway-{profile}/log")
    tree.signal("KILL", old)
    new_supervisor(tree, f"gateway-{profile}/log", old)

    def loggers():
        return [line for line, _, _ in tree.processes().values() if line.endswith(f"/logs/gateways/{profile}")]

    wait_until(lambda: len(loggers()) == 1 and "s6-log" in loggers()[0], what="one logger, and in the directory")
    tree.call("Restart", names=[f"gateway-{profile}"], wait="up")
    tree.wait_gateway(profile)
    wait_until(lambda: len(loggers()) == 1, what="still one")
    assert tree.call("Unregister", profile=profile)["removed"] is True


def test_killed_logger_is_replaced(tree, profile):
    tree.register(profile)
    tree.wait_gateway(profile)
    logger = next(pid for pid, (line, _, _) in tree.processes().items() if line.endswith(f"/logs/gateways/{profile}"))
    tree.signal("KILL", logger)
    tree.call("Restart", names=[f"gateway-{profile}"], wait="up")
    tree.wait_gateway(profile)
    assert not list(filter(lambda line: profile in line and "cannot be written" in line, tree.log().splitlines()))


def test_stopped_supervisor_delays_nobody_else(tree, profile):
    other = f"{profile}-b"
    tree.register(profile)
    tree.register(other)
    tree.wait_state(profile, "up")
    tree.signal("STOP", supervisor := tree.supervisor(f"gateway-{profile}"))
    try:
        with tree.connect() as waiting:
            waiting.send("Stop", {"names": [f"gateway-{profile}"], "wait": "down", "timeout_msec": 600000})
            assert tree.call("Stop", names=[f"gateway-{other}"], wait="down")["outcomes"][0]["service"]["state"] == "down"
            tree.call("List")
            tree.call("Unregister", profile=other)
            assert not select.select([waiting.socket], [], [], 0)[0]
            with pytest.raises(VarlinkError) as caught:
                tree.call("Stop", names=[f"gateway-{profile}"], wait="down", timeout_msec=300)
        assert caught.value.name == "WaitTimeout"
        assert caught.value.parameters["service"]["want"] == "down"
    finally:
        tree.signal("CONT", supervisor)
    tree.wait_state(profile, "down")


def test_full_control_fifo(tree, profile):
    """Nothing can be delivered, and the answer says so or keeps to its deadline; the broker itself never blocks."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    slot = f"/run/svcbroker/services/gateway-{profile}"
    tree.signal("STOP", supervisor := tree.supervisor(f"gateway-{profile}"))
    try:
        fill = "import os; f = os.open('%s/supervise/control', os.O_WRONLY | os.O_NONBLOCK)\n" \
               "try:\n while True: os.write(f, b'_' * 4096)\nexcept BlockingIOError: pass" % slot
        tree.run("root", "/usr/bin/python3", "-c", fill, check=True)
        with pytest.raises(VarlinkError) as caught:
            tree.call("Stop", names=[f"gateway-{profile}"], wait="down", timeout_msec=1000)
        assert caught.value.name in ("WaitTimeout", "Unsupervised")
        assert tree.call("Health")["services"] >= 2
    finally:
        tree.signal("CONT", supervisor)
    (outcome,) = tree.call("Stop", names=[f"gateway-{profile}"], wait="down")["outcomes"]
    assert outcome["service"]["state"] == "down"


def test_order_to_a_stopped_supervisor_holds(tree, profile):
    tree.register(profile)
    tree.wait_state(profile, "up")
    tree.signal("STOP", supervisor := tree.supervisor(f"gateway-{profile}"))
    tree.call("Stop", names=[f"gateway-{profile}"])
    assert tree.state(profile)["want"] == "down"
    tree.signal("CONT", supervisor)
    tree.wait_state(profile, "down")


def test_unregister_of_a_stopped_supervisor(tree, profile):
    """It is answered within a bound, and goes when it can."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    tree.signal("STOP", supervisor := tree.supervisor(f"gateway-{profile}"))
    try:
        with tree.connect() as connection:
            connection.send("Unregister", {"profile": profile, "timeout_msec": 200})
            assert tree.call("Health") is not None
            with pytest.raises(VarlinkError) as caught:
                connection.result()
        assert caught.value.name == "Unsupervised" and caught.value.parameters["name"] == f"gateway-{profile}"
        with pytest.raises(VarlinkError) as caught:
            tree.call("Start", names=[f"gateway-{profile}"])
        assert caught.value.name == "Busy" and caught.value.parameters["operation"] == "unregister"
    finally:
        tree.signal("CONT", supervisor)
    assert tree.unregister(profile, "hermes")["removed"] in (True, False)
    tree.assert_absent(profile)


def test_without_s6_svscan_nothing_is_promised(make_tree):
    """Registering is rolled back, a killed supervisor shows as such, and all is well when s6-svscan goes on."""
    tree = make_tree()
    tree.register("old")
    tree.wait_state("old", "up")
    os.kill(tree.pid, signal.SIGSTOP)
    try:
        with tree.connect() as registering:
            registering.send("Register", {"profile": "new"})
            tree.signal("KILL", tree.supervisor("gateway-old"))
            service = tree.wait_state("old", "unsupervised")
            assert service["reason"] and service["want"] == "up"
            with pytest.raises(VarlinkError) as caught:
                tree.call("Stop", names=["gateway-old"])
            assert caught.value.name == "Unsupervised" and caught.value.parameters["reason"]
            with pytest.raises(VarlinkError) as caught:
                registering.result()
            assert caught.value.name == "SystemError" and caught.value.parameters["errno_name"] == "ETIMEDOUT"
        assert tree.call("Health")["healthy"] is False
    finally:
        os.kill(tree.pid, signal.SIGCONT)
    tree.wait_state("old", "up")
    tree.wait_absent("new")
    assert tree.register("new")["created"] is True
    tree.wait_state("new", "up")
