# SPDX-License-Identifier: ISC
"""Signal and kill_after_msec, as hermes: what is sent, to whom, and how the ends count that it brings about."""

import os
import signal

import pytest

from tree import SOCKET, wait_until
from varlink import VarlinkError

def send(tree, profile, name, user="hermes"):
    (outcome,) = tree.call("Signal", user, names=[f"gateway-{profile}"], signal=name)["outcomes"]
    return outcome


def another(tree, profile, pid):
    return wait_until(lambda: (now := tree.state(profile)).get("pid") not in (None, pid) and now, what=f"another gateway-{profile}")


def process_state(tree, pid):
    with open(tree.path(f"/proc/{pid}/stat")) as file:
        return file.read().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("signal", ["HUP", "INT", "QUIT", "KILL", "USR1", "USR2"])
def test_what_ends_by_it_is_started_again_and_does_not_count(tree, profile, signal):
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    outcome = send(tree, profile, signal)
    assert (outcome["service"]["want"], outcome["persisted"]) == ("up", True)
    after = another(tree, profile, pid)
    assert after["restarts"] == 0 and after["want"] == "up", after
    # Python makes an exit code of a SIGINT, and dies of it all the same.
    assert after["last_exit"]["signal"] == f"SIG{signal}", after


def test_many_kills_do_not_trip_any_brake(tree, profile):
    tree.register(profile)
    for _ in range(7):  # s6's own brake is for the fifth
        pid = tree.wait_gateway(profile)
        send(tree, profile, "KILL")
        service = another(tree, profile, pid)
        assert (service["want"], service["restarts"], service.get("next_start_usec")) == ("up", 0, None), service
    tree.wait_state(profile, "up")


def test_a_term_may_take_its_time(tree, profile):
    tree.register(profile, "drain:1000")
    pid = tree.wait_gateway(profile)
    send(tree, profile, "TERM")
    with open(f"{tree.slot(profile)}/data/state") as state:
        path = state.name
    wait_until(lambda: '"signalled_pid"' in open(path).read(), what="a signal that is sent and recorded")
    tree.kill_broker()  # which remembers it
    tree.end_drain(pid)
    after = another(tree, profile, pid)
    assert after["restarts"] == 0, after


ENDS_WITH_0 = """#!/usr/bin/python3 -IS
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    signal.pause()
"""


def catches_term(tree, pid):
    with open(tree.path(f"/proc/{pid}/status")) as file:
        caught = next(line for line in file if line.startswith("SigCgt:"))
    return int(caught.split()[1], 16) & 1 << signal.SIGTERM - 1


def test_one_that_ends_with_0_is_started_again_at_once(tree, profile):
    """Its finish script takes that for an end that it wants; who told it to end it wants another one."""
    tree.register(profile, start=False)
    path = f"{tree.slot(profile)}/run"
    with open(f"{path}~", "w") as file:
        file.write(ENDS_WITH_0)
    os.chmod(f"{path}~", 0o755)
    os.rename(f"{path}~", path)
    pid = tree.call("Start", names=[f"gateway-{profile}"], wait="up")["outcomes"][0]["service"]["pid"]
    wait_until(lambda: catches_term(tree, pid), what="its handler")
    send(tree, profile, "TERM")
    after = another(tree, profile, pid)
    assert (after["last_exit"]["code"], after["last_exit"]["ordered"], after["restarts"]) == (0, True, 0), after
    assert f"backoff: service=gateway-{profile} " not in tree.log()


def test_an_end_of_its_own_still_counts(tree, profile):
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    send(tree, profile, "WINCH")
    send(tree, profile, "CONT")
    tree.signal("SEGV", pid)
    assert another(tree, profile, pid)["restarts"] == 1


def test_stop_and_cont(tree, profile):
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    send(tree, profile, "STOP")
    wait_until(lambda: process_state(tree, pid) == "T", what="a process that stands")
    wait_until(lambda: tree.state(profile).get("problem") == "paused", what="a problem")
    assert tree.state(profile)["reason"] == "it is paused by an order, and does nothing"  # hermes's, and not root's
    assert f"\n'svcctl kill -s CONT gateway-{profile}' continues it, " in tree.run("hermes", "svcctl", "why", profile).stdout
    assert tree.run("hermes", "svcctl", "kill", "-s", "CONT", profile).returncode == 0
    wait_until(lambda: process_state(tree, pid) != "T", what="a process that runs")
    wait_until(lambda: tree.state(profile).get("problem") is None, what="no problem")
    send(tree, profile, "STOP")
    wait_until(lambda: tree.state(profile).get("problem") == "paused", what="a problem")
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")


def test_a_kill_of_what_stops_leaves_it_down(tree, profile):
    tree.register(profile, "ignore-term")
    tree.wait_gateway(profile)
    tree.call("Stop", names=[f"gateway-{profile}"])
    tree.wait_state(profile, "stopping")
    assert send(tree, profile, "KILL")["service"]["want"] == "down"
    service = tree.wait_state(profile, "down")
    assert service["last_exit"]["signal"] == "SIGKILL" and service["restarts"] == 0


def test_what_is_down_is_refused(tree, profile):
    tree.register(profile, start=False)
    with pytest.raises(VarlinkError) as caught:
        send(tree, profile, "KILL")
    assert caught.value.name == "NotRunning" and caught.value.parameters == {
        "name": f"gateway-{profile}", "reason": "it does not run"}
    names = [f"gateway-{profile}", "gateway-missing", "main-hermes"]
    outcomes = {o["name"]: o.get("error") for o in tree.call("Signal", names=names, signal="TERM")["outcomes"]}
    assert outcomes == {names[0]: "io.svcbroker.NotRunning", names[1]: "io.svcbroker.NotRegistered",
                        names[2]: outcomes[names[2]]} and outcomes[names[2]] in ("io.svcbroker.Protected", "io.svcbroker.NoSuchService")


@pytest.mark.parametrize("wrong,named", [
    ({"signal": "SEGV"}, "signal"), ({"signal": "SIGKILL"}, "signal"), ({"signal": 9}, "signal"), ({}, "signal"),
    ({"signal": "KILL", "all": True}, "all"), ({"signal": "KILL", "names": None}, "names"),
])
def test_what_is_no_such_signal(tree, wrong, named):
    with pytest.raises(VarlinkError) as caught:
        tree.call("Signal", **{"names": ["gateway-x"], **wrong})
    assert (caught.value.name, caught.value.parameters) == ("InvalidParameter", {"parameter": named})


def test_only_who_controls_may_and_it_is_audited(make_tree):
    tree = make_tree("--observer-group", "observers")
    tree.register("coder")
    pid = tree.wait_gateway("coder")
    for user in ("observer", "stranger"):
        with pytest.raises((VarlinkError, PermissionError)) as caught:
            tree.call("Signal", user, path=SOCKET + (".observer" if user == "observer" else ""), names=["gateway-coder"], signal="KILL")
        assert isinstance(caught.value, PermissionError) or caught.value.name == "PermissionDenied"
    assert tree.status("coder").pid == pid
    send(tree, "coder", "KILL")
    tree.wait_log("audit: Signal: uid=10000 ")
    assert " signal=KILL names=1 unknown=0 service=gateway-coder" in tree.log()


def test_what_was_ordered_is_the_signal(tree, profile):
    tree.register(profile)
    tree.wait_gateway(profile)
    for words, told in ((("-s", "cont"), "CONT ordered"), (("--signal=WINCH",), "WINCH ordered"), ((), "KILL ordered")):
        assert tree.run("hermes", "svcctl", "kill", profile, *words, check=True).stdout.startswith(f"gateway-{profile}  {told}  now ")


def test_stop_with_kill_after(tree, profile):
    tree.register(profile, "ignore-term")
    tree.wait_gateway(profile)
    (outcome,) = tree.call("Stop", names=[f"gateway-{profile}"], wait="down", kill_after_msec=300)["outcomes"]
    assert outcome["service"]["last_exit"]["signal"] == "SIGKILL"
    assert (outcome["service"]["state"], outcome["service"]["want"]) == ("down", "down")


def test_kill_after_gives_its_time_and_is_of_its_order(tree, profile):
    tree.register(profile, "drain:1000")
    pid = tree.wait_gateway(profile)
    tree.call("Stop", names=[f"gateway-{profile}"], kill_after_msec=600_000)
    tree.wait_state(profile, "stopping")
    tree.call("Stop", names=[f"gateway-{profile}"])  # which kills nobody
    tree.call("Stop", names=[f"gateway-{profile}"], kill_after_msec=0, wait="down")
    assert tree.state(profile)["last_exit"]["signal"] == "SIGKILL"
    assert tree.status(profile).pid != pid


def test_restart_with_kill_after_and_all(tree, profile):
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    (outcome,) = tree.call("Restart", names=[f"gateway-{profile}"], wait="up", kill_after_msec=200)["outcomes"]
    service = outcome["service"]
    assert service["pid"] != pid and service["last_exit"]["signal"] == "SIGKILL" and service["restarts"] == 0
    tree.wait_gateway(profile)
    outcomes = tree.call("Stop", all=True, wait="down", kill_after_msec=200)["outcomes"]
    assert [o.get("error") for o in outcomes] == [None] * len(outcomes)


def test_kill_after_outlives_the_broker(tree, profile):
    tree.register(profile, "ignore-term")
    tree.wait_gateway(profile)
    tree.call("Stop", names=[f"gateway-{profile}"], kill_after_msec=1500)
    tree.wait_state(profile, "stopping", "down")
    tree.kill_broker()
    assert tree.wait_state(profile, "down")["last_exit"]["signal"] == "SIGKILL"


@pytest.mark.parametrize("method", ["Stop", "Restart"])
def test_bounds_of_kill_after(tree, method):
    with pytest.raises(VarlinkError) as caught:
        tree.call(method, names=["gateway-x"], kill_after_msec=600_001)
    assert (caught.value.name, caught.value.parameters) == ("LimitExceeded", {"limit": "kill_after_msec", "value": 600_000})
    with pytest.raises(VarlinkError) as caught:
        tree.call(method, names=["gateway-x"], kill_after_msec=-1)
    assert caught.value.parameters == {"parameter": "kill_after_msec"}
    with pytest.raises(VarlinkError) as caught:
        tree.call("Start", names=["gateway-x"], kill_after_msec=1)
    assert caught.value.parameters == {"parameter": "kill_after_msec"}


def test_a_gateway_that_kills_itself_has_its_answer(tree, profile):
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    with tree.connect() as connection:
        reply = connection.call("Signal", names=[f"gateway-{profile}"], signal="KILL")
    assert reply["outcomes"][0]["service"]["pid"] == pid
    another(tree, profile, pid)


def svcctl(tree, *words, user="hermes"):
    return tree.run(user, "svcctl", *words)


def test_svcctl_kill(tree, profile):
    tree.register(profile, "ignore-term")
    pid = tree.wait_gateway(profile)
    result = svcctl(tree, "kill", "-s", "sigwinch", profile)
    assert (result.returncode, result.stderr) == (0, "") and f"gateway-{profile}" in result.stdout
    assert tree.status(profile).pid == pid
    for word, words in (("KILL", ()), ("TERM", ("-s", "TERM")), ("USR1", ("--signal=usr1",)), ("KILL", ("-s9",))):
        if word == "TERM":  # which it ignores
            assert svcctl(tree, "kill", *words, profile).returncode == 0
            continue
        result = svcctl(tree, "kill", *words, profile)
        assert (result.returncode, result.stderr) == (0, "")
        service = another(tree, profile, pid)
        assert (service["last_exit"]["signal"], service["restarts"]) == (f"SIG{word}", 0)
        pid = tree.wait_gateway(profile)


def test_svcctl_stop_with_kill_after_and_what_why_says(tree, profile):
    tree.register(profile, "ignore-term")
    tree.wait_gateway(profile)
    assert svcctl(tree, "stop", "--no-wait", profile).returncode == 0
    tree.wait_state(profile, "stopping")
    assert svcctl(tree, "stop", "--kill-after", "200ms", profile).returncode == 0
    assert tree.state(profile)["last_exit"]["signal"] == "SIGKILL"
    result = svcctl(tree, "kill", profile)
    assert result.returncode == 3 and "nothing is there to be sent a signal: it does not run" in result.stderr


@pytest.mark.parametrize("words", [("kill",), ("kill", "x", "-s", "SEGV"), ("kill", "x", "-s", "11"), ("kill", "--all"), ("kill", "x", "-s"),
                                   ("kill", "x", "-s", ""), ("stop", "x", "--kill-after", "11m"), ("stop", "x", "--kill-after", "5"),
                                   ("start", "x", "--kill-after", "5s"), ("restart", "x", "-s", "KILL")])
def test_svcctl_usage(tree, words):
    result = svcctl(tree, *words)
    assert (result.returncode, result.stdout) == (2, "") and result.stderr.startswith("svcctl: ")


def test_why_of_one_that_does_not_end_names_the_verb(make_tree):
    tree = make_tree("--ending-msec", "300")
    tree.register("coder", "ignore-term")
    tree.wait_gateway("coder")
    for method in ("Stop", "Restart"):
        tree.call(method, names=["gateway-coder"])
        wait_until(lambda: tree.state("coder").get("problem") == "not_ended", what="a problem")
        assert "'svcctl kill gateway-coder' ends it at once" in svcctl(tree, "why", "coder").stdout
        assert svcctl(tree, "kill", "coder").returncode == 0
        tree.wait_state("coder", "down" if method == "Stop" else "up")
        tree.call("Start", names=["gateway-coder"])
        tree.wait_gateway("coder")
