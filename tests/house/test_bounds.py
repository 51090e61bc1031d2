# SPDX-License-Identifier: ISC
"""Limits and times have their place: what a client can meet in proto/limits.h, all others of the daemon in daemon/bounds.h."""

import re

import debts
import law
import source

NAME = re.compile(r"^\s*#\s*define\s+(\w+)\s+(.*)$|^\s*([A-Z][A-Z0-9_]+) = ([^,\n]+)", re.M)
BOUND = re.compile(r"_(USEC|MSEC|SEC|SECONDS|BYTES|MAX|MOST|LIMIT|LEAST|DEPTH|SHARE|TRIES|THREADS|AT_ONCE|PER_TURN)(_|$)")


def bounds():
    """(path, name, value) of each number of the daemon's that is a bound by its name."""
    for path in source.sources("proto", "daemon"):
        for match in NAME.finditer(source.bare(path)):
            name, value = match.group(1) or match.group(3), match.group(2) or match.group(4)
            if BOUND.search("_" + name) and re.search(r"(?<![\w.])\d", value) and not re.search(law.TEXT_BUFFERS, name):
                yield path, name, value.strip()


def test_bounds_have_their_place():
    found, wrong, met = {}, [], set()
    for path, name, value in bounds():
        if path in law.BOUNDS_HEADERS:
            continue
        if name in law.BOUNDS_ELSEWHERE:
            met.add(name)
        else:
            found[f"{path} {name}"] = [f"is {value}: it belongs in daemon/bounds.h, or in proto/limits.h if a client can meet it"]
    for name, reason in law.BOUNDS_ELSEWHERE.items():
        if name not in met:
            wrong.append(f"law.py: BOUNDS_ELSEWHERE: {name} is not there any more: strike it out")
        if not reason.endswith("."):
            wrong.append(f"law.py: BOUNDS_ELSEWHERE: {name}: its reason is no sentence")
    assert not wrong, "\n".join(wrong)
    debts.settle("bounds have their place", found)


def test_no_time_is_a_bare_number():
    """Whatever is told a time is told it by name: timers, deadlines, pauses."""
    wrong = []
    pattern = re.compile(r"\b(timer_\w+|uv_timer_start|deadline_\w+|again_\w+|\w+_after|\w+_within)\([^;{}]*?[(,]\s*([1-9]\d{2,})\s*[,)]")
    for path in source.sources("daemon"):
        code = source.bare(path)
        for match in pattern.finditer(code):
            wrong.append(f"{path}:{code.count(chr(10), 0, match.start()) + 1}: {match.group(1)}(... {match.group(2)} ...)")
    assert wrong == []


def test_bounds_have_a_unit():
    """A number in one of these headers says in its name or beside it what it counts."""
    wrong = []
    for path in law.BOUNDS_HEADERS:
        lines = source.text(path).splitlines()
        for number, line in enumerate(lines):
            match = re.match(r"#define (\w+)\s+(?:\S.*)?$", line)
            if not match or match.group(1).endswith("_H"):
                continue
            # A comment beside it, or above the group of lines that it is in.
            above = number
            while above and lines[above].strip() and not lines[above].rstrip().endswith("*/"):
                above -= 1
            if not (lines[above].rstrip().endswith("*/") or "/*" in line or "/*" in lines[min(number + 1, len(lines) - 1)]):
                wrong.append(f"{path}:{number + 1}: {match.group(1)}: no word about it")
    assert wrong == []
