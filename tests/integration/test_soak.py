# SPDX-License-Identifier: ISC
"""tools/soak itself, for some seconds: it comes to its end, and finds nothing; and what it looks at, it sees."""

import argparse
import json
import os
import re
import subprocess
import sys

import pytest

from tree import SERVICES, TOP, wait_until

sys.path.append(f"{TOP}/tests/soak")

from calm import wrong_now  # noqa: E402: the path comes first
from ledger import ANY, Profile  # noqa: E402
from soak import Soak  # noqa: E402


def soak(tmp_path, staged, *arguments):
    parts = {f"TREE_{name}": os.environ[f"SVCBROKER_{name}"] for name in ("S6", "SH") if f"SVCBROKER_{name}" in os.environ}
    return subprocess.run([f"{TOP}/tools/soak", *arguments, "--build", staged, "--staged", "--logs", tmp_path / "logs"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, env={**os.environ, **parts}, check=False)


def test_a_short_one(staged, tmp_path):
    done = soak(tmp_path, staged, "0.34", "--gateways", "10", "--seed", "5", "--pause", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "nothing violated"
    assert re.search(r"^faults: .*[1-9]", done.stdout, re.MULTILINE) and re.search(r"^calls [1-9]", done.stdout, re.MULTILINE)
    assert "main: ready" in (tmp_path / "logs/container.1.log").read_text()


def test_the_same_seed_is_the_same_sequence(staged, tmp_path):
    """Of each who acts, as far as both came."""
    def acts(name):
        done = soak(tmp_path / name, staged, "0.05", "--gateways", "4", "--seed", "6", "--no-reboot")
        assert done.returncode == 0, done.stdout + done.stderr
        found = {}
        for line in (tmp_path / name / "logs/trace").read_text().splitlines():
            _, who, what = line.split(None, 2)
            if who != "broker:" and not what.startswith("came to"):
                found.setdefault(who, []).append(what)
        return found

    first, second = acts("first"), acts("second")
    assert first.keys() == second.keys()
    for who, sequence in first.items():
        assert sequence and all(a == b for a, b in zip(sequence, second[who])), who


def test_what_can_be_the_last_order():
    want = Profile("a", True).want
    assert want.candidates() == {"down"}
    up, down = want.begin("up"), want.begin("down")
    assert want.candidates() == {"down", "up"}
    want.acknowledged(up)
    want.acknowledged(down)
    assert want.candidates() == {"down", "up"}, "they were under way at once"
    want.acknowledged(want.begin("up"))
    assert want.candidates() == {"up"}
    lost = want.begin("down")
    want.unknown(lost, late=0)
    assert want.candidates() == {"down", "up"}, "nobody knows"
    want.refused(want.begin("absent"))
    assert want.candidates() == {"down", "up"}
    want.acknowledged(want.begin("up"))
    assert want.candidates() == {"up"}
    want.unknown(want.begin("down"))
    want.acknowledged(want.begin("up"))
    assert want.candidates() == {"down", "up"}, "it may be done yet"
    assert want.allows("x", {ANY}) and not want.allows("x", {"up"})


@pytest.fixture
def quiet(staged, tmp_path):
    """A soak that has begun, and in which nobody orders anything and nothing fails."""
    begun = Soak(argparse.Namespace(seed=1, gateways=3, minutes=0, clients=0, chaos=0, faults=[], pause=1, s6="own", build=staged, reboot=False,
                                    logs=str(tmp_path / "logs")))
    try:
        begun.begin()
        yield begun
    finally:
        begun.leave()
        begun.trace_file.close()


def test_what_is_wrong_is_seen(quiet):
    """Each thing that could be: there, and gone again."""
    tree, ledger = quiet.tree, quiet.ledger

    def sees(*words):
        wait_until(lambda: any(all(word in what for word in words) for what in wrong_now(quiet, None)), what=f"{words} in {wrong_now(quiet, None)}")

    def sees_nothing():
        wait_until(lambda: not wrong_now(quiet, None), what=f"nothing: {wrong_now(quiet, None)}")

    sees_nothing()
    tree.call("Start", "root", names=["gateway-g000"], wait="up")
    sees("gateway-g000", "is wanted up: {'down'} can be")
    want = ledger.profiles["g000"].want
    want.acknowledged(want.begin("up"))
    sees_nothing()

    for path in (tree.path(f"{SERVICES}/.gateway-g000"), f"{quiet.ground.mount}/.svcbroker/intent/.g000.new"):
        with open(path, "w"):
            sees("left", os.path.basename(path))
        os.unlink(path)
    sees_nothing()

    intent = f"{quiet.ground.mount}/.svcbroker/intent/g000"
    with open(intent) as file:
        kept = file.read()
    with open(intent, "w") as file:
        file.write(json.dumps({**json.loads(kept), "want": "down"}))
    sees("volume: down")
    with open(intent, "w") as file:
        file.write(kept)
    sees_nothing()

    second = subprocess.Popen(["nsenter", "--target", str(tree.pid), "--mount", "--pid", "/usr/bin/python3", "-IS", "/opt/hermes/.venv/bin/hermes",
                               "-p", "g000", "gateway", "run", "--replace"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    sees("processes", "gateway-g000")
    quiet.looker.look_at_processes()
    assert any("two processes of gateway-g000" in violation for violation in ledger.violations), ledger.violations
    tree.signal("KILL", *set(quiet.looker.gateways()["g000"]) - {tree.status("g000").pid})
    second.wait()
    sees_nothing()

    watcher = quiet.watchers[0]
    kept = dict(watcher.picture)
    del watcher.picture["gateway-g001"]
    sees(watcher.name, "gateway-g001")
    watcher.picture["gateway-g001"] = {**kept["gateway-g001"], "state": "up"}
    sees(watcher.name, "differ on gateway-g001", "('up', 'down')")
    watcher.picture["gateway-g001"] = kept["gateway-g001"]
    sees_nothing()

    tree.begin_logger("g002")
    sees_nothing()

    def has_no_logger():
        """The broker starts it again, the first times after half a second, which may be over at the look."""
        tree.run("root", "s6-svc", "-d", f"{SERVICES}/gateway-g002/log", check=True)
        return any("0 loggers of gateway-g002" in what for what in wrong_now(quiet, None))

    wait_until(has_no_logger, what=f"a logger that is missing in {wrong_now(quiet, None)}")
