# SPDX-License-Identifier: ISC
"""How many system calls an order takes of the broker's threads: those about files and rights, which nothing but the code decides. How often
a thread is woken, and how much comes with it, is the machine's affair."""

import itertools

from test_attacks import Trace
from tree import wait_until

TIMES = 10
# No architecture, and no C library, has all of them.
CALLS = ("open", "openat", "openat2", "close", "fcntl", "fcntl64", "lseek", "_llseek", "stat", "stat64", "lstat", "lstat64", "fstat", "fstat64", "newfstatat",
         "fstatat64", "statx", "statfs", "statfs64", "fstatfs", "fstatfs64", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64",
         "mkdir", "mkdirat", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "chmod", "fchmod", "fchmodat",
         "fchmodat2", "ftruncate", "ftruncate64", "fallocate", "fsync", "fdatasync", "syncfs", "capget", "capset", "setfsuid", "setfsuid32", "setfsgid",
         "setfsgid32", "inotify_add_watch", "inotify_rm_watch")
groups = itertools.count()


def names_of_group():
    group = next(groups)
    return [f"calls-{group}-{number}" for number in range(TIMES)]


def counted(tree, method, calls):
    """How many system calls these calls take until they are answered; each is durable."""
    trace = Trace(tree, *CALLS)
    try:
        with tree.connect("root") as connection:
            for parameters in calls:
                connection.call(method, **parameters)
    finally:
        lines = trace.end()
    return len(lines)


def assert_takes(most, measure):
    """What is done twice on a machine that is busy is done once at the best of times."""
    seen = []
    wait_until(lambda: seen.append(measure()) or seen[-1] <= most * TIMES, what=seen)


def test_a_stop(tree):
    """Of what is down: two writes of the state, one of the record on the volume, a line of history."""
    def measure():
        profiles = names_of_group()
        for profile in profiles:
            tree.register(profile, user="root", start=False)
        return counted(tree, "Stop", [{"names": [f"gateway-{profile}"]} for profile in profiles])

    assert_takes(27, measure)


def test_a_register(tree):
    """Until it is supervised, with its logger: each file of the template is a link, and so is `down`."""
    tree.register("first-of-all", user="root", start=False)  # the copy of the template is made
    assert_takes(86, lambda: counted(tree, "Register", [{"profile": profile, "start": False} for profile in names_of_group()]))
