# SPDX-License-Identifier: ISC
"""io.systemd.Metrics: what the broker counts and tells, to whom, and in what form."""

import re

import pytest

from tree import SOCKET, TOP, wait_until
from varlink import VarlinkError

METRICS = "io.systemd.Metrics"


@pytest.fixture(scope="module")
def tree(module_trees):
    return module_trees("--observer-group", "observers", "--backoff-first-msec", "600000", "--backoff-most-msec", "600000")


def metrics(tree, user="hermes", path=SOCKET):
    """All metrics, as {family: {(object, fields): value}}; fields: sorted pairs."""
    found = {}
    with tree.connect(user, path) as connection:
        for metric in connection.stream(f"{METRICS}.List"):
            fields = tuple(sorted((metric.get("fields") or {}).items()))
            assert all(isinstance(value, str) for _, value in fields)
            family = found.setdefault(metric["name"].removeprefix("io.svcbroker."), {})
            assert (metric.get("object"), fields) not in family, metric
            family[metric.get("object"), fields] = metric["value"]
    return found


def described(tree, user="hermes", path=SOCKET):
    with tree.connect(user, path) as connection:
        return list(connection.stream(f"{METRICS}.Describe"))


def of(found, family, service=None, **fields):
    return found.get(family, {}).get((service, tuple(sorted(fields.items()))))


def test_families_are_described_in_their_order(tree, profile):
    tree.register(profile)
    families = [family["name"] for family in described(tree)]
    assert len(set(families)) == len(families) and all(name.startswith("io.svcbroker.") for name in families)
    types = {family["name"]: family["type"] for family in described(tree)}
    with tree.connect() as connection:
        told = [(metric["name"], metric["value"]) for metric in connection.stream(f"{METRICS}.List")]
    order = [families.index(name) for name, _ in told]
    assert order == sorted(order), "metrics of a family follow each other"
    for name, value in told:
        assert isinstance(value, str) == (types[name] == "string"), (name, value)
        assert isinstance(value, str) or value >= 0, (name, value)
    assert all(family["description"] for family in described(tree))


def test_a_service_is_told(tree, profile):
    name = f"gateway-{profile}"
    tree.register(profile)
    tree.wait_gateway(profile)
    found = metrics(tree)
    assert of(found, "ServiceState", name) in ("starting", "up")
    assert of(found, "ServiceWanted", name) == 1
    assert of(found, "ServiceRestarts", name) == of(found, "ServiceLoggerRestarts", name) == 0
    assert of(found, "ServiceNextStartSeconds", name) is None
    assert isinstance(of(found, "ServiceInStateSeconds", name), float)
    assert of(found, "ServiceDeaths", name, cause="ordered") is None
    tree.call("Stop", names=[name], wait="down")
    found = metrics(tree)
    assert of(found, "ServiceState", name) == "down" and of(found, "ServiceWanted", name) == 0
    assert of(found, "ServiceDeaths", name, cause="ordered") == 1
    assert sum(value for (_, fields), value in found["Services"].items()) == len(found["ServiceState"])
    tree.unregister(profile)
    assert of(metrics(tree), "ServiceState", name) is None


@pytest.mark.parametrize("behaviour,cause", [("exit:3", "code"), ("kill", "signal"), ("exit:78", "configuration"), ("exit:0", "success")])
def test_deaths_are_counted_by_cause(tree, profile, behaviour, cause):
    name = f"gateway-{profile}"
    tree.register(profile, behaviour)
    # While the kernel kills for want of memory on this machine, for whatever other test, nobody can tell a signal's cause.
    causes = (cause, "memory") if cause == "signal" else (cause,)

    def counted(found):
        return sum(of(found, "ServiceDeaths", name, cause=one) or 0 for one in causes)

    def rests(found):
        """In one look: s6's own pause of a second is called backoff, too, and is no problem."""
        return of(found, "ServiceState", name) in ("backoff", "failed") and of(found, "ServiceProblem", name) is not None and counted(found) > 0

    found = wait_until(lambda: rests(now := metrics(tree)) and now, what=f"a death by {cause}, and what comes of it")
    state = of(found, "ServiceState", name)
    assert of(found, "ServiceProblem", name) == state
    if state == "backoff":
        assert 0 < of(found, "ServiceNextStartSeconds", name) <= 600
    assert of(found, "ServiceDeaths", name, cause="ordered") == 0, "from the first one on, all causes are told"


def test_calls_and_refusals_are_counted(tree):
    before = metrics(tree)
    for _ in range(3):
        tree.call("Health")
    with pytest.raises(VarlinkError):
        tree.call("Status", name="nothing")
    with pytest.raises(VarlinkError):
        tree.call("Start", user="observer", path=f"{SOCKET}.observer", names=["gateway-default"])
    after = metrics(tree)

    def grown(family, **fields):
        return of(after, family, **fields) - (of(before, family, **fields) or 0)

    assert grown("Calls", method="io.svcbroker.Health") == 3
    assert grown("CallsEnded", method="io.svcbroker.Health") == 3
    assert grown("CallSeconds", method="io.svcbroker.Health") > 0
    bounds = [dict(fields)["le"] for _, fields in after["CallSecondsBucket"] if dict(fields)["method"] == "io.svcbroker.Health"]
    within = [of(after, "CallSecondsBucket", method="io.svcbroker.Health", le=bound) for bound in bounds]
    assert [float(bound) for bound in bounds] == sorted(float(bound) for bound in bounds) and bounds[-1] == "+Inf"
    assert within == sorted(within), "what is within a bound is within the greater ones, too"
    assert within[-1] == of(after, "CallsEnded", method="io.svcbroker.Health") == within[-2], "none took longer than 30 s"
    ended = {dict(fields)["method"] for (_, fields), value in after["CallsEnded"].items() if value}
    assert {dict(fields)["method"] for _, fields in after["CallSecondsBucket"]} == ended < set(dict(fields)["method"] for _, fields in after["Calls"])
    longest = of(after, "CallLongestSeconds", method="io.svcbroker.Health")
    assert 0 < longest <= of(after, "CallSeconds", method="io.svcbroker.Health")
    assert grown("Calls", method="io.svcbroker.Status") == 1
    assert grown("Refusals", cause="NoSuchService") == 1
    assert grown("Refusals", cause="PermissionDenied") == 1
    assert grown("Calls", method="io.svcbroker.Start") == 0
    assert grown("Calls", method=f"{METRICS}.List") == 1
    assert grown("ConnectionsAccepted") >= 6


def test_several_failures_of_one_order_are_counted_each(tree):
    before = of(metrics(tree), "Refusals", cause="NotRegistered") or 0
    tree.call("Stop", names=["gateway-no1", "gateway-no2"])
    assert of(metrics(tree), "Refusals", cause="NotRegistered") == before + 2


def test_a_peer_makes_no_place_for_a_counter(tree):
    """What is counted is named by us: an attacker who invents methods gets one counter, not one each."""
    with tree.connect() as connection:
        for number in range(300):
            with pytest.raises(VarlinkError):
                connection.call(f"io.svcbroker.No{number}")
            with pytest.raises(VarlinkError):
                connection.call(f"io.nothing{number}.No")
    found = metrics(tree)
    assert of(found, "Refusals", cause="MethodNotFound") >= 300
    assert of(found, "Refusals", cause="InterfaceNotFound") >= 300
    assert len(found["Refusals"]) < 40 and not any("No1" in str(key) for key in found["Calls"])


def test_the_broker_is_told(tree):
    found = metrics(tree)
    assert of(found, "VolumeAnswers") == 1
    assert of(found, "VolumeUnrecorded") == of(found, "VolumeHungProfiles") == 0
    assert of(found, "MemoryResidentBytes") > 1024 * 1024
    assert of(found, "ProcessorSeconds") > 0
    assert 0 < of(found, "LoopLongestTurnSeconds") <= of(found, "LoopBusySeconds")
    assert of(found, "LoopTurns") > 1
    # Those of the tests before are closed by then.
    wait_until(lambda: of(metrics(tree), "Connections", kind="counted") == 1, what="a connection that is counted, and no more")
    assert of(found, "Version") == tree.call("org.varlink.service.GetInfo")["version"]
    assert wait_until(lambda: of(metrics(tree), "VolumeFreeBytes"), what="the room of the volume") > 0


def test_observers_may_read(tree):
    assert "Services" in metrics(tree, "observer", f"{SOCKET}.observer")
    assert described(tree, "observer", f"{SOCKET}.observer")


@pytest.mark.parametrize("method", ["List", "Describe"])
def test_as_systemd_has_it(tree, method):
    """Neither takes a parameter, both need "more"; what is none of the two is no method."""
    with pytest.raises(VarlinkError) as caught:
        tree.call(f"{METRICS}.{method}")
    assert caught.value.full_name == "org.varlink.service.ExpectedMore"
    with tree.connect() as connection, pytest.raises(VarlinkError) as caught:
        list(connection.stream(f"{METRICS}.{method}", name="io.svcbroker.Services"))
    assert caught.value.full_name == "org.varlink.service.InvalidParameter"
    with pytest.raises(VarlinkError) as caught:
        tree.call(f"{METRICS}.Get")
    assert caught.value.full_name == "org.varlink.service.MethodNotFound"


def test_the_manual_lists_the_families(tree):
    with open(f"{TOP}/man/io.svcbroker.7") as file:
        listed = re.findall(r"^\.It Sy (io\.svcbroker\.\w+) Pq (\w+)$", file.read(), re.M)
    assert listed == [(family["name"], family["type"]) for family in described(tree)]
