"""One spelling of the same thing, as far as a machine can see it."""

import re

import debts
import law
import source


def spellings(path):
    code = source.bare(path)
    for rule, pattern in law.SPELLINGS.items():
        for match in re.finditer(pattern, code, flags=re.M):
            yield rule, f"line {code.count(chr(10), 0, match.start()) + 1}: {match.group().strip()}"


def test_spelling():
    found = {}
    for path in source.ours():
        for rule, where in spellings(path):
            found.setdefault(f"{path}: {rule}", []).append(where)
    debts.settle("one voice", found)


def test_guards():
    """A header's guard is its path, less the top folder's name in the daemon, so that no two are the same."""
    seen = {}
    wrong = []
    for path in source.sources("proto", "daemon", "client", "tests", ending=".h"):
        match = re.match(r"(?:/\*.*?\*/\s*)?#ifndef (\w+)\n#define (\w+)\n", source.text(path), flags=re.S)
        if not match or match.group(1) != match.group(2):
            wrong.append(f"{path}: has no guard at its top")
        elif match.group(1) in seen:
            wrong.append(f"{path}: has the guard of {seen[match.group(1)]}")
        else:
            seen[match.group(1)] = path
    assert not wrong, "\n".join(wrong)


def test_own_header_first():
    """A file's own header comes first: so each header is complete in itself."""
    found = {}
    for path in source.sources("proto", "daemon", "client", ending=".c"):
        own = path[:-2] + ".h"
        first = next((other for _, other in source.includes(path)), None)
        code = source.text(path)
        system = re.search(r"^#include <", code, flags=re.M)
        if own in source.files() and (first != own or system and system.start() < code.index(f'"{own}"')):
            found[path] = [f"its first include is not {own}"]
    debts.settle("own header first", found)


def test_no_comment_is_a_todo():
    wrong = [f"{path}:{line}" for path in source.ours() for line, comment in source.comments(path)
             if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", comment)]
    assert wrong == []
