# SPDX-License-Identifier: ISC
"""Gateways that keep ending: s6's brake in finish, the broker's on top of it, and what an order does to both."""

import os
import re
import time

import pytest

import s6
from tree import SLOW_TO_SETTLE, wait_until
from varlink import VarlinkError


# On a busy machine five runs may take longer than a minute.
LONG_BRAKE = "sed -i s/^brake_seconds=.*/brake_seconds=3600/ /usr/local/share/svcbroker/gateway/settings"


@pytest.fixture(scope="module")
def tree(module_trees):
    """What is braked here stays so: there is time to look."""
    return module_trees(*SLOW_TO_SETTLE, "--backoff-first-msec", "600000", "--backoff-most-msec", "600000", before=LONG_BRAKE)


@pytest.fixture(scope="module")
def brisk(module_trees):
    """With a back-off short enough to wait for. What is to be seen here must not pass by: it is in a log, or stays."""
    return module_trees(*SLOW_TO_SETTLE, "--backoff-first-msec", "1500", "--backoff-most-msec", "6000", "--backoff-healthy-msec", "60000",
                        before=LONG_BRAKE)


def runs(tree, profile):
    return tree.gateway_log(profile).count("started, pid")


def assert_runs(tree, profile, count):
    """So many; the log may be behind."""
    wait_until(lambda: runs(tree, profile) >= count, what=f"{count} runs")
    assert runs(tree, profile) == count


def register_script(tree, profile, *codes):
    """Its first run ends with the first of the codes, and so on; the one behind the last stays. How many there were: counted()."""
    tree.register(profile, start=False)
    cases = "".join(f"{number}) exit {code} ;;\n" for number, code in enumerate(codes, 1))
    with open(f"{tree.slot(profile)}/run", "w") as file:
        file.write(f"#!/bin/sh\nprintf . >>data/runs\nread -r runs <data/runs || :\ncase ${{#runs}} in\n{cases}esac\nexec /bin/sleep 1000\n")


def counted(tree, profile):
    try:
        return os.stat(f"{tree.slot(profile)}/data/runs").st_size
    except FileNotFoundError:
        return 0


def backoffs(tree, profile):
    """(attempt, delay) of each that the broker has noted."""
    return [(int(attempt), int(delay)) for attempt, delay in
            re.findall(rf"service: backoff: service=gateway-{profile} .*attempt=(\d+) delay_msec=(\d+)", tree.log())]


def test_crash_loop_reaches_the_brake(tree, profile):
    tree.register(profile, "exit:3")
    service = tree.wait_state(profile, "backoff")
    # s6's own pause between two runs shows as backoff too; the brake is reached when s6 does not want it any more.
    service = wait_until(lambda: not tree.status(profile).want_up and not tree.status(profile).pid
                         and (now := tree.state(profile))["state"] == "backoff" and now, what="the brake")
    assert_runs(tree, profile, 5)
    assert service["want"] == "up" and "3" in service["reason"]
    assert (service["last_exit"]["code"], service.get("pid")) == (3, None)
    assert service["restarts"] >= 4
    assert os.path.exists(f"{tree.slot(profile)}/down"), "a new s6-supervise must not start it"
    ahead = service["next_start_usec"] - time.time() * 1e6
    assert 0 < ahead <= 600_100_000


def test_retries_are_single_and_further_and_further_apart(brisk):
    register_script(brisk, "retries", *[4] * 8)
    brisk.call("Start", names=["gateway-retries"])
    brisk.wait_state("retries", "up")
    assert backoffs(brisk, "retries") == [(1, 1500), (2, 3000), (3, 6000), (4, 6000)]
    assert counted(brisk, "retries") == 5 + 3 + 1, "one run a retry"


def test_a_retry_that_succeeds_recovers(brisk):
    register_script(brisk, "recovers", *[5] * 5)
    brisk.call("Start", names=["gateway-recovers"])
    service = brisk.wait_state("recovers", "up")
    assert service["want"] == "up" and service.get("reason") is None and service.get("next_start_usec") is None
    wait_until(lambda: brisk.status("recovers").want_up, what="s6 wanting it again")
    assert counted(brisk, "recovers") == 6
    wait_until(lambda: not os.path.exists(f"{brisk.slot('recovers')}/down"), what="no down file, which goes behind that order")


def test_a_start_clears_and_is_never_refused(tree, profile):
    tree.register(profile, "exit:3")
    wait_until(lambda: runs(tree, profile) == 5)
    tree.wait_state(profile, "backoff")
    tree.call("Register", profile=profile, environment={})
    (outcome,) = tree.call("Start", names=[f"gateway-{profile}"], wait="up")["outcomes"]
    assert outcome["service"]["state"] == "up" and outcome["service"]["restarts"] == 0
    assert s6.count_deaths(tree.slot(profile)) == 0


def test_reset_forgets_and_starts_nothing(tree, profile):
    tree.register(profile, "exit:78")
    tree.wait_state(profile, "failed")
    (outcome,) = tree.call("Reset", names=[f"gateway-{profile}"])["outcomes"]
    assert outcome["service"]["restarts"] == 0 and outcome["service"]["state"] != "failed"
    assert s6.count_deaths(tree.slot(profile)) == 0
    assert not tree.status(profile).pid


def test_configuration_error_is_not_retried(tree, profile):
    tree.register(profile, "exit:78")
    service = tree.wait_state(profile, "failed")
    assert service["want"] == "up" and "78" in service["reason"] and service.get("next_start_usec") is None
    assert not tree.status(profile).want_up
    assert_runs(tree, profile, 1)
    with pytest.raises(VarlinkError) as caught:
        tree.call("Start", names=[f"gateway-{profile}"], wait="up")
    assert caught.value.name == "Failed" and caught.value.parameters["service"]["state"] == "failed"
    assert_runs(tree, profile, 2)  # a person's start tries again
    tree.call("Register", profile=profile, environment={})
    tree.call("Start", names=[f"gateway-{profile}"], wait="up")


def test_death_by_signal_counts(tree, profile):
    tree.register(profile, "crash")
    wait_until(lambda: runs(tree, profile) == 5 and not tree.status(profile).want_up, what="the brake")
    service = tree.wait_state(profile, "backoff")
    assert service["last_exit"]["signal"] == "SIGSEGV" and service["last_exit"].get("code") is None
    assert "SIGSEGV" in service["reason"]


def test_every_other_end_counts(tree, profile):
    """Failure and a kill alike."""
    cases = {f"{profile}-one": ("exit:1", 1, None), f"{profile}-kill": ("kill", None, "SIGKILL")}
    for name, (behaviour, _, _) in cases.items():
        tree.register(name, behaviour)
    for name, (_, code, signal) in cases.items():
        wait_until(lambda n=name: runs(tree, n) == 5 and not tree.status(n).want_up, what="the brake")
        service = tree.wait_state(name, "backoff")
        assert (service["last_exit"].get("code"), service["last_exit"].get("signal")) == (code, signal)
        assert service["restarts"] == 4 and (signal or str(code)) in service["reason"]
        tree.unregister(name)


def test_runs_too_short_to_be_seen_count(tree, profile):
    tree.register(profile, start=False)
    with open(f"{tree.slot(profile)}/run", "w") as file:
        file.write("#!/bin/sh\nexit 3\n")
    tree.call("Start", names=[f"gateway-{profile}"])
    wait_until(lambda: not tree.status(profile).want_up, what="the brake")
    service = tree.wait_state(profile, "backoff")
    assert service["last_exit"]["code"] == 3 and service["restarts"] == 4


def test_an_ordered_end_is_not_charged(tree, profile):
    """Not even once it is over: the five that follow are counted from nothing."""
    tree.register(profile)
    tree.wait_gateway(profile)
    tree.call("Register", profile=profile, environment={"GATEWAY_TEST": "exit:3"})
    tree.call("Restart", names=[f"gateway-{profile}"])
    wait_until(lambda: not tree.status(profile).want_up, what="the brake")
    tree.wait_state(profile, "backoff")
    wait_until(lambda: tree.gateway_log(profile).count("ends with 3") == 5, what="five, of which none was ordered")


def test_75_of_a_retry_is_free(brisk):
    """A single run that asks for a restart gets it at once, and is not one more failure."""
    register_script(brisk, "asks", *[3] * 5, *[75] * 3)
    brisk.call("Start", names=["gateway-asks"])
    brisk.wait_state("asks", "up")
    assert backoffs(brisk, "asks") == [(1, 1500)] and counted(brisk, "asks") == 9


def test_75_is_free_ten_times(tree, profile):
    tree.register(profile, "exit:75")
    wait_until(lambda: not tree.status(profile).want_up, what="the brake")
    assert_runs(tree, profile, 11)
    assert tree.wait_state(profile, "backoff")["last_exit"]["code"] == 75


def test_75_is_not_free_for_ever(brisk):
    """Once its budget is spent, each further one is a single run, and the waits grow."""
    brisk.register("ever", "exit:75")
    brisk.wait_log("backoff: service=gateway-ever code=75 signal=0 attempt=3 ")
    assert_runs(brisk, "ever", 13)
    brisk.call("Register", profile="ever", environment={})
    brisk.call("Start", names=["gateway-ever"], wait="up")


def test_75_of_runs_that_count_as_up_is_not_free_for_ever(make_tree):
    """As a deadlock at startup, which is seen after a minute: up, and asks for a restart."""
    tree = make_tree("--settle-msec", "100", "--backoff-first-msec", "600", "--backoff-most-msec", "600000")
    tree.register("p", "exit:75:0.3")
    tree.wait_log("backoff: service=gateway-p code=75 signal=0 attempt=4 ", 120)
    assert_runs(tree, "p", 14)


def test_75_between_other_ends_is_not_counted_with_them(tree, profile):
    """Four crashes, and restarts asked for in between: no brake."""
    register_script(tree, profile, 3, 3, 3, 75, 75, 75, 75, 3)
    tree.call("Start", names=[f"gateway-{profile}"])
    tree.wait_state(profile, "up")
    assert counted(tree, profile) == 9 and backoffs(tree, profile) == []


def test_ten_ordered_restarts_do_not_trip_the_brake(tree, profile):
    tree.register(profile)
    tree.wait_gateway(profile)
    for _ in range(10):
        pid = tree.status(profile).pid
        tree.call("Restart", names=[f"gateway-{profile}"])
        wait_until(lambda: (now := tree.status(profile)).pid not in (0, pid) and not now.finishing, what="the next run")
    service = tree.wait_state(profile, "up")
    assert service["restarts"] == 0
    assert tree.status(profile).want_up


def test_start_while_finish_runs(tree, profile):
    """Its exit 125 undoes an order that came before it; the broker sends it again."""
    tree.register(profile, "child,exit:78")
    tree.wait_state(profile, "finishing")
    tree.call("Register", profile=profile, environment={})
    (outcome,) = tree.call("Start", names=[f"gateway-{profile}"], wait="up")["outcomes"]
    assert outcome["service"]["state"] == "up"


def test_stop_while_finish_runs(tree, profile):
    tree.register(profile, "child,exit:3")
    tree.wait_state(profile, "finishing")
    (outcome,) = tree.call("Stop", names=[f"gateway-{profile}"], wait="down")["outcomes"]
    assert (outcome["service"]["state"], outcome["service"]["want"]) == ("down", "down")
    assert not tree.status(profile).want_up


def test_restart_while_finish_runs(tree, profile):
    tree.register(profile, "child,exit:78")
    tree.wait_state(profile, "finishing")
    tree.call("Register", profile=profile, environment={})
    (outcome,) = tree.call("Restart", names=[f"gateway-{profile}"], wait="up")["outcomes"]
    assert outcome["service"]["state"] == "up"


def test_one_that_never_becomes_ready(tree, profile):
    tree.register(profile, "exit:1", start=False)
    with pytest.raises(VarlinkError) as caught:
        tree.call("Start", names=[f"gateway-{profile}"], wait="up")
    assert caught.value.name == "Failed"
    assert tree.state(profile)["state"] != "up"


def test_stop_in_backoff(tree, profile):
    tree.register(profile, "exit:3")
    wait_until(lambda: not tree.status(profile).want_up, what="the brake")
    (outcome,) = tree.call("Stop", names=[f"gateway-{profile}"], wait="down")["outcomes"]
    assert (outcome["service"]["state"], outcome["service"]["want"]) == ("down", "down")
    assert outcome["service"].get("next_start_usec") is None


def test_broker_restart_keeps_the_backoff(make_tree):
    tree = make_tree(*SLOW_TO_SETTLE, "--backoff-first-msec", "20000", before=LONG_BRAKE)  # a restart of the broker fits in, on any machine
    tree.register("b", "exit:6")
    before = wait_until(lambda: (now := tree.state("b")).get("next_start_usec") and now, what="the brake")
    tree.kill_broker()
    after = tree.state("b")
    assert (after["state"], after["next_start_usec"], after["restarts"]) == ("backoff", before["next_start_usec"], before["restarts"])
    assert after["reason"] == before["reason"] and after["last_exit"]["code"] == 6
    wait_until(lambda: runs(tree, "b") == 6, what="the next retry")
    assert time.time() * 1e6 >= before["next_start_usec"]
    wait_until(lambda: "attempt 2 waits 40 s" in tree.state("b").get("reason", ""), what="what comes after the first attempt")
    assert_runs(tree, "b", 6)  # one run a retry


def test_broker_restart_keeps_a_failure(tree, profile):
    tree.register(profile, "exit:78")
    tree.wait_state(profile, "failed")
    tree.kill_broker()
    assert tree.state(profile)["state"] == "failed"
    assert_runs(tree, profile, 1)


def test_health_names_who_fails(tree, profile):
    tree.register(profile, "exit:78")
    tree.wait_state(profile, "failed")
    health = tree.call("Health")
    assert health["healthy"] is False
    assert any(profile in problem for problem in health["problems"])
