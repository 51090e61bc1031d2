# SPDX-License-Identifier: ISC
"""Boot with hundreds of profiles and a part of a CPU: nothing is undone for being late, and Health says how far it is."""

import os
import time

import pytest

from quota import Quota
from tree import SERVICES, wait_until

PROFILES = int(os.environ.get("QUOTA_PROFILES", "200"))
CPUS = float(os.environ.get("QUOTA_CPUS", "0.2"))
WANTED = 8
PATIENCE = 60 + 2 * PROFILES


@pytest.fixture
def quota():
    made = Quota(CPUS)
    yield made
    made.remove()


def gateways(tree):
    found = []
    with tree.connect("root") as connection:
        for reply in connection.stream("List", 120):
            found += [service for service in reply["services"] if service["kind"] == "gateway"]
    return found


def test_a_boot_with_a_part_of_a_cpu(quota, make_tree, volume):
    for number in range(PROFILES):
        volume.profile(f"q{number}", intent={"version": 1, "want": "up" if number < WANTED else "down"})
    tree = make_tree("--services-max", str(2 * PROFILES + 100), gateways=True, boot=False, profiles="", volume=volume.path,
                     services_max=2 * PROFILES + 100, wait_sec=PATIENCE)
    tree.first = quota.enter
    try:
        tree.boot(ready=False)
        wait_until(lambda: os.path.exists(tree.path("/run/svcbroker/io.svcbroker")), PATIENCE, "the socket")
        deadline = time.monotonic() + PATIENCE
        told, began = [], time.monotonic()
        while True:
            with tree.connect("root") as connection:
                connection.timeout = 120
                health = connection.call("Health")
                there = gateways(tree)
            lines = health["problems"] + health.get("notes", [])
            told += [line for line in lines if line not in told]
            assert health["healthy"] is (not health["problems"])
            # What is not there, or not running, is said; it may have come between the two calls, and never goes.
            assert lines or (len(there) == PROFILES + 1 and health["up"] == health["wanted"] > WANTED) or \
                health["wanted"] > health["up"] > 0, (health, len(there))
            if len(there) == PROFILES + 1 and health["healthy"] and health["up"] == health["wanted"] > WANTED:
                break
            assert time.monotonic() < deadline, (health, len(there))
            time.sleep(0.2)
        print(f"{PROFILES} profiles, {CPUS} CPUs: {time.monotonic() - began:.1f} s; told: {told}")
        assert any("no slot yet" in line or "is looking for the profiles" in line for line in told), told
        wait_until(lambda: os.path.exists(f"{volume.path}/logs/container-boot.log"), PATIENCE, "the boot to be over")
        assert "rolled back" not in tree.log() and len(volume.boot_log()) == PROFILES + 1
        assert all(service["state"] in ("up", "down") for service in there)
        assert len([name for name in os.listdir(tree.path(SERVICES)) if name.startswith("gateway-")]) == PROFILES + 1
    finally:
        print(tree.log()[-20000:])  # shown where it failed
        tree.tainted = True
        if tree.parent is not None:
            tree.kill()
