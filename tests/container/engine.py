# SPDX-License-Identifier: ISC
"""Podman, for the tests of the image: commands, and containers that end with their test."""

import json
import os
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
# Of podman 5 on a machine with cgroups v1: what a container prints is compared.
ENVIRONMENT = {**os.environ, "CONTAINERS_CONF": f"{HERE}/containers.conf", "PODMAN_IGNORE_CGROUPSV1_WARNING": "1"}
DEADLINE_SEC = 180  # a bound on a hang


def podman(*arguments, check=True, timeout=900, **options):
    """Runs podman; what it prints is text. check: a failure is an error, with what it said."""
    result = subprocess.run(["podman", *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=timeout, **options)
    if check and result.returncode != 0:
        raise AssertionError(f"podman {' '.join(arguments)}: exit {result.returncode}\n{result.stdout}\n{result.stderr}")
    return result


def until(condition, what, deadline_sec=DEADLINE_SEC):
    """The first true value of condition(); no more than deadline_sec later."""
    end = time.monotonic() + deadline_sec
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {deadline_sec} s: {what}"
        time.sleep(0.1)


def until_it_takes_term(container):
    """Until the default gateway's double has its trap for SIGTERM: its notes say that it began before that. Bit 14 of what is caught."""
    look = 'grep -Eq "^SigCgt:.*[4-7c-f][0-9a-f]{3}$" /proc/$(cat pid.default)/status'
    until(lambda: container.shell(look, check=False).returncode == 0, "the gateway has its trap")


def run_arguments(image, command, options, environment):
    """S6_KILL_GRACETIME: how long s6-overlay waits, at the end, for whoever did not end by himself."""
    variables = {"S6_KILL_GRACETIME": "300", **environment}
    return ["--network", "none", "--no-healthcheck", *[word for name, value in variables.items() for word in ("-e", f"{name}={value}")],
            *options, image, *command]


class Container:
    """Runs in the background until remove()."""

    def __init__(self, image, *command, options=(), **environment):
        self.id = podman("run", "-d", *run_arguments(image, command, options, environment)).stdout.strip()

    def inspect(self, field):
        return json.loads(podman("inspect", "--format", f"{{{{json .{field}}}}}", self.id).stdout)

    def logs(self):
        result = podman("logs", self.id)
        return result.stdout + result.stderr

    def exec(self, *command, user="hermes", check=True, **options):
        return podman("exec", *(["-i"] if "input" in options else []), "--user", user, self.id, *command, check=check, **options)

    def shell(self, script, user="hermes", check=True):
        return self.exec("/bin/sh", "-c", script, user=user, check=check)

    def svcctl(self, *arguments, user="hermes", check=True):
        return self.exec("/usr/local/bin/svcctl", *arguments, user=user, check=check)

    def service(self, name):
        """What svcctl knows of it."""
        return json.loads(self.svcctl("--json", "status", name, check=False).stdout)["service"]

    def until_ready(self):
        until(lambda: self.svcctl("list", check=False).returncode == 0 or not self.running(), "the broker answers")
        assert self.running(), self.logs()
        return self

    def running(self):
        return self.inspect("State.Running")

    def wait(self):
        """Its exit code, when it has ended."""
        return int(podman("wait", self.id, timeout=DEADLINE_SEC).stdout)

    def stop(self, grace_sec=10):
        """Its exit code; 137 is that of a container that did not end within its grace."""
        podman("stop", "--time", str(grace_sec), self.id)
        return self.inspect("State.ExitCode")

    def restart(self):
        podman("restart", "--time", "10", self.id)
        return self

    def remove(self):
        podman("rm", "--force", "--time", "0", "--volumes", self.id, check=False)


def run(image, *command, options=(), check=False, text=None, **environment):
    """A container in the foreground: what it printed, and its exit code."""
    arguments = run_arguments(image, command, options, environment)
    return podman("run", "--rm", *(["-i"] if text is not None else []), *arguments, check=check, timeout=DEADLINE_SEC, input=text)
