# SPDX-License-Identifier: ISC
"""A release for aarch64, made on a machine of another architecture, beside that machine's own."""

import filecmp
import glob
import os
import shutil
import subprocess
import tarfile

import pytest

from conftest import NOBODY, TOP, copy_of_checkout, or_skip, release

pytestmark = [pytest.mark.skipif("SVCBROKER_CHECK_ALL" not in os.environ, reason="tools/check --all"),
              pytest.mark.skipif(os.uname().machine == "aarch64", reason="this machine is one")]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Without --url, which is said."""
    or_skip(f"{TOP}/tools/musl", "aarch64")
    checkout = copy_of_checkout(tmp_path_factory.mktemp("aarch64") / "checkout")
    assert NOBODY in release(checkout, "--for", "aarch64")
    shutil.rmtree(checkout / "build-release-aarch64")
    return f"{checkout}/out"


def of(directory, pattern):
    (path,) = glob.glob(f"{directory}/svcbroker-*{pattern}")
    return path


def test_what_is_the_same_everywhere_is(made, releases):
    """Whichever machine's: an image has one of these, and one of each architecture's."""
    for pattern in ("-noarch.tar.xz", "-py3-none-any.whl", "[0-9].tar.gz"):
        assert filecmp.cmp(of(made, pattern), of(releases[0], pattern), shallow=False), pattern
    with tarfile.open(of(made, "-aarch64.tar.xz")) as ours, tarfile.open(of(releases[0], f"-{os.uname().machine}.tar.xz")) as theirs:
        assert ours.getnames() == theirs.getnames()
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=made, check=True)


def test_the_programs(made, tmp_path):
    """AArch64, without any shared library; under qemu-user they start."""
    subprocess.run(["tar", "-C", tmp_path, "-xJf", of(made, "-aarch64.tar.xz")], check=True)
    qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    for name in ("sbin/svcbrokerd", "bin/svcctl", "libexec/svcbroker/svcbroker-slot"):
        program = f"{tmp_path}/usr/local/{name}"
        headers = subprocess.run(["readelf", "-hdlS", program], check=True, capture_output=True, text=True).stdout
        assert "AArch64" in headers and "NEEDED" not in headers and "INTERP" not in headers and ".symtab" not in headers
        if qemu and "slot" not in name:
            said = subprocess.run([qemu, program, "--version"], check=True, capture_output=True, text=True).stdout
            assert said.split()[0] == os.path.basename(name)
