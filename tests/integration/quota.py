# SPDX-License-Identifier: ISC
"""So much of a CPU and no more, for what is put into it: a cgroup of either version."""

import os
import time

import pytest

PERIOD_USEC = 100_000


class Quota:
    def __init__(self, cpus):
        """cpus: of one, like 0.25. Skips the test where no cgroup can be made."""
        self.path = next((path for parent in self.parents() if (path := self.make(parent, round(PERIOD_USEC * cpus)))), None)
        if self.path is None:
            pytest.skip("no cgroup with a quota of CPU time can be made here")
        self.enter = f"echo $$ >{self.path}/cgroup.procs; "  # for a shell

    @staticmethod
    def parents():
        with open("/proc/self/mounts") as file:
            mounts = [line.split()[1:4] for line in file]
        return [place for place, kind, options in mounts
                if kind == "cgroup2" or (kind == "cgroup" and "cpu" in options.split(","))]

    @staticmethod
    def make(parent, quota_usec):
        path = f"{parent}/svcbrokerd-test-{os.getpid()}-{time.monotonic_ns()}"
        try:
            if os.path.exists(f"{parent}/cgroup.subtree_control"):
                with open(f"{parent}/cgroup.subtree_control", "w") as file:
                    file.write("+cpu")
            os.mkdir(path)
        except OSError:
            return None
        for name, text in (("cpu.max", f"{quota_usec} {PERIOD_USEC}"), ("cpu.cfs_quota_us", str(quota_usec))):
            try:
                with open(f"{path}/{name}", "r+") as file:
                    file.write(text)
                return path
            except OSError:
                continue
        os.rmdir(path)
        return None

    def remove(self):
        """When everything in it has ended."""
        deadline = time.monotonic() + 20
        while True:
            try:
                os.rmdir(self.path)
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
