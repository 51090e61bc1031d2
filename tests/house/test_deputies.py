# SPDX-License-Identifier: ISC
"""A thread of the deputy uses nothing that has a lock in the C library (daemon/loop/deputy.h): while it does not run, the loop would wait."""

import functools
import re

import source

# The time zone's, stdio's files, locales (and so json-c), names of users, and the log.
LOCKED = r"(\w*gmtime\w*|localtime\w*|strftime|mktime|timegm|tzset|fopen|fdopen|freopen|popen|printf|fprintf|setlocale|newlocale|getpw\w+|getgr\w+|" \
         r"json_\w+|log_\w+|strerror|setenv|getenv|dlopen|exit)"


@functools.cache
def bodies():
    """(file, function) -> the names that it calls."""
    found = {}
    for path in source.sources("proto", "daemon", ending=".c"):
        lines = source.bare(path).splitlines()
        for name, first, count in source.functions(path):
            text = "\n".join(lines[first - 1:first - 1 + count])
            found[path, name] = set(re.findall(r"\b([A-Za-z_]\w*)\(", text[text.index("{"):]))
    return found


def begins():
    """The functions that a thread begins with: a job's `work` and `clear`."""
    for path in source.sources("daemon", ending=".c"):
        for name in re.findall(r"\.(?:work|clear) = (\w+)", source.bare(path)):
            if (path, name) in bodies():
                yield path, name


def way_to_a_lock(begin):
    """Calls from there to what has a lock, as text; None: there are none. A function of the same file is meant before any other of that name."""
    named = {}
    for path, name in bodies():
        named.setdefault(name, []).append((path, name))
    ways = {begin: begin[1]}
    queue = [begin]
    for at in queue:
        for name in sorted(bodies()[at]):
            others = [(at[0], name)] if (at[0], name) in bodies() else named.get(name, [])
            if re.fullmatch(LOCKED, name):
                return f"{begin[0]}: {ways[at]} -> {name}"
            for other in others:
                if other not in ways:
                    ways[other] = f"{ways[at]} -> {name}"
                    queue.append(other)
    return None


def test_jobs_take_no_lock():
    found = sorted(set(begins()))
    assert len(found) > 5
    assert [way for way in map(way_to_a_lock, found) if way] == []
