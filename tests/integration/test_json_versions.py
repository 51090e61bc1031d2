"""This machine's json-c and those of Debian 12, 13 and of Debian's development suite judge alike: what a client sends, and what is
read from the volume."""

import difflib
import glob
import os
import subprocess

import pytest

from conftest import BUILD
from tree import TOP

PROGRAM = "tests/differential/json_judge"
LEAST_TEXTS = 10000


@pytest.fixture(scope="module")
def judge():
    build = os.path.join(TOP, BUILD)
    subprocess.run(["ninja", "-C", build, PROGRAM], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(build, PROGRAM)


def root_of(suite):
    made = subprocess.run([f"{TOP}/tests/integration/json-root", suite], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if made.returncode == 75:
        pytest.skip(made.stderr.strip().splitlines()[-1])
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def loader_of(suite):
    """The command for a program to have that suite's json-c and the C library that this one was made for. Each architecture names its
    loader otherwise."""
    root = root_of(suite)
    directories = glob.glob(f"{root}/usr/lib/*-linux-*/") + glob.glob(f"{root}/lib/*-linux-*/")
    loader = next(name for directory in directories for name in glob.glob(f"{directory}ld-linux*.so.*"))
    return root, [loader, "--library-path", ":".join(directories)]


def judgement(command, path):
    result = subprocess.run([*command, f"{TOP}/tests", path], capture_output=True, text=True)
    assert result.returncode == 0, (command, result.returncode, result.stdout, result.stderr)
    with open(path, encoding="ascii") as file:
        return file.read().splitlines()


@pytest.fixture(scope="module")
def ours(judge, tmp_path_factory):
    lines = judgement([judge], tmp_path_factory.mktemp("json") / "ours")
    assert len(lines) > LEAST_TEXTS
    return lines


@pytest.mark.parametrize("suite", ["bookworm", "trixie", "sid"])
def test_all_judge_alike(judge, ours, suite, tmp_path):
    root, loader = loader_of(suite)
    loaded = subprocess.run([*loader, "--list", judge], capture_output=True, text=True)
    if "version `GLIBC" in loaded.stderr:
        pytest.skip(f"this build needs a newer C library than that of {suite}")
    assert f"{root}/" in next(line for line in loaded.stdout.splitlines() if "libjson-c" in line), loaded.stdout
    theirs = judgement([*loader, judge], tmp_path / suite)
    assert len(theirs) == len(ours)
    differ = [pair for pair in zip(ours, theirs) if pair[0] != pair[1]]
    first = "\n".join(line for one, other in differ[:3] for line in difflib.ndiff([one], [other]) if line[0] in "-+")
    assert not differ, f"{len(differ)} of {len(ours)} texts are judged otherwise by the json-c of {suite}:\n{first}"
