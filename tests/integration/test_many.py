# SPDX-License-Identifier: ISC
"""More gateways than a call may list, with names as long as they may be: `all`, and whatever grows with the number of services."""

import json
import os
import select
import time

import pytest

from test_python import INSTALLED
from tree import wait_until
from varlink import VarlinkError, encode

MANY = 1010  # LIMIT_NAMES_PER_CALL, and some
MIB = 1024 * 1024
PIECE = 64 * 1024 + 8 * 1024  # a piece ends with the element that goes over its bound


def long_name(number):
    return f"m{number:04}-".ljust(243, "x")


NAMES = sorted(f"gateway-{long_name(number)}" for number in range(MANY))


@pytest.fixture(scope="module")
def many(module_trees, tmp_path_factory):
    """Nothing is known of any but that it is not readable: each is a problem, and none runs."""
    from volume import Volume
    volume = Volume(tmp_path_factory.mktemp("many"))
    for number in range(MANY):
        volume.profile(long_name(number), intent="{")
    tree = module_trees("--services-max", "3000", gateways=True, boot=False, profiles="", volume=volume.path, services_max=3000)
    tree.options_of_volume = volume
    tree.boot(patience=300)
    return tree


def collect(tree, method, member, user="hermes", **parameters):
    """All pieces of a reply with more, and how many bytes each took."""
    found, sizes = [], []
    with tree.connect(user) as connection:
        for reply in connection.stream(method, 60, **parameters):
            found += reply[member]
            sizes.append(len(json.dumps(reply)))
    return found, sizes


def test_list_comes_in_pieces(many):
    services, sizes = collect(many, "List", "services")
    names = [service["name"] for service in services]
    assert names == sorted(names) and len(names) == len(set(names)), "by name, each once"
    assert set(NAMES) < set(names)
    assert sum(sizes) > MIB and max(sizes) < PIECE and len(sizes) > 10


def test_list_without_more_says_why_not(many):
    with pytest.raises(VarlinkError) as caught:
        many.call("List")
    assert caught.value.name == "LimitExceeded" and caught.value.parameters == {"limit": "output_bytes", "value": MIB}


def test_list_of_few_is_one_reply(make_tree):
    tree = make_tree()
    whole = tree.call("List")["services"]
    with tree.connect() as connection:
        replies = list(connection.stream("List"))
    assert [[service["name"] for service in reply["services"]] for reply in replies] == [[service["name"] for service in whole]]


def test_a_list_that_is_read_slowly_holds_up_nobody(many):
    with many.connect() as slow:
        slow.send("List", more=True)
        for _ in range(20):
            assert many.call("Health", "root")["services"] > MANY
        found = []
        while True:
            reply = slow.receive(60)
            found += reply["parameters"]["services"]
            if not reply.get("continues"):
                break
        assert set(NAMES) < {service["name"] for service in found}
        assert slow.call("Status", name=NAMES[0])["service"]["name"] == NAMES[0], "the connection goes on"


def test_list_ends_with_its_client(many):
    slow = many.connect()
    slow.send("List", more=True)
    slow.receive(60)
    slow.close()
    many.call("Health")


def test_a_service_that_comes_and_one_that_goes_meanwhile(many):
    profiles = ["aa-first", "zz-last"]
    many.register("aa-first", start=False)
    with many.connect() as connection:
        connection.send("List", more=True)
        first = connection.receive(60)
        many.register("zz-last", start=False)
        many.call("Unregister", profile="aa-first")
        names = [service["name"] for service in first["parameters"]["services"]]
        while first.get("continues"):
            first = connection.receive(60)
            names += [service["name"] for service in first["parameters"]["services"]]
    assert set(NAMES) < set(names) and len(names) == len(set(names))
    for profile in profiles:
        many.call("Unregister", profile=profile)


def test_watch_tells_of_all(many):
    present = set()
    with many.connect() as connection:
        for event in connection.stream("Watch", 60):
            assert event["event"] == "present"
            present.add(event["service"]["name"])
            if set(NAMES) <= present:
                break


def test_health_with_as_many_problems(many):
    health = many.call("Health")
    assert health["healthy"] is False and health["services"] > MANY
    told = [problem for problem in health["problems"] if problem.startswith("gateway-m")]
    left = MANY - len(told)
    assert 0 < len(told) < MANY and len(json.dumps(health)) < MIB
    assert health["problems"][-1] == f'and more problems ({left}), which Health tells with "more"'
    problems, sizes = collect(many, "Health", "problems")
    assert len([problem for problem in problems if problem.startswith("gateway-m")]) == MANY
    assert len(problems) == len(set(problems)) and max(sizes) < PIECE and len(sizes) > 2
    with many.connect() as connection:
        replies = list(connection.stream("Health", 60))
    assert all(reply["healthy"] is False and reply["services"] == health["services"] for reply in replies)


def test_reconcile_with_as_many_actions(many):
    for number in range(4000):  # directories that are no profiles, and longer than any name
        os.makedirs(f"{many.options_of_volume.path}/profiles/{f'Not-{number}-'.ljust(250, 'x')}", exist_ok=True)
    actions, sizes = collect(many, "Reconcile", "actions", dry_run=True)
    kept = {action["profile"] for action in actions if action["action"] == "kept"}
    assert {f"gateway-{name}" for name in kept} > set(NAMES)
    assert len([action for action in actions if action["action"] == "skipped"]) == 4000
    assert sum(sizes) > MIB and max(sizes) < PIECE
    whole = many.call("Reconcile", dry_run=True)
    assert len(whole["actions"]) + whole["left_out"] == len(actions)
    assert not [action for action in whole["actions"] if action["action"] == "kept"]
    for entry in os.listdir(f"{many.options_of_volume.path}/profiles"):
        if entry.startswith("Not-"):
            os.rmdir(f"{many.options_of_volume.path}/profiles/{entry}")


# Orders

def outcomes_of(many, method, user="hermes", **parameters):
    return collect(many, method, "outcomes", user, **parameters)[0]


def test_stop_of_all(many):
    """Each has its outcome, and root is answered in the middle."""
    with many.connect() as connection, many.connect("root") as root:
        connection.send("Stop", {"all": True}, more=True)
        answered = 0
        names = []
        reply = {"continues": True}
        while reply.get("continues"):
            reply = connection.receive(60)
            names += [outcome["name"] for outcome in reply["parameters"]["outcomes"]]
            if len(names) in (10, 500, 1000):
                root.call("Health")
                answered += 1
    assert answered == 3 and len(names) == len(set(names)) and set(NAMES) <= set(names)
    assert all(service["want"] == "down" and service["state"] == "down"
               for service in collect(many, "List", "services")[0] if service["name"] in NAMES)


@pytest.mark.parametrize("wait", ["no", "down"])
def test_a_status_in_the_middle_of_a_stop_of_all(many, wait):
    """By the same client, for whom nothing comes first: a call that comes while the stop is under way is answered before the stop is,
    whose one reply has no reader to wait for. On a busy machine nobody may be there to ask meanwhile: then it is ordered again."""
    def answered_meanwhile():
        with many.connect() as stops, many.connect() as asks:
            stops.send("Stop", {"all": True, "wait": wait})
            answered = 0
            while not select.select([stops.socket], [], [], 0)[0]:
                asks.call("Status", name=NAMES[answered % MANY])
                answered += not select.select([stops.socket], [], [], 0)[0]
            reply = stops.receive(60)["parameters"]
        assert len(reply["outcomes"]) + reply.get("left_out", 0) >= MANY
        return answered

    assert any(answered_meanwhile() > 1 for _ in range(20)), "the first may have come before the stop, and no other"


def test_stop_of_all_without_more(many):
    """One reply that fits: from some point on it says less of each, and what fits not at all is counted."""
    many.call("Health", "root")
    outcomes = many.call("Stop", "root", all=True)
    told = [outcome["name"] for outcome in outcomes["outcomes"]]
    assert len(told) + outcomes.get("left_out", 0) >= MANY
    assert "service" in outcomes["outcomes"][0] and "service" not in outcomes["outcomes"][-1]
    assert len(json.dumps(outcomes)) < MIB


def test_outcomes_that_nobody_reads(many):
    """They wait for their reader, which costs the order nothing: it is carried out, and told of afterwards."""
    with many.connect("root") as lazy:
        lazy.send("Stop", {"all": True}, more=True)
        wait_until(lambda: many.call("Status", name=NAMES[-1])["service"]["want"] == "down", 60)
        assert many.call("Stop", names=[NAMES[0]])["outcomes"][0]["persisted"], "others are served"
        time.sleep(0)
        names = []
        reply = {"continues": True}
        while reply.get("continues"):
            reply = lazy.receive(60)
            names += [outcome["name"] for outcome in reply["parameters"]["outcomes"]]
        assert set(NAMES) <= set(names) and len(names) == len(set(names))
        lazy.call("Health")


def test_a_wait_of_all(many):
    """Down is what they are; one that cannot come true in time is told at the end, with all others."""
    outcomes = outcomes_of(many, "Stop", "root", all=True, wait="down")
    assert {outcome["name"] for outcome in outcomes} >= set(NAMES) and not any(outcome.get("error") for outcome in outcomes)


def test_a_list_of_names_keeps_its_bound(many):
    with pytest.raises(VarlinkError) as caught:
        many.call("Stop", names=[f"gateway-a{number}" for number in range(1001)])
    assert caught.value.parameters == {"limit": "names_per_call", "value": 1000}


def test_gathered_outcomes_are_charged_as_they_come(many):
    """Orders that wait without more keep what they gather: of one uid no more than its memory, and the broker goes on."""
    def memory():
        with open(many.path(f"/proc/{many.broker_pid()}/status")) as file:
            return int(next(line.split()[1] for line in file if line.startswith("VmRSS")))

    call = encode("Stop", {"all": True, "wait": "down", "timeout_msec": 20000})
    connections = [many.connect() for _ in range(20)]
    before = memory()
    for connection in connections:
        connection.send_bytes(call)
    for connection in connections:
        connection.close()
    assert memory() - before < 32 * 1024
    many.call("Health", "root")


# Clients

def test_svcctl(many):
    listed = json.loads(many.run("hermes", "svcctl", "list", "--json", check=True).stdout)
    assert {service["name"] for service in listed["services"]} > set(NAMES), "one document"
    lines = many.run("hermes", "svcctl", "list", check=True).stdout.splitlines()
    assert len(lines) > MANY
    done = many.run("hermes", "svcctl", "stop", "--all", "--no-wait", timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > MANY
    names = many.run("hermes", "svcctl", "list", "--names", check=True).stdout.splitlines()
    assert set(NAMES) <= {f"gateway-{name}" for name in names}
    health = many.run("hermes", "svcctl", "health", "--json")
    assert json.loads(health.stdout)["services"] > MANY
    missing = many.run("hermes", "svcctl", "status", "defalt")
    assert "did you mean default?" in missing.stderr
    reconciled = json.loads(many.run("hermes", "svcctl", "reconcile", "--dry-run", "--json").stdout)
    assert len(reconciled["actions"]) > MANY


@pytest.mark.parametrize("client", ["blocking", "asyncio"])
def test_python(many, client):
    script = {"blocking": "import svcbroker\nclient = svcbroker.Client(timeout=120)\ndef do(result): return result\n",
              "asyncio": "import asyncio, svcbroker.aio\nclient = svcbroker.aio.Client(timeout=120)\nloop = asyncio.new_event_loop()\n"
                         "def do(coroutine): return loop.run_until_complete(coroutine)\n"}[client] + """
assert len(do(client.list())) > 1000
outcomes = do(client.stop(all=True))
assert len(outcomes) > 1000 and not [outcome for outcome in outcomes if outcome.error], outcomes[0]
assert do(client.health()).services > 1000 and len(do(client.reconcile(dry_run=True))) > 1000
print(do(client.status("gateway-default")).name)
client.close()
"""
    done = many.run("hermes", "env", f"PYTHONPATH={INSTALLED}", "python3", "-B", "-c", script, timeout=200)
    assert done.stdout == "gateway-default\n", done.stderr


def test_metrics_come_in_pieces(many):
    """Every service's, and who does not read keeps what was told back to a piece, and nobody waiting."""
    with many.connect() as slow, many.connect() as other:
        slow.send("io.systemd.Metrics.List", more=True)
        assert other.call("Health")["services"] >= MANY
        told = []
        while True:
            reply = slow.receive()
            told.append(reply["parameters"])
            if not reply.get("continues", False):
                break
        assert other.call("Health")["services"] >= MANY
    states = [metric["object"] for metric in told if metric["name"] == "io.svcbroker.ServiceState"]
    assert [name for name in states if name in set(NAMES)] == NAMES and len(set(states)) == len(states)
