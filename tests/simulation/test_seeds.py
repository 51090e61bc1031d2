# SPDX-License-Identifier: ISC
"""The simulation (docs/simulation.md): the same seed is the same run everywhere, the seeds that once found something find nothing any more, and
some minutes of new ones find nothing either."""

import os
import pathlib
import re
import subprocess

import pytest

import drawn

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = ROOT / "tests/simulation/seeds"
BUILDS = [build for build in ("build", "build-sanitize") if (ROOT / build / "build.ninja").exists()]
OPEN = ROOT / "tests/simulation/OPEN"
NEW = {"build": 300, "build-sanitize": 60}  # seeds: a minute of a processor, and half of one
SAME = (1, 2, 3, 20, 38, 1011)


@pytest.fixture(scope="module", autouse=True)
def built():
    for directory in BUILDS:
        subprocess.run(["ninja", "-C", directory, "tests/simulation/simulate"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(params=BUILDS)
def build(request):
    return request.param


def simulate(build, *arguments):
    """Behind the tests that wait for a real tree. A trace has what was written as it is, be it no UTF-8."""
    return subprocess.run(["nice", "-n", "5", ROOT / build / "tests/simulation/simulate", *arguments], cwd=ROOT, capture_output=True, text=True,
                          errors="replace")


def traces(build, *arguments):
    said = [simulate(build, "--seed", str(seed), "--steps", "1500", *arguments) for seed in SAME]
    lines = [re.search(r"^seed .* trace ([0-9a-f]{16})$", result.stdout, re.MULTILINE) for result in said]
    assert None not in lines, said
    return [line.group(1) for line in lines]


def test_a_seed_is_one_run():
    """Whoever runs it, with what else to do: under the sanitizers, too; and looking on changes nothing."""
    first = traces(BUILDS[0])
    assert len(set(first)) == len(SAME)
    assert traces(BUILDS[0], "--trace") == first
    for directory in BUILDS:
        assert traces(directory) == first, directory


def test_seeds_that_found_something(build):
    result = simulate(build, "--keep-going", "--seeds", str(SEEDS))
    assert result.returncode == 0, result.stdout + result.stderr


def test_new_seeds(build, tmp_path):
    """Others with each change of the source; what one of them found, and is not mended, is in OPEN. SIMULATION_SEC: for so long, whatever
    there is."""
    seconds = os.environ.get("SIMULATION_SEC")
    first = drawn.number()
    known = {line.split(":")[0] for line in OPEN.read_text().splitlines() if not line.startswith("#")}
    if seconds:
        result = simulate(build, "--shrink", "--explore", seconds, "--first", str(first))
        assert result.returncode == 0, result.stdout + result.stderr
        return
    (tmp_path / "seeds").write_text("".join(f"{first + i}\n" for i in range(NEW[build])))
    result = simulate(build, "--keep-going", "--seeds", str(tmp_path / "seeds"))
    print(result.stdout)
    failed = set(re.findall(r"^failed: simulate --seed (\d+)", result.stdout, re.MULTILINE))
    assert result.returncode == (1 if failed else 0), result.stdout + result.stderr
    assert failed <= known, result.stdout
