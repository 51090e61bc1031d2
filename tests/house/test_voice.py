# SPDX-License-Identifier: ISC
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


def test_comparisons():
    """What strcmp() and its like return is compared, or passed on: it is no truth value."""
    found = {}
    for path in source.ours():
        code = source.bare(path)
        for match in re.finditer(r"\b(?:strcmp|strncmp|strcasecmp|memcmp)\(", code):
            _, end = source.arguments(code, match.end())
            before, behind = code[:match.start()].rstrip(), code[end:].lstrip()
            passed_on = before.endswith(("return", "=", "?", ":")) and behind.startswith((";", ":"))
            if not re.match(r"[=!]=|[<>]", behind) and not passed_on:
                found.setdefault(path, []).append(f"line {code.count(chr(10), 0, match.start()) + 1}: {match.group()}...) is not compared with 0")
    debts.settle("comparisons", found)


def test_descriptors_are_born_closed_on_exec():
    """No program is executed by the daemon; whoever adds one must not have to look for what it inherits."""
    found = {}
    born = "open|openat|openat2|creat|fopen|freopen|pipe|pipe2|dup|dup2|dup3|socket|socketpair|accept|accept4|eventfd|signalfd|memfd_create|" \
           "inotify_init|inotify_init1|epoll_create|epoll_create1|timerfd_create"
    for path in source.sources("daemon", "client", ending=".c"):
        code = source.bare(path)
        whole = source.text(path)
        for match in re.finditer(rf"(?<![\w.>])(?:{born})\(", code):
            given, end = source.arguments(whole, match.end())
            name = match.group()[:-1]
            if re.search(r'CLOEXEC|CLOSE_ON_EXEC|VOLUME_OPEN_FLAGS|flags\b|\bhow\b|"[a-z+]*e[a-z+]*"', given):
                continue
            if (path, name) not in law.NOT_CLOSED_ON_EXEC:
                found.setdefault(path, []).append(f"line {code.count(chr(10), 0, match.start()) + 1}: {name}({' '.join(given.split())})")
    debts.settle("descriptors", found)


def guard_of(path):
    return law.GUARDS.get(path) or re.sub(r"\W", "_", re.sub(r"^(daemon|tests)/(?=.*/)", "", path)).upper()


def test_guards():
    """A header's guard is its path, less the top folder of the daemon's rooms and of the tests, so that no two are the same."""
    seen = {}
    wrong = []
    for path in source.sources("proto", "daemon", "client", "tests", ending=".h"):
        match = re.match(r"(?:/\*.*?\*/\s*)?#ifndef (\w+)\n#define (\w+)\n", source.text(path), flags=re.S)
        if not match or match.group(1) != match.group(2):
            wrong.append(f"{path}: has no guard at its top")
        elif match.group(1) in seen:
            wrong.append(f"{path}: has the guard of {seen[match.group(1)]}")
        elif match.group(1) != guard_of(path):
            wrong.append(f"{path}: its guard is {match.group(1)}, not {guard_of(path)}")
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
