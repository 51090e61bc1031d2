# SPDX-License-Identifier: ISC
"""Whatever hermes makes the broker do, root has its turn: no batch, flood or burst is worked off before root is heard. Counted in what
was done before root's turn, not in seconds: the broker is stopped until all requests are there, hermes's before root's."""

import os
import selectors
import signal
import threading
import time

import pytest

from tree import wait_until
from varlink import VarlinkError, encode

GATEWAYS = 490
NAMES = [f"gateway-g{number}" for number in range(GATEWAYS)]
BURST = 40
PROFILES = 200
MANY_PROFILES = 1000  # so that they take longer than one that ends
REPEATED_SEC = 5  # ORDER_REPEATED_MSEC: what comes later is no repetition


def broker_outside(tree):
    """Its pid out here, to be stopped by a signal that s6 does not see."""
    namespace = os.stat(f"/proc/{tree.pid}/ns/pid").st_ino
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/comm") as file:
                if file.read() == "svcbrokerd\n" and os.stat(f"/proc/{entry}/ns/pid").st_ino == namespace:
                    return int(entry)
        except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
            continue
    raise AssertionError("no broker")


class Stopped:
    """The broker does nothing meanwhile, and finds everything that was sent when it goes on."""

    def __init__(self, tree):
        self.pid = broker_outside(tree)

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)

        def stands():
            with open(f"/proc/{self.pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] == "T"

        wait_until(stands, what="the broker stopped")

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGCONT)


def wanted(tree):
    return sum(service["want"] == "up" and service["name"] in NAMES for service in tree.call("List", "root")["services"])


@pytest.fixture(scope="module")
def crowd(module_trees):
    """490 gateways that are wanted up, and held: an order about them changes something, and no process comes or goes."""
    tree = module_trees("--multiplex")
    # Or a Reconcile would take them away, one or the other time.
    tree.run("hermes", "sh", "-c", f"for i in $(seq 0 {GATEWAYS - 1}); do mkdir -p profiles/g$i; touch profiles/g$i/SOUL.md; done", check=True)
    with tree.connect("root") as connection:
        for name in NAMES:
            connection.send("Register", {"profile": name.removeprefix("gateway-"), "start": True})
            if len(connection.sent) == 8:
                connection.result()
        while connection.sent:
            connection.result()
    assert wanted(tree) == GATEWAYS
    return tree


def want_all_again(tree):
    """As it was. A held gateway cannot be started: it is made anew."""
    with tree.connect("root") as connection:
        for service in tree.call("List", "root")["services"]:
            if service["name"] in NAMES and service["want"] == "down":
                connection.send("Unregister", {"profile": service["profile"]})
                connection.send("Register", {"profile": service["profile"], "start": True})
                connection.result(), connection.result()
    assert wanted(tree) == GATEWAYS


def all_answered(connections):
    for connection in connections:
        while connection.sent:
            try:
                connection.result()
            except VarlinkError:
                pass
        connection.close()


@pytest.mark.parametrize("method,parameters", [("Stop", {"names": NAMES}), ("Stop", {"all": True}), ("Stop", {"names": NAMES, "wait": "down"})])
def test_root_is_heard_in_the_middle_of_a_batch(crowd, method, parameters):
    watch, ask, order = crowd.connect("root"), crowd.connect("root"), crowd.connect("root")
    watch.send("Watch", {}, more=True)
    health = ask.call("Health")
    for _ in range(health["services"]):
        assert watch.result()["event"] == "present"
    of_hermes = [crowd.connect() for _ in range(BURST)]
    with Stopped(crowd):
        for connection in of_hermes:
            connection.send(method, parameters)
        ask.send("Health", {})
        order.send("Stop", {"names": [NAMES[-1]]})
    assert ask.result()["wanted"] == health["wanted"], "root is answered before the batches begin"
    before = 0
    while True:
        service = watch.result()["service"]
        if service["want"] == "down" and service["name"] == NAMES[-1]:
            break
        before += service["want"] == "down"
    assert before < GATEWAYS // 2, "and its order is carried out before theirs"
    assert "error" not in order.result()["outcomes"][0]
    all_answered(of_hermes + [watch, ask, order][1:])
    watch.close()
    assert wanted(crowd) == 0
    want_all_again(crowd)


@pytest.mark.parametrize("call", [
    ("Start", {"names": NAMES}), ("Restart", {"names": NAMES}), ("Reset", {"names": NAMES}), ("Stop", {"names": [f"gateway-x{i}" for i in range(1000)]}),
    ("Start", {"names": [f"gateway-x{i}" for i in range(1000)]}), ("List", {}), ("Health", {}), ("Diagnose", {}), ("Reconcile", {}),
    ("Status", {"name": NAMES[0]}), ("org.varlink.service.GetInterfaceDescription", {"interface": "io.svcbroker"}),
    ("Register", {"profile": "g1", "environment": {f"V{i}": "x" * 400 for i in range(64)}}), ("Unregister", {"profile": "default"}),
    ("Watch", {"names": NAMES + [f"svcbrokerd{i}" for i in range(500)]}),
], ids=lambda call: call[0].rpartition(".")[2] + str(len(call[1].get("names", ""))))
def test_root_is_served_through_any_flood(crowd, call):
    """Sixteen calls ahead on each of 40 connections, and more for as long as it takes root to be answered ten times."""
    end = threading.Event()
    of_hermes = [crowd.connect().socket for _ in range(BURST)]
    bytes_of_call = encode(call[0], call[1], **({"more": True} if call[0] == "Watch" else {}))
    selector = selectors.DefaultSelector()
    for stream in of_hermes:
        stream.setblocking(False)
        selector.register(stream, selectors.EVENT_READ | selectors.EVENT_WRITE, [b""])

    def flood():
        while not end.is_set() and selector.get_map():
            for key, events in selector.select(0.1):
                try:
                    if events & selectors.EVENT_READ and not key.fileobj.recv(1 << 18):
                        selector.unregister(key.fileobj)
                        continue
                    if events & selectors.EVENT_WRITE:
                        key.data[0] = key.data[0] or bytes_of_call * 16
                        key.data[0] = key.data[0][key.fileobj.send(key.data[0]):]
                except BlockingIOError:
                    pass
                except OSError:
                    selector.unregister(key.fileobj)
            end.wait(0.002)  # the test's own loop is one of those that need the processor

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        with crowd.connect("root") as root:
            for number in range(10):
                root.send("Health", {})
                assert root.result()["services"] >= GATEWAYS
                root.send("Reset", {"names": [NAMES[number]]})
                root.result()
    finally:
        end.set()
        thread.join()
        for stream in of_hermes:
            stream.close()


def test_root_is_heard_before_a_burst_of_slots(make_tree):
    """Making and removing a slot is a thousand system calls."""
    tree = make_tree("--multiplex")
    for method, extra, count in (("Register", {"start": True}, lambda health: health["services"]), ("Unregister", {}, lambda health: -health["wanted"])):
        of_hermes = [tree.connect() for _ in range(BURST)]
        with tree.connect("root") as root:
            before = count(root.call("Health"))
            with Stopped(tree):
                for number, connection in enumerate(of_hermes):
                    connection.send(method, {"profile": f"b{number}", **extra})
                root.send("Health", {})
            assert count(root.result()) == before
            all_answered(of_hermes)
            assert count(root.call("Health")) == before + BURST


@pytest.mark.parametrize("method", ["Reconcile", "Start"])
def test_root_is_heard_while_slots_are_made(make_tree, method):
    """In the middle of it, not only before and after: some of them are there, and some are not. Where the test itself has no processor
    for so long that all are there when it asks, there are more to make."""
    tree = make_tree("--services-max", "4000", services_max=4000)
    for letter in "mnopqrst":
        tree.run("hermes", "sh", "-c", f"mkdir -p profiles; cd profiles; for i in $(seq {PROFILES}); do mkdir {letter}$i; touch {letter}$i/SOUL.md; done",
                 check=True)
        seen = set()
        with tree.connect() as of_hermes, tree.connect("root") as root:
            before = root.call("Health")["services"]
            names = [f"gateway-{letter}{number + 1}" for number in range(PROFILES)]
            of_hermes.send(method, {} if method == "Reconcile" else {"names": names})
            wait_until(lambda: seen.add(root.call("Health")["services"]) or max(seen) >= before + PROFILES, 180, "all slots")
            of_hermes.result()
        if len(seen) > 2:
            return
    raise AssertionError(f"root is heard before and after only: {seen}")


@pytest.mark.parametrize("method", ["Register", "Unregister"])
def test_root_does_not_wait_for_slots_of_others(make_tree, method):
    """The client's Reconcile brings all that it makes into view at once; root's slot comes and goes before that. The same of the test's
    processor."""
    tree = make_tree("--services-max", "4000", services_max=4000)
    for letter in "mnopqrst":
        tree.run("hermes", "sh", "-c", f"mkdir -p profiles; cd profiles; for i in $(seq {MANY_PROFILES}); do mkdir {letter}$i; touch {letter}$i/SOUL.md; done",
                 check=True)
        if method == "Unregister":
            tree.register(f"root-{letter}", user="root", start=False)
        with tree.connect() as of_hermes, tree.connect("root") as root:
            before = root.call("Health")["services"]
            of_hermes.send("Reconcile", {})
            wait_until(lambda: root.call("Health")["services"] > before, what="the first slots")
            root.call(method, profile=f"root-{letter}", **({"start": False} if method == "Register" else {}))
            there = root.call("Health")["services"]
            of_hermes.result()
        if there < before + MANY_PROFILES + (1 if method == "Register" else -1):
            return
    raise AssertionError("root is answered when all slots are there only")


def test_the_same_again_is_done_once(crowd):
    """Who says the same again and again, changing nothing, is told how it is. Root's own Stop is carried out all the same."""
    names = NAMES[:100]

    def records():
        found = [os.stat(f"{crowd.slot(name.removeprefix('gateway-'))}/data/state") for name in names]
        return [(status.st_ino, status.st_mtime_ns) for status in found]  # a number comes back after two writes

    def done_once():
        """None: it took so long that the second is no repetition of the first any more."""
        began = time.monotonic()
        with crowd.connect() as connection:
            got = connection.call("Stop", names=names, wait="down")["outcomes"]
            assert not [o for o in got if "error" in o]
            done = records()
            for wait in ("no", "down"):
                for outcome in connection.call("Stop", names=names, wait=wait)["outcomes"]:
                    assert outcome["service"]["want"] == "down" and outcome["persisted"] is True
        if records() == done:
            return done
        assert time.monotonic() - began > REPEATED_SEC, "nothing is written again"
        want_all_again(crowd)
        return None

    done = wait_until(done_once, what="the same within its time")
    crowd.call("Stop", "root", names=names, wait="down")
    assert all(now != then for now, then in zip(records(), done))
    want_all_again(crowd)


def test_a_batch_is_charged_by_its_names(make_tree):
    """All of them twice at once: that is what a person does. What comes then is read later, and others of that uid go on."""
    tree = make_tree()
    for number in range(100):
        tree.call("Register", "root", profile=f"c{number}", start=False)
    names = [f"gateway-c{number}" for number in range(100)]
    with tree.connect() as connection, tree.connect() as other:
        for _ in range(22):  # 2000 names are in the bucket, and 100 a second come
            connection.send("Restart", {"names": names})
        while len(connection.sent) > 1:
            connection.result()
        assert other.call("Stop", names=["gateway-absent", "gateway-gone"])["outcomes"], "that is about none that there is"
        assert "continues" not in connection.receive()
    assert len(tree.call("Stop", "root", names=names)["outcomes"]) == 100


def test_calls_behind_a_parked_one_keep_their_order(tree, profile):
    tree.register(profile, start=False)
    with tree.connect() as connection:
        for number in range(80):
            connection.send("Stop" if number % 2 else "Reset", {"names": [f"gateway-{profile}"]})
            connection.send("Status", {"name": f"gateway-{profile}"})
        for number in range(80):
            assert "outcomes" in connection.result()
            assert connection.result()["service"]["want"] == "down"
