# SPDX-License-Identifier: ISC
"""A control group (cgroups(7), v1 or v2) for a whole tree: what of it is started later is in it too."""

import os

import pytest


def mounted(controller):
    """(where its hierarchy is mounted, our own group's path there), or None."""
    with open("/proc/self/cgroup") as file:
        paths = {name: path for _, names, path in (line.rstrip("\n").split(":", 2) for line in file) for name in names.split(",")}
    with open("/proc/self/mountinfo") as file:
        for line in file:
            before, _, after = line.partition(" - ")
            root, top = before.split()[3:5]
            kind, _, options = after.split()[:3]
            if kind == "cgroup" and controller in options.split(","):
                return top, paths.get(controller, "/") if root == "/" else "/"
            if kind == "cgroup2":
                with open(f"{top}/cgroup.controllers") as controllers:
                    if controller in controllers.read().split():
                        return top, paths.get("", "/") if root == "/" else "/"
    return None


def descendants(pid):
    found = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as file:
            for child in file.read().split():
                found += descendants(int(child))
    return found


class Group:
    """Of a controller, below our own. Skips the test where none can be made."""

    def __init__(self, controller, name):
        place = mounted(controller)
        if place is None:
            pytest.skip(f"no {controller} controller")
        self.path = f"{place[0]}{place[1].rstrip('/')}/{name}"
        try:
            os.mkdir(self.path)
        except OSError as error:
            pytest.skip(f"no control group can be made: {error}")
        if not os.path.exists(f"{self.path}/{controller}.max") and not os.path.exists(f"{self.path}/memory.limit_in_bytes"):
            os.rmdir(self.path)
            pytest.skip(f"{controller} is not given to the groups below ours")

    def read(self, name):
        with open(f"{self.path}/{name}") as file:
            return file.read().strip()

    def write(self, name, value):
        with open(f"{self.path}/{name}", "w") as file:
            file.write(str(value))

    def take(self, tree):
        """All of the tree, the one of its processes that was started meanwhile included."""
        for _ in range(3):
            for pid in descendants(tree.pid):
                try:
                    self.write("cgroup.procs", pid)
                except ProcessLookupError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        try:
            os.rmdir(self.path)
        except OSError:
            pass  # the tree is still in it: its end empties it
