# SPDX-License-Identifier: ISC
"""What happens in the middle of something else: pipelined calls, supervisors and directories that come and go, half of a crash."""

import json
import os
import socket

import pytest

import s6
from test_crash import counted, register_script
from tree import SERVICES, SLOW_TO_SETTLE, wait_until
from varlink import VarlinkError, encode


def test_next_call_runs_after_the_answer_is_settled(tree):
    """An answer does not run the call behind it before what it tells of is done."""
    tree.register("inter-a", start=False)
    with tree.connect() as connection:
        connection.send("Unregister", {"profile": "inter-a"})
        connection.send("Register", {"profile": "inter-a", "start": False})
        connection.send("Unregister", {"profile": "inter-a"})
        connection.send("Status", {"name": "gateway-inter-a"})
        assert connection.result() == {"removed": True, "persisted": True}
        assert connection.result()["created"] is True
        assert connection.result() == {"removed": True, "persisted": True}
        with pytest.raises(VarlinkError) as caught:
            connection.result()
    assert caught.value.name == "NotRegistered"


def test_a_stop_is_not_undone_by_what_waited_behind_a_restart(tree, profile):
    tree.register(profile, "drain:600")
    pid = tree.wait_gateway(profile)
    name = f"gateway-{profile}"
    with tree.connect() as first, tree.connect() as second:
        first.send("Restart", {"names": [name], "wait": "up"})
        first.send("Start", {"names": [name], "wait": "up"})
        tree.wait_log("Restart: uid=10000")
        second.send("Stop", {"names": [name], "wait": "down"})
        with pytest.raises(VarlinkError) as caught:
            first.result()
        assert caught.value.name == "Superseded"
        # The Start behind it is recorded before the end that the Stop waits for: else that would have come about first.
        wait_until(lambda: tree.state(profile)["want"] == "up", what="the Start is recorded")
        tree.signal("KILL", pid)  # it drains no longer
        # Whichever of Stop and Start came last is what holds, and the other is told so.
        started = first.receive()
        stopped = second.receive()
        last = "up" if "error" in stopped else "down"
        assert ("error" in started) == (last == "down")
    assert tree.wait_state(profile, last)["want"] == last


def test_register_behind_an_unregister_is_no_empty_promise(tree):
    name = "inter-b"
    with tree.connect("root") as one, tree.connect("root") as two, tree.connect("root") as three:
        for _ in range(10):
            one.send("Register", {"profile": name, "start": False})
            two.send("Unregister", {"profile": name})
            three.send("Register", {"profile": name, "start": False})
            one.receive(), two.receive()
            answer = three.receive()
            if "error" not in answer:
                wait_until(lambda: os.path.exists(tree.slot(name)), what="what was acknowledged")
            tree.unregister(name)


def test_escapes_in_an_invalid_message(tree):
    with tree.connect() as connection:
        connection.send_bytes(b'{"method":"\\u12"}\0')
        answer = json.loads(connection.receive_bytes())
    assert answer["error"] == "io.svcbroker.InvalidMessage"


def test_many_small_values_are_refused(tree):
    with tree.connect() as connection:
        connection.send_bytes(b'{"method":"io.svcbroker.Start","parameters":{"x":[' + b"{}," * 20000 + b"{}]}}\0")
        answer = json.loads(connection.receive_bytes())
    assert answer == {"error": "io.svcbroker.LimitExceeded", "parameters": {"limit": "json_values", "value": 2048}}


def test_one_uid_cannot_use_up_the_memory_of_all(make_tree):
    tree = make_tree()
    for number in range(40):
        tree.call("Register", "root", profile=f"memory-with-a-name-that-is-long-{'x' * 150}-{number}", start=False)
    greedy = [tree.connect() for _ in range(40)]
    for connection in greedy:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.send_bytes(encode("List") * 16 + b"x" * 60000)
    assert tree.call("Health", "root")["services"] == 41
    assert tree.call("Stop", "root", names=["gateway-nobody", "svcbrokerd"])["outcomes"][0]["error"].endswith("NotRegistered")
    for connection in greedy:
        connection.close()


def test_oneway_calls_of_a_client_that_left_are_done(tree, profile):
    tree.register(profile)
    tree.wait_gateway(profile)
    with tree.connect() as connection:
        connection.send("Register", {"profile": f"{profile}-b", "start": False}, oneway=True)
        connection.send("Stop", {"names": [f"gateway-{profile}"]}, oneway=True)
    tree.wait_state(profile, "down")
    tree.call("Unregister", profile=f"{profile}-b")


def make_static(tree, name, run="exec sleep 1000", finish="exit 0", extra="true"):
    script = (f'mkdir -p /run/{name}; cd /run/{name}; printf "#!/bin/sh\\n{run}\\n" >run; printf "#!/bin/sh\\n{finish}\\n" >finish; '
              f"chmod 755 run finish; {extra}; ln -sfn /run/{name} /run/service/{name}")
    tree.run("root", "sh", "-c", script, check=True)


def state_of(tree, name):
    return tree.call("Status", "root", name=name)["service"]["state"]


def test_static_service_that_comes_late_is_seen(make_tree):
    tree = make_tree()
    make_static(tree, "late")
    wait_until(lambda: any(service["name"] == "late" for service in tree.call("List")["services"]))
    tree.run("root", "s6-svscanctl", "-a", "/run/service", check=True)
    wait_until(lambda: state_of(tree, "late") == "up", what="it is seen to run")


def test_failed_start_of_a_static_service_is_told(make_tree):
    tree = make_tree(*SLOW_TO_SETTLE, "--allow-static", "foo")
    make_static(tree, "foo", "exit 1", "exit 125", "touch down; echo 3 >notification-fd")
    tree.run("root", "s6-svscanctl", "-a", "/run/service", check=True)
    wait_until(lambda: tree.call("List") and state_of(tree, "foo") == "down")
    with pytest.raises(VarlinkError) as caught:
        tree.call("Start", names=["foo"], wait="up")
    assert caught.value.name == "Failed"


def test_foreign_symlink_is_left_alone(make_tree):
    tree = make_tree()
    tree.run("root", "ln", "-s", "/run/elsewhere", "/run/service/gateway-z", check=True)
    with pytest.raises(VarlinkError):
        tree.register("z")
    assert os.readlink(tree.path("/run/service/gateway-z")) == "/run/elsewhere"
    assert not os.path.exists(tree.slot("z"))


def test_slots_that_nobody_supervises_are_kept(make_tree):
    """A broker that starts while s6-svscan hangs waits for it, and removes nothing."""
    tree = make_tree()
    tree.register("kept")
    tree.wait_gateway("kept")
    tree.stop_broker()
    tree.tainted = True
    supervisors = [tree.supervisor("gateway-kept"), tree.supervisor("gateway-kept/log")]
    os.kill(tree.pid, 19)
    try:
        tree.signal("KILL", *supervisors)
        wait_until(lambda: not s6.takes_orders(tree.slot("kept")), what="the supervisor gone")
        tree.start_broker()
        tree.wait_log("left as it is")
        assert os.path.exists(tree.slot("kept"))
        assert state_of(tree, "gateway-kept") == "unsupervised"
    finally:
        os.kill(tree.pid, 18)
    assert tree.wait_state("kept", "up")["want"] == "up"


def test_down_file_of_a_crash_in_the_middle_of_a_stop(make_tree):
    """The record was written, the down file was not: the next broker makes both agree."""
    tree = make_tree()
    tree.register("half")
    tree.wait_gateway("half")
    tree.stop_broker()
    path = f"{tree.slot('half')}/data/state"
    with open(path) as file:
        record = json.load(file)
    record.update(want="down", pending="order")
    with open(path, "w") as file:
        json.dump(record, file)
    tree.start_broker()
    tree.wait_state("half", "down")
    assert os.path.exists(f"{tree.slot('half')}/down")


def test_restart_that_drains_is_known_to_the_next_broker(make_tree):
    tree = make_tree()
    tree.register("slow", "drain:600")
    pid = tree.wait_gateway("slow")
    tree.call("Restart", names=["gateway-slow"])
    wait_until(lambda: json.load(open(f"{tree.slot('slow')}/data/state"))["told"] == "restart")
    tree.kill_broker()
    assert tree.state("slow")["state"] == "stopping" and tree.state("slow")["pid"] == pid
    tree.signal("KILL", pid)  # it drains no longer
    after = wait_until(lambda: (now := tree.state("slow"))["state"] == "up" and now["pid"] != pid and now)
    assert after["pid"] != pid and after["restarts"] == 0


def test_retry_that_cannot_begin_is_tried_again(make_tree):
    tree = make_tree("--backoff-first-msec", "500")
    # Its fifth run, the one that s6 brakes, takes the next ones away.
    register_script(tree, "noexec", 3, 3, 3, 3, "3 $(/bin/chmod 644 run)")
    tree.call("Start", names=["gateway-noexec"])
    wait_until(lambda: tree.log().count("retry: service=gateway-noexec") >= 2, what="two retries though none can begin")
    os.chmod(f"{tree.slot('noexec')}/run", 0o755)
    tree.wait_state("noexec", "up")
    wait_until(lambda: counted(tree, "noexec") == 6, what="one run more: it is up before it has counted itself")


@pytest.mark.parametrize("services", ["/run/service", "/run/home"])
def test_services_directory_of_somebody_else(make_tree, services):
    tree = make_tree()
    tree.stop_broker()
    tree.tainted = True
    tree.run("root", "mkdir", "-p", "/run/home/.ssh", check=True)
    tree.run("root", "timeout", "60", "/usr/local/sbin/svcbrokerd", "--services", services)
    assert os.path.isdir(tree.path("/run/service/.s6-svscan")) and os.path.isdir(tree.path("/run/home/.ssh"))


def test_second_broker_on_another_socket_is_refused(tree):
    result = tree.run("root", "timeout", "60", "/usr/local/sbin/svcbrokerd", "--socket", "/run/other/socket")
    assert result.returncode == 75 and SERVICES in result.stderr, result.stderr
    tree.register("inter-c", start=False)
    tree.call("Unregister", profile="inter-c")
