"""tools/soak itself, for some seconds: it comes to its end, and finds nothing; and what it looks at, it sees."""

import os
import re
import subprocess
import sys

from tree import TOP

sys.path.append(f"{TOP}/tests/soak")

from ledger import ANY, Profile  # noqa: E402: the path comes first


def soak(tmp_path, staged, *arguments):
    parts = {"TREE_S6": os.environ["SVCBROKER_S6"]} if "SVCBROKER_S6" in os.environ else {}
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
