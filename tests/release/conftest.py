# SPDX-License-Identifier: ISC
"""A release, made twice by tools/release; and roots that have of it what the tarballs have."""

import glob
import os
import shutil
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{TOP}/tests/install")

from roots import ENVIRONMENT, Root, layers  # noqa: E402

UIDS = {"root": "0", "hermes": "10000"}
EPOCH = "1700000000"
URL = "https://releases.test/of/svcbroker/"
NOBODY = "where nothing is: not for others like this"


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("the tests of a release make roots and namespaces: run them as root", 2)


def or_skip(*command):
    """The last line that it printed; 75 says that what it needs cannot be had."""
    made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if made.returncode == 75:
        pytest.skip(made.stderr.strip().splitlines()[-1])
    assert made.returncode == 0, made.stderr
    return made.stdout.strip().splitlines()[-1]


def copy_of_checkout(directory):
    directory.mkdir(parents=True)
    files = "git -c safe.directory='*' ls-files -z --cached --others --exclude-standard | tar --null --files-from - --create | tar -C \"$1\" --extract"
    subprocess.run(["bash", "-o", "pipefail", "-c", files, "copy", directory], cwd=TOP, check=True)
    return directory


def release(checkout, *options):
    """What tools/release says; what it makes is in `out'."""
    done = subprocess.run([checkout / "tools/release", *options, checkout / "out"], env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH}, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


@pytest.fixture(scope="session")
def releases(tmp_path_factory):
    """Two, of two copies of the checkout."""
    or_skip(f"{TOP}/tools/musl")
    made = []
    for name in ("one", "another/place"):
        checkout = copy_of_checkout(tmp_path_factory.mktemp("release") / name)
        assert NOBODY not in release(checkout, "--url", URL)
        shutil.rmtree(checkout / "build-release")
        made.append(str(checkout / "out"))
    return made


@pytest.fixture(scope="session")
def tarballs(releases):
    return sorted(glob.glob(f"{releases[0]}/*.tar.xz"))


class Plain(Root):
    """Without any program of a distribution's to look at it, or to become somebody."""

    def run(self, command, check=True, user="root"):
        words = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        done = subprocess.run(["nsenter", "--target", self.pid, "--mount", "--pid", "--net", "--ipc", "--root", "--wd", "--setuid", UIDS[user],
                               "--setgid", UIDS[user], "--", "env", "-i", *words, "sh", "-c", command],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
        assert not check or done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}"
        return done.stdout if check else done


def copy_libraries(program, directory, **environment):
    """Those of this machine that it needs, if it needs any."""
    needed = subprocess.run(["ldd", program], capture_output=True, text=True, env={**os.environ, **environment}).stdout
    for path in [word for word in needed.split() if word.startswith("/")]:
        if not path.startswith(f"{directory}/"):
            os.makedirs(f"{directory}{os.path.dirname(path)}", exist_ok=True)
            shutil.copy(os.path.realpath(path), f"{directory}{path}")


def of_s6(directory, alone):
    """s6 as s6-overlay has it: static, in /command. Where that cannot be made, Debian 13's; alone: with a C library, too."""
    made = subprocess.run([f"{TOP}/tests/integration/musl-root", "sid"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    s6 = made.stdout.strip() if made.returncode == 0 else or_skip(f"{TOP}/tests/integration/s6-root", "trixie")
    shutil.copytree(f"{s6}/usr", f"{directory}/usr", symlinks=True)
    if alone:
        copy_libraries(f"{directory}/usr/bin/s6-svscan", directory, LD_LIBRARY_PATH="".join(glob.glob(f"{directory}/usr/lib/*-linux-gnu")))
    os.symlink("usr/bin", f"{directory}/command")


def of_busybox(directory):
    """Its program by all its names, and the C library if it needs one; nothing else."""
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.skip("there is no busybox")
    for name in ("bin", "sbin", "usr/bin", "usr/sbin", "etc", "dev", "proc", "tmp", "run", "root", "opt"):
        os.makedirs(f"{directory}/{name}", exist_ok=True)
    shutil.copy(busybox, f"{directory}/bin/busybox")
    copy_libraries(busybox, directory)
    for path in subprocess.run([busybox, "--list-full"], check=True, capture_output=True, text=True).stdout.split():
        if not os.path.lexists(f"{directory}/{path}"):
            os.makedirs(os.path.dirname(f"{directory}/{path}"), exist_ok=True)
            os.symlink("/bin/busybox", f"{directory}/{path}")
    for name in ("passwd", "group"):
        with open(f"{directory}/etc/{name}", "w") as file:
            file.write("root:x:0:0:root:/root:/bin/sh\n" if name == "passwd" else "root:x:0:\n")


@pytest.fixture(params=["busybox", "debian"])
def root(request, tmp_path, tarballs):
    """With s6-svscan as its first process, the tarballs unpacked, and a user."""
    added = tmp_path / "added"
    added.mkdir()
    of_s6(added, request.param == "busybox")
    lower = str(added)
    if request.param == "busybox":
        of_busybox(added)
    else:
        lower += ":" + layers("trixie")
    made = Plain(lower, tmp_path / "root", "sh", "-c", "mkdir -p /run/service && exec /command/s6-svscan /run/service", comm="s6-svscan")
    try:
        for tarball in tarballs:
            if request.param == "busybox":  # by its own tar, as a Dockerfile would
                shutil.copy(tarball, f"/proc/{made.pid}/root/tmp/")
                made.run(f"tar -C / -Jxpf /tmp/{os.path.basename(tarball)}")
            else:
                with open(tarball, "rb") as file:
                    made.unpack("/", file.read(), "--xz", "--preserve-permissions")
        made.run("echo hermes:x:10000:10000::/opt/data:/bin/sh >>/etc/passwd && echo hermes:x:10000: >>/etc/group"
                 " && mkdir -p /opt/data/profiles/coder && echo You >/opt/data/profiles/coder/SOUL.md && chown -R 10000:10000 /opt/data")
        yield made
    finally:
        made.end()
