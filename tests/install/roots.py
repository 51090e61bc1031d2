# SPDX-License-Identifier: ISC
"""Roots of Debian: their packages are kept between runs by debian-root, what is written into one is gone with it."""

import os
import subprocess
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
DEADLINE_SEC = 60


def layers(suite, *commands):
    """The directories of a root of that suite in which these commands were run, as overlayfs takes them."""
    made = subprocess.run([f"{HERE}/debian-root", suite, *commands], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    if made.returncode == 75:
        pytest.skip(made.stderr.strip().splitlines()[-1])
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def until(condition, what):
    """The first true value of condition()."""
    end = time.monotonic() + DEADLINE_SEC
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {DEADLINE_SEC} s: {what}"
        time.sleep(0.05)
    return value


class Root:
    """Namespaces with that root, without a network but for the loopback, until end(). process_1 is their first process."""

    # The directory for what is written may be on an overlay itself, where it could not be used for another: a tmpfs can.
    INIT = """
        ip link set lo up
        mount -t tmpfs -o mode=0755,size=2g tmpfs "$2"
        mkdir "$2"/written "$2"/work "$2"/root
        mount -t overlay -o "lowerdir=$1,upperdir=$2/written,workdir=$2/work" overlay "$2/root"
        cd "$2/root"
        mount -t proc proc proc
        mount --rbind /dev dev
        mount -t tmpfs -o mode=1777 tmpfs tmp
        shift 2
        exec chroot . env -i "$@"
    """

    def __init__(self, lower, directory, *process_1, comm="sleep"):
        words = [f"{name}={value}" for name, value in ENVIRONMENT.items()] + list(process_1 or ("sleep", "infinity"))
        self.log_path = f"{directory}.log"
        os.makedirs(directory)
        with open(self.log_path, "wb") as log:
            self.parent = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--net", "--ipc",
                 "bash", "-ec", self.INIT, "root", lower, str(directory), *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = until(self.child, "the first process of the root")
        until(lambda: self.child() and self.read("/proc/1/comm") == f"{comm}\n", f"{comm} is its program")

    def child(self):
        assert self.parent.poll() is None, self.log()
        with open(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children") as file:
            return file.read().strip()

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def read(self, path):
        """A file in it."""
        try:
            with open(f"/proc/{self.pid}/root{path}") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def run(self, command, check=True, cwd="/", text=None, user="root", timeout=1800):
        """A command line for sh; what it printed, both streams in one."""
        words = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        done = subprocess.run(
            ["nsenter", "--target", self.pid, "--mount", "--pid", "--net", "--ipc", "--root", "--wd", "--",
             "setpriv", "--reuid", user, "--regid", user, "--init-groups", "env", "-i", f"--chdir={cwd}", *words, "sh", "-c", command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout,
            **({"stdin": subprocess.DEVNULL} if text is None else {"input": text}))
        assert not check or done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}"
        return done if not check else done.stdout

    def pack(self, directory):
        """What is in that directory, for unpack()."""
        return subprocess.run(["tar", "-C", f"/proc/{self.pid}/root{directory}", "--create", "."], check=True, stdout=subprocess.PIPE).stdout

    def unpack(self, directory, data, *options):
        subprocess.run(["tar", "-C", f"/proc/{self.pid}/root{directory}", "--extract", "--keep-directory-symlink", *options], input=data, check=True)

    def end(self):
        self.parent.kill()
        self.parent.wait()
