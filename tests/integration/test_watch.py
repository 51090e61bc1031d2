# SPDX-License-Identifier: ISC
"""Watch: what is there, then every change; and what a reader gets who does not keep up."""

import os
import re

import pytest

from tree import wait_until
from varlink import VarlinkError


def watch(tree, names=None, user="hermes"):
    connection = tree.connect(user)
    connection.send("Watch", {} if names is None else {"names": names}, more=True)
    return connection


def events_until(connection, name, condition):
    """The events of one service, up to the first for which condition(event, service) holds."""
    events = []
    while True:
        reply = connection.result()
        if reply["service"]["name"] == name:
            events.append((reply["event"], reply["service"]))
            if condition(*events[-1]):
                return events


def test_everything_is_present_first(tree, profile):
    tree.register(profile, start=False)
    with watch(tree) as connection:
        listed = {service["name"] for service in tree.call("List")["services"]}
        seen = set()
        while seen != listed:
            reply = connection.result()
            assert reply["event"] == "present"
            seen.add(reply["service"]["name"])


def test_every_state_of_an_order_is_seen(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile, "drain:0.3", start=False)
    with watch(tree, [name]) as connection:
        assert connection.result()["event"] == "present"
        tree.call("Start", names=[name], wait="up")
        tree.wait_gateway(profile)
        tree.call("Stop", names=[name], wait="down")
        events = events_until(connection, name, lambda _, service: service["state"] == "down" and service.get("last_exit"))
        states = []
        for event, service in events:
            assert event == "changed"
            if not states or states[-1] != service["state"]:
                states.append(service["state"])
        wanted = iter(states)
        assert all(state in wanted for state in ("starting", "up", "stopping", "down")), states
        assert events[-1][1]["want"] == "down"


def test_what_watch_says_is_what_status_says(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile)
    with watch(tree, [name]) as connection:
        last = events_until(connection, name, lambda _, service: service["state"] == "up")[-1][1]
        while last != tree.state(profile):  # it has changed again, as when its logger or its lock is looked at: so there is another event
            last = events_until(connection, name, lambda *_: True)[-1][1]


def test_a_death_nobody_asked_for(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile)
    pid = tree.wait_state(profile, "up")["pid"]
    with watch(tree, [name]) as connection:
        connection.result()
        tree.signal("KILL", pid)
        service = events_until(connection, name, lambda _, service: service["state"] == "up" and service["pid"] != pid)[-1][1]
        assert service["restarts"] == 1
        assert service["last_exit"]["signal"] == "SIGKILL"


def test_coming_and_going(tree, profile):
    """A service's first event is always present; after removed it may come again."""
    name = f"gateway-{profile}"
    with watch(tree) as connection:
        for _ in range(2):
            tree.register(profile, start=False)
            assert events_until(connection, name, lambda *_: True)[0][0] == "present"
            tree.call("Unregister", profile=profile)
            events = events_until(connection, name, lambda event, _: event == "removed")
            assert "present" not in [event for event, _ in events]


def test_named_services_only(tree, profile):
    other = f"{profile}-b"
    tree.register(profile, start=False)
    tree.register(other, start=False)
    with watch(tree, [f"gateway-{profile}"]) as connection:
        assert connection.result()["service"]["profile"] == profile
        tree.call("Start", names=[f"gateway-{other}"], wait="up")
        tree.call("Start", names=[f"gateway-{profile}"])
        assert connection.result()["service"]["profile"] == profile
    with pytest.raises(VarlinkError) as caught:
        watch(tree, [f"gateway-{profile}", "gateway-missing"]).result()
    assert caught.value.name == "NotRegistered"
    tree.call("Unregister", profile=other, timeout_msec=1)


def test_watch_sees_what_others_do_to_s6(tree, profile):
    """Not through the broker: s6-svc by root."""
    name = f"gateway-{profile}"
    tree.register(profile, start=False)
    with watch(tree, [name]) as connection:
        connection.result()
        tree.run("root", "s6-svc", "-u", f"/run/service/{name}", check=True)
        events_until(connection, name, lambda _, service: service["state"] in ("starting", "up"))


def test_nothing_follows_watch_on_its_connection(tree, profile):
    tree.register(profile, start=False)
    name = f"gateway-{profile}"
    with watch(tree, [name]) as connection:
        assert connection.result()["event"] == "present"
        connection.send("Health", {})
        connection.sent.pop()
        tree.call("Start", names=[name])
        assert connection.result()["service"]["name"] == name, "an event, not an answer"


def test_slow_reader_gets_the_newest_state(tree, sanitized, profile):
    """Hundreds of changes while it does not read: neither a queue in the broker nor a lie at the end."""
    name = f"gateway-{profile}"
    tree.register(profile, start=False)

    def memory():
        with open(tree.path(f"/proc/{tree.broker_pid()}/status")) as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))

    # Names as long as they get fill its buffers sooner.
    long_names = [f"{profile}-{index}-" + "x" * 200 for index in range(40)]
    with tree.connect("root") as root, watch(tree) as slow:
        slow.socket.setsockopt(1, 8, 2048)  # SOL_SOCKET, SO_RCVBUF
        for long_name in long_names:
            root.call("Register", profile=long_name, start=False)
        before = memory()
        names = [f"gateway-{long_name}" for long_name in long_names]
        for turn in range(60):
            root.call("Start" if turn % 2 == 0 else "Stop", names=names)
        assert sanitized or memory() - before < 3000
        root.call("Stop", names=names, wait="down")
        for long_name in long_names:
            assert root.call("Unregister", profile=long_name)["removed"] is True
        root.call("Start", names=[name], wait="up")
        last, counted = {}, 0
        while last.get(name, {}).get("service", {}).get("state") != "up":
            reply = slow.result()
            counted += 1
            last[reply["service"]["name"]] = reply
        assert all(last[n]["event"] == "removed" for n in names if n in last)
        assert counted < 60 * len(names), "merged"
    tree.call("Health")


def test_watcher_that_goes_away(tree, profile):
    tree.register(profile, start=False)
    before = len(os.listdir(tree.path(f"/proc/{tree.broker_pid()}/fd")))
    for _ in range(50):
        connection = watch(tree)
        connection.result()
        connection.close()
    wait_until(lambda: len(os.listdir(tree.path(f"/proc/{tree.broker_pid()}/fd"))) <= before, what="descriptors closed")


def test_watch_ends_with_the_broker(tree, profile):
    tree.register(profile, start=False)
    with watch(tree) as connection:
        connection.result()
        tree.stop_broker()
        with pytest.raises(Exception) as caught:
            while True:
                connection.result()
        assert type(caught.value).__name__ == "Closed"
    tree.start_broker()
    with watch(tree, [f"gateway-{profile}"]) as connection:
        assert connection.result()["event"] == "present"
