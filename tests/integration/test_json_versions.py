# SPDX-License-Identifier: ISC
"""This machine's json-c and those of Debian 12, 13 and of Debian's development suite judge alike: what a client sends, and what is
read from the volume. And so does Python, as far as JSON itself goes."""

import difflib
import glob
import json
import math
import os
import re
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


def of_one_name(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("two members of one name")
    return dict(pairs)


def no_number(word):
    raise ValueError(word)


def check(value):
    """I-JSON, and integers of 64 bits."""
    if isinstance(value, str):
        for code_point in map(ord, value):
            if code_point == 0 or 0xd800 <= code_point < 0xe000 or 0xfdd0 <= code_point < 0xfdf0 or code_point & 0xfffe == 0xfffe:
                raise ValueError("a character")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a real number")
    elif isinstance(value, int):
        if not -2**63 <= value < 2**63:
            raise ValueError("an integer")
    elif isinstance(value, list):
        for element in value:
            check(element)
    elif isinstance(value, dict):
        for name, member in value.items():
            check(name)
            check(member)


def by_python(text):
    """(whether it is what we take for JSON, the value)."""
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=of_one_name, parse_constant=no_number)
        check(value)
    except ValueError:
        return False, None
    return True, value


def bytes_of(printed):
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), printed.encode())


LINE = re.compile(r"[\w.-]+: (?P<text>.*) \| request .* \| deepest (?P<result>\d)@(?P<said>.*?) \| call \d@.*")
CUT = re.compile(r"\.\.\.\d+/[0-9a-f]{16}$")  # a long text is not printed whole
DEPTH = 5


def test_python_judges_alike(ours):
    """Another parser, by other people: the same texts are JSON, and the values are the same, as json-c writes them."""
    looked_at = {True: 0, False: 0}
    for line in ours:
        match = LINE.fullmatch(line)
        assert match, line
        written = match["said"].rpartition(" = ")[2]
        if CUT.search(match["text"]) or int(match["result"]) == DEPTH:
            continue
        is_json, value = by_python(bytes_of(match["text"]))
        assert is_json == (match["result"] == "0"), line
        if is_json and not CUT.search(written):
            assert json.dumps(by_python(bytes_of(written))[1]) == json.dumps(value), line
        looked_at[is_json] += 1
    assert min(looked_at.values()) > 5000
