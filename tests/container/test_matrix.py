# SPDX-License-Identifier: ISC
"""Environments that a container may be started in, each a row of docs/environments.md: what works, and what is said. Rows that are tested elsewhere
are not repeated here."""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess

import pytest

from engine import TOP, Container, podman, run, until

CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETPCAP", "SYS_CHROOT")
# What an old Docker's profile refuses with EPERM, which is no ENOSYS. Not clone3: without that no C library of today starts a thread.
NEWER = ["openat2", "faccessat2", "close_range", "pidfd_getfd", "fchmodat2", "epoll_pwait2", "landlock_create_ruleset", "io_uring_setup"]


def add_profile(container, name="coder", **options):
    container.shell(f"mkdir -p profiles/{name} && echo soul >profiles/{name}/SOUL.md", **options)


def serves(container, user="hermes"):
    """The life of a gateway, as the client user."""
    add_profile(container, user=user)
    container.svcctl("start", "coder", user=user)
    container.svcctl("restart", "coder", user=user)
    container.svcctl("stop", "coder", "--timeout", "60s", user=user)
    assert json.loads(container.svcctl("--json", "status", "coder", user=user, check=False).stdout)["service"]["state"] == "down"


def test_each_capability_that_is_not_there(image):
    """All at once. SETUID and SETGID are the ones without which nothing runs."""
    containers = {name: Container(image, "sleep", "infinity", options=("--cap-drop", name)) for name in CAPABILITIES}
    refused = {name: Container(image, "true", options=("--cap-drop", name)) for name in ("SETUID", "SETGID")}
    try:
        with concurrent.futures.ThreadPoolExecutor(len(containers)) as pool:  # each waits for most of its time
            list(pool.map(lambda container: serves(container.until_ready()), containers.values()))
        for name, container in containers.items():
            health = container.svcctl("health", check=False)
            assert (health.returncode, "CAP_KILL" in health.stdout) == ((1, True) if name == "KILL" else (0, False)), (name, health.stdout)
        assert "CAP_SETPCAP" in containers["SETPCAP"].svcctl("doctor", check=False).stdout
        for name, container in refused.items():
            assert container.wait() != 0 and "cannot become hermes: CAP_SETUID and CAP_SETGID" in container.logs(), name
    finally:
        for container in (*containers.values(), *refused.values()):
            container.remove()


def test_keep_id(open_place, start):
    """The container's user is the one outside to whom the volume belongs, everybody else is mapped: it is that one uid, so no boundary."""
    volume = open_place / "volume"
    volume.mkdir()
    os.chown(volume, 110000, 110000)
    container = start(options=("--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536", "--user", "10000:10000", "--volume", f"{volume}:/opt/data"))
    serves(container)
    assert os.stat(volume / ".svcbroker").st_uid == 110000
    health = container.svcctl("health", check=False)
    assert (health.returncode, health.stdout) == (1, "no boundary: the broker runs as the client user, who can do all that it can\n")


def test_seccomp_of_an_old_docker(start, tmp_path):
    profile = tmp_path / "seccomp.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": NEWER, "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}))
    container = start(options=("--security-opt", f"seccomp={profile}"))
    assert container.shell("grep Seccomp: /proc/self/status").stdout.split()[1] == "2"
    serves(container)
    assert container.svcctl("health").returncode == 0


@pytest.mark.parametrize("options", [("--tmpfs", "/run:noexec"), ("--read-only", "--read-only-tmpfs=false", "--tmpfs", "/run:noexec", "--tmpfs", "/tmp", "--env", "S6_READ_ONLY_ROOT=1"),
                                     ("--user", "10000:10000", "--tmpfs", "/run:noexec,mode=755")])
def test_run_that_may_not_execute(image, options):
    """As `docker run --tmpfs /run' makes it: s6-overlay keeps its scripts there. The command runs alone."""
    result = run(image, "sh", "-c", "id -u; exit 7", options=options)
    assert (result.returncode, result.stdout) == (7, "10000\n"), result.stderr
    assert "/run is mounted noexec" in result.stderr and "no supervised gateways" in result.stderr


def test_run_that_is_a_tmpfs(start):
    container = start(options=("--tmpfs", "/run:exec"))
    serves(container)
    container.restart().until_ready()
    assert container.svcctl("health").returncode == 0


def test_limits_of_a_cgroup(start):
    """Of processes and of memory: what a small container has is enough, and Diagnose knows it."""
    container = start(options=("--pids-limit", "64", "--memory", "192m"))
    serves(container)
    assert container.svcctl("health").returncode == 0
    doctor = json.loads(container.svcctl("--json", "doctor", check=False).stdout)["checks"]
    assert [check for check in doctor if check["verdict"] == "failure"] == []


@pytest.fixture
def share(tmp_path):
    """A volume as SMB has it: everybody's files are hermes's, no owner and no mode can be changed, nothing on it can be executed."""
    if not shutil.which("bindfs") or not os.path.exists("/dev/fuse"):
        pytest.skip("bindfs, and FUSE")
    files, mounted = tmp_path / "files", tmp_path / "mounted"
    files.mkdir()
    mounted.mkdir()
    subprocess.run(["bindfs", "--force-user=10000", "--force-group=10000", "--chown-deny", "--chgrp-deny", "--chmod-deny", "--perms=a+rwX",
                    "-o", "allow_other,noexec", files, mounted], check=True)
    yield mounted
    subprocess.run(["umount", "--lazy", mounted], check=True)


def test_a_share(start, share):
    container = start(options=("--volume", f"{share}:/opt/data"))
    assert container.shell("chmod 600 . 2>/dev/null", check=False).returncode != 0
    serves(container)
    container.svcctl("start", "coder")
    container.restart().until_ready()
    until(lambda: container.service("gateway-coder")["state"] == "up", "what was to run, runs")
    intent = json.loads((share / ".svcbroker/intent/coder").read_text())
    assert intent["want"] == "up" and container.svcctl("health").returncode == 0


def test_each_row_has_its_test():
    """docs/environments.md."""
    with open(f"{TOP}/docs/environments.md", encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("| ") and not line.startswith("| environment")]
    named = [re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row) for row in rows]
    assert len(rows) >= 20 and all(named), [row for row, names in zip(rows, named) if not names]
    for path, name in {pair for pairs in named for pair in pairs}:
        with open(f"{TOP}/{path}", encoding="utf-8") as file:
            assert re.search(rf"^def {name}\(", file.read(), re.M), (path, name)
    here = {name for name in globals() if name.startswith("test_") and name != "test_each_row_has_its_test"}
    assert here <= {name for pairs in named for _, name in pairs}
