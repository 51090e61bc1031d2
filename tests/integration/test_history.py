# SPDX-License-Identifier: ISC
"""History: who ordered what, what began and ended, and what came of it; and where it is kept."""

import json
import os

import pytest

from tree import wait_until
from varlink import VarlinkError


def events_of(tree, profile, user="hermes", **parameters):
    return tree.call("History", user, names=[f"gateway-{profile}"], **parameters)["events"]


def wait_event(tree, profile, count=1, **members):
    """Until there are so many that have all of these; the last of them."""
    def there():
        found = [event for event in events_of(tree, profile) if members.items() <= event.items()]
        return len(found) >= count and found[-1]
    return wait_until(there, what=f"{count} times {members} in {events_of(tree, profile)}")


def brief(events):
    """Each event as a word or two."""
    return [":".join([event["event"], *[str(event[name]) for name in ("order", "started_by", "state") if name in event]]) for event in events]


def test_who_ordered_what(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile, start=False)
    tree.call("Start", names=[name], wait="up")
    tree.call("Restart", "root", names=[name], wait="up")
    tree.call("Stop", names=[name], wait="down")
    events = events_of(tree, profile)
    assert brief(events) == ["order:register", "order:start", "began:person", "order:restart", "ended", "began:person", "order:stop", "ended"]
    assert [event["uid"] for event in events if event["event"] == "order"] == [10000, 10000, 0, 10000]
    assert all(event["caller_pid"] > 0 and event["process"] for event in events if event["event"] == "order")
    ends = [event for event in events if event["event"] == "ended"]
    begins = [event for event in events if event["event"] == "began"]
    assert [event["pid"] for event in begins] == [event["pid"] for event in ends]
    assert all(event["ordered"] and event["lasted_msec"] >= 0 for event in ends)
    assert [event["at_usec"] for event in events] == sorted(event["at_usec"] for event in events)
    assert all("from_volume" not in event and event["name"] == name for event in events)


def test_what_nobody_ordered(tree, profile):
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    tree.signal("KILL", pid)
    ended = wait_event(tree, profile, event="ended", pid=pid)
    assert ended["signal"] == "SIGKILL" and not ended["ordered"]
    assert wait_event(tree, profile, event="began", started_by="s6")["pid"] != pid


def test_what_comes_of_failures(tree, profile):
    tree.register(profile, "exit:78")
    failed = wait_event(tree, profile, event="state", state="failed")
    assert "configuration error" in failed["reason"]
    ended = wait_event(tree, profile, event="ended")
    assert ended["code"] == 78 and not ended["ordered"]


def test_retries_are_told_apart(make_tree):
    tree = make_tree("--backoff-first-msec", "100", "--backoff-most-msec", "100")
    tree.register("p", "exit:3")
    wait_event(tree, "p", event="state", state="backoff")
    wait_event(tree, "p", event="began", started_by="retry")
    assert wait_event(tree, "p", 2, event="state", state="backoff")["reason"]
    tree.unregister("p")


def test_variables_by_name_only(tree, profile):
    tree.register(profile, environment={"TOKEN": "secret-one", "KEPT": "secret-two"}, start=False)
    assert wait_event(tree, profile, event="environment")["variables"] == ["TOKEN", "KEPT"]
    tree.register(profile, environment={"TOKEN": "secret-three", "KEPT": "secret-two", "NEW": ""}, start=False)
    assert wait_event(tree, profile, 2, event="environment")["variables"] == ["TOKEN", "NEW"]
    tree.register(profile, environment={"KEPT": "secret-two"}, start=False)
    assert sorted(wait_event(tree, profile, 3, event="environment")["variables"]) == ["NEW", "TOKEN"]
    tree.register(profile, environment={"KEPT": "secret-two"}, start=False)
    assert len([event for event in events_of(tree, profile) if event["event"] == "environment"]) == 3
    assert "secret" not in json.dumps(events_of(tree, profile))


def test_a_gateway_that_is_gone_is_not_forgotten(tree):
    tree.register("was-here", start=False)
    tree.call("Unregister", "root", profile="was-here")
    gone = events_of(tree, "was-here")[-1]
    assert gone["order"] == "unregister" and gone["uid"] == 0
    with pytest.raises(VarlinkError, match="NotRegistered"):
        events_of(tree, "never-was-here")
    with pytest.raises(VarlinkError, match="InvalidName"):
        tree.call("History", names=["../etc"])


def test_the_name_of_a_process_is_escaped(tree, profile):
    tree.register(profile, start=False)
    program = ("import socket,json\n"
               "open('/proc/self/comm','wb').write(b'a b\\x1b]0;x\\xff\"')\n"
               "s=socket.socket(socket.AF_UNIX)\ns.connect('/run/svcbroker/io.svcbroker')\n"
               f"s.sendall(json.dumps({{'method':'io.svcbroker.Reset','parameters':{{'names':['gateway-{profile}']}}}}).encode()+b'\\0')\n"
               "s.recv(1)\n")
    tree.run("hermes", "/usr/bin/python3", "-c", program, check=True)
    assert wait_event(tree, profile, event="order", order="reset")["process"] == "a%20b%1B%5D0%3Bx%FF%22"


def test_how_many_and_since(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile, start=False)
    for _ in range(3):
        tree.call("Start", names=[name], wait="up")
        tree.call("Stop", names=[name], wait="down")
    events = events_of(tree, profile)
    assert events_of(tree, profile, count=2) == events[-2:]
    assert events_of(tree, profile, count=0) == []
    assert events_of(tree, profile, count=1000) == events
    since = events[4]["at_usec"]
    assert events_of(tree, profile, since_usec=since) == [event for event in events if event["at_usec"] >= since]
    for wrong in ({"count": -1}, {"since_usec": -1}):
        with pytest.raises(VarlinkError, match="InvalidParameter"):
            events_of(tree, profile, **wrong)
    with pytest.raises(VarlinkError, match="ExpectedMore"):
        events_of(tree, profile, follow=True)


def test_who_follows_is_told_of_what_comes(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile, start=False)
    with tree.connect() as connection:
        connection.send("History", {"names": [name], "follow": True}, more=True)
        told = connection.result()["events"]
        assert brief(told) == ["order:register"]
        tree.call("Start", names=[name], wait="up")
        tree.call("Stop", names=[name], wait="down")
        while brief(told)[-1] != "ended":
            told += connection.result()["events"]
    assert told == events_of(tree, profile)


def test_pieces_are_the_whole(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile, start=False)
    tree.call("Start", names=[name], wait="up")
    whole = tree.call("History")["events"]
    with tree.connect() as connection:
        connection.send("History", {}, more=True)
        pieces = connection.result()["events"]
    assert pieces[:len(whole)] == whole


def test_an_observer_may_read(make_tree):
    tree = make_tree("--observer-group", "observers")
    tree.register("p", start=False)
    events = tree.call("History", "observer", path="/run/svcbroker/io.svcbroker.observer", names=["gateway-p"])["events"]
    assert brief(events) == ["order:register"]
    tree.unregister("p")


def test_follows_have_a_bound(tree):
    connections = [tree.connect() for _ in range(17)]
    for connection in connections[:16]:
        connection.send("History", {"follow": True}, more=True)
    for connection in connections[:16]:
        connection.result()
    # Whose turn comes first is nobody's to know: the one too many asks when the others follow.
    connections[16].send("History", {"follow": True}, more=True)
    with pytest.raises(VarlinkError, match="LimitExceeded"):
        connections[16].result()
    for connection in connections:
        connection.close()


def test_svcctl_tells_it(tree, profile):
    name = f"gateway-{profile}"
    tree.run("hermes", "svcctl", "register", profile, "--env", "COLOUR=secret-red", check=True)
    pid = tree.wait_gateway(profile)
    tree.signal("KILL", pid)
    wait_event(tree, profile, event="began", started_by="s6")
    tree.run("root", "svcctl", "stop", profile, check=True)
    shown = tree.run("hermes", "svcctl", "history", profile, check=True).stdout
    for text in ("register ordered by uid 10000 (svcctl, pid ", "variables changed: COLOUR\n", f"began, pid {pid}: it was ordered\n",
                 "ended: SIGKILL, after ", ", which nobody ordered", "began, pid ", ": s6 started it by itself\n", "stop ordered by root (",
                 ", as ordered\n"):
        assert text in shown, shown
    assert "secret" not in shown
    assert all(f"  {name}  " in line for line in shown.splitlines())
    lines = shown.splitlines()
    assert tree.run("hermes", "svcctl", "history", "-n", "2", name, check=True).stdout.splitlines() == lines[-2:]
    assert tree.run("hermes", "svcctl", "history", "--since", "1h", "--profile", profile, check=True).stdout.splitlines() == lines
    document = json.loads(tree.run("hermes", "svcctl", "--json", "history", name, check=True).stdout)
    assert document["events"] == events_of(tree, profile)
    absent = tree.run("hermes", "svcctl", "history", "nothing-like-it")
    assert absent.returncode == 4 and "nothing-like-it" in absent.stderr


def test_svcctl_tells_which_signal(tree, profile):
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    tree.run("hermes", "svcctl", "kill", profile, check=True)
    ended = wait_event(tree, profile, event="ended", pid=pid)
    assert ended["signal"] == "SIGKILL" and ended["ordered"]
    assert wait_event(tree, profile, order="signal")["signal"] == "SIGKILL"
    shown = tree.run("hermes", "svcctl", "history", profile, check=True).stdout
    assert "signal KILL ordered by uid 10000 (svcctl, pid " in shown and "ended: SIGKILL, after " in shown and "nobody ordered" not in shown


def test_svcctl_follows(tree, profile):
    tree.register(profile, start=False)
    followed = tree.run("hermes", "sh", "-c", f"svcctl history -f --json {profile} | head -n 1", check=True).stdout
    assert json.loads(followed)["order"] == "register"


def test_what_a_person_ended_is_no_crash(tree, profile):
    """Its code after a TERM is 1, and nothing is wrong with that."""
    name = f"gateway-{profile}"
    tree.register(profile)
    tree.wait_gateway(profile)
    tree.call("Restart", names=[name], wait="up")
    ended = tree.state(profile)["last_exit"]
    assert ended["code"] == 1 and ended["ordered"] is True
    row = next(line for line in tree.run("hermes", "svcctl", "list", check=True).stdout.splitlines() if line.startswith(f"{name} "))
    assert "exit 1" not in row
    assert "exit 1, as ordered" in tree.run("hermes", "svcctl", "status", profile, check=True).stdout
    why = tree.run("hermes", "svcctl", "why", profile, check=True).stdout
    assert "exit 1, as ordered" in why and "nobody ordered" not in why
    tree.kill_broker()
    assert tree.state(profile)["last_exit"] == ended


def test_why_tells_from_it(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile, "exit:1:0.1")
    wait_event(tree, profile, 2, event="ended", code=1)
    tree.call("Stop", names=[name], wait="down")
    ends = [event for event in events_of(tree, profile) if event["event"] == "ended" and not event["ordered"]]
    times = {1: "once", 2: "twice"}.get(len(ends), f"{len(ends)} times")
    why = tree.run("hermes", "svcctl", "why", profile, check=True).stdout
    assert f"It ended {times} in 24 h that nobody ordered: exit 1 {times}; 'svcctl history' tells more.\n" in why
    document = json.loads(tree.run("hermes", "svcctl", "--json", "why", profile, check=True).stdout)
    assert document["past"] == f"ended {times} in 24 h that nobody ordered: exit 1 {times}"


def test_over_the_brokers_restart(tree, profile):
    """It is in the slot, root's; and what went on meanwhile is told once."""
    name = f"gateway-{profile}"
    tree.register(profile)
    pid = tree.wait_gateway(profile)
    tree.wait_state(profile, "up")
    tree.signal("KILL", pid)
    wait_event(tree, profile, event="began", started_by="s6")
    tree.wait_state(profile, "up")
    before = events_of(tree, profile)
    kept = tree.path(f"/run/svcbroker/services/{name}/data/history")
    wait_until(lambda: open(kept).read().count("\n") == len(before), what="all of it in the slot")
    tree.kill_broker()
    assert events_of(tree, profile) == before
    tree.call("Stop", names=[name], wait="down")
    tree.kill_broker()
    after = events_of(tree, profile)
    assert after[:len(before)] == before and brief(after[len(before):]) == ["order:stop", "ended"]


def test_what_no_broker_wrote_in_the_slot_is_passed_over(tree, profile):
    tree.register(profile, start=False)
    kept = tree.path(f"/run/svcbroker/services/gateway-{profile}/data/history")
    wait_until(lambda: open(kept).read().count("\n") == 1, what="the first line")
    with open(kept, "a") as file:
        file.write('{"at_usec":1,"event":"later","what":[]}\nnonsense\n{"at_usec":2,"event":"container","later":1}\n{"at_us')
    tree.kill_broker()
    assert brief(events_of(tree, profile)) == ["container", "order:register"]
    tree.call("Reset", names=[f"gateway-{profile}"])
    tree.kill_broker()
    assert brief(events_of(tree, profile)) == ["container", "order:register"] or \
        brief(events_of(tree, profile)) == ["container", "order:register", "order:reset"]


def lines_of(volume, profile):
    """What the volume has of a gateway, the older file first."""
    lines = []
    for ending in (".1", ""):
        name = f".svcbroker/history/{profile}{ending}"
        if os.path.exists(f"{volume.path}/{name}"):
            lines += [json.loads(line) for line in volume.read(name).splitlines()]
    return lines


def test_over_the_containers_restart(boot, volume):
    """It is on the volume, and said to be from there."""
    volume.profile("coder")
    tree = boot()
    tree.call("Start", names=["gateway-coder"], wait="up")
    tree.call("Stop", names=["gateway-coder"], wait="down")
    before = events_of(tree, "coder")
    assert brief(before)[0] == "container"
    wait_until(lambda: len(lines_of(volume, "coder")) == len(before), what="all of it on the volume")
    tree.stop()
    tree = boot()
    wait_event(tree, "coder", len(before), from_volume=True)
    after = events_of(tree, "coder")
    assert after[:len(before)] == [{**event, "from_volume": True} for event in before]
    assert brief(after[len(before):]) == ["container"] and "from_volume" not in after[-1]
    assert "[from the volume]" in tree.run("hermes", "svcctl", "history", "coder", check=True).stdout
    wait_until(lambda: len(lines_of(volume, "coder")) == len(after), what="what is new on the volume, once")
    tree.kill_broker()
    wait_event(tree, "coder", len(before), from_volume=True)
    assert events_of(tree, "coder") == after
    tree.call("Unregister", "root", profile="coder")
    assert lines_of(volume, "coder") == []


def test_what_the_client_wrote_there(boot, volume):
    """It is read strictly, within its bound, and marked."""
    volume.profile("coder")
    forged = '{"at_usec":1,"event":"order","order":"stop","uid":0,"caller_pid":1,"process":"sshd"}\n'
    volume.write(".svcbroker/history/coder", "x" * 100000 + "\n" + forged +
                 '{"at_usec":1,"event":"order","order":"stop","uid":0,"process":"\\u001b[2J"}\n[\n')
    os.symlink("/etc/passwd", f"{volume.path}/.svcbroker/history/default")
    os.mkfifo(f"{volume.path}/.svcbroker/history/default.1")
    tree = boot()
    event = wait_event(tree, "coder", from_volume=True)
    assert event["process"] == "sshd" and event["uid"] == 0
    assert brief(events_of(tree, "coder")) == ["order:stop", "container"]
    tree.wait_log("history: cannot be written to the volume")
    with open("/etc/passwd") as file:
        assert "at_usec" not in file.read()


def test_what_cannot_be_written_is_dropped_and_said(boot, volume):
    """What cannot be written is dropped, and said; it is in memory, and in the slot."""
    volume.profile("coder")
    tree = boot()
    wait_until(lambda: lines_of(volume, "coder"), what="the first lines")
    os.chmod(f"{volume.path}/.svcbroker/history", 0)
    tree.call("Start", names=["gateway-coder"], wait="up")
    tree.wait_log("history: cannot be written to the volume")
    assert brief(events_of(tree, "coder"))[-1] == "began:person"
    os.chmod(f"{volume.path}/.svcbroker/history", 0o700)
    tree.call("Stop", names=["gateway-coder"], wait="down")
    tree.wait_log("history: is written to the volume again")


def test_the_brokers_own_log(make_tree):
    """Where it is kept, and may be read. The directory is one of the tree's own."""
    tree = make_tree()
    tree.run("root", "mount", "-t", "tmpfs", "own-log", "/var/log", check=True)
    absent = tree.run("hermes", "svcctl", "logs", "svcbrokerd")
    assert absent.returncode == 1 and "container's log" in absent.stderr
    directory = tree.path("/var/log/svcbrokerd")
    os.makedirs(directory)
    with open(f"{directory}/current", "w") as file:
        file.write("2026-11-27T14:32:17.123456789  audit: Stop: uid=0 pid=7\n")
    assert "audit: Stop: uid=0 pid=7\n" in tree.run("hermes", "svcctl", "logs", "svcbrokerd", check=True).stdout
    os.chmod(directory, 0o700)
    refused = tree.run("hermes", "svcctl", "logs", "svcbrokerd")
    assert refused.returncode != 0 and "permission denied" in refused.stderr
