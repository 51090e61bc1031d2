# SPDX-License-Identifier: ISC
"""Loggers that keep ending: they are counted, braked and shown like gateways, and come back like them."""

import os
import re

import pytest

import s6
from tree import wait_until


# On a busy machine three runs may take longer than a minute.
BRAKES = "sed -i -e s/^brake_deaths=.*/brake_deaths={}/ -e s/^brake_seconds=.*/brake_seconds=3600/ /usr/local/share/svcbroker/gateway/settings"


@pytest.fixture(scope="module")
def tree(module_trees):
    """With brakes short enough to wait for. What is to be seen here must not pass by: it is in a log, or stays."""
    return module_trees("--backoff-first-msec", "500", "--backoff-most-msec", "4000", "--backoff-healthy-msec", "60000", before=BRAKES.format(3))


@pytest.fixture(scope="module")
def patient(module_trees):
    """One that tries nothing again while a test looks."""
    return module_trees("--backoff-first-msec", "600000", "--backoff-most-msec", "600000", before=BRAKES.format(2))


def status(tree, profile):
    return s6.read_status(f"{tree.slot(profile)}/log")


def gave_up(tree, profile):
    """s6 does: its finish said 125."""
    now = status(tree, profile)
    return not now.pid and not now.want_up


def logger_of(tree, profile):
    """s6-log itself."""
    now = status(tree, profile)
    return now.pid if not now.finishing and "s6-log" in tree.processes().get(now.pid, ("",))[0] else None


def break_logger(tree, profile, code=3):
    """Every run of it ends at once, and leaves a dot. Returns what mends it."""
    path = f"{tree.slot(profile)}/log/run"
    with open(path) as file:
        sound = file.read()

    def write(text):
        """Other slots have the same file: it is replaced in this one."""
        with open(f"{path}~", "w") as file:
            file.write(text)
        os.chmod(f"{path}~", 0o755)
        os.rename(f"{path}~", path)

    write(f"#!/bin/sh\nprintf . >>../data/log-runs\necho 'a broken logger: {profile}' >&2\nexit {code}\n")
    tree.signal("KILL", wait_until(lambda: logger_of(tree, profile), what="its s6-log"))
    return lambda: write(sound)


def runs(tree, profile):
    try:
        with open(f"{tree.slot(profile)}/data/log-runs") as file:
            return len(file.read())
    except FileNotFoundError:
        return 0


def backoffs(tree, profile):
    """(attempt, delay) of each that the broker has noted."""
    return [(int(attempt), int(delay)) for attempt, delay in
            re.findall(rf"logger: backoff: service=gateway-{profile} attempt=(\d+) delay_msec=(\d+)", tree.log())]


def problem_of(tree, profile):
    return [line for line in tree.call("Health")["problems"] if line.startswith(f"gateway-{profile}: ")]


def test_one_death_is_counted_and_no_more(tree, profile):
    tree.register(profile)
    before = tree.wait_state(profile, "up")
    assert before["log_restarts"] == 0
    pid = wait_until(lambda: logger_of(tree, profile))
    tree.signal("KILL", pid)
    after = wait_until(lambda: (now := tree.state(profile))["log_restarts"] == 1 and now, what="the count")
    assert after["state"] == "up" and after["pid"] == before["pid"] and after["restarts"] == 0
    assert wait_until(lambda: logger_of(tree, profile)) != pid
    assert after.get("reason") is None and problem_of(tree, profile) == []


def test_a_crash_loop_is_braked_and_shown(patient):
    patient.register("shown")
    patient.wait_state("shown", "up")
    break_logger(patient, "shown")
    wait_until(lambda: gave_up(patient, "shown"), what="the brake")
    assert runs(patient, "shown") == 1, "the KILL was the first of two"
    service = wait_until(lambda: (now := patient.state("shown")).get("reason") and now, what="the reason")
    assert service["state"] == "up" and service["log_restarts"] == 1 and service.get("next_start_usec") is None
    assert "logger" in service["reason"] and "exit code 3" in service["reason"] and "attempt 1" in service["reason"]
    (problem,) = problem_of(patient, "shown")
    assert service["reason"] in problem
    shown = patient.run("hermes", "svcctl", "status", "gateway-shown", check=False).stdout
    assert "log restarts" in shown and service["reason"] in shown, shown


def test_a_crash_loop_is_tried_again(tree, profile):
    tree.register(profile)
    up = tree.wait_state(profile, "up")
    mend = break_logger(tree, profile)
    attempts = wait_until(lambda: len(found := backoffs(tree, profile)) >= 3 and found, what="two retries that end")
    assert attempts[:3] == [(1, 500), (2, 1000), (3, 2000)]
    mend()
    wait_until(lambda: logger_of(tree, profile) and status(tree, profile).want_up, what="s6 in charge again")
    said = [line for line in tree.log().splitlines() if line == f"a broken logger: {profile}" or f"logger: backoff: service=gateway-{profile} " in line]
    began = next(number for number, line in enumerate(said) if "backoff" in line)
    assert began >= 2, "the KILL was the first of three; on a busy machine these may be too far apart for s6"
    assert ["backoff" in line for line in said[began + 1:]] == [False, True] * (len(backoffs(tree, profile)) - 1), "one run a retry"
    service = tree.state(profile)
    assert service.get("reason") is None and problem_of(tree, profile) == []
    assert service["pid"] == up["pid"], "the gateway was not touched"


def kill_loggers(tree, profile, count):
    """One after the other."""
    pid = None
    for _ in range(count):
        pid = wait_until(lambda: (now := logger_of(tree, profile)) not in (None, pid) and now, what="its s6-log")
        tree.signal("KILL", pid)


def test_death_by_signal_counts(patient):
    patient.register("killed", start=False)
    patient.begin_logger("killed")
    kill_loggers(patient, "killed", 2)
    wait_until(lambda: gave_up(patient, "killed"), what="the brake")
    service = wait_until(lambda: (now := patient.state("killed")).get("reason") and now)
    assert "SIGKILL" in service["reason"] and service["state"] == "down"


def test_death_by_signal_is_tried_again(tree, profile):
    tree.register(profile, start=False)
    tree.begin_logger(profile)
    kill_loggers(tree, profile, 3)
    wait_until(lambda: backoffs(tree, profile), what="the brake")
    wait_until(lambda: logger_of(tree, profile), what="the retry")


def test_an_order_tries_it_at_once(patient):
    profiles = {"Start": "starts", "Restart": "restarts", "Reset": "resets"}
    mend = {}
    for profile in profiles.values():
        patient.register(profile)
        patient.wait_state(profile, "up")
        mend[profile] = break_logger(patient, profile)
    for order, profile in profiles.items():
        wait_until(lambda p=profile: "waits 600 s" in patient.state(p).get("reason", ""), what="the back-off")
        mend[profile]()
        (outcome,) = patient.call(order, names=[f"gateway-{profile}"])["outcomes"]
        assert outcome["service"]["log_restarts"] == 0
        wait_until(lambda p=profile: logger_of(patient, p) and status(patient, p).want_up, what=f"a logger after {order}")
        assert patient.state(profile).get("reason") is None
        assert s6.count_deaths(f"{patient.slot(profile)}/log") == 0


def test_an_order_while_its_finish_gives_up(tree, profile):
    """The 125 undoes what was sent before it; nothing of that is held against the logger."""
    tree.register(profile)
    tree.wait_state(profile, "up")
    with open(f"{tree.slot(profile)}/log/finish", "w") as file:
        file.write("#!/bin/sh\n>../data/waits\nwhile [ ! -e ../data/gate ]; do /bin/sleep 0.02; done\nexit 125\n")
    tree.signal("KILL", wait_until(lambda: logger_of(tree, profile), what="its s6-log"))
    wait_until(lambda: os.path.exists(f"{tree.slot(profile)}/data/waits"), what="its finish")
    tree.call("Reset", names=[f"gateway-{profile}"])
    with open(f"{tree.slot(profile)}/data/gate", "w"):
        pass
    wait_until(lambda: logger_of(tree, profile), what="its logger")
    assert "attempt" not in "".join(line for line in tree.log().splitlines() if f"logger: backoff: service=gateway-{profile} " in line)


def test_broker_restart_keeps_count_and_backoff(module_trees):
    tree = module_trees("--backoff-first-msec", "15000", before=BRAKES.format(2))  # a restart of the broker fits in
    tree.register("kept")
    tree.wait_state("kept", "up")
    break_logger(tree, "kept")
    before = wait_until(lambda: "attempt 1" in (now := tree.state("kept")).get("reason", "") and now, what="the back-off")
    assert runs(tree, "kept") == 1
    tree.kill_broker()
    after = tree.state("kept")
    assert (after["reason"], after["log_restarts"]) == (before["reason"], before["log_restarts"])
    wait_until(lambda: "attempt 2" in tree.state("kept").get("reason", ""), what="the next back-off")
    assert runs(tree, "kept") == 2


def test_watch_tells(tree, profile):
    tree.register(profile)
    tree.wait_state(profile, "up")
    with tree.connect() as connection:
        connection.send("Watch", {"names": [f"gateway-{profile}"]}, more=True)
        assert connection.receive()["parameters"]["service"]["log_restarts"] == 0
        tree.signal("KILL", wait_until(lambda: logger_of(tree, profile), what="its s6-log"))
        while connection.receive()["parameters"]["service"]["log_restarts"] != 1:
            pass


def test_unregister_of_one_that_is_held(tree, profile):
    tree.register(profile)
    tree.wait_state(profile, "up")
    break_logger(tree, profile)
    wait_until(lambda: gave_up(tree, profile), what="the brake")
    assert tree.call("Unregister", profile=profile)["removed"]
    tree.assert_absent(profile)


def test_a_second_without_it_is_no_problem_yet(patient):
    """s6 starts it again after one."""
    patient.register("brief", start=False)
    patient.begin_logger("brief")
    first = wait_until(lambda: logger_of(patient, "brief"), what="its s6-log")
    patient.signal("KILL", first)
    said = []

    def another():
        said.extend(problem_of(patient, "brief"))
        return (now := logger_of(patient, "brief")) and now != first

    wait_until(another, what="another s6-log")
    assert said == []
    assert patient.state("brief")["log_restarts"] == 1
