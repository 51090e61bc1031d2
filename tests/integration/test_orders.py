"""Start, Stop, Restart, Reset and Status of gateways, as hermes."""

import pytest

from tree import wait_until
from varlink import VarlinkError


def test_start_waits_until_up(tree, profile):
    tree.register(profile, start=False)
    (outcome,) = tree.call("Start", names=[f"gateway-{profile}"], wait="up")["outcomes"]
    service = outcome["service"]
    assert (service["state"], service["want"], service["restarts"]) == ("up", "up", 0)
    assert service["pid"] == tree.status(profile).pid
    assert service["ready_usec"] >= service["since_usec"] + 290_000
