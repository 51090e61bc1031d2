# SPDX-License-Identifier: ISC
"""The packages for arm64, from a machine of another architecture: with Debian's cross compiler and its libraries of that architecture."""

import os
import re
import subprocess

import pytest

from conftest import ALL, CHECKOUT, TOP, build, keep, lintian
from readme import block
from roots import Root, layers

pytestmark = pytest.mark.skipif(not ALL, reason="tools/check --all, or tools/packages --for arm64")
PROFILES = "cross,nocheck"


@pytest.fixture(scope="module")
def root(release, tmp_path_factory):
    """With what debian/control says that is needed there, each of its architecture, as apt understands it."""
    with open(f"{TOP}/debian/control", encoding="utf-8") as file:
        source = file.read().partition("\n\n")[0]
    needed = ["dpkg --add-architecture arm64 && apt-get update && apt-get install build-essential crossbuild-essential-arm64 qemu-user-static",
              f"mkdir -p /tmp/source/debian && cat >/tmp/source/debian/control <<'END'\n{source}\nEND",
              f"apt-get build-dep --host-architecture arm64 --build-profiles {PROFILES} /tmp/source"]
    made = Root(layers(release, "\n".join(needed)), tmp_path_factory.mktemp("arm64") / "root")
    yield made
    made.end()


@pytest.fixture(scope="module")
def made(root):
    line = block("Debian")[1] + f" --host-arch arm64 --build-profiles={PROFILES}"
    packages = build(root, CHECKOUT, [line], "export DEB_BUILD_OPTIONS=nocheck")
    keep(packages)
    return packages


@pytest.fixture
def unpacked(made, tmp_path):
    """{name of the package: a directory with what is in it}"""
    found = {}
    for name, data in made.debs().items():
        found[name.partition("_")[0]] = directory = tmp_path / name
        (tmp_path / "deb").write_bytes(data)
        subprocess.run(["dpkg-deb", "--raw-extract", tmp_path / "deb", directory], check=True)
    return found


def test_they_are_for_arm64(unpacked):
    machines = set()
    for name, directory in unpacked.items():
        said = (directory / "DEBIAN/control").read_text()
        assert re.search(r"^Architecture: (.*)", said, re.M)[1] == ("all" if name == "python3-svcbroker" else "arm64")
        for path in [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]:
            header = path.read_bytes()[:20]
            if header.startswith(b"\x7fELF"):
                machines.add(int.from_bytes(header[18:], "little"))
    assert machines == {183}, "AArch64, every one"


def test_whose_c_library_it_is(unpacked, root):
    """svcbroker-slot is linked with the cross compiler's: the source of that, not of this machine's."""
    said = (unpacked["svcbroker-gateway-template"] / "DEBIAN/control").read_text()
    source = re.search(r"^Built-Using: (glibc \(= .*\))$", said, re.M)[1]
    assert source in root.run("dpkg-query --show --showformat '${Built-Using}' libc6-dev-arm64-cross")


def test_beside_those_of_another_architecture(unpacked, packages, tmp_path):
    """What is Multi-Arch: same has the same at every path that both have."""
    for name in ("libsvcbroker0", "libsvcbroker-dev"):
        (data,) = [data for file, data in packages.debs().items() if file.startswith(f"{name}_")]
        (tmp_path / "deb").write_bytes(data)
        other = tmp_path / name
        subprocess.run(["dpkg-deb", "--extract", tmp_path / "deb", other], check=True)
        shared = [path for path in (path.relative_to(other) for path in other.rglob("*") if path.is_file()) if (unpacked[name] / path).is_file()]
        assert shared and [path for path in shared if (other / path).read_bytes() != (unpacked[name] / path).read_bytes()] == []


def test_the_programs_start(root, made):
    """Under qemu-user, with Debian's libraries."""
    made.put(root, "/debs")
    root.run("for deb in /debs/*_arm64.deb; do dpkg-deb --extract $deb /made; done")
    qemu = root.run("command -v qemu-aarch64-static || command -v qemu-aarch64").strip()
    for program in ("bin/svcctl", "sbin/svcbrokerd"):
        assert root.run(f"{qemu} /made/usr/{program} --version").split()[0] == os.path.basename(program)


def test_lintian_finds_nothing(release, made, tmp_path):
    lintian(release, made, tmp_path)
