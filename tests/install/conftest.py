# SPDX-License-Identifier: ISC
"""What README says of installing, done as it is written: in a fresh root, with what it says to be installed and nothing else."""

import os
import subprocess

import pytest

from readme import block, copy_checkout
from roots import TOP, Root, layers

CHECKOUT = "/root/svcbroker"
# Where it is built, and how README's `meson setup` is meant.
BUILDS = {"bookworm": ("bookworm", ""), "trixie": ("trixie", ""), "trixie-release": ("trixie", " --buildtype=release")}


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("the tests of installing make roots and namespaces: run them as root", 2)


def commands():
    """README's lines -> (that which needs a network, the others)."""
    lines = block("Source")
    first = [line for line in lines if "apt-get" in line]
    assert lines[: len(first)] == first and len(first) == 1
    return first[0], lines[1:]


def tools():
    """What the sandbox needs, and whoever looks at what was installed."""
    packages = subprocess.run(["bash", "-c", '. tools/lib/packages.sh; echo "${packages_build[*]} ${packages_tree[*]}"'], cwd=TOP, check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()
    return f"apt-get install {packages} man-db python3-venv"


class Built:
    """A checkout in a root, built and installed there."""

    def __init__(self, suite, setup_option, directory):
        self.suite = suite
        self.apt, self.lines = commands()
        self.root = Root(layers(suite, self.apt), directory)
        self.root.run(f"mkdir {CHECKOUT}")
        self.root.unpack(CHECKOUT, copy_checkout())
        self.printed = ""
        for line in self.lines:
            if line.startswith("meson setup "):
                line += setup_option
            self.printed += self.root.run(line, cwd=CHECKOUT)

    def destination(self):
        """What is installed, as DESTDIR has it."""
        self.root.run("[ -d /installed ] || DESTDIR=/installed meson install -C build --no-rebuild", cwd=CHECKOUT)
        return self.root.pack("/installed")


@pytest.fixture(scope="module", params=BUILDS)
def built(request, tmp_path_factory):
    made = Built(*BUILDS[request.param], tmp_path_factory.mktemp("built") / "root")
    yield made
    made.root.end()


@pytest.fixture(scope="module")
def used(built, tmp_path_factory):
    """Another root, to which it was copied: with s6-svscan as its first process, and tools to look at it."""
    root = Root(layers(built.suite, built.apt, tools()), tmp_path_factory.mktemp("used") / "root",
                "sh", "-c", "mkdir /run/service && exec s6-svscan /run/service", comm="s6-svscan")
    root.unpack("/", built.destination())
    root.run(built.lines[-1])
    yield root
    root.end()
