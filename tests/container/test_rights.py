# SPDX-License-Identifier: ISC
"""Numbers, capabilities and file systems that a container may be started with."""

import json
import os
import subprocess

import pytest

from engine import podman, run, until


@pytest.fixture
def volume(tmp_path):
    """Of root's, as a new one is."""
    directory = tmp_path / "volume"
    directory.mkdir()
    return directory


def add_profile(container, name):
    container.shell(f"mkdir -p profiles/{name} && echo soul >profiles/{name}/SOUL.md")


def test_the_least_capabilities(start):
    """SETUID and SETGID alone: everything works, and Health says what is missing."""
    container = start(options=("--cap-drop", "ALL", "--cap-add", "SETUID", "--cap-add", "SETGID"))
    add_profile(container, "coder")
    container.svcctl("start", "coder")
    container.svcctl("stop", "coder", "--timeout", "20s")
    assert container.service("gateway-coder")["state"] == "down"
    assert "CAP_KILL" in container.svcctl("health", check=False).stdout
    container.svcctl("start", "coder")
    assert container.stop() != 137
    assert podman("cp", f"{container.id}:/opt/data/notes", "-").stdout.count("coder ended by TERM") == 2


def test_without_setuid_it_says_what_is_missing(start):
    container = start("true", options=("--cap-drop", "ALL"), ready=False)
    assert container.wait() != 0
    assert "svcbroker: cannot become hermes: CAP_SETUID and CAP_SETGID" in container.logs()


def test_a_user_who_may_have_no_process(image):
    """That is no matter of capabilities, and not called so. The kernel counts a user's processes on the whole machine, and at setuid(2) but
    those that are there already: so there is one."""
    other = subprocess.Popen(["/bin/sleep", "1000"], user=10000, group=10000)
    try:
        result = run(image, "true", options=("--ulimit", "nproc=0:0", "--ulimit", "nofile=4096:4096"))
    finally:
        other.kill()
        other.wait()
    assert result.returncode != 0 and "CAP_SET" not in result.stderr
    assert "cannot become hermes, with the capabilities for it: " in result.stderr and "too many processes" in result.stderr


@pytest.mark.parametrize("names", [("HERMES_UID", "HERMES_GID"), ("PUID", "PGID")])
def test_another_number(start, volume, names):
    container = start(options=("--volume", f"{volume}:/opt/data"), **{names[0]: "1234", names[1]: "2345"})
    assert container.exec("id", "hermes").stdout == "uid=1234(hermes) gid=2345(hermes) groups=2345(hermes)\n"
    assert (os.stat(volume).st_uid, os.stat(volume).st_gid) == (1234, 2345)
    container.svcctl("start", "default")
    assert os.stat(volume / "pid.default").st_uid == 1234
    assert container.exec("svcctl", "list", user="10000", check=False).returncode == 5
    assert run_id(container) == "1234"


def run_id(container):
    pid = container.service("gateway-default")["pid"]
    return container.shell(f"stat -c %u /proc/{pid}").stdout.strip()


def test_files_of_the_user_stay_whose_they_are(start, volume):
    """Only the top directory is given away; what is in it may be a user's own."""
    for name in ("mine", "profiles"):
        (volume / name).mkdir()
        (volume / name / "file").touch()
        os.chown(volume / name, 4000, 4000)
    start(options=("--volume", f"{volume}:/opt/data"))
    assert os.stat(volume).st_uid == 10000
    assert [os.stat(volume / name).st_uid for name in ("mine", "profiles")] == [4000, 4000]
    assert os.stat(volume / "mine/file").st_uid == 0


@pytest.mark.parametrize("value", ["0", "65534", "65535", "x", "-1", "65432"])
def test_a_number_that_cannot_be(image, value):
    result = run(image, "true", HERMES_UID=value)
    assert result.returncode != 0
    assert f"HERMES_UID={value}" in result.stdout + result.stderr


def test_read_only_root(start, volume):
    container = start(options=("--read-only", "--read-only-tmpfs=false", "--tmpfs", "/run:exec", "--tmpfs", "/tmp",
                               "--volume", f"{volume}:/opt/data"), S6_READ_ONLY_ROOT="1")
    add_profile(container, "coder")
    container.svcctl("start", "coder")
    until(lambda: "main: ready" in container.logs(), "the broker's log is the container's")
    assert container.svcctl("health").returncode == 0


def test_read_only_root_and_another_number(image, volume):
    result = run(image, "true", options=("--read-only", "--read-only-tmpfs=false", "--tmpfs", "/run:exec", "--tmpfs", "/tmp"),
                 S6_READ_ONLY_ROOT="1", HERMES_UID="1234")
    assert result.returncode != 0
    assert "read-only root" in result.stdout + result.stderr


def test_volume_in_a_directory_of_somebody_else(start, volume):
    """Root follows no path that others can change."""
    (volume / "above").mkdir()
    (volume / "above/home").mkdir()
    os.chown(volume / "above", 10000, 10000)
    container = start(options=("--volume", f"{volume}/above:/srv/above"), HERMES_HOME="/srv/above/home")
    assert os.stat(volume / "above/home").st_uid == 0
    assert "/srv/above/home is not hermes's, and not changed" in container.logs()


def test_root_that_is_somebody_else_outside(open_place, start):
    """As in a rootless container: its numbers are others outside, and what is not mapped is nobody's."""
    theirs = open_place / "volume"
    theirs.mkdir()
    os.chown(theirs, 110000, 110000)
    container = start(options=("--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536", "--volume", f"{theirs}:/opt/data"))
    add_profile(container, "coder")
    container.svcctl("start", "coder")
    assert os.stat(theirs / ".svcbroker").st_uid == 110000
    assert container.svcctl("health").returncode == 0


def test_no_path_for_a_volume(image):
    result = run(image, "true", HERMES_HOME="relative")
    assert result.returncode != 0 and "absolute" in result.stdout + result.stderr


def test_the_image_s_health_check(image):
    check = json.loads(podman("image", "inspect", "--format", "{{json .HealthCheck}}", image).stdout)
    assert check["Test"] == ["CMD", "/usr/local/bin/svcctl", "health"]
