# SPDX-License-Identifier: ISC
"""Start, Stop, Restart and Status of gateways, as hermes: what is answered, and what s6 then holds."""

import json
import os

import pytest

import s6
from tree import SLOW_TO_SETTLE, wait_until
from varlink import VarlinkError


def order(tree, method, profile, **parameters):
    (outcome,) = tree.call(method, names=[f"gateway-{profile}"], **parameters)["outcomes"]
    return outcome["service"]


def test_start_waits_until_up(tree, profile):
    tree.register(profile, start=False)
    service = order(tree, "Start", profile, wait="up")
    assert (service["state"], service["want"], service["restarts"]) == ("up", "up", 0)
    assert service["pid"] == tree.status(profile).pid
    assert service["ready_usec"] >= service["since_usec"] + 290_000


def test_start_when_up_changes_nothing(tree, profile):
    tree.register(profile)
    pid = order(tree, "Start", profile, wait="up")["pid"]
    service = order(tree, "Start", profile, wait="up")
    assert (service["pid"], service["state"]) == (pid, "up")


def test_stop_stays_stopped(tree, profile):
    tree.register(profile)
    order(tree, "Start", profile, wait="up")
    service = order(tree, "Stop", profile, wait="down")
    assert (service["state"], service["want"], service.get("pid")) == ("down", "down", None)
    status = tree.status(profile)
    assert not status.pid and not status.want_up
    # A new s6-supervise takes the down file's word.
    supervisor = tree.supervisor(f"gateway-{profile}")
    tree.signal("KILL", supervisor)
    wait_until(lambda: tree.supervisor(f"gateway-{profile}") not in (None, supervisor), what="a new s6-supervise")
    tree.wait_state(profile, "down")
    assert not tree.status(profile).want_up


def test_stop_when_down_is_done(tree, profile):
    tree.register(profile, start=False)
    assert order(tree, "Stop", profile, wait="down")["state"] == "down"


def test_restart_makes_a_new_process(tree, profile):
    tree.register(profile)
    before = order(tree, "Start", profile, wait="up")
    after = order(tree, "Restart", profile, wait="up")
    assert after["pid"] != before["pid"]
    assert (after["state"], after["want"], after["restarts"]) == ("up", "up", 0)


def test_restart_starts_what_is_down(tree, profile):
    tree.register(profile, start=False)
    assert order(tree, "Restart", profile, wait="up")["state"] == "up"


def test_restart_while_it_starts(tree, profile):
    tree.register(profile)
    pid = wait_until(lambda: tree.status(profile).pid)
    service = order(tree, "Restart", profile, wait="up")
    assert service["pid"] != pid and service["state"] == "up"


def test_without_wait_the_order_is_recorded(tree, profile):
    tree.register(profile)
    order(tree, "Start", profile, wait="up")
    service = order(tree, "Stop", profile)
    assert service["want"] == "down"
    tree.wait_state(profile, "down")


def test_last_exit_is_told(tree, profile):
    tree.register(profile)
    tree.wait_gateway(profile)
    order(tree, "Stop", profile, wait="down")
    exit = tree.state(profile)["last_exit"]
    assert exit.get("code") == 1 and exit.get("signal") is None


def test_stop_of_one_that_ignores_sigterm_times_out_and_stands(tree, profile):
    tree.register(profile, "ignore-term")
    tree.wait_gateway(profile)
    with pytest.raises(VarlinkError) as caught:
        order(tree, "Stop", profile, wait="down", timeout_msec=300)
    assert caught.value.name == "WaitTimeout"
    assert caught.value.parameters["service"]["state"] == "stopping"
    assert caught.value.parameters["service"]["want"] == "down"
    assert caught.value.parameters["waited_msec"] >= 300
    assert tree.status(profile).pid, "nobody but the operator may kill it"
    tree.signal("KILL", tree.status(profile).pid)
    tree.wait_state(profile, "down")


def test_an_order_is_recorded_whatever_comes_of_it(tree, profile):
    tree.register(profile, "ignore-term")
    tree.wait_gateway(profile)
    names = [f"gateway-{profile}", "gateway-missing"]
    outcomes = {o["name"]: o for o in tree.call("Stop", names=names, wait="down", timeout_msec=300)["outcomes"]}
    assert (outcomes[names[0]]["error"], outcomes[names[0]]["persisted"]) == ("io.svcbroker.WaitTimeout", True)
    assert (outcomes[names[1]]["error"], outcomes[names[1]]["persisted"]) == ("io.svcbroker.NotRegistered", False)
    tree.signal("KILL", tree.status(profile).pid)
    tree.wait_state(profile, "down")


def test_drain_longer_than_the_wait(tree, profile):
    tree.register(profile, "drain:600")
    pid = tree.wait_gateway(profile)
    with pytest.raises(VarlinkError, match="WaitTimeout"):
        order(tree, "Stop", profile, wait="down", timeout_msec=200)
    tree.end_drain(pid)
    tree.wait_state(profile, "down")
    tree.wait_gateway_log(profile, "ended by SIGTERM")


def test_start_while_it_drains_brings_it_back(tree, profile):
    tree.register(profile, "drain:600")
    pid = tree.wait_gateway(profile)
    order(tree, "Stop", profile)
    tree.wait_state(profile, "stopping")
    order(tree, "Start", profile)
    assert tree.state(profile)["pid"] == pid
    tree.end_drain(pid)
    service = order(tree, "Start", profile, wait="up")
    assert service["state"] == "up" and service["pid"] != pid


def test_later_order_supersedes_a_wait(tree, profile):
    tree.register(profile, "drain:600")
    tree.wait_gateway(profile)
    with tree.connect() as waiting:
        waiting.send("Stop", {"names": [f"gateway-{profile}"], "wait": "down"})
        tree.wait_state(profile, "stopping")
        order(tree, "Start", profile)
        with pytest.raises(VarlinkError) as caught:
            waiting.result()
    assert caught.value.name == "Superseded"
    assert caught.value.parameters["service"]["want"] == "up"
    tree.signal("KILL", tree.status(profile).pid)


def test_same_order_does_not_supersede(tree, profile):
    tree.register(profile, "drain:600")
    pid = tree.wait_gateway(profile)
    with tree.connect() as first:
        first.send("Stop", {"names": [f"gateway-{profile}"], "wait": "down"})
        tree.wait_state(profile, "stopping")
        order(tree, "Stop", profile)
        tree.end_drain(pid)
        order(tree, "Stop", profile, wait="down")
        assert first.result()["outcomes"][0]["service"]["state"] == "down"


def test_start_that_ends_again_is_failed(make_tree):
    tree = make_tree(*SLOW_TO_SETTLE)
    tree.register("ends", "exit:3", start=False)
    with pytest.raises(VarlinkError) as caught:
        order(tree, "Start", "ends", wait="up")
    assert caught.value.name == "Failed"
    service = caught.value.parameters["service"]
    assert service["state"] in ("backoff", "failed") and service["reason"]
    assert service["last_exit"]["code"] == 3


def test_several_names_several_outcomes(tree, profile):
    other = f"{profile}-b"
    tree.register(profile, start=False)
    tree.register(other, start=False)
    names = [f"gateway-{profile}", "gateway-missing", f"gateway-{other}", "svcbrokerd", "nothing"]
    outcomes = {o["name"]: o for o in tree.call("Start", names=names, wait="up")["outcomes"]}
    assert list(sorted(outcomes)) == sorted(names)
    for name in (names[0], names[2]):
        assert outcomes[name].get("error") is None and outcomes[name]["service"]["state"] == "up"
        assert outcomes[name]["persisted"] is True
    assert outcomes["gateway-missing"]["error"] == "io.svcbroker.NotRegistered"
    assert outcomes["gateway-missing"]["error_parameters"] == {"profile": "missing"}
    assert outcomes["svcbrokerd"]["error"] == "io.svcbroker.Protected"
    assert outcomes["nothing"]["error"] == "io.svcbroker.NoSuchService"
    assert not any(outcomes[name]["persisted"] for name in ("gateway-missing", "svcbrokerd", "nothing")), "nothing was ordered"
    tree.unregister(other)


def test_more_gives_one_outcome_a_reply(tree, profile):
    other = f"{profile}-b"
    tree.register(profile)
    tree.register(other)
    with tree.connect() as connection:
        names = [f"gateway-{profile}", "gateway-missing", f"gateway-{other}"]
        replies = list(connection.stream("Stop", names=names, wait="down"))
        assert [len(reply["outcomes"]) for reply in replies] == [1, 1, 1]
        assert {reply["outcomes"][0]["name"] for reply in replies} == set(names)
        # One name with more: an outcome too, not an error.
        (reply,) = connection.stream("Stop", names=["gateway-missing"])
        assert reply["outcomes"][0]["error"] == "io.svcbroker.NotRegistered"
        (reply,) = connection.stream("Stop", names=[])
        assert reply["outcomes"] == []
    tree.unregister(other)


def test_all_means_every_gateway(make_tree):
    tree = make_tree()
    assert tree.call("Start", all=True)["outcomes"] == []
    profiles = ["a", "b", "c"]
    for profile in profiles:
        tree.register(profile, start=False)
    assert tree.call("Restart", all=True, wait="up")["outcomes"] == [], "none is wanted up"
    for method, wait, state in (("Start", "up", "up"), ("Restart", "up", "up"), ("Stop", "down", "down")):
        outcomes = tree.call(method, all=True, wait=wait)["outcomes"]
        assert sorted(o["name"] for o in outcomes) == [f"gateway-{p}" for p in profiles]
        assert {o["service"]["state"] for o in outcomes} == {state}
    assert tree.broker_is_ready(), "the broker is no gateway"


def test_a_restart_of_all_leaves_down_what_was_stopped(boot, volume):
    for name in ("runs", "stopped", "fails"):
        volume.profile(name, intent={"version": 1, "want": "down" if name == "stopped" else "up",
                                     **({"environment": {"GATEWAY_TEST": "exit:78"}} if name == "fails" else {})})
    tree = boot()
    pid = tree.wait_gateway("runs")
    tree.wait_state("fails", "failed")
    outcomes = tree.call("Restart", all=True)["outcomes"]
    assert sorted(outcome["name"] for outcome in outcomes) == ["gateway-fails", "gateway-runs"], outcomes
    wait_until(lambda: tree.status("runs").pid not in (0, pid), what="another process")
    assert tree.state("stopped")["state"] == "down" and volume.intent("stopped")["want"] == "down"
    tree.call("Stop", names=["gateway-fails"], wait="down")
    done = tree.run("hermes", "svcctl", "restart", "--all")
    assert done.returncode == 0 and "gateway-runs  up" in done.stdout, done
    assert done.stdout.endswith("\n3 stopped gateways were left alone\n"), done
    tree.call("Stop", all=True, wait="down")
    done = tree.run("hermes", "svcctl", "restart", "--all")
    assert done.returncode == 0 and done.stdout == "no gateway is wanted up\n4 stopped gateways were left alone\n", done
    assert json.loads(tree.run("hermes", "svcctl", "restart", "--all", "--json").stdout) == {"outcomes": []}
    # By name it starts.
    assert tree.call("Restart", names=["gateway-stopped"], wait="up")["outcomes"][0]["service"]["want"] == "up"


def test_static_services_are_protected(tree):
    for method in ("Start", "Stop", "Restart", "Reset"):
        with pytest.raises(VarlinkError) as caught:
            tree.call(method, names=["svcbrokerd"])
        assert caught.value.name == "Protected" and caught.value.parameters["name"] == "svcbrokerd"


STATIC = """
mkdir -p /run/s6-rc/servicedirs/dashboard/data
printf '#!/bin/sh\\nexec sleep 1000\\n' >/run/s6-rc/servicedirs/dashboard/run
chmod 755 /run/s6-rc/servicedirs/dashboard/run
ln -s /run/s6-rc/servicedirs/dashboard /run/service/dashboard
"""


def test_static_service_that_the_operator_allowed(make_tree):
    tree = make_tree("--allow-static", "dashboard", before=STATIC)
    wait_until(lambda: any(s["name"] == "dashboard" and s.get("pid") for s in tree.call("List")["services"]), what="dashboard")
    for method, wait, state in (("Stop", "down", "down"), ("Start", "up", "up"), ("Restart", "up", "up")):
        (outcome,) = tree.call(method, names=["dashboard"], wait=wait)["outcomes"]
        assert outcome["service"]["state"] == state
        assert (outcome["service"]["kind"], outcome["service"].get("profile")) == ("static", None)
    with pytest.raises(VarlinkError, match="Protected"):
        tree.call("Stop", names=["svcbrokerd"])


def test_status_and_errors_of_names(tree, profile):
    tree.register(profile)
    service = tree.call("Status", name=f"gateway-{profile}")["service"]
    assert (service["kind"], service["profile"], service["want"]) == ("gateway", profile, "up")
    assert service["log_directory"] == f"/opt/data/logs/gateways/{profile}"
    # It begins, and settles: what one of the two tells may be over for the other.
    wait_until(lambda: tree.state(profile) in tree.call("List")["services"], what="the same in the list")
    for name, error, parameters in (
            ("gateway-missing", "NotRegistered", {"profile": "missing"}),
            ("missing", "NoSuchService", {"name": "missing"}),
            ("gateway-Bad", "InvalidName", None), ("../svcbrokerd", "InvalidName", None), ("", "InvalidName", None),
            (".s6-svscan", "InvalidName", None)):
        for method, arguments in (("Status", {"name": name}), ("Start", {"names": [name]}), ("Reset", {"names": [name]})):
            with pytest.raises(VarlinkError) as caught:
                tree.call(method, **arguments)
            assert caught.value.name == error, (name, method)
            if parameters:
                assert caught.value.parameters == parameters


@pytest.mark.parametrize("method,parameters,wrong", [
    ("Start", {}, "names"), ("Start", {"names": ["svcbrokerd"], "all": True}, "all"), ("Start", {"all": False}, "names"),
    ("Start", {"names": "svcbrokerd"}, "names"), ("Start", {"names": [1]}, "names"), ("Start", {"names": ["a"], "x": 1}, "x"),
    ("Start", {"names": ["a"], "wait": "down"}, "wait"), ("Stop", {"names": ["a"], "wait": "up"}, "wait"),
    ("Start", {"names": ["a"], "timeout_msec": -1}, "timeout_msec"), ("Start", {"names": ["a"], "timeout_msec": 1.5}, "timeout_msec"),
    ("Start", {"names": ["a", "a"]}, "names"), ("Status", {}, "name"), ("Status", {"name": None}, "name"), ("Reset", {}, "names"),
    ("Register", {}, "profile"), ("Register", {"profile": 1}, "profile"), ("Register", {"profile": "a", "start": "yes"}, "start"),
    ("Register", {"profile": "a", "environment": []}, "environment"), ("Unregister", {}, "profile"),
    ("Unregister", {"profile": "a", "timeout_msec": "1"}, "timeout_msec"), ("List", {"x": 1}, "x"), ("Health", {"x": 1}, "x"),
])
def test_invalid_parameters_are_named(tree, method, parameters, wrong):
    with pytest.raises(VarlinkError) as caught:
        tree.call(method, **parameters)
    assert caught.value.full_name == "org.varlink.service.InvalidParameter"
    assert caught.value.parameters == {"parameter": wrong}


SELF_RESTART = """#!/usr/bin/python3 -IS
import json, os, signal, socket, time
answer = "/opt/data/answer"
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # until what it was sent is kept, for the test to look at
if not os.path.exists(answer):
    stream = socket.socket(socket.AF_UNIX)
    stream.connect("/run/svcbroker/io.svcbroker")
    stream.sendall(json.dumps({"method": "io.svcbroker.Restart", "parameters": {"names": ["gateway-@"]}}).encode() + b"\\0")
    with open(answer, "wb") as file:
        file.write(stream.recv(4096))
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
time.sleep(1000)
"""


def test_a_gateway_restarts_itself(tree, profile):
    """It must have its answer before the signal, even when it is the process that asks."""
    tree.run("hermes", "sh", "-c", "mkdir bin && cat >bin/hermes && chmod 755 bin/hermes",
             text=SELF_RESTART.replace("@", profile), check=True)
    tree.run("root", "mv", "/opt/hermes/.venv", "/opt/hermes/elsewhere", check=True)
    try:
        tree.register(profile, environment={"PATH": "/opt/data/bin:/usr/bin:/bin"})
        wait_until(lambda: os.path.exists(tree.path("/opt/data/answer")), what="an answer")
        service = wait_until(lambda: (now := tree.state(profile))["state"] == "up" and now.get("last_exit") and now)
        with open(tree.path("/opt/data/answer"), "rb") as file:
            reply = json.loads(file.read().rstrip(b"\0"))
        assert reply["parameters"]["outcomes"][0]["name"] == f"gateway-{profile}"
        assert service["last_exit"]["signal"] == "SIGTERM" and service["restarts"] == 0
    finally:
        tree.run("root", "mv", "/opt/hermes/elsewhere", "/opt/hermes/.venv", check=True)


def test_oneway_is_done_without_a_word(tree, profile):
    tree.register(profile)
    tree.wait_gateway(profile)
    with tree.connect() as connection:
        connection.send("Stop", {"names": [f"gateway-{profile}"]}, oneway=True)
        connection.send("Stop", {"names": ["gateway-missing"]}, oneway=True)
        connection.send("Health", {})
        assert "healthy" in connection.result()
    tree.wait_state(profile, "down")


def test_tally_is_empty_after_an_order(tree, profile):
    tree.register(profile)
    for _ in range(3):
        order(tree, "Restart", profile, wait="up")
    assert s6.count_deaths(tree.slot(profile)) <= 1
