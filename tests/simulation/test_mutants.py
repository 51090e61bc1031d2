# SPDX-License-Identifier: ISC
"""Small faults that the simulation must find (tests/simulation/mutants, tools/mutants): all of them fit the source, and five of them, others
with each change of the source, are looked for."""

import os
import pathlib
import subprocess

import pytest

import drawn

ROOT = pathlib.Path(__file__).resolve().parents[2]
MUTANTS = sorted((ROOT / "tests/simulation/mutants").glob("*.patch"))
NOT_FOUND = ROOT / "tests/simulation/mutants/NOT-FOUND"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda path: path.stem)
def test_it_fits(mutant):
    head = mutant.read_text().split("\n--- ")[0]
    assert head.startswith("Breaks: ") and "\nFault: " in head, head
    result = subprocess.run(["patch", "-p1", "--dry-run", "-i", mutant], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_there_are_enough():
    assert len(MUTANTS) >= 40
    names = {line.split(":")[0] for line in NOT_FOUND.read_text().splitlines() if line and not line.startswith("#")}
    assert names <= {mutant.stem for mutant in MUTANTS}, "what is not found is one of them"


def test_five_are_found():
    turn = os.environ.get("SIMULATION_TURN", str(drawn.number()))
    result = subprocess.run(["nice", ROOT / "tools/mutants", "--turn", turn], capture_output=True, text=True)
    print(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr
