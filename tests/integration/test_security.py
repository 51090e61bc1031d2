# SPDX-License-Identifier: ISC
"""docs/security.md: each row of the catalogue says an attack, what holds, and tests that exist."""

import os
import re

from page import Page
from tree import TOP

PAGE = Page("security.md")
NAMED = re.compile(r"`(tests/[\w/.-]+)(::|: )(\w+)`")
HEADER = "| attack | what holds | tried by |"


def catalogue():
    """{subject: the cells of its rows}."""
    text = PAGE.read().split("\n## The catalogue\n")[1].split("\n## ")[0]
    subjects = {}
    for part in text.split("\n### ")[1:]:
        lines = [line for line in part.splitlines()[1:] if line]
        assert lines[0] == HEADER and set(lines[1]) <= set("|-"), lines[:2]
        subjects[part.splitlines()[0]] = [re.fullmatch(r"\| (.*) \|", line)[1].split(" | ") for line in lines[2:]]
    return subjects


def exists(path, separator, name):
    if not os.path.isfile(f"{TOP}/{path}"):
        return False
    with open(f"{TOP}/{path}", encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".py"):
        return separator == "::" and name.startswith("test_") and bool(re.search(rf"^def {name}\(", text, re.M))
    if f"START_TEST({name})" in text:  # and is in the list of those that run
        return separator == ": " and len(re.findall(rf"\b{name}\b", text)) > 1
    return separator == ": " and "/unit/" not in path and bool(re.search(rf"^\w.* \**{name}\(", text, re.M))


def test_every_row_has_its_tests():
    rows = [(subject, *cells) for subject, cells in ((subject, row) for subject, rows in catalogue().items() for row in rows)]
    assert len(catalogue()) > 10 and len(rows) > 80
    for row in rows:
        assert len(row) == 4, row
        _, attack, holds, tests = row
        assert attack.endswith(".") and holds.endswith("."), row
        assert NAMED.search(tests) and re.sub(r"[, ]", "", NAMED.sub("", tests)) == "", row


def test_no_attack_twice():
    attacks = [row[0] for rows in catalogue().values() for row in rows]
    assert sorted(attacks) == sorted(set(attacks))


def test_every_test_exists():
    text = PAGE.read()
    assert len(re.findall(r"`tests/", text)) == len(NAMED.findall(text)), "as tests/FILE.py::NAME, or tests/FILE.c: NAME"
    assert sorted({"".join(named) for named in NAMED.findall(text) if not exists(*named)}) == []
