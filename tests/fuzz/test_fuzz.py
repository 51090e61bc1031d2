# SPDX-License-Identifier: ISC
"""Every fuzzer for a minute, and that each finds a fault that was put there for it: a search that cannot find anything proves nothing.

They wait for nobody, so tools/check runs them at the lowest priority: how far they get in their minute is no claim of these tests."""

import os
import re
import time

import pytest

from harness import ROOT, Workshop, run_script
from targets import SCRIPTS, TARGETS

FUZZ_SEC = int(os.environ.get("FUZZ_SEC", "60"))
FUZZ_UNTIL = int(os.environ.get("FUZZ_UNTIL", str(2**63)))  # seconds since 1970: from then on it is
LATE_SEC = 5
FIND_SEC = 600  # a bound: alone, the slowest takes some seconds
LEAST_RUNS = 10  # the corpus, at least


def fuzz_sec():
    return FUZZ_SEC if time.time() < FUZZ_UNTIL else LATE_SEC


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """With corpora of its own: what one run learned, the next one does not know."""
    return Workshop(tmp_path_factory.mktemp("fuzz"))


def search(workshop, program, name, seconds, *options):
    """The exit status, and what it said."""
    path = workshop.directory / f"{program.name}.log"
    with path.open("w") as log:
        status = workshop.run(program, name, f"-max_total_time={seconds}", *options, log=log).wait()
    return status, path.read_text(errors="replace")


def said(text):
    return text[-6000:]


@pytest.mark.parametrize("name", TARGETS)
def test_harness(workshop, name):
    status, text = search(workshop, workshop.build(name), name, fuzz_sec())
    assert status == 0, said(text)
    assert int(re.search(r"stat::number_of_executed_units: (\d+)", text).group(1)) >= LEAST_RUNS, said(text)


@pytest.mark.parametrize("name", TARGETS)
def test_harness_finds_a_fault(workshop, name):
    status, text = search(workshop, workshop.build(name, TARGETS[name].fault), name, FIND_SEC, "-seed=1")
    assert status != 0 and list((workshop.directory / "found").glob(f"{name}-crash-*")), said(text)


CAPTURED = {"capture_output": True, "text": True, "errors": "replace"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(tmp_path, name):
    result = run_script(name, fuzz_sec(), tmp_path, **CAPTURED)
    assert result.returncode == 0, said(result.stderr)
    assert int(re.search(r"Done (\d+) runs", result.stdout).group(1)) >= LEAST_RUNS


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_finds_a_fault(tmp_path, name):
    fault = SCRIPTS[name]
    text = (ROOT / fault.path).read_text()
    assert text.count(fault.old) == 1, f"{fault.path} has no such place any more: {fault.old}"
    for path in (ROOT / fault.path).parent.iterdir():
        if path.is_file():
            (tmp_path / fault.path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / fault.path).with_name(path.name).write_bytes(path.read_bytes())
    (tmp_path / fault.path).write_text(text.replace(fault.old, fault.new))
    result = run_script(name, FIND_SEC, tmp_path / "found", tmp_path, fault.seed, **CAPTURED)
    assert result.returncode != 0 and list((tmp_path / "found").iterdir()), said(result.stdout + result.stderr)
